"""The way to the FHIR servers: how many calls of a worker may wait for them at a time, and for which servers.

What may live here: places, waiting for one, and the standing of each server with each client. A server that does not
answer costs the calls that need it their data; it must not cost the others their thread. Log lines name no address.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from cds_service.fhir_client.answer import HttpAnswer
from cds_service.fhir_client.callers import Callers
from cds_service.fhir_client.kept_connections import Owner
from cds_service.fhir_client.standing import CLOSED_SECONDS, Standing
from cds_service.fhir_client.terms import (
    CROWDED,
    LATE,
    NO_ANSWER,
    NOT_SECURE,
    UNREACHABLE,
    Deadline,
    FhirError,
    Limits,
    RefusedError,
)
from cds_service.fhir_client.transfer import Received
from cds_service.metrics import FHIR_ANSWERS, FHIR_BREAKER, FHIR_NOT_ASKED, FHIR_SECONDS

log = logging.getLogger("cds_service")

WAITING_SECONDS = 0.25
"""After so long, one of many who wait for a place looks again whether anything is heard of its server."""
_ALWAYS_FREE = 2
"""Of five threads or more so many at least neither ask nor wait for a place, unless the server answers others
meanwhile. Of fewer, one may wait all the same."""
_MOST_STANDINGS = 4_096
_WHY_NOT = {LATE: "late", UNREACHABLE: "unreachable", NOT_SECURE: "not-secure"}
_NOBODY_BEHIND_IT = frozenset({502, 503, 504})
"""What a gateway says in place of a server that does not answer, and a server that takes no requests."""


class Entrances:
    """The places of one worker. At most half of its threads wait for FHIR servers at a time.

    At most half of the places go to servers that have not answered lately, whoever's they are: so no client with dead
    servers, however many it names, takes them all; and no client with slow ones either (see `Callers`). Where a place
    is wanted and none is free, as many calls as there are places, but two (and one at least), may wait for one, for
    half of the deadline; where the server answers, any number may: places are soon free again. That which is asked for
    the first time is given a moment to show that it does. With `asks_always` a server is asked however often it did not
    answer.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float], *, asks_always: bool = False) -> None:
        self.changed = threading.Condition()
        self.clock = clock
        self.asks_always = asks_always
        self.late_after = limits.deadline_seconds / 2
        """A server that was given less time than this has not been late. Nobody waits longer for a place."""
        self._most = max(1, limits.threads // 2)
        self._most_unknown = max(1, self._most // 2)
        self._most_waiting = max(1, limits.threads // 2 - _ALWAYS_FREE)
        self._callers = Callers(self._most)
        self._taken = self._unknown = self._waiting = 0
        self._standings: dict[Owner, Standing] = {}

    def entrance(self, owner: Owner) -> Entrance:
        """The way of one call to one server."""
        with self.changed:
            self._callers.call(owner, self.clock())
            standing = self._standings.get(owner)
            if standing is None:
                standing = self._standings[owner] = Standing()
                self._forget_some()
        return Entrance(self, owner, standing)

    def has_place(self, owner: Owner, standing: Standing) -> bool:
        """Is a place free for a call to this server? The lock is held, here and below."""
        now = self.clock()
        if self._taken >= self._most or not self._callers.has_share(owner, now):
            return False
        return standing.is_known(now) or self._unknown < self._most_unknown

    def patience(self, standing: Standing) -> float:
        """For how many seconds one more call may wait for a place before it looks again; 0 where it may not."""
        now = self.clock()
        if self._waiting < self._most_waiting:
            return self.late_after
        return WAITING_SECONDS if standing.is_answering(now) else standing.first_answer_within(now)

    def wait(self, owner: Owner, standing: Standing, kinds: frozenset[str], deadline: Deadline) -> bool:
        """Until a place is free, or none is needed any more. False when the call has to go without."""
        gives_up_at = self.clock() + self.late_after
        while not self.has_place(owner, standing) and not standing.refusal(self.clock(), kinds):
            left = min(self.patience(standing), gives_up_at - self.clock(), deadline.reading())
            if left <= 0:
                return False
            self._waiting += 1
            try:
                self.changed.wait(left)
            finally:
                self._waiting -= 1
        return True

    def take(self, owner: Owner, *, is_known: bool) -> None:
        """One place."""
        self._callers.take(owner)
        self._taken += 1
        self._unknown += not is_known

    def give_back(self, owner: Owner, *, is_known: bool) -> None:
        """It is free again."""
        self._callers.give_back(owner)
        self._taken -= 1
        self._unknown -= not is_known
        self.changed.notify_all()

    def becomes_known(self) -> None:
        """The server of a place has answered."""
        self._unknown -= 1
        self.changed.notify_all()

    def _forget_some(self) -> None:
        """The servers named first, when there are very many: a client may have named them all."""
        while len(self._standings) > _MOST_STANDINGS:
            del self._standings[next(iter(self._standings))]


class Entrance:
    """The way of one call to one server. For one thread; `leave` must follow whatever happens."""

    def __init__(self, entrances: Entrances, owner: Owner, standing: Standing) -> None:
        self.owner = owner
        self._all, self._standing = entrances, standing
        self._entered_at: float | None = None
        self._is_known = self._tries_it = self._is_answered = self._goes_without = False
        self._kinds: frozenset[str] = frozenset()
        self._reason = ""

    def refusal(self, kinds: frozenset[str], deadline: Deadline) -> str:
        """Why the server may not be asked for these kinds, "" when it may. The first request takes a place for all."""
        if kinds <= self._kinds:
            return ""
        with self._all.changed:
            refusal = self._refusal(kinds, deadline)
        if refusal:
            FHIR_NOT_ASKED.count("crowded" if refusal == CROWDED else "breaker")
        else:
            self._kinds |= kinds
        return refusal

    def _refusal(self, kinds: frozenset[str], deadline: Deadline) -> str:
        if self._entered_at is None and not self._goes_without:
            self._goes_without = not self._all.wait(self.owner, self._standing, kinds, deadline)
        if self._goes_without:
            # It does not wait for a place with each of its requests.
            return CROWDED
        refused = self._standing.refusal(self._all.clock(), kinds)
        if self._entered_at is None and not refused:
            self._enter(self._all.clock())
        # The one that tries a closed server asks for whatever it needs.
        return "" if self._tries_it else refused

    def _enter(self, now: float) -> None:
        self._entered_at, self._is_known = now, self._standing.is_known(now)
        self._tries_it = self._standing.is_due(now)
        self._standing.begin(now)
        self._all.take(self.owner, is_known=self._is_known)

    def hear(self, received: Received) -> None:
        """What came of one request: an answer, whatever it says, or none."""
        FHIR_ANSWERS.count(_in_a_word(received.outcome))
        FHIR_SECONDS.took(received.seconds)
        reason = _no_answer(received.outcome)
        if reason:
            self._reason = reason
            return
        with self._all.changed:
            now = self._all.clock()
            took = 0.0 if self._is_answered or self._entered_at is None else now - self._entered_at
            is_back = self._standing.hear(now, took)
            if not self._is_known:
                self._is_known = True
                self._all.becomes_known()
        self._is_answered = True
        if is_back:
            FHIR_BREAKER.count("asked-again")
            log.warning("a FHIR server answers again")

    def leave(self) -> None:
        """The call is over: give the place back, and judge the server."""
        if self._entered_at is None:
            return
        with self._all.changed:
            now, reason = self._all.clock(), self._reason or LATE
            is_bad = not self._is_answered and (reason != LATE or now - self._entered_at >= self._all.late_after)
            self._entered_at = None
            self._standing.end()
            counts = is_bad and not self._all.asks_always
            is_gone = counts and self._standing.miss(reason, now, self._kinds, tried_it=self._tries_it)
            self._all.give_back(self.owner, is_known=self._is_known)
        if is_gone:
            FHIR_BREAKER.count("left-alone")
            log.warning("a FHIR server does not answer; it is not asked for %d seconds", CLOSED_SECONDS)


def _in_a_word(outcome: HttpAnswer | FhirError) -> str:
    """What became of a request, for the metrics: by the first digit of the status, or why there is no answer."""
    if isinstance(outcome, HttpAnswer):
        return f"{outcome.status // 100}xx"
    return _WHY_NOT.get(outcome.reason, "unusable")


def _no_answer(outcome: HttpAnswer | FhirError) -> str:
    """Why this does not show that the server answers; "" when it does, whatever it says."""
    if isinstance(outcome, HttpAnswer):
        return RefusedError(outcome.status).reason if outcome.status in _NOBODY_BEHIND_IT else ""
    return outcome.reason if outcome.reason in NO_ANSWER else ""
