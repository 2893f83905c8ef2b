"""What is asked for, what was granted, and a client that keeps to it."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest

from cds_service.fhir_client import Deadline, FhirClient, FhirError, FhirServer, SearchResult
from cds_service.web.smart.scopes import DEFAULT, NOT_GRANTED, PARTLY_GRANTED, GrantedClient, Grants, granted, requested

SERVER = FhirServer("https://ehr.example/fhir", "t")
DEADLINE = Deadline(10.0, 0.1, lambda: 0.0)


class Recording(FhirClient):
    """Answers what it is told, and remembers what it was asked."""

    def __init__(self, answer: Any) -> None:
        self.asked: list[str] = []
        self.answer = answer

    def deadline(self) -> Deadline:
        return DEADLINE

    def submit_read(self, server: FhirServer, path: str, deadline: Deadline) -> Future[Any]:
        return self._say(path)

    def submit_search(self, server: FhirServer, path_and_query: str, deadline: Deadline, **more: Any) -> Future[Any]:
        return self._say(path_and_query)

    def _say(self, path: str) -> Future[Any]:
        self.asked.append(path)
        future: Future[Any] = Future()
        if self.answer == "cancelled":
            future.cancel()
        elif isinstance(self.answer, Exception):
            future.set_exception(self.answer)
        else:
            future.set_result(self.answer)
        return future


@pytest.mark.parametrize(
    ("standalone", "speaks_v2", "first", "second"),
    [
        (False, True, "launch", "patient/Patient.rs"),
        (True, True, "launch/patient", "patient/Patient.rs"),
        (False, False, "launch", "patient/Patient.read"),
        (True, False, "launch/patient", "patient/Patient.read"),
    ],
)
def test_the_scopes_fit_the_launch_and_the_server(standalone: bool, speaks_v2: bool, first: str, second: str) -> None:
    scopes = requested(DEFAULT, standalone=standalone, speaks_v2=speaks_v2).split()
    assert scopes[:2] == [first, second]
    assert len(scopes) == len(DEFAULT.split())


def test_nothing_to_write_and_no_refresh_token_is_asked_for() -> None:
    assert all(scope == "launch" or scope.endswith(".rs") for scope in DEFAULT.split())


def test_other_scopes_stay_as_they_are_in_the_older_form() -> None:
    assert (
        requested("openid fhirUser user/*.r", standalone=False, speaks_v2=False) == "launch openid fhirUser user/*.read"
    )


@pytest.mark.parametrize(
    ("scope", "problem"),
    [
        ("patient/Observation.rs", None),
        ("patient/Observation.read", None),
        ("user/Observation.cruds", None),
        ("patient/Observation.*", None),
        ("patient/*.read", None),
        ("patient/*.rs openid", None),
        ("patient/Observation.rs?category=laboratory patient/Observation.read", None),
        ("patient/Observation.rs?category=laboratory", PARTLY_GRANTED),
        ("patient/Observation.r", PARTLY_GRANTED),
        ("patient/Observation.s", PARTLY_GRANTED),
        ("patient/*.r", PARTLY_GRANTED),
        ("patient/Observation.write", NOT_GRANTED),
        ("patient/Observation.cud", NOT_GRANTED),
        ("patient/Observation.", NOT_GRANTED),
        ("patient/Observation", NOT_GRANTED),
        ("patient/Condition.rs", NOT_GRANTED),
        ("observation.rs", NOT_GRANTED),
        ("", NOT_GRANTED),
    ],
)
def test_what_may_be_read_is_seen_in_the_scope(scope: str, problem: str | None) -> None:
    assert granted(scope).problem("Observation") == problem


def test_without_authorization_anything_may_be_read() -> None:
    assert Grants(anything=True).problem("Observation") is None


def test_what_was_not_granted_is_not_asked_for() -> None:
    inner = Recording(SearchResult([]))
    client = GrantedClient(inner, granted("patient/Condition.rs"))
    for future in (
        client.submit_search(SERVER, "Observation?patient=1", client.deadline()),
        client.submit_read(SERVER, "Patient/1", client.deadline()),
    ):
        with pytest.raises(FhirError, match=NOT_GRANTED):
            future.result()
    assert inner.asked == []


def test_what_was_granted_is_passed_on_unchanged() -> None:
    result = SearchResult([{"resourceType": "Condition"}])
    client = GrantedClient(Recording(result), granted("patient/Condition.rs"))
    assert client.submit_search(SERVER, "/Condition?patient=1", DEADLINE).result() is result
    read = {"resourceType": "Condition"}
    reading = GrantedClient(Recording(read), granted("patient/Condition.rs"))
    assert reading.submit_read(SERVER, "Condition/1", DEADLINE).result() is read


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (SearchResult([]), SearchResult([], False, PARTLY_GRANTED)),
        (SearchResult([], False, "late"), SearchResult([], False, "late")),
    ],
)
def test_what_was_granted_in_part_is_never_complete(found: SearchResult, said: SearchResult) -> None:
    client = GrantedClient(Recording(found), granted("patient/Observation.rs?category=laboratory"))
    assert client.submit_search(SERVER, "Observation?patient=1", DEADLINE).result() == said


def test_a_single_resource_of_a_type_granted_in_part_is_asked_for() -> None:
    client = GrantedClient(Recording({"resourceType": "Patient"}), granted("patient/Patient.r"))
    assert client.submit_read(SERVER, "Patient/1", DEADLINE).result() == {"resourceType": "Patient"}


def test_a_failure_of_a_search_granted_in_part_stays_that_failure() -> None:
    client = GrantedClient(Recording(FhirError("late")), granted("patient/Observation.s"))
    with pytest.raises(FhirError, match="late"):
        client.submit_search(SERVER, "Observation?patient=1", DEADLINE).result()
    cancelled = GrantedClient(Recording("cancelled"), granted("patient/Observation.s"))
    assert cancelled.submit_search(SERVER, "Observation?patient=1", DEADLINE).cancelled()


@pytest.mark.parametrize("late", [SearchResult([]), FhirError("late"), None], ids=["result", "failure", "cancelled"])
def test_what_comes_after_nobody_waits_any_more_is_dropped_without_a_word(
    late: Any, caplog: pytest.LogCaptureFixture
) -> None:
    pending: Future[Any] = Future()
    inner = Recording(None)
    inner.submit_search = lambda *_, **__: pending  # type: ignore[method-assign]  # an answer that is not there yet
    waiting = GrantedClient(inner, granted("patient/Observation.s")).submit_search(SERVER, "Observation?x", DEADLINE)
    assert waiting.cancel()
    if late is None:
        pending.cancel()
    elif isinstance(late, Exception):
        pending.set_exception(late)
    else:
        pending.set_result(late)
    assert waiting.cancelled()
    assert caplog.text == ""


def test_closing_leaves_the_client_of_the_service_open() -> None:
    GrantedClient(Recording(None), Grants()).close()
