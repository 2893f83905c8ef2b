"""What becomes of site policies: each change as somebody notices it, until it is kept in the log of events.

What may live here: what is told of a change, and the changes that nobody has kept yet. How they are kept is not known
here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from cds_service.knowledge.knowledge import Knowledge
from cds_service.knowledge.site_policy import SiteFacts
from cds_service.knowledge.switches import CriticalOff

_IDS = UUID("0f6b7a52-9a0e-5d0e-8a4c-5b9f7c1d2e83")
_MOST_WAITING = 1000
_AGAIN = timedelta(seconds=30)


class Became(StrEnum):
    """What became of a file."""

    TAKEN = "taken"
    """Its tenant had none of that file before."""
    CHANGED = "changed"
    REMOVED = "removed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """A change of one file, and who answers for what it says now; of one that was removed, for what it said; of one
    that was refused nobody.

    `version` is the new one and `before` the one until then, each "" where there is none. Every worker notices a change
    by itself; `mark` is the same for all of them, and another one where the same happens at another time. `why` is the
    kind of reason of a refusal.
    """

    became: Became
    at: datetime
    file: str
    tenant: str = ""
    version: str = ""
    before: str = ""
    site: SiteFacts | None = None
    critical_off: CriticalOff | None = None
    mark: str = ""
    why: str = ""

    @property
    def id(self) -> str:
        """The same for the same change, whoever noticed it."""
        parts = (self.became.value, self.file, self.tenant, self.version, self.before, self.mark)
        return f"policy-{uuid5(_IDS, ascii(parts))}"


Keep = Callable[[PolicyChange], bool]
"""Keeps a change; False where that was not possible."""
Told = Callable[[], None]
"""Called once a change is kept."""


def _nothing() -> None: ...


class PolicyNews:
    """The changes that this process has noticed and not kept yet, the oldest first. Without `keep` there are none."""

    def __init__(self, keep: Keep | None, clock: Callable[[], datetime]) -> None:
        self._keep, self._clock = keep, clock
        self._waiting: deque[tuple[PolicyChange, Told]] = deque(maxlen=_MOST_WAITING)
        self._not_before: datetime | None = None

    def taken(self, file: str, mark: str, known: Knowledge, before: Knowledge | None, told: Told = _nothing) -> None:
        """A file counts, in place of what it said `before`."""
        if before is not None and before.tenant != known.tenant:
            self.removed(file, mark, before)
            before = None
        became, version = (Became.CHANGED, before.version) if before else (Became.TAKEN, "")
        self._add(became, file, mark, known, told, version=known.version, before=version)

    def removed(self, file: str, mark: str, known: Knowledge, told: Told = _nothing) -> None:
        """A file is gone."""
        self._add(Became.REMOVED, file, mark, known, told, before=known.version)

    def refused(self, file: str, mark: str, why: str, known: Knowledge | None) -> None:
        """A file cannot be used; what is `known` of an earlier state goes on. Who wrote this one is not known."""
        tenant, before = (known.tenant, known.version) if known else ("", "")
        self._wait(PolicyChange(Became.REFUSED, self._clock(), file, tenant, before=before, mark=mark, why=why))

    def tell(self) -> None:
        """Have those kept that wait. What cannot be kept now is tried again after half a minute."""
        now = self._clock()
        if self._keep is None or not self._waiting or (self._not_before and now < self._not_before):
            return
        while self._waiting and self._keep(self._waiting[0][0]):
            _, told = self._waiting.popleft()
            told()
        self._not_before = now + _AGAIN if self._waiting else None

    def _add(self, became: Became, file: str, mark: str, known: Knowledge, told: Told, **versions: str) -> None:
        change = PolicyChange(
            became,
            self._clock(),
            file,
            known.tenant,
            site=known.site,
            critical_off=known.switches.critical_off,
            mark=mark,
            **versions,
        )
        self._wait(change, told)

    def _wait(self, change: PolicyChange, told: Told = _nothing) -> None:
        if self._keep is not None:
            self._waiting.append((change, told))
