"""Reference ranges: which of those beside a result holds for the patient."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from fhir_mappings.packaged import default_vocabulary
from fhir_mappings.reference_ranges import Person, holding
from tests.unit.fhir_mappings.resources import SNOMED, Json, concept

WORDS = default_vocabulary().labs.ranges
DAY = date(2026, 3, 1)
WOMAN = Person(date(1960, 3, 1), "female")
MEANING = "http://terminology.hl7.org/CodeSystem/referencerange-meaning"


def held(*ranges: Any, person: Person = WOMAN, on: date = DAY) -> list[float]:
    return [found["high"] for found in holding(list(ranges), person, on, WORDS)]


def upper(high: float = 65, **more: Any) -> Json:
    return {"high": high, **more}


def age(unit: str | None = "a", **limits: float) -> Json:
    measure = {} if unit is None else {"unit": unit}
    return {"age": {side: {"value": value, **measure} for side, value in limits.items()}}


def test_ranges_that_say_nothing_hold_in_their_order() -> None:
    assert held(upper(65), "15-65", upper(70)) == [65, 70]
    assert held() == []
    assert list(holding(None, WOMAN, DAY, WORDS)) == []


# ------------------------------------------------------------------ kind
@pytest.mark.parametrize(
    "kind",
    [
        concept("", (MEANING, "normal")),
        concept("", (MEANING, "normal", "Normal Range")),
        concept("Normal"),
        concept("", ("urn:x", "N", "normal")),
        {},
        None,
        "Normal",
    ],
)
def test_a_normal_range_holds(kind: object) -> None:
    assert held(upper(type=kind)) == [65]


@pytest.mark.parametrize("kind", ["recommended", "treatment", "therapeutic", "pre", "post"])
def test_a_target_is_no_reference_limit(kind: str) -> None:
    assert held(upper(600, type=concept("", (MEANING, kind))), upper(70)) == [70]
    assert held(upper(600, type=concept(kind)), upper(70)) == [70]


# ------------------------------------------------------------------ group
@pytest.mark.parametrize(
    "group",
    [
        concept("", (SNOMED, "248152002")),
        concept("", ("urn:x", "F", "Female")),
        concept("female"),
        concept("", (MEANING, "normal")),
        concept("NORMAL"),
        {},
        "female",
    ],
)
def test_a_range_for_the_patients_sex_or_for_everybody_holds(group: object) -> None:
    assert held(upper(appliesTo=[group])) == held(upper(appliesTo=group)) == [65]


@pytest.mark.parametrize(
    "group",
    [concept("", (SNOMED, "248153007")), concept("male"), concept("pregnant"), concept("", (SNOMED, "77386006"))],
)
def test_a_range_for_another_group_is_passed_over(group: Json) -> None:
    assert held(upper(90, appliesTo=[group]), upper(65)) == [65]
    assert held(upper(90, appliesTo=[concept("female"), group]), upper(65)) == [65]


@pytest.mark.parametrize("sex", ["", "other", "unknown"])
def test_without_a_known_sex_a_range_for_one_sex_does_not_hold(sex: str) -> None:
    ranges = (upper(90, appliesTo=[concept("male")]), upper(60, appliesTo=[concept("female")]), upper(65))
    assert held(*ranges, person=Person(WOMAN.born, sex)) == [65]
    assert held(*ranges, person=Person(WOMAN.born, "male")) == [90, 65]


# ------------------------------------------------------------------ age
@pytest.mark.parametrize(
    ("limits", "holds"),
    [
        ({"low": 66}, True),
        ({"low": 67}, False),
        ({"high": 66}, True),
        ({"high": 65}, False),
        ({"low": 18, "high": 80}, True),
        ({"low": 0, "high": 17}, False),
        ({}, True),
    ],
)
def test_a_range_holds_for_the_completed_years_of_the_patient(limits: dict[str, float], holds: bool) -> None:
    assert held(upper(**age("a", **limits))) == ([65] if holds else [])


def test_the_age_is_that_of_the_day_of_the_result() -> None:
    adult = upper(**age(low=66))
    assert held(adult, on=date(2026, 2, 28)) == []
    assert held(adult, on=date(2026, 3, 1)) == [65]


@pytest.mark.parametrize(
    ("unit", "low", "high"),
    [("mo", 790, 800), ("d", 24_000, 25_000), ("wk", 3_400, 3_500), ("years", 60, 70), (None, 60, 70)],
)
def test_an_age_is_read_in_its_unit(unit: str | None, low: float, high: float) -> None:
    assert held(upper(**age(unit, low=low, high=high))) == [65]
    assert held(upper(**age(unit, high=low))) == []


def test_an_age_in_a_unit_that_nobody_knows_excludes_nobody() -> None:
    assert held(upper(**age("moons", high=1))) == [65]
    assert held(upper(age={"high": {"value": "old"}})) == [65]


def test_a_patient_without_a_day_of_birth_counts_as_adult() -> None:
    unknown = Person(None, "female")
    ranges = (upper(120, **age(high=WORDS.unknown_age - 1)), upper(110, **age("mo", high=200)), upper(65))
    assert held(*ranges, person=unknown) == [65]
    assert held(upper(65, **age(low=WORDS.unknown_age)), person=unknown) == [65]
    assert held(upper(65, **age("d", low=6_500)), person=unknown) == [65]
