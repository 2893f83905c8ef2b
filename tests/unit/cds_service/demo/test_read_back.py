"""Is what was put on a server found there by the searches of the service? On servers that find it, late or never."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from cds_service.demo.fhir_site import LoaderError
from cds_service.demo.loader import load
from cds_service.demo.patients import SyntheticPatient
from cds_service.demo.read_back import checks_of, queries_of_the_service, read_back
from cds_service.demo.sandbox import Sandbox
from fhir_mappings.queries import Query
from tests.unit.cds_service.odd_fhir_server import (
    ODD,
    OddServer,
    finds_late,
    finds_no_bare_code,
    finds_no_bare_patient,
    forbids,
    formed,
    names_itself,
    pages_of,
    refuses_sort,
    sends_no_next_link,
)

QUERIES = queries_of_the_service()
FORMED = tuple(map(formed, QUERIES))
NOT_TO_BE_SLEPT = -1.0
"""A pause that would be an error."""
Read = Callable[..., list[tuple[int, int, str]]]


@pytest.fixture
def few(patients: tuple[SyntheticPatient, ...]) -> tuple[SyntheticPatient, ...]:
    return patients[:2]


@pytest.fixture
def odd(few: tuple[SyntheticPatient, ...]) -> OddServer:
    ODD.start_anew(resource for patient in few for resource in patient.resources)
    return ODD


@pytest.fixture
def read(few: tuple[SyntheticPatient, ...], now: datetime) -> Read:
    def reading(
        base: str, queries: tuple[Query, ...] = QUERIES, pauses: tuple[float, ...] = (), token: str | None = None
    ) -> list[tuple[int, int, str]]:
        steps: list[tuple[int, int, str]] = []
        read_back(base, few, queries, now.date(), token=token, progress=lambda *s: steps.append(s), pauses=pauses)
        return steps

    return reading


def test_every_synthetic_patient_is_read_back_from_the_sandbox(
    empty_sandbox: Sandbox, patients: tuple[SyntheticPatient, ...], now: datetime
) -> None:
    load(empty_sandbox.base, patients)
    read_back(empty_sandbox.base, patients, QUERIES, now.date(), progress=lambda *step: None, pauses=())


def test_what_a_query_should_bring_is_what_was_written(few: tuple[SyntheticPatient, ...], now: datetime) -> None:
    checks = {check.query.key: check.expected for check in checks_of(few[0], QUERIES, now.date())}
    assert checks["patient"] == {few[0].patient_id}
    assert checks["conditions"] == {r["id"] for r in few[0].resources if r["resourceType"] == "Condition"}
    assert "valve_procedures" not in checks, "there is none"
    assert len(checks) > 10


def test_progress_tells_every_query_that_should_bring_something(
    odd: OddServer, read: Read, few: tuple[SyntheticPatient, ...], now: datetime
) -> None:
    number = sum(len(list(checks_of(patient, QUERIES, now.date()))) for patient in few)
    steps = read(odd.base)
    assert [step[:2] for step in steps] == [(done, number) for done in range(1, number + 1)]
    assert f"{few[0].key}, conditions" in [step[2] for step in steps]


def test_a_server_that_finds_all_at_once_is_asked_once_for_each_and_not_waited_for(odd: OddServer, read: Read) -> None:
    steps = read(odd.base, FORMED, pauses=(NOT_TO_BE_SLEPT,))
    assert len(odd.calls) == len(steps)


def test_more_records_than_one_page_holds_are_expected(few: tuple[SyntheticPatient, ...], now: datetime) -> None:
    (conditions,) = [query for query in QUERIES if query.key == "conditions"]
    short = replace(conditions, params=(("_sort", "-recorded-date"), ("_count", "2")))
    (check,) = checks_of(few[0], (short,), now.date())
    assert len(check.expected) == 7


def test_a_server_that_finds_nothing_by_the_bare_id_is_an_error_that_names_patient_query_and_numbers(
    odd: OddServer, read: Read, few: tuple[SyntheticPatient, ...]
) -> None:
    odd.change = finds_no_bare_patient
    with pytest.raises(LoaderError) as missing:
        read(odd.base)
    lines = str(missing.value).splitlines()
    number = sum(resource["resourceType"] == "Condition" for resource in few[0].resources)
    assert lines[0] == "the server took everything, and its searches do not bring it:"
    assert f"{few[0].key}, query conditions: expected {number}, found 0" in lines
    assert not [line for line in lines if "query patient:" in line], "the patient is read by id"


def test_a_server_that_indexes_late_is_waited_for(odd: OddServer, read: Read) -> None:
    odd.change = finds_late("Condition", after=3)
    read(odd.base, pauses=(0.0, 0.0, 0.0))
    asked = [asked for asked in odd.calls if "/Condition?" in asked.url]
    assert len(asked) == 5, "both patients, again both, and then only the one that was still missing"


def test_a_server_that_indexes_too_late_is_an_error(odd: OddServer, read: Read) -> None:
    odd.change = finds_late("Condition", after=1000)
    with pytest.raises(LoaderError, match="query conditions: expected 7, found 0"):
        read(odd.base, pauses=(0.0,))


def test_a_search_that_sends_part_without_a_next_link_is_an_error(odd: OddServer, read: Read) -> None:
    odd.change = sends_no_next_link(2)
    with pytest.raises(LoaderError, match="query conditions: expected 7, found 2"):
        read(odd.base)


def test_the_pages_of_a_server_behind_a_proxy_are_followed(odd: OddServer, read: Read) -> None:
    odd.change = pages_of(2, then=names_itself("http://10.1.1.1:8080/hapi"))
    read(odd.base)


def test_a_refused_query_is_an_error_that_says_so(odd: OddServer, read: Read) -> None:
    odd.refuse = forbids("MedicationRequest")
    with pytest.raises(LoaderError, match=r"query medications: expected 6, found 0 \(.*answered 403"):
        read(odd.base)


@pytest.mark.parametrize("refused", [True, False])
def test_a_plainer_form_of_a_query_is_good_enough(refused: bool, odd: OddServer, read: Read) -> None:
    if refused:
        odd.refuse = refuses_sort
    else:
        odd.change = finds_no_bare_code
    read(odd.base, tuple(query for query in FORMED if query.resource_type != "Procedure"))
    odd.store.delete("Condition", str(odd.store.all("Condition")[0]["id"]))
    with pytest.raises(LoaderError, match="query conditions: expected 7, found 6"):
        read(odd.base, FORMED)


def test_a_server_that_is_gone_is_an_error_at_once(read: Read) -> None:
    with Sandbox(()) as sandbox:
        address = sandbox.base
    with pytest.raises(LoaderError, match=r"^reading the patient: the FHIR server cannot be reached"):
        read(address, pauses=(NOT_TO_BE_SLEPT,))


def test_the_token_is_sent_and_searches_are_not_answered_from_a_cache(odd: OddServer, read: Read) -> None:
    read(odd.base, token="a-secret")
    assert {asked.headers["Authorization"] for asked in odd.calls} == {"Bearer a-secret"}
    assert {asked.headers["Cache-Control"] for asked in odd.calls} == {"no-cache"}
