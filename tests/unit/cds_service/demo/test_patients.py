"""The bundled patients: dates that follow the clock, valid FHIR, and every rule of the service met at least once."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given
from hypothesis import strategies as st

from cds_service.demo.patients import ID_PREFIX, TAG, SyntheticPatient, load_patients, resolve_dates

TOPICS = {
    *("cua-confirmed", "cua-suspected", "cua-possible", "cua-risk-high", "cua-risk-elevated", "cua-sepsis"),
    *("vka-cua", "vka-past-cua", "vka-valve", "vka-dialysis", "doac-dialysis"),
    *("iron-cua", "iron-infection", "iron-binder"),
    *("calcium-cua", "calcium-cua-hypocalcaemia", "calcium-hypercalcaemia", "calcium-past-cua", "calcium-caxp"),
    *("calcium-low-pth", "calcium-hypocalcaemia", "calcium-restrict"),
    *("vitd-cua", "vitd-hypercalcaemia", "vitd-phosphate", "vitd-low-pth"),
    *("cua-data-gap", "calcium-data-gap", "vitd-data-gap", "order-data-gap"),
}
KEPT_AT_SIGNING = {"calcium-data-gap", "vitd-data-gap", "order-data-gap"}
"""Informative cards that signing shows too, when a newer result or the order itself could not be read."""
KEYS = [patient.key for patient in load_patients(datetime(2026, 3, 2, tzinfo=UTC))]


def all_cards(patient: SyntheticPatient) -> list[list[str]]:
    by_order = (*patient.expect["order-select"].values(), *patient.expect["order-sign"].values())
    return [card for cards in (patient.expect["patient-view"], *by_order) for card in cards]


def references(value: Any) -> list[str]:
    if isinstance(value, list):
        return [found for item in value for found in references(item)]
    if isinstance(value, dict):
        own = [value["reference"]] if isinstance(value.get("reference"), str) else []
        return own + [found for item in value.values() for found in references(item)]
    return []


@pytest.fixture(params=KEYS)
def patient(request: pytest.FixtureRequest, patients: tuple[SyntheticPatient, ...]) -> SyntheticPatient:
    return next(patient for patient in patients if patient.key == request.param)


def test_every_resource_and_draft_order_is_valid_fhir_r4(patient: SyntheticPatient) -> None:
    for resource in (*patient.resources, *(order.resource for order in patient.orders)):
        model = get_fhir_model_class(resource["resourceType"])
        assert model.model_validate_json(json.dumps(resource)).get_resource_type() == resource["resourceType"]


def test_every_resource_carries_the_tag_and_an_id_of_the_demonstration(patient: SyntheticPatient) -> None:
    for resource in (*patient.resources, *(order.resource for order in patient.orders)):
        assert TAG in resource["meta"]["tag"]
        assert resource["id"].startswith(ID_PREFIX)
        assert re.fullmatch(r"[a-z0-9\-.]{1,64}", resource["id"])


def test_references_are_relative_and_lead_to_the_patients_own_resources(patient: SyntheticPatient) -> None:
    here = {f"{resource['resourceType']}/{resource['id']}" for resource in patient.resources}
    drafts = [order.resource for order in patient.orders]
    for resource in (*patient.resources, *drafts):
        contained = {f"#{inner['id']}" for inner in resource.get("contained", [])}
        assert set(references(resource)) <= here | contained


def test_every_clinical_resource_belongs_to_the_patient(patient: SyntheticPatient) -> None:
    assert patient.resources[0]["resourceType"] == "Patient"
    for resource in (*patient.resources[1:], *(order.resource for order in patient.orders)):
        if resource["resourceType"] != "Medication":
            assert resource["subject"] == {"reference": f"Patient/{patient.patient_id}"}


def test_patients_are_adults_with_a_clearly_synthetic_name(patient: SyntheticPatient, now: datetime) -> None:
    person = patient.resources[0]
    born = date.fromisoformat(person["birthDate"])
    assert born < now.date().replace(year=now.year - 18)
    assert person["name"][0]["family"] == "Synthetic"


def test_no_event_lies_in_the_future(patient: SyntheticPatient, now: datetime) -> None:
    names = ("effectiveDateTime", "onsetDateTime", "recordedDate", "abatementDateTime", "authoredOn", "issued")
    for resource in patient.resources:
        for value in (resource[name] for name in (*names, "performedDateTime") if name in resource):
            event = datetime.fromisoformat(value)
            assert (event if event.tzinfo else event.replace(tzinfo=UTC)) <= now


def test_draft_orders_are_unsigned_and_one_to_three(patient: SyntheticPatient) -> None:
    assert 1 <= len(patient.orders) <= 3
    assert {order.resource["status"] for order in patient.orders} == {"draft"}


def test_each_order_says_what_cards_to_expect_when_selected_and_when_signed(patient: SyntheticPatient) -> None:
    titles = [order.title for order in patient.orders]
    assert list(patient.expect["order-select"]) == titles
    assert list(patient.expect["order-sign"]) == titles


def test_signing_expects_the_cards_of_selecting_without_the_merely_informative_ones(patient: SyntheticPatient) -> None:
    for title, cards in patient.expect["order-select"].items():
        kept = [card for card in cards if card[1] != "info" or card[0] in KEPT_AT_SIGNING]
        assert patient.expect["order-sign"][title] == kept


def test_expected_cards_are_known_topics_once_each_most_urgent_first(patient: SyntheticPatient) -> None:
    urgency = ["critical", "warning", "info"]
    orders = patient.expect["order-select"].values()
    for cards in (patient.expect["patient-view"], *orders):
        topics = [topic for topic, _ in cards]
        assert set(topics) <= TOPICS
        assert len(set(topics)) == len(topics)
        assert [urgency.index(indicator) for _, indicator in cards] == sorted(
            urgency.index(indicator) for _, indicator in cards
        )


def test_together_the_patients_meet_every_topic(patients: tuple[SyntheticPatient, ...]) -> None:
    assert {topic for patient in patients for topic, _ in all_cards(patient)} == TOPICS


def test_some_patients_are_silent_on_every_hook(patients: tuple[SyntheticPatient, ...]) -> None:
    assert sum(not all_cards(patient) for patient in patients) >= 3


def test_keys_and_resource_ids_are_unique_across_patients(patients: tuple[SyntheticPatient, ...]) -> None:
    resources = [r for p in patients for r in (*p.resources, *(order.resource for order in p.orders))]
    addresses = [(resource["resourceType"], resource["id"]) for resource in resources]
    assert len(set(addresses)) == len(addresses)
    assert len(set(KEYS)) == len(KEYS) >= 18


def test_the_first_patient_is_hard_skin_on_warfarin_and_calcium_acetate(
    patients: tuple[SyntheticPatient, ...],
) -> None:
    first = patients[0]
    assert first.key == "hard-skin-on-warfarin"
    assert first.patient_id == "cds-demo-hard-skin-on-warfarin"
    assert first.expect["patient-view"][0] == ["cua-suspected", "critical"]


@pytest.mark.parametrize("system", ["snomed.info", "icd-10-cm", "rxnorm", "whocc.no", "loinc", "cpt"])
def test_the_patients_speak_several_code_systems(patients: tuple[SyntheticPatient, ...], system: str) -> None:
    assert system in json.dumps([patient.resources for patient in patients])


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("{{day-0}}", "2026-03-02"),
        ("{{day-10}}", "2026-02-20"),
        ("{{day-10}}T13:00:00+01:00", "2026-02-20T13:00:00+01:00"),
        ("{{instant-10}}", "2026-02-20T12:00:00Z"),
        ("{{instant-0}}", "2026-03-02T09:25:00Z"),
        ("no token", "no token"),
    ],
)
def test_date_tokens_count_back_in_utc_days(now: datetime, token: str, expected: str) -> None:
    assert resolve_dates(token, now) == expected


@pytest.mark.parametrize(
    ("minutes_past_midnight", "expected"), [(4, "2026-03-02T00:00:00Z"), (6, "2026-03-02T00:01:00Z")]
)
def test_a_few_minutes_ago_is_never_yesterday(minutes_past_midnight: int, expected: str) -> None:
    just_now = datetime(2026, 3, 2, 0, minutes_past_midnight, tzinfo=UTC)
    assert resolve_dates("{{instant-0}}", just_now) == expected


def test_the_day_is_that_of_utc_whatever_zone_the_clock_is_in() -> None:
    late_in_new_york = datetime(2026, 3, 1, 21, 0, tzinfo=timezone(timedelta(hours=-5)))
    assert resolve_dates("{{day-0}}", late_in_new_york) == "2026-03-02"


def test_a_clock_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        load_patients(datetime(2026, 3, 2))  # noqa: DTZ001 the very mistake


@pytest.mark.parametrize("token", ["{{day+1}}", "{{week-1}}", "{{instant}}", "{{"])
def test_a_token_that_is_not_understood_is_refused(now: datetime, token: str) -> None:
    with pytest.raises(ValueError, match="date token"):
        resolve_dates(token, now)


@given(
    st.integers(min_value=0, max_value=40_000),
    st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2090, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_every_token_is_that_many_utc_days_old(days: int, clock: datetime) -> None:
    day, _, instant = resolve_dates(f"{{{{day-{days}}}}} {{{{instant-{days}}}}}", clock).partition(" ")
    assert (clock.date() - date.fromisoformat(day)).days == days
    assert (clock.date() - datetime.fromisoformat(instant).date()).days == days
    assert datetime.fromisoformat(instant) <= clock or days > 0
