"""All look-ups of one request on one FHIR server, under way side by side.

What may live here: which look-up is asked when (singly, in one batch with others, once more after a pause), and waiting
for its answer. What a look-up asks next is decided in `look_up`, how a request is sent in `connections`.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Self, TypeVar

from cds_service.fhir_client.answer import judged_in_time
from cds_service.fhir_client.asked import AskedBatch, asked_resource, asked_search
from cds_service.fhir_client.batch import answers_in, batch_of, tells_of_the_server
from cds_service.fhir_client.believed import believed
from cds_service.fhir_client.bundles import JsonObject
from cds_service.fhir_client.connections import Connections
from cds_service.fhir_client.entrance import Entrance
from cds_service.fhir_client.entry_limit import EntryLimit
from cds_service.fhir_client.habits import Habits
from cds_service.fhir_client.kept_connections import KeptConnections
from cds_service.fhir_client.look_up import LookUp, Wanted, as_it_is, reading, searching
from cds_service.fhir_client.outgoing import headers_for, request_for
from cds_service.fhir_client.step import Step
from cds_service.fhir_client.terms import (
    LATE,
    TOO_LARGE_TOGETHER,
    Deadline,
    FhirError,
    FhirServer,
    Limits,
    PassingError,
    Past,
    SearchResult,
)
from cds_service.fhir_client.transfer import Received
from cds_service.fhir_client.unpacking import Allowance
from cds_service.tracing import is_on

T = TypeVar("T")
MOST_AT_ONCE = 32
"""Requests of one call on their way at a time; the others wait for their turn."""
_TAKES_NO_BATCH = "takes no batch"


class ServerTalk:
    """See `Talk`. Connections are lent for it when the first request goes out.

    With `in_batches`, the first requests of several look-ups go out as one batch when the first answer is wanted,
    unless this server took none lately; then, and when it takes none now, each is asked singly. `habits` are what
    servers refused or wanted lately.
    """

    def __init__(
        self,
        server: FhirServer,
        deadline: Deadline,
        kept: KeptConnections,
        entrance: Entrance,
        limits: Limits,
        habits: Habits,
        in_batches: bool,
    ) -> None:
        self._server, self._deadline, self._limits = server, deadline, limits
        self._kept, self._entrance, self._owner = kept, entrance, entrance.owner
        self._habits, self._in_batches = habits, in_batches
        self._connections: Connections | None = None
        self._allowance = Allowance(deadline, limits.max_bytes, limits.max_call_bytes)
        self._entries = EntryLimit(limits.max_entries)
        self._headers = headers_for(server)
        self._held_back: list[tuple[LookUp[Any], str]] = []
        self._queue: deque[LookUp[Any]] = deque()
        self._paused: list[tuple[float, LookUp[Any]]] = []
        self._steps: list[Step] = []

    @property
    def deadline(self) -> Deadline:
        """When it ends."""
        return self._deadline

    def read(self, path: str) -> LookUp[JsonObject]:
        """See `Talk`."""
        look_up = LookUp(reading(self._server, path), asked_resource(path))
        return self._begin(look_up, path, ("fhir.read", path.strip("/").partition("/")[0]))

    def search(
        self,
        *paths: str,
        name: str = "",
        past: Past | None = None,
        first: Mapping[str, Any] | None = None,
    ) -> LookUp[SearchResult]:
        """See `Talk`."""
        forms = self._habits.wanted_first(self._owner, paths, name)
        asked, answered = asked_search(forms[0]), partial(self._habits.was_answered, self._owner, paths, name)
        wanted = Wanted(forms, self._limits.max_pages, self._entries, past, first, answered, asked)
        look_up = LookUp(searching(self._server, wanted), asked)
        return self._begin(look_up, forms[0] if first is None else "", ("fhir.search", wanted.resource_type, name))

    def known(self, about: str) -> str:
        """See `Talk`."""
        return self._habits.known(self._owner, about)

    def note(self, about: str, what: str) -> None:
        """See `Talk`."""
        self._habits.note(self._owner, about, what)

    def answer(self, look_up: LookUp[T]) -> T:
        """See `Talk`."""
        self._send_held_back()
        if self._connections is not None:
            self._connections.send()
        self._wait_for(look_up)
        return look_up.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Hang up on what is still under way, and let others use the connections."""
        connections, self._connections = self._connections, None
        try:
            if connections is not None:
                self._kept.give_back(self._owner, connections)
        finally:
            for step in self._steps:
                step.left()
            self._entrance.leave()

    def _begin(self, look_up: LookUp[T], path: str, told: tuple[str, ...]) -> LookUp[T]:
        if is_on() and not look_up.is_done:
            look_up.step = Step(*told)
            self._steps.append(look_up.step)
        if self._in_batches and path:
            self._held_back.append((look_up, path))
        else:
            self._ask(look_up)
        return look_up

    def _send_held_back(self) -> None:
        unsent = [(look_up, path) for look_up, path in self._held_back if not look_up.is_done]
        self._held_back = []
        found: Sequence[JsonObject | FhirError] | None = None
        if self._in_batches and len(unsent) > 1 and not self.known(_TAKES_NO_BATCH):
            found = self._in_one(unsent)
        if found is None:
            for look_up, _ in unsent:
                self._ask(look_up)
            return
        for (look_up, _), one in zip(unsent, found, strict=True):
            problem = look_up.objection(one) if isinstance(one, dict) else None
            self._judge(look_up, one if problem is None else FhirError(problem))

    def _in_one(self, unsent: Sequence[tuple[LookUp[Any], str]]) -> Sequence[JsonObject | FhirError] | None:
        """What one batch brings for each of these; None when the server takes no batch and has to be asked singly."""
        paths = [path for _, path in unsent]
        asked = AskedBatch(tuple(one.asked for one, _ in unsent))
        batch = LookUp(as_it_is(self._server.base), asked, batch_of(paths))
        # Its answer can be told from that for another patient when it holds the patient.
        batch.on_new_connection = not any(path.startswith("Patient/") for path in paths)
        self._ask(batch)
        may_not_be_asked = batch.is_done
        try:
            found = answers_in(self.answer(batch), len(paths))
        except FhirError as failure:
            if may_not_be_asked or failure.reason in (LATE, TOO_LARGE_TOGETHER):
                return [failure] * len(paths)
            if tells_of_the_server(failure):
                self.note(_TAKES_NO_BATCH, "refused")
            return None
        if found is None:
            self.note(_TAKES_NO_BATCH, "refused")
        return found

    def _wait_for(self, look_up: LookUp[Any]) -> None:
        """Go on with all that is under way until this look-up is done."""
        while not look_up.is_done:
            left = self._deadline.reading()
            if left <= 0 or self._connections is None:
                look_up.fail(FhirError(LATE))
                return
            self._ask_after_pauses()
            next_at = min((at for at, _ in self._paused), default=math.inf)
            self._connections.listen(min(left, max(0.0, next_at - self._deadline.clock())))

    def _ask(self, look_up: LookUp[Any], *, again: bool = False) -> None:
        """Ask for what it wants next, `again` on a new connection."""
        if look_up.is_done:
            return
        if self._deadline.reading() <= 0:
            look_up.fail(FhirError(LATE))
            return
        if refusal := self._entrance.refusal(look_up.kinds, self._deadline):
            look_up.fail(FhirError(refusal))
            return
        if self._connections is None:
            self._connections = self._kept.lend(self._owner)
        if len(self._connections) >= MOST_AT_ONCE and not again:
            self._queue.append(look_up)
            return
        request = request_for(look_up, self._headers, on_new_connection=again)
        self._connections.start(request, self._allowance, partial(self._take_in, look_up, again))

    def _take_in(self, look_up: LookUp[Any], again: bool, received: Received) -> None:
        """What one request brought; then the next one gets its turn."""
        self._entrance.hear(received)
        found = (
            received.outcome
            if isinstance(received.outcome, FhirError)
            else judged_in_time(received.outcome, self._deadline)
        )
        found, is_in_step = believed(look_up, found, received)
        if not is_in_step and self._connections is not None:
            self._connections.distrust()
        self._judge(look_up, found, may_ask_again=not again)
        if self._queue:
            self._ask(self._queue.popleft())

    def _judge(self, look_up: LookUp[Any], found: JsonObject | FhirError, *, may_ask_again: bool = True) -> None:
        if isinstance(found, FhirError):
            self._failed(look_up, found, may_ask_again)
        else:
            look_up.take(found)
            self._ask(look_up)

    def _failed(self, look_up: LookUp[Any], failure: FhirError, may_ask_again: bool) -> None:
        """A failure that may be over soon is waited for, once, while the other look-ups go on."""
        pause = failure.pause if isinstance(failure, PassingError) else None
        if pause is None or not may_ask_again or pause >= self._deadline.reading():
            look_up.fail(failure)
            # It may want to ask in another way.
            self._ask(look_up)
        else:
            self._paused.append((self._deadline.clock() + pause, look_up))

    def _ask_after_pauses(self) -> None:
        now = self._deadline.clock()
        over = [look_up for at, look_up in self._paused if at <= now]
        self._paused = [(at, look_up) for at, look_up in self._paused if at > now]
        for look_up in over:
            self._ask(look_up, again=True)
