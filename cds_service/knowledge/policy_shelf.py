"""The folder of site policies: which files there are, which of them can be used, and what goes on in place of others.

What may live here: the files of the folder as they come, change and go. What one of them comes to stands in
`policy_making`, when they are looked at again in `reload`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path

from cds_service.clock import utc_now
from cds_service.durable_files import told_name
from cds_service.knowledge.knowledge import InForce, Knowledge
from cds_service.knowledge.last_told import LastTold
from cds_service.knowledge.policy_changes import Keep, PolicyNews
from cds_service.knowledge.policy_copies import Copies, text_or_nothing
from cds_service.knowledge.policy_making import Making, OfNobody, Refusal, Taken
from cds_service.knowledge.policy_telling import PolicyTelling
from cds_service.knowledge.site_folder import Emptied, SiteFolder
from cds_service.knowledge.site_policy import SitePolicyError, site_text, tenant_named
from cds_service.knowledge.taken_away import TakenAway
from cds_service.knowledge.tenants import Policies
from cds_service.settings import Settings

log = logging.getLogger("cds_service")

State = tuple[date, tuple[tuple[str, int, int, int], ...]]


class PolicyShelf:
    """The site policies of one process. `copies` is the folder of the last good files; without one none are kept.

    `tenants` are those of the trusted clients: a policy of another one is left aside, as it would never count. None:
    nobody knows them. `read_only`: no copy is written or removed. `keep` keeps each change as soon as `news` are told.
    """

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        copies: Path | None = None,
        tenants: Collection[str] | None = None,
        clock: Callable[[], datetime] = utc_now,
        *,
        read_only: bool = False,
        keep: Keep | None = None,
    ) -> None:
        self._folder, self._copies = SiteFolder(folder), Copies(copies, read_only=read_only)
        self._making = Making(settings, tenants, clock)
        self.news = PolicyNews(keep, clock)
        self._telling = PolicyTelling(self.news, LastTold(self._copies), self._making, self._folder.mark)
        self._taken: dict[str, Taken] = {}
        self._refused: dict[str, Refusal] = {}
        self._gone = TakenAway()
        self._looked_on = self._making.today()

    def open(self, *, running: bool = False) -> None:
        """Take every file, or its copy where it is faulty now.

        `running`: for a service that runs, which must not be held back. A faulty file without a copy is refused in the
        log then, and where the folder cannot be read its copies count. They count at every start where the folder is
        empty: that is what a volume looks like that is not mounted.

        Raises:
            SitePolicyError: at a start, a file is faulty, and there is no copy of a good one. Every problem of all
                files is told.
            OSError: the folder cannot be read, and there are no copies to go on with.
        """
        try:
            paths = self._files()
        except OSError as error:
            if not isinstance(error, Emptied) and not (running and self._copies):
                raise
            log.error("%s", self.fault)
            self.go_on_with_copies()
            return
        self._open_all(paths, running=running)
        self.catch_up_news()

    def catch_up_news(self) -> None:
        """Tell what is otherwise than what was told last, in place of all that waits.

        A worker has what waits from the process that began it: if that was long ago, others have told more since.
        """
        self._telling.start_anew()
        for name, refusal in self._refused.items():
            self._tell_refused(name, refusal)
        with suppress(OSError):
            self._telling.tell(self._taken, {path.name for path in self._files()})

    def _open_all(self, paths: Collection[Path], *, running: bool) -> None:
        faults = [problem for path in self._known_first(paths) for problem in self._open_one(path, running=running)]
        if faults:
            raise SitePolicyError(str(self._folder), faults)
        for name in {*self._copies.names(), *self._copies.told_names()} - {path.name for path in paths}:
            self._say_gone_since_the_last_start(name)
            self._copies.put_aside(name)

    def read(self) -> None:
        """Take every file, or its copy where it is faulty now, beside a service; without either it is left out.

        Raises:
            OSError: the folder cannot be read.
        """
        try:
            paths = self._files()
        except Emptied:
            self.go_on_with_copies()
            return
        for path in self._known_first(paths):
            self._open_one(path, running=True)

    def go_on_with_copies(self) -> bool:
        """Where the files cannot be seen: other workers may have taken what this one never saw.

        Returns whether anything is otherwise than before.
        """
        before = dict(self._taken)
        for name in self._copies.names():
            self._take_others_copy(name)
        return before != self._taken

    @property
    def fault(self) -> str:
        """What is wrong with the folder, in words; "" where nothing is."""
        return self._folder.fault

    def _known_first(self, paths: Iterable[Path]) -> list[Path]:
        """What was taken before comes first: a newer file that stands against it is the one to refuse, as before."""
        return sorted(paths, key=lambda path: self._copies.text(path.name) != text_or_nothing(path))

    def _open_one(self, path: Path, *, running: bool) -> list[str]:
        """Take a file, or its copy. Returns the problems that stop a start."""
        try:
            self._take(path.name, site_text(path))
        except SitePolicyError as error:
            if not (self._take_copy(path.name) or running or isinstance(error, OfNobody)):
                return [f"{path.name}: {problem}" for problem in error.problems]
            self._refuse(path.name, text_or_nothing(path), error)
        return []

    def look(self) -> bool:
        """Take what has changed since; a faulty file is refused in the log, and what was taken before goes on.

        Returns whether anything is otherwise than before.
        """
        before = dict(self._taken), dict(self._refused)
        paths = {path.name: path for path in self._files()}
        for name in [*self._taken, *self._refused]:
            if name not in paths:
                self._remove(name)
        for name, path in paths.items():
            self._look_at(name, path)
        if before[0] != self._taken or self._looked_on != self._making.today():
            self._try_again(paths)
        self._looked_on = self._making.today()
        self._telling.tell({name: one for name, one in self._taken.items() if name not in self._refused}, paths)
        return before != (self._taken, self._refused)

    def state(self) -> State | None:
        """The clinic's day, and what can be seen of the files without reading them.

        None where the folder cannot be read, or has no files any more: `fault` says so then.
        """
        try:
            found = [(path.name, path.stat()) for path in self._files()]
        except OSError:
            return None
        return self._making.today(), tuple((name, stat.st_mtime_ns, stat.st_size, stat.st_ino) for name, stat in found)

    def held(self, packaged: Knowledge) -> Policies:
        """What follows from all files that are taken."""
        today, all_taken = self._making.today(), self._taken.values()
        goes_on = [taken.counting(today) for name, taken in self._taken.items() if name in self._refused]
        older = {known.tenant: known.version for known in goes_on}
        before = [taken.before.policy for taken in all_taken if taken.before]
        policies = [*(taken.policy for taken in all_taken), *before]
        refused = {told_name(name): refusal.kind for name, refusal in self._refused.items()}
        return Policies.of(packaged, policies, older, self._gone.said, refused, self.fault)

    def left_out(self) -> list[str]:
        """The names of the files that cannot be used, and of which no earlier state goes on."""
        return sorted(told_name(name) for name in self._refused if name not in self._taken)

    def _look_at(self, name: str, path: Path) -> None:
        text = text_or_nothing(path)
        taken = self._taken.get(name)
        if taken and text == taken.text:
            if self._refused.pop(name, None) is not None:
                log.warning("%s: is again as it was when it was taken", told_name(name))
        elif name not in self._refused or self._refused[name].text != text:
            try:
                self._take(name, site_text(path))
            except SitePolicyError as error:
                self._take_others_copy(name)
                self._refuse(name, text, error)
            else:
                self._accept(name)
        else:
            self._take_others_copy(name)

    def _try_again(self, paths: Mapping[str, Path]) -> None:
        """Files that were refused may have stood against one that is otherwise now, or gone.

        Or the day of their approval had not come.
        """
        taken = True
        while taken:
            taken = any(self._is_no_longer_refused(name, paths[name]) for name in [*self._refused])

    def _is_no_longer_refused(self, name: str, path: Path) -> bool:
        try:
            self._take(name, site_text(path))
        except SitePolicyError:
            return False
        self._accept(name)
        return True

    def _accept(self, name: str) -> None:
        self._refused.pop(name, None)
        log.warning("%s: taken, version %s", told_name(name), self._taken[name].policy.knowledge.version)

    def _take(self, name: str, text: str) -> None:
        """Use this file. Raises SitePolicyError."""
        policy, last = self._making.made(name, text, self._taken), self._taken.get(name)
        before = self._before(name, policy)
        if last and last.policy.knowledge.tenant != policy.knowledge.tenant:
            self._gone.tell(told_name(name), last, self._making.today())
        kept = self._copies.keep(name, text, before.text if before else "")
        self._taken[name] = Taken(text, policy, kept, before)

    def _refuse(self, name: str, text: str, error: SitePolicyError) -> None:
        refusal = self._refused[name] = Refusal.of(text, error)
        goes_on = self._tell_refused(name, refusal)
        if isinstance(error, OfNobody) and name not in self._taken:
            log.warning("%s: is left aside: %s", told_name(name), "; ".join(error.problems))
            return
        log.error("%s; %s", error, f"version {goes_on.version} goes on" if goes_on else "not used")

    def _tell_refused(self, name: str, refusal: Refusal) -> Knowledge | None:
        """Returns what goes on in its place."""
        goes_on = self._taken[name].counting(self._making.today()) if name in self._taken else None
        self.news.refused(name, self._folder.mark(name), refusal.kind, goes_on, tenant_named(refusal.text))
        return goes_on

    def _remove(self, name: str) -> None:
        self._refused.pop(name, None)
        if taken := self._taken.pop(name, None):
            self._gone.tell(told_name(name), *self._last_state(name, taken))
        self._copies.put_aside(name)

    def _last_state(self, name: str, taken: Taken) -> tuple[Taken, date]:
        """Of a file that is gone, and since which day.

        Another worker may have taken a newer state of it, and noticed long before this one that it is gone.
        """
        aside = self._copies.removed(name) if taken.kept and not self._copies.text(name) else None
        if aside is None:
            return taken, self._making.today()
        text, at = aside
        with suppress(SitePolicyError):
            taken = Taken(text, self._making.alone(name, text))
        return taken, self._making.day_of(at)

    def _say_gone_since_the_last_start(self, name: str) -> None:
        text = self._copies.text(name) or self._copies.told(name)
        try:
            taken = Taken(text, self._making.made(name, text, {}))
        except SitePolicyError:
            log.warning("%s: is gone, and its copy, which cannot be used, does not count", told_name(name))
        else:
            self._gone.tell(told_name(name), taken, self._making.today(), "before the start on")

    # ------------------------------------------------------------------ copies
    def _take_copy(self, name: str) -> bool:
        """Use the last good state of a file, where there is one that can be used."""
        text = self._copies.text(name)
        if not text:
            return False
        try:
            policy = self._making.made(name, text, self._taken)
        except SitePolicyError as error:
            if not isinstance(error, OfNobody):
                log.error("the last good copy cannot be used either: %s", error)
            self._refused.setdefault(name, Refusal.of("", error))
            return False
        self._taken[name] = Taken(text, policy, before=self._before(name, policy))
        return True

    def _take_others_copy(self, name: str) -> None:
        """Of a file that cannot be used, another worker may have taken a state that this one never saw.

        It was made long after the start, from what the start knew; or it looked too late. Where our own state could not
        be copied, the copy is an older one.
        """
        taken = self._taken.get(name)
        if taken is None or (taken.kept and self._copies.text(name) != taken.text):
            self._take_copy(name)

    def _before(self, name: str, policy: InForce) -> Taken | None:
        return self._making.before(name, policy, self._taken, lambda: self._copies.texts(name))

    def _files(self) -> list[Path]:
        """The files of the folder by name. Raises OSError, where all are gone too."""
        return self._folder.files(lambda: bool(self._taken or self._copies.names()))
