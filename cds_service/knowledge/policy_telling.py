"""What has to be told of site policies: where the files have come to something else than what was told last.

What may live here: that comparison. What the files have come to stands in `policy_shelf`, how a change is kept is not
known here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from cds_service.knowledge.knowledge import Knowledge
from cds_service.knowledge.last_told import LastTold
from cds_service.knowledge.policy_changes import PolicyNews
from cds_service.knowledge.policy_making import Making, Taken
from cds_service.knowledge.site_policy import SitePolicyError, tenant_named


class PolicyTelling:
    """Puts what changed into the news. `mark` gives what is another one as soon as a file is written or moved."""

    def __init__(self, news: PolicyNews, told: LastTold, making: Making, mark: Callable[[str], str]) -> None:
        self._news, self._told, self._making, self._mark = news, told, making, mark

    def start_anew(self) -> None:
        """Give up what waits: a process that takes the place of another one has it from its parent, however old."""
        self._news.start_anew()
        self._told.start_anew()

    def tell(self, taken: Mapping[str, Taken], files: Collection[str]) -> None:
        """`taken` is what counts now, and `files` are those that are there."""
        for name, one in taken.items():
            if self._told.text(name) != one.text:
                self._tell_taken(name, one)
        for name in self._told.names() - {*files, *taken}:
            self._tell_removed(name)

    def _tell_taken(self, name: str, taken: Taken) -> None:
        said = self._told.text(name)
        before = self._known(name, said)
        step = self._told.step(name, taken.text)
        self._news.taken(name, self._mark(name), taken.policy.knowledge, before, step, is_first=not said)

    def _tell_removed(self, name: str) -> None:
        said = self._told.text(name)
        mark = self._told.mark(name) or self._making.now().isoformat()
        self._news.removed(name, mark, self._known(name, said), tenant_named(said), self._told.step(name, ""))

    def _known(self, name: str, text: str) -> Knowledge | None:
        """What a state came to; None where it cannot be made any more, as after a release that refuses it."""
        try:
            return self._making.alone(name, text).knowledge if text else None
        except SitePolicyError:
            return None
