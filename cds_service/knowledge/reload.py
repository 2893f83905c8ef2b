"""Site policies that change while the service runs: every worker notices by itself, and swaps all at once.

What may live here: the one thread that looks. What is made of the files stands in `policy_shelf`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from cds_service.clock import utc_now
from cds_service.knowledge.knowledge import Knowledge
from cds_service.knowledge.policy_changes import Keep
from cds_service.knowledge.policy_shelf import PolicyShelf, State
from cds_service.knowledge.site_policy import SitePolicyError
from cds_service.knowledge.tenants import Policies, Tenants
from cds_service.settings import Settings

log = logging.getLogger("cds_service")

LOOK_SECONDS = 0.5
"""So often the folder is looked at. A file is read when it was the same twice: until then somebody is writing it."""


class Reload:
    """Keeps `tenants` as the folder says. Create it anywhere; its thread is made by `begin`, in a worker."""

    def __init__(
        self, tenants: Tenants, shelf: PolicyShelf, packaged: Knowledge, look_seconds: float = LOOK_SECONDS
    ) -> None:
        self._tenants, self._shelf, self._packaged = tenants, shelf, packaged
        self._look_seconds = look_seconds
        self._seen: State | None = None
        self._done: State | None = None
        self._told = shelf.fault
        self._closed = threading.Event()

    def begin(self) -> None:
        """In a worker, before its first call: it may take the place of one that has ended, long after the start."""
        self._seen = self._shelf.state()
        if self._seen is None:
            if self._shelf.go_on_with_copies():
                self._swap()
        else:
            self._take_up(self._seen)
        self._tell_of_the_folder()
        self._shelf.catch_up_news()
        threading.Thread(target=self._run, name="site policies", daemon=True).start()

    def close(self) -> None:
        """Look no more."""
        self._closed.set()

    def look(self) -> None:
        """Take up what has changed and stays as it is now."""
        state = self._shelf.state()
        self._tell_of_the_folder()
        if state is not None and state == self._seen and state != self._done:
            self._take_up(state)
        self._seen = state
        self._shelf.news.tell()

    def _take_up(self, state: State) -> None:
        if self._shelf.look():
            self._swap()
        self._done = state

    def _swap(self) -> None:
        self._tenants.swap(self._shelf.held(self._packaged))

    def _tell_of_the_folder(self) -> None:
        """A folder that cannot be read is none without policies: everything stays. Each change is said once."""
        fault = self._shelf.fault
        if fault == self._told:
            return
        self._told = fault
        self._swap()
        if fault:
            log.error("%s", fault)
        else:
            log.warning("the folder of site policies can be read again")

    def _run(self) -> None:
        while not self._closed.wait(self._look_seconds):
            try:
                self.look()
            except Exception as error:
                # Whatever it is: nobody else would look, and what was taken goes on.
                log.error("the site policies cannot be looked at: %s", type(error).__name__)


def open_tenants(
    settings: Settings,
    packaged: Knowledge,
    copies: Path | None = None,
    tenants: Collection[str] | None = None,
    *,
    running: bool = False,
    clock: Callable[[], datetime] = utc_now,
    keep: Keep | None = None,
) -> tuple[Tenants, Reload | None]:
    """What each tenant knows by the folder of the settings, and what keeps it so; None where there is no folder.

    `running`: for a service that runs and takes up something else; no faulty file holds that back. `keep` keeps each
    change of a policy, in a worker.

    Raises:
        SitePolicyError: a file is faulty, and there is no copy of a good one; or the folder cannot be read.
    """
    if settings.site_policies is None:
        return Tenants(Policies(packaged)), None
    shelf = PolicyShelf(settings.site_policies, settings, copies, tenants, clock, keep=keep)
    with _in_words(settings.site_policies):
        shelf.open(running=running)
    made = Tenants(shelf.held(packaged))
    return made, Reload(made, shelf, packaged)


def read_tenants(settings: Settings, packaged: Knowledge, copies: Path | None) -> tuple[Tenants, list[str]]:
    """What each tenant of a service knows, for a process beside it, which changes nothing.

    And the names of the files that cannot be used, and of which no earlier state goes on.

    Raises:
        SitePolicyError: the folder cannot be read.
    """
    if settings.site_policies is None:
        return Tenants(Policies(packaged)), []
    shelf = PolicyShelf(settings.site_policies, settings, copies, read_only=True)
    with _in_words(settings.site_policies):
        shelf.read()
    return Tenants(shelf.held(packaged)), shelf.left_out()


@contextmanager
def _in_words(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SitePolicyError(str(folder), [f"cannot be read ({type(error).__name__})"]) from None
