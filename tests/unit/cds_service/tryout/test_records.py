"""The resources of one patient are found in whatever holds them; a failed look-up among them is never passed over."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.tryout import NotUnderstood
from cds_service.tryout.records import Records, only_of, patient_of, records_in
from tests.unit.cds_service.tryout.conftest import ON_DIALYSIS, PATIENT, RECORD, about, bundle, condition, order

IDS = [resource["id"] for resource in RECORD]
FAILED = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "security"}]}
REMARK = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "processing"}]}
URN = "urn:uuid:5a1d8c3e-0a41-4c0f-9d0e-3a5b8a6f0b00"


def ids(records: Records) -> list[str]:
    return [entry.resource["id"] for entry in records.entries]


@pytest.mark.parametrize("type", ["searchset", "collection", "transaction", "batch", "document", "history", "?"])
def test_the_type_of_a_bundle_does_not_matter(type: str) -> None:
    assert ids(records_in(bundle(*RECORD, type=type))) == IDS


def test_resources_stand_in_lists_in_bundles_of_bundles_and_by_themselves() -> None:
    assert ids(records_in(RECORD)) == IDS
    assert ids(records_in([bundle(*RECORD[:2]), bundle(*RECORD[2:])])) == IDS
    answers = [{"response": {"status": "200 OK"}, "resource": bundle(resource)} for resource in RECORD]
    assert ids(records_in({"resourceType": "Bundle", "type": "batch-response", "entry": answers})) == IDS
    assert ids(records_in(PATIENT)) == ["p1"]
    assert ids(records_in(bundle(*RECORD) | {"entry": RECORD})) == IDS


def test_what_holds_nothing_is_passed_over() -> None:
    empty = [{}, {"request": {"method": "DELETE", "url": "Patient/1"}}, {"response": {"status": "201"}}]
    assert records_in({"resourceType": "Bundle", "entry": [*empty, {"resource": REMARK}]}).entries == ()
    assert records_in({"resourceType": "Bundle", "entry": None}).entries == ()


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"resourceType": "Bundle", "entry": "x"}, "entry must be a list"),
        (bundle() | {"entry": [5]}, "entry[0] must be an object"),
        (bundle() | {"entry": [{"fullUrl": "x"}]}, "entry[0] holds no resource"),
        (bundle() | {"entry": [{"resource": {"id": "1"}}]}, "entry[0] holds no resource"),
        (bundle() | {"entry": [{"resource": []}]}, "entry[0] holds no resource"),
        (bundle(PATIENT, FAILED), "entry[1] tells of a failed look-up"),
        (bundle() | {"entry": [{"response": {"status": "403 Forbidden"}}]}, "entry[0] tells of a failed look-up"),
        (bundle() | {"entry": [{"response": {"status": 404}}]}, "entry[0] tells of a failed look-up"),
        (bundle() | {"entry": [{"response": {"outcome": FAILED}}]}, "entry[0] tells of a failed look-up"),
        (FAILED, "tells of a failed look-up"),
        ([PATIENT, bundle(FAILED)], "[1].entry[0] tells of a failed look-up"),
        (bundle(bundle(bundle(bundle(bundle(bundle(PATIENT)))))), "wrapped too deeply"),
        ("text", "must be an object"),
    ],
)
def test_what_cannot_be_understood_is_told_by_its_place(sent: Any, words: str) -> None:
    with pytest.raises(NotUnderstood) as raised:
        records_in(sent)
    assert words in str(raised.value)


def test_a_further_page_is_remembered() -> None:
    page = bundle(*RECORD, link=[{"relation": "next", "url": "https://ehr.example/2"}])
    assert records_in(page).further == "https://ehr.example/2"
    assert records_in([bundle(), page]).further == "https://ehr.example/2"
    assert records_in(bundle(*RECORD)).further == ""


@pytest.mark.parametrize(
    "sent",
    [
        bundle(*RECORD, type="searchset", total=120),
        bundle(*RECORD, total=120),
        bundle(*RECORD, total="many"),
        bundle(total=1),
        [PATIENT, bundle(*RECORD, total=6)],
        [bundle(*RECORD, total=6), bundle(PATIENT, total=1)],
        {"resourceType": "Bundle", "type": "batch-response", "entry": [{"resource": bundle(*RECORD, total=6)}]},
        bundle(*RECORD, total=6) | {"entry": [*bundle(*RECORD)["entry"], {}, {"response": {"status": "200"}}]},
    ],
)
def test_a_search_that_counted_more_than_came_along_is_cut(sent: Any) -> None:
    found = records_in(sent)
    assert (found.cut, found.is_whole) == (True, False)


@pytest.mark.parametrize(
    "sent",
    [
        bundle(*RECORD),
        bundle(*RECORD, total=5),
        bundle(*RECORD, total=2),
        bundle(*RECORD, REMARK, total=6),
        bundle(*RECORD) | {"entry": RECORD, "total": 5},
        bundle() | {"total": 1, "entry": [{"request": {"method": "DELETE", "url": "Condition/1"}}]},
        [bundle(total=0), PATIENT],
    ],
)
def test_a_search_of_which_all_came_along_is_whole(sent: Any) -> None:
    found = records_in(sent)
    assert (found.cut, found.is_whole) == (False, True)
    assert not records_in(bundle(link=[{"relation": "next", "url": "x"}])).is_whole


def test_the_only_patient_decides_the_id_even_in_two_versions() -> None:
    assert patient_of(records_in([PATIENT, {**PATIENT, "meta": {"versionId": "2"}}]), "") == "p1"


def test_without_a_patient_the_only_subject_or_the_chosen_id_decides() -> None:
    assert patient_of(records_in([ON_DIALYSIS, order("m1", "warfarin")]), "") == "p1"
    assert patient_of(records_in([{"resourceType": "Condition"}]), "p9") == "p9"


@pytest.mark.parametrize(
    ("sent", "chosen", "words"),
    [
        ([PATIENT, {**PATIENT, "id": "p2"}], "", "about 2 patients"),
        ([PATIENT], "p2", "no Patient in what was sent has the id"),
        ([{"resourceType": "Condition"}], "", "no Patient"),
        ([about(ON_DIALYSIS, "Group/1")], "", "no Patient"),
        ([ON_DIALYSIS, about(ON_DIALYSIS, "Patient/p2")], "", "about 2 patients"),
    ],
)
def test_whose_the_records_are_must_be_clear(sent: Any, chosen: str, words: str) -> None:
    with pytest.raises(NotUnderstood) as raised:
        patient_of(records_in(sent), chosen)
    assert words in str(raised.value)
    assert "p2" not in str(raised.value)


def test_of_several_patients_only_the_chosen_ones_records_are_kept() -> None:
    other = {**PATIENT, "id": "p2"}
    strange = about(condition("c2", "34319007"), "Patient/p2")
    nobodys = {"resourceType": "Condition", "id": "c3"}
    sent = records_in([PATIENT, other, ON_DIALYSIS, strange, nobodys])
    assert ids(only_of(sent, "p1")) == ["p1", "c1", "c3"]
    assert ids(only_of(sent, "p2")) == ["p2", "c2", "c3"]


def test_of_one_patient_nothing_is_left_out() -> None:
    sent = records_in([PATIENT, about(ON_DIALYSIS, "Patient/of-another-server")])
    assert ids(only_of(sent, "p1")) == ["p1", "c1"]


def test_records_of_a_transaction_name_the_patient_by_the_address_of_its_entry() -> None:
    entries = [
        {"fullUrl": URN, "resource": PATIENT},
        {"fullUrl": "urn:uuid:1", "resource": about(ON_DIALYSIS, URN)},
        {"resource": {"resourceType": "AllergyIntolerance", "patient": {"reference": URN, "display": "P"}}},
    ]
    found = only_of(records_in({"resourceType": "Bundle", "entry": entries}), "p1")
    assert found.entries[1].resource["subject"] == {"reference": "Patient/p1"}
    assert found.entries[2].resource["patient"] == {"reference": "Patient/p1", "display": "P"}
    assert found.entries[1].full_url == "urn:uuid:1"


@pytest.mark.parametrize(("full_url", "expected"), [(URN, URN.removeprefix("urn:uuid:")), ("", "patient")])
def test_a_patient_without_an_id_goes_by_its_address(full_url: str, expected: str) -> None:
    nameless = {key: value for key, value in PATIENT.items() if key != "id"}
    sent = records_in([{"fullUrl": full_url, "resource": nameless}])
    assert patient_of(sent, "") == expected
    assert only_of(sent, expected).entries[0].resource["id"] == expected
