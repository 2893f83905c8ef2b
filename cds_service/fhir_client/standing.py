"""How a FHIR server stands with a client: does it answer at the moment, and may it be asked?

What may live here: what is remembered of one server, and for how long nobody asks it once it does not answer. No locks
and no waiting; the time is passed in, and nothing of a patient, a token or an address goes in.
"""

from __future__ import annotations

import math

BAD_CALLS = 3
"""So many calls in a row without any answer, and the server is not asked for a while."""
CLOSED_SECONDS = 5.0
"""For so long it is not asked; then one call tries it, and so on, never less often."""
KNOWN_SECONDS = 300.0
"""For so long after an answer a server counts as one that answers."""
SILENT_SECONDS = 0.25
"""A server that is being asked, and lets nobody hear of it for so long, may be about to fail. One that is slow by its
nature is given twice the time that it took lately."""
_FADES = 0.9
"""Of the longest time lately, so much is left after one more call."""
FIRST_ANSWER_SECONDS = 0.1
"""For so long many calls may wait for the first answer of a server of which nothing is known."""


class Standing:
    """One server, as one client is answered there. A call is bad when it asked and nobody answered in time.

    Kinds are types of resources ("Condition"). A closed server is not asked for the kinds that bad calls asked for; for
    others it is: a server that answers everything but one kind must not be taken for one that is gone.
    """

    __slots__ = (
        "_answered_at",
        "_bad_calls",
        "_bad_kinds",
        "_closed_until",
        "_first_answer_took",
        "_heard_at",
        "_reason",
        "under_way",
    )

    def __init__(self) -> None:
        self.under_way = 0
        """Calls that are asking it now."""
        self._bad_calls = 0
        self._bad_kinds: frozenset[str] = frozenset()
        self._first_answer_took = 0.0
        self._reason = ""
        self._closed_until = self._answered_at = self._heard_at = -math.inf

    def refusal(self, now: float, kinds: frozenset[str]) -> str:
        """Why it may not be asked for these kinds now, in the words of the last failure; "" when it may."""
        return self._reason if now < self._closed_until and kinds <= self._bad_kinds else ""

    def begin(self, now: float) -> None:
        """A call asks. Where the server was closed it tries it, and others are refused meanwhile.

        They are refused for as long as before and no longer, so that nothing is lost with a call that never ends.
        """
        if self.is_due(now):
            self._closed_until = now + CLOSED_SECONDS
        if not self.under_way:
            self._heard_at = now
        self.under_way += 1

    def end(self) -> None:
        """The call is over."""
        self.under_way -= 1

    def hear(self, now: float, took: float = 0.0) -> bool:
        """Somebody was answered; the first answer of a call took so many seconds. True when it was closed until now."""
        was_closed = bool(self._reason)
        self._bad_calls, self._bad_kinds, self._reason, self._closed_until = 0, frozenset(), "", -math.inf
        if took:
            self._first_answer_took = max(took, self._first_answer_took * _FADES)
        self._answered_at = self._heard_at = now
        return was_closed

    def miss(self, reason: str, now: float, kinds: frozenset[str], *, tried_it: bool) -> bool:
        """A call for these kinds was bad. `tried_it`: the server's time was over. True when this closes an open one."""
        self._bad_kinds |= kinds
        if self._reason:
            if tried_it:
                self._reason, self._closed_until = reason, now + CLOSED_SECONDS
            return False
        self._bad_calls += 1
        if self._bad_calls < BAD_CALLS:
            return False
        self._reason, self._closed_until = reason, now + CLOSED_SECONDS
        return True

    def is_due(self, now: float) -> bool:
        """Is it closed, and is it time for a call to try it?"""
        return bool(self._reason) and now >= self._closed_until

    def is_known(self, now: float) -> bool:
        """Has it answered lately, and was no call bad since?"""
        return not self._bad_calls and now < self._answered_at + KNOWN_SECONDS

    def is_answering(self, now: float) -> bool:
        """Is it known, and if calls are asking it, has one of them just heard of it?"""
        silence = max(SILENT_SECONDS, 2 * self._first_answer_took)
        is_silent = self.under_way > 0 and now >= self._heard_at + silence
        return self.is_known(now) and not is_silent

    def first_answer_within(self, now: float) -> float:
        """Seconds for which others may wait for what the first calls to it will bring; 0 where it has had its time."""
        is_new = self.under_way > 0 and not self._bad_calls
        return max(0.0, self._heard_at + FIRST_ANSWER_SECONDS - now) if is_new else 0.0
