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
from cds_service.knowledge.last_told import Step
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


class PolicyNews:
    """The changes that this process has noticed and not kept yet, the oldest first. Without `keep` there are none."""

    def __init__(self, keep: Keep | None, clock: Callable[[], datetime]) -> None:
        self._keep, self._clock = keep, clock
        self._waiting: deque[tuple[PolicyChange, Step | None]] = deque(maxlen=_MOST_WAITING)
        self._not_before: datetime | None = None

    def start_anew(self) -> None:
        """Give up what waits."""
        self._waiting.clear()

    def taken(
        self, file: str, mark: str, known: Knowledge, before: Knowledge | None, step: Step, *, is_first: bool
    ) -> None:
        """A file counts, in place of what it said `before`, where that can still be made of its text.

        `is_first`: it said nothing before.
        """
        if before is not None and before.tenant != known.tenant:
            self._wait(self._change(Became.REMOVED, file, mark, before, before=before.version))
            before, is_first = None, True
        became, version = Became.TAKEN if is_first else Became.CHANGED, before.version if before else ""
        self._wait(self._change(became, file, mark, known, version=known.version, before=version), step)

    def removed(self, file: str, mark: str, known: Knowledge | None, tenant: str, step: Step) -> None:
        """A file is gone. Of one that cannot be made any more the `tenant` is told alone."""
        if known:
            change = self._change(Became.REMOVED, file, mark, known, before=known.version)
        else:
            change = PolicyChange(Became.REMOVED, self._clock(), file, tenant, mark=mark)
        self._wait(change, step)

    def refused(self, file: str, mark: str, why: str, known: Knowledge | None, tenant: str = "") -> None:
        """A file cannot be used; what is `known` of an earlier state goes on. Who wrote this one is not known.

        `tenant` is the one that it names.
        """
        tenant, before = (known.tenant, known.version) if known else (tenant, "")
        self._wait(PolicyChange(Became.REFUSED, self._clock(), file, tenant, before=before, mark=mark, why=why))

    def tell(self) -> None:
        """Have those kept that wait. What cannot be kept now is tried again after half a minute."""
        now = self._clock()
        if self._keep is None or not self._waiting or (self._not_before and now < self._not_before):
            return
        while self._waiting and self._is_settled(*self._waiting[0]):
            self._waiting.popleft()
        self._not_before = now + _AGAIN if self._waiting else None

    def _is_settled(self, change: PolicyChange, step: Step | None) -> bool:
        """Have it kept, but where another worker has told it. False where that was not possible."""
        if step and not step.is_due():
            step.passed()
            return True
        if self._keep is None or not self._keep(change):
            return False
        if step:
            step.done()
        return True

    def _change(self, became: Became, file: str, mark: str, known: Knowledge, **versions: str) -> PolicyChange:
        return PolicyChange(
            became,
            self._clock(),
            file,
            known.tenant,
            site=known.site,
            critical_off=known.switches.critical_off,
            mark=mark,
            **versions,
        )

    def _wait(self, change: PolicyChange, step: Step | None = None) -> None:
        if self._keep is not None:
            self._waiting.append((change, step))
