"""All look-ups of one hook request on one FHIR server, under way side by side.

What may live here: which look-up is asked when and how (on an open connection, in a thread, in one batch with others),
and waiting for its answer. What a look-up asks next is decided in `look_up`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, TypeVar

from cds_service.fhir_client.answer import Answer, resource_of
from cds_service.fhir_client.batch import RefusingServers, answers_in, batch_of, tells_of_the_server
from cds_service.fhir_client.bundles import JsonObject
from cds_service.fhir_client.look_up import LookUp, Steps, as_it_is, reading, searching
from cds_service.fhir_client.open_answers import ConnectionLostError, OpenAnswers
from cds_service.fhir_client.terms import LATE, FhirError, PassingError, Past, SearchResult, answer_of
from cds_service.fhir_client.transport import Transport

T = TypeVar("T")
_LOOK_EVERY = 0.01
"""Seconds between two looks at what came in threads, while open connections are listened to as well."""


class Conversation:
    """Look-ups are started at once and answered in any order. For the one thread of its hook request.

    With `refusing`, the first requests of several look-ups go out as one batch when the first answer is wanted, unless
    this server is among those that took none lately; then, and when it takes none now, each is asked singly.
    """

    def __init__(self, line: Transport, max_pages: int, refusing: RefusingServers | None = None) -> None:
        self._server, self._deadline = line.server, line.deadline
        self._line = line
        self._max_pages = max_pages
        self._refusing = refusing
        self._waiting: list[tuple[LookUp[Any], str]] = []
        self._open = OpenAnswers()
        self._has_threads = False

    def read(self, path: str) -> Future[JsonObject]:
        """See `FhirClient.submit_read`."""
        return self._begin(reading(self._server, path), path)

    def search(self, path_and_query: str, past: Past | None, first: Mapping[str, Any] | None) -> Future[SearchResult]:
        """See `FhirClient.submit_search`."""
        steps = searching(self._server, path_and_query, self._max_pages, past, first)
        return self._begin(steps, path_and_query if first is None else "")

    def wait_for(self, answer: Future[Any]) -> None:
        """Send what is still to be sent, and listen until this answer is there or the time for reading is up."""
        self._send_waiting()
        self._listen_for(answer)

    def _begin(self, steps: Steps[T], path: str) -> Future[T]:
        look_up = LookUp(steps)
        look_up.start()
        if self._refusing is not None and path:
            self._waiting.append((look_up, path))
        else:
            self._ask(look_up)
        return look_up.answer

    def _listen_for(self, answer: Future[Any]) -> None:
        while len(self._open) and not answer.done():
            left = self._deadline.reading()
            # Nothing on a socket tells of an answer that came in a thread.
            self._open.listen(min(left, _LOOK_EVERY) if self._has_threads else left)
            if left <= 0:
                self._open.give_up()

    def _send_waiting(self) -> None:
        waiting = [(look_up, path) for look_up, path in self._waiting if not look_up.is_done]
        self._waiting = []
        found: Sequence[JsonObject | FhirError] | None = None
        if self._refusing is not None and len(waiting) > 1 and self._server.base not in self._refusing:
            found = self._in_one(self._refusing, [path for _, path in waiting])
        if found is None:
            for look_up, _ in waiting:
                self._ask(look_up)
            return
        for (look_up, _), one in zip(waiting, found, strict=True):
            self._failed(look_up, one) if isinstance(one, FhirError) else self._take(look_up, one)

    def _in_one(self, refusing: RefusingServers, paths: Sequence[str]) -> Sequence[JsonObject | FhirError] | None:
        """What one batch brings for each of these; None when the server takes no batch and has to be asked singly."""
        batch = LookUp(as_it_is(self._server.base), batch_of(paths))
        batch.start()
        self._ask(batch)
        try:
            found = answers_in(answer_of(batch.answer, self._deadline), len(paths))
        except FhirError as failure:
            if failure.reason == LATE:
                return [failure] * len(paths)
            if tells_of_the_server(failure):
                refusing.add(self._server.base)
            return None
        if found is None:
            refusing.add(self._server.base)
        return found

    def _ask(self, look_up: LookUp[Any]) -> None:
        """Ask for what it wants next, on an open connection if there is one at hand."""
        if look_up.is_done:
            return
        if self._deadline.reading() <= 0:
            look_up.fail(FhirError(LATE))
            return
        coming = self._line.send(look_up.url, look_up.body)
        if coming is not None:
            self._open.add(coming, partial(self._heard, look_up))
        else:
            self._in_thread(look_up, partial(self._line.fetch, look_up.url, look_up.body))

    def _heard(self, look_up: LookUp[Any], outcome: Answer | FhirError | ConnectionLostError) -> None:
        if isinstance(outcome, ConnectionLostError):
            self._in_thread(look_up, partial(self._line.fetch_once, look_up.url, look_up.body))
            return
        try:
            if isinstance(outcome, FhirError):
                raise outcome
            resource = resource_of(outcome)
        except FhirError as failure:
            self._failed(look_up, failure)
        else:
            self._take(look_up, resource)

    def _take(self, look_up: LookUp[Any], resource: JsonObject) -> None:
        look_up.take(resource)
        self._ask(look_up)

    def _failed(self, look_up: LookUp[Any], failure: FhirError) -> None:
        """A failure that may be over soon is waited for in a thread, so that the other look-ups go on."""
        if not isinstance(failure, PassingError):
            look_up.fail(failure)
            return

        def once_more() -> JsonObject:
            self._line.pause(failure)
            return self._line.fetch_once(look_up.url, look_up.body)

        self._in_thread(look_up, once_more)

    def _in_thread(self, look_up: LookUp[Any], get: Callable[[], JsonObject]) -> None:
        """Ask in a thread, and for what the look-up wants then as well."""

        def work() -> None:
            step = get
            while not look_up.is_done:
                try:
                    resource = step()
                except Exception as failure:
                    look_up.fail(failure)
                else:
                    look_up.take(resource)
                step = partial(self._line.fetch, look_up.url, look_up.body)

        self._has_threads = True
        try:
            self._line.in_thread(work)
        except FhirError as failure:
            look_up.fail(failure)
