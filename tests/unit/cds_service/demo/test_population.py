"""The synthetic population: repeatable, valid FHIR, near its stated numbers, and what counts as a quiet chart."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from cds_service.demo.patients import ID_PREFIX
from cds_service.demo.population import Drug, Entry, Facts, Value, is_quiet, population
from cds_service.demo.population_numbers import numbers, read_numbers
from cds_service.demo.population_resources import drafts, resources
from fhir_mappings.data_files import DataFileError

ON = date(2026, 11, 22)
TEXT = files("cds_service.demo").joinpath("population.toml").read_text(encoding="utf-8")
QUIET = numbers()["quiet"]


@cache
def many() -> tuple[Facts, ...]:
    return tuple(population(4000, 1))


# ------------------------------------------------------------------ the same seed, the same patients
def test_the_same_seed_gives_the_same_patients_and_another_seed_others() -> None:
    made = [[resources(facts, ON) for facts in population(20, seed)] for seed in (5, 5, 6)]
    assert made[0] == made[1] != made[2]


def test_a_patient_does_not_depend_on_how_many_there_are() -> None:
    assert list(population(5, 5)) == list(population(9, 5))[:5]


# ------------------------------------------------------------------ valid resources
def test_every_resource_and_draft_is_valid_fhir_r4_and_about_the_patient() -> None:
    kinds = set()
    for facts in population(50, 3):
        own = resources(facts, ON)
        every = [*own, *drafts(facts, ON).values()]
        assert len({(one["resourceType"], one["id"]) for one in every}) == len(every)
        for one in every:
            get_fhir_model_class(one["resourceType"]).model_validate_json(json.dumps(one))
            assert one["id"].startswith(ID_PREFIX)
            assert one["resourceType"] == "Patient" or one["subject"]["reference"] == f"Patient/{facts.patient_id}"
            kinds.add(one["resourceType"])
        assert own[0]["resourceType"] == "Patient"
    assert kinds == {"Patient", "Condition", "Procedure", "Observation", "MedicationRequest"}


def test_the_drafts_are_the_stated_ones_each_a_draft() -> None:
    (facts,) = population(1, 3)
    assert list(drafts(facts, ON)) == numbers()["orders"]["drugs"]
    assert {draft["status"] for draft in drafts(facts, ON).values()} == {"draft"}


def test_a_patient_has_the_drawn_age_and_no_date_lies_after_the_day() -> None:
    for facts in population(50, 4):
        own = resources(facts, ON)
        born = date.fromisoformat(own[0]["birthDate"])
        assert ON.year - born.year - ((ON.month, ON.day) < (born.month, born.day)) == facts.age
        days = [str(value) for one in own for key, value in one.items() if key.endswith(("Date", "DateTime"))]
        assert all(date.fromisoformat(day) <= ON for day in days)


@pytest.mark.parametrize(
    ("way", "resource_type", "code"),
    [
        ("dialysis_condition", "Condition", "Z99.2"),
        ("dialysis_sessions", "Procedure", "233575001"),
        ("monthly_service", "Procedure", "90960"),
    ],
)
def test_a_chart_shows_the_dialysis_as_drawn(way: str, resource_type: str, code: str) -> None:
    bare = replace(many()[0], modality="haemodialysis", entries=())
    for shown in (frozenset(), frozenset({way})):
        own = resources(replace(bare, shown=shown), ON)
        codes = {coding["code"] for one in own if one["resourceType"] == resource_type for coding in codings(one)}
        assert (code in codes) is bool(shown)


def codings(resource: dict[str, Any]) -> list[dict[str, str]]:
    return list(resource["code"].get("coding", []))


def test_what_is_written_in_words_has_no_code() -> None:
    entry = Entry("free_text", "Painful ulcer left calf", "", 3, skin=True)
    facts = replace(many()[0], shown=frozenset(), entries=(entry,), drugs=(Drug("warfarin", "warfarin", ""),))
    _, condition, order, *_ = resources(facts, ON)
    assert condition["code"] == {"text": "Painful ulcer left calf"}
    assert order["medicationCodeableConcept"] == {"text": "warfarin"}


# ------------------------------------------------------------------ near the stated numbers
def share(found: list[bool]) -> float:
    return sum(found) / len(found)


def near(drawn: float, stated: float) -> bool:
    """Within four standard errors of the sample, and a little more."""
    return abs(drawn - stated) < 4 * math.sqrt(stated * (1 - stated) / len(many())) + 0.002


@pytest.mark.parametrize("name", [name for name, entry in numbers()["condition"].items() if "among" not in entry])
def test_a_condition_is_as_frequent_as_stated(name: str) -> None:
    drawn = share([any(entry.name == name for entry in facts.entries) for facts in many()])
    assert near(drawn, numbers()["condition"][name]["share"])


@pytest.mark.parametrize(
    ("name", "stated"),
    [
        ("warfarin", 0.09),
        ("calcium_acetate", 0.28),
        ("sevelamer", 0.34),
        ("paricalcitol", 0.70),
        ("iron_sucrose", 0.50),
        ("cholecalciferol", 0.22),
    ],
)
def test_a_drug_is_as_frequent_as_the_documents_say(name: str, stated: float) -> None:
    assert abs(share([any(drug.name == name for drug in facts.drugs) for facts in many()]) - stated) < 0.03


def test_modality_sex_and_ways_of_showing_dialysis_are_as_stated() -> None:
    for name, of in (("modality", "peritoneal"), ("sex", "female")):
        assert near(share([getattr(facts, name) == of for facts in many()]), numbers()["choice"][name]["shares"][of])
    for way, entry in numbers()["shown"].items():
        assert near(share([way in facts.shown for facts in many()]), entry["share"])


@pytest.mark.parametrize("name", ["calcium", "phosphate", "albumin", "pth", "body_mass_index"])
def test_a_result_has_the_stated_middle_and_is_sometimes_missing_and_sometimes_old(name: str) -> None:
    entry = numbers()["result"][name]
    found = [value for facts in many() if (value := facts.newest(name)) is not None]
    middle = sorted(found)[len(found) // 2]
    assert abs(middle / entry.get("mean", entry.get("median")) - 1) < 0.05
    assert near(1 - len(found) / len(many()), entry["missing"])
    newest = [min(days) for facts in many() if (days := [v.days_ago for v in facts.values if v.name == name])]
    assert near(share([days >= entry["old_days"] for days in newest]), entry["old"])
    assert entry["lowest"] <= min(found) < max(found) <= entry["highest"]


def test_only_diabetics_have_insulin_and_only_one_modality_has_its_kt_v() -> None:
    for facts in many():
        names = {entry.name for entry in facts.entries}
        assert "diabetes" in names or all(drug.name != "insulin" for drug in facts.drugs)
        other = "pd_kt_v" if facts.modality == "haemodialysis" else "kt_v"
        assert facts.newest(other) is None
    assert any(drug.name == "insulin" for facts in many() for drug in facts.drugs)


def test_a_weight_follows_from_the_body_mass_index_and_goes_back_half_a_year() -> None:
    weights = [sorted((v.days_ago, v.value) for v in facts.values if v.name == "weight") for facts in many()]
    told = [found for found in weights if found]
    assert {len(found) for found in told} == {numbers()["weight"]["times"]}
    assert min(found[-1][0] for found in told) >= 180
    assert share([bool(found) for found in weights]) < 1


# ------------------------------------------------------------------ quiet charts
def result(name: str, value: float, days_ago: int) -> Value:
    entry = numbers()["result"][name]
    return Value(name, entry["loinc"], entry["text"], value, entry["unit"], days_ago)


def quiet_facts(**results: float | None) -> Facts:
    """A quiet chart, with other newest results."""
    wanted = {"calcium": 9.2, "phosphate": 4.5, "pth": 300, **results}
    values = [result(name, value, 5) for name, value in wanted.items() if value is not None]
    return Facts(f"{ID_PREFIX}q", 60, "female", "haemodialysis", frozenset(), (), (), tuple(values))


def test_the_quiet_chart_of_these_tests_is_quiet() -> None:
    assert is_quiet(quiet_facts())


@pytest.mark.parametrize(("name", "step"), [("calcium", 0.1), ("phosphate", 0.1), ("pth", 1)])
def test_each_limit_of_a_quiet_chart_is_included_and_nothing_beyond(name: str, step: float) -> None:
    lowest, highest = QUIET[name]
    for value, quiet in ((lowest - step, False), (lowest, True), (highest, True), (highest + step, False)):
        assert is_quiet(quiet_facts(**{name: value})) is quiet
    assert not is_quiet(quiet_facts(**{name: None})), "a result that is missing is not within its limits"


def test_the_limits_of_a_quiet_chart_are_the_published_ones() -> None:
    assert (QUIET["calcium"], QUIET["phosphate"], QUIET["pth"]) == ([8.4, 10.2], [3.5, 5.5], [130, 585])


def test_the_newest_result_decides() -> None:
    facts = quiet_facts()
    older = result("calcium", 11.5, 40)
    assert is_quiet(replace(facts, values=(older, *facts.values)))
    assert not is_quiet(replace(facts, values=(replace(older, days_ago=1), *facts.values)))


def loud() -> Iterator[tuple[str, dict[str, Any]]]:
    yield "peritoneal dialysis", {"modality": "peritoneal"}
    for name in ("warfarin", "dabigatran", "edoxaban"):
        yield name, {"drugs": (Drug(name, name, ""),)}
    for name, entry in numbers()["condition"].items():
        if entry.get("skin") or entry.get("past"):
            found = Entry(name, entry["text"], entry["code"], 9, None, entry.get("skin", False), True)
            yield name, {"entries": (found,)}
    yield "words", {"entries": (Entry("free_text", "Painful ulcer", "", 3, skin=True),)}


@pytest.mark.parametrize(("what", "change"), list(loud()))
def test_what_makes_a_chart_no_longer_quiet(what: str, change: dict[str, Any]) -> None:
    assert not is_quiet(replace(quiet_facts(), **change))


def test_other_drugs_and_conditions_leave_a_chart_quiet() -> None:
    entries = (Entry("diabetes", "Type 2 diabetes", "E11.22", 9), Entry("free_text", "Dry itchy skin", "", 9))
    drugs = tuple(Drug(name, name, "") for name in ("apixaban", "calcium_acetate", "paricalcitol"))
    assert is_quiet(replace(quiet_facts(), entries=entries, drugs=drugs))


def test_a_good_part_of_the_population_is_quiet() -> None:
    assert 0.05 < share([is_quiet(facts) for facts in many()]) < 0.4


# ------------------------------------------------------------------ the file of numbers
def test_every_number_says_where_it_comes_from() -> None:
    def unsourced(entry: Any, place: str) -> Iterator[str]:
        if not isinstance(entry, dict):
            return
        counts = {"share", "shares", "mean", "median", "missing"} & set(entry)
        if counts and not entry.get("source"):
            yield place
        for name, inner in entry.items():
            if name != "shares":
                yield from unsourced(inner, f"{place}.{name}")

    assert list(unsourced(tomllib.loads(TEXT), "population")) == []


def changed(*path: str, to: Any) -> dict[str, Any]:
    data = deepcopy(tomllib.loads(TEXT))
    place: Any = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return data


@pytest.mark.parametrize(
    ("wrong", "right", "told"),
    [
        ("share = 0.97", "share = 1.97", r"\[condition.end_stage_kidney_disease\] share"),
        ("share = 0.97", "shore = 0.97", "did you mean share"),
        ('among = "transplant"', 'among = "transplants"', r"\[condition.graft_failure\] among: there is no such"),
        ("female = 0.42", "female = 0.62", r"\[choice.sex\] shares: together above 1"),
        ('"edoxaban"]', '"edoxabane"]', "there is no drug edoxabane"),
        ('[orders]\ndrugs = ["', '[orders]\ndrugs = ["nothing", "', "there is no drug nothing"),
        ("median = 340\nlog_sd = 0.75\n", "", r"\[result.pth\] either mean or median"),
        ("calcium = [8.4, 10.2]", "calcium = [8.4]", r"\[quiet\] calcium: expected the lower and the upper limit"),
        ("share = 0.97", "share = ", "not valid TOML"),
    ],
)
def test_a_fault_of_the_file_is_named(wrong: str, right: str, told: str) -> None:
    assert wrong in TEXT
    with pytest.raises(DataFileError, match=told):
        read_numbers(TEXT.replace(wrong, right, 1))


def test_another_table_makes_another_population() -> None:
    none = changed("condition", "diabetes", "share", to=0)
    every = [entry.name for facts in population(100, 1, none) for entry in facts.entries]
    assert "diabetes" not in every
    assert "hypertension" in every
