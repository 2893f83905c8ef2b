"""What is asked for, what was granted, and a reader that keeps to it."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from cds_service.fhir_client import Deadline, FhirError, FhirServer, LookUp, SearchResult, Talk
from cds_service.web.smart.scopes import (
    DEFAULT,
    NOT_GRANTED,
    PARTLY_GRANTED,
    GrantedReader,
    Grants,
    granted,
    requested,
)

SERVER = FhirServer("https://ehr.example/fhir", "t")
DEADLINE = Deadline(10.0, 0.1, lambda: 0.0)


class Recording:
    """A reader that answers what it is told and remembers what it was asked."""

    def __init__(self, said: Any, *, is_there: bool = True) -> None:
        self.asked: list[str] = []
        self._said, self._is_there = said, is_there

    def deadline(self) -> Deadline:
        return DEADLINE

    @contextmanager
    def talk(self, server: FhirServer, deadline: Deadline) -> Iterator[Talk]:
        yield RecordingTalk(self.asked, self._said, self._is_there)


class RecordingTalk:
    def __init__(self, asked: list[str], said: Any, is_there: bool) -> None:
        self._asked, self._said, self._is_there = asked, said, is_there
        self.deadline = DEADLINE

    def read(self, path: str) -> LookUp[Any]:
        return self._say(path)

    def search(self, *paths: str, **more: Any) -> LookUp[Any]:
        return self._say(*paths)

    def known(self, about: str) -> str:
        return {"asked": "so far"}.get(about, "")

    def note(self, about: str, what: str) -> None:
        self._asked.append(f"{about}: {what}")

    def answer(self, look_up: LookUp[Any]) -> Any:
        if not look_up.is_done:
            look_up.take({})
        return look_up.result()

    def _say(self, path: str) -> LookUp[Any]:
        self._asked.append(path)
        return LookUp(self._steps())

    def _steps(self) -> Generator[str, Any, Any]:
        if not self._is_there:
            yield "later"
        if isinstance(self._said, Exception):
            raise self._said
        return self._said


def searched(said: Any, scope: str, path: str, *, is_there: bool = True) -> SearchResult:
    with GrantedReader(Recording(said, is_there=is_there), granted(scope)).talk(SERVER, DEADLINE) as talk:
        return talk.answer(talk.search(path))


def read(said: Any, scope: str, path: str) -> Any:
    with GrantedReader(Recording(said), granted(scope)).talk(SERVER, DEADLINE) as talk:
        return talk.answer(talk.read(path))


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
    reader = GrantedReader(inner, granted("patient/Condition.rs"))
    with reader.talk(SERVER, reader.deadline()) as talk:
        with pytest.raises(FhirError, match=NOT_GRANTED):
            talk.answer(talk.search("Observation?patient=1"))
        with pytest.raises(FhirError, match=NOT_GRANTED):
            talk.answer(talk.read("Patient/1"))
        assert talk.deadline is DEADLINE
    assert inner.asked == []


def test_what_was_granted_is_passed_on_unchanged() -> None:
    result, resource = SearchResult([{"resourceType": "Condition"}]), {"resourceType": "Condition"}
    assert searched(result, "patient/Condition.rs", "/Condition?patient=1") is result
    assert read(resource, "patient/Condition.rs", "Condition/1") is resource


@pytest.mark.parametrize("is_there", [True, False], ids=["there", "still to come"])
@pytest.mark.parametrize(
    ("found", "said"),
    [
        (SearchResult([]), SearchResult([], False, PARTLY_GRANTED)),
        (SearchResult([], False, "late"), SearchResult([], False, "late")),
    ],
)
def test_what_was_granted_in_part_is_never_complete(found: SearchResult, said: SearchResult, is_there: bool) -> None:
    scope = "patient/Observation.rs?category=laboratory"
    assert searched(found, scope, "Observation?patient=1", is_there=is_there) == said


def test_a_single_resource_of_a_type_granted_in_part_is_asked_for() -> None:
    assert read({"resourceType": "Patient"}, "patient/Patient.r", "Patient/1") == {"resourceType": "Patient"}


def test_a_failure_of_a_search_granted_in_part_stays_that_failure() -> None:
    with pytest.raises(FhirError, match="late"):
        searched(FhirError("late"), "patient/Observation.s", "Observation?patient=1")


def test_what_is_remembered_of_a_server_goes_through() -> None:
    recording = Recording(None)
    with GrantedReader(recording, granted("patient/Condition.rs")).talk(SERVER, DEADLINE) as talk:
        talk.note("codes", "bare")
        assert (talk.known("asked"), talk.known("codes")) == ("so far", "")
    assert recording.asked == ["codes: bare"]
