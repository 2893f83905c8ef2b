"""A clinic's changes: put onto the packaged files, judged as these are, and equal where they say the same."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from fhir_mappings.code_systems import System, system_of
from fhir_mappings.data_files import DataFileError
from fhir_mappings.drug_matching import find_drugs
from fhir_mappings.drug_routes import Route
from fhir_mappings.fhir_json import Coding
from fhir_mappings.knowledge_files import (
    changed_data,
    knowledge_problems,
    read_knowledge,
    read_policy,
    read_reasons,
    read_vocabulary,
)
from fhir_mappings.packaged import default_policy, default_vocabulary, packaged_data
from fhir_mappings.policy_folder import policy_files
from fhir_mappings.site_changes import NO_CHANGES, with_changes
from hooks.chart import Analyte
from tests.unit.fhir_mappings.resources import (
    ATC,
    CPT,
    ICD9_CM,
    ICD10_CM,
    ICD10_GM,
    ICD10_WHO,
    ICD11,
    LOINC,
    RXNORM,
    SNOMED,
)
from tests.unit.fhir_mappings.site_files import DRUGS, LAB, PROBLEMS, TEXTS, changes, knowledge

DAY = date(2026, 12, 1)
BEFORE = DAY - timedelta(days=1)
PHOSPHATE = {"name": "phosphate_high", "from": DAY, "value": 5.0, "source": "our committee"}
PACKAGED = default_policy().thresholds(BEFORE).phosphate_high


def said(**sections: list[dict[str, Any]]) -> list[str]:
    """Every problem of the packaged files with these changes."""
    return knowledge_problems(TEXTS, changes=changes(**sections))


# ------------------------------------------------------------------ numbers
def test_a_number_holds_from_its_day_on_and_the_packaged_one_before() -> None:
    policy, _ = knowledge(threshold=[PHOSPHATE])
    assert [policy.thresholds(day).phosphate_high for day in (BEFORE, DAY)] == [PACKAGED, 5.0]


def test_values_of_several_days_may_stand_in_any_order() -> None:
    later = {**PHOSPHATE, "from": DAY + timedelta(days=31), "value": 4.8}
    policy, _ = knowledge(threshold=[later, PHOSPHATE])
    days = (BEFORE, DAY, DAY + timedelta(days=30), DAY + timedelta(days=31))
    assert [policy.thresholds(day).phosphate_high for day in days] == [PACKAGED, 5.0, 5.0, 4.8]


def test_what_the_packaged_file_says_from_that_day_on_does_not_count_here() -> None:
    files = {"thresholds": packaged_data("thresholds")}
    files["thresholds"]["phosphate_high"]["values"].append({"since": DAY, "value": 6.0, "source": "a guideline"})
    changed = with_changes(files, changes(threshold=[PHOSPHATE]))["thresholds"]["phosphate_high"]["values"]
    assert [(one["since"], one["value"]) for one in changed] == [(date(2003, 10, 1), PACKAGED), (DAY, 5.0)]


def test_windows_and_points_are_numbers_too() -> None:
    window = {"name": "windows.bone", "from": DAY, "fresh": 60, "usable": 150, "source": "ours"}
    points = {"name": "points.pth", "from": DAY, "value": 2, "source": "ours"}
    policy, _ = knowledge(threshold=[window, points])
    limits = policy.thresholds(DAY)
    assert (limits.points["pth"], limits.windows[Analyte.INTACT_PTH].usable) == (2, 150)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (50, "thresholds.toml: [phosphate_high] values[2].value: must be from 3.5 to 7, not 50"),
        (3.5, "thresholds.toml: [phosphate_too_low_for_binder] 3.5 from 2026-12-01 on is not below phosphate_high"),
        (5.123, "wording.toml: [analytes.phosphate] decimals: 1 are too few to show 5.123"),
    ],
    ids=["out of range", "out of order", "too fine"],
)
def test_a_number_that_would_be_refused_in_the_packaged_file_is_refused_here(value: float, problem: str) -> None:
    (line,) = said(threshold=[{**PHOSPHATE, "value": value}])
    assert line.startswith(problem)


# ------------------------------------------------------------------ sentences and reasons
def test_a_sentence_is_added_to_every_text_of_its_topic_and_to_no_other() -> None:
    policy, _ = knowledge(wording=[{"topic": "cua-confirmed", "add": "Call 1234."}])
    told = {name: text.added for name, text in {**policy.status_texts, **policy.drug_texts}.items() if text.added}
    assert told == {"cua-confirmed": ("Call 1234.",), "cua-confirmed-off-dialysis": ("Call 1234.",)}


def test_a_sentence_is_added_to_the_texts_of_a_drug_too_and_stands_as_it_was_written() -> None:
    added = [{"topic": "vka-dialysis", "add": "Haematology: {ask} 1234."}, {"topic": "vka-dialysis", "add": "Second."}]
    policy = read_policy(TEXTS, "en-US", changes(wording=added))
    assert policy.drug_texts["vka-dialysis"].added == ("Haematology: {ask} 1234.", "Second.")


def test_a_reason_for_setting_aside_stands_at_its_topics_beside_those_that_ship() -> None:
    own = {"code": "on-trial", "display": "In a trial", "topics": ["vka-dialysis"]}
    policy, _ = knowledge(override_reason=[own])
    shipped = default_policy().drug_texts
    assert policy.drug_texts["vka-dialysis"].override == (*shipped["vka-dialysis"].override, "on-trial")
    assert policy.drug_texts["vka-cua"].override == shipped["vka-cua"].override
    assert policy.wording.override_reasons["on-trial"].display == "In a trial"


def test_a_reason_that_ships_is_not_described_anew() -> None:
    own = {"code": "data-wrong", "display": "Otherwise", "topics": ["vka-dialysis"]}
    assert said(override_reason=[own])[0] == "drug_rules.toml: [texts.vka-dialysis] override: has the same entry twice"
    own = {**own, "code": "hungry-bone", "topics": ["cua-suspected"]}
    assert said(override_reason=[own]) == ["wording.toml: override_reasons: hungry-bone stands 2 times"]


# ------------------------------------------------------------------ codes
def test_codes_of_known_systems_stand_where_those_of_the_files_stand() -> None:
    lab = {"analyte": "phosphate", "system": LOINC, "code": "24519-1", "name": "Phosphate [Moles/volume] in Blood"}
    drug = {"drug_class": "vitamin_k_antagonist", "name": "warfarin"}
    coded = [(RXNORM, "855333"), (SNOMED, "48603004"), (ATC, "B01AA99"), (DRUGS, "W5")]
    conditions = [
        (SNOMED, "95570007"),
        (CPT, "90999"),
        (ICD11, "5A51"),
        (ICD10_WHO, "E83.5"),
        (ICD10_CM, "E83.58"),
        (ICD10_GM, "E83.58"),
        (ICD9_CM, "275.4"),
        (PROBLEMS, "CUA"),
    ]
    _, vocabulary = knowledge(
        lab=[lab, {"analyte": "phosphate", "system": LAB, "code": "PHOS"}],
        drug=[{**drug, "system": system, "code": code} for system, code in coded],
        condition=[{"finding": "calciphylaxis", "system": system, "code": code} for system, code in conditions],
    )
    assert vocabulary.labs.by_code["24519-1"].analyte == vocabulary.labs.by_code[f"{LAB}|PHOS"].analyte == "phosphate"
    drugs = vocabulary.drugs
    keys = [("RxNorm", "855333"), ("SNOMED CT", "48603004"), ("ATC", "b01aa99"), (DRUGS, "W5")]
    found = [drugs.of_clinic(*key) for key in keys]
    # The drug that ships under this name, not a second one of that name.
    assert {(one.number, one.name) for entries in found for one in entries} == {(0, "warfarin")}
    exact, prefix = vocabulary.conditions.conditions.exact, vocabulary.conditions.conditions.icd10_prefix
    for key in (("SNOMED CT", "95570007"), ("CPT", "90999"), ("ICD-11", "5A51"), ("ICD-10", "E835"), (PROBLEMS, "CUA")):
        assert "calciphylaxis" in exact[key]
    assert (
        exact["ICD-9-CM", "275.4"] == prefix["ICD-10-CM", "E8358"] == prefix["ICD-10-GM", "E8358"] == ("calciphylaxis",)
    )


@pytest.mark.parametrize(
    ("system", "code"), [(RXNORM, "9876543"), (SNOMED, "48603004"), (ATC, "B01AX99"), (DRUGS, "W5")]
)
@pytest.mark.parametrize("beside", [[], [Coding(System.ATC, "B01AA03", "")]])
def test_a_code_of_the_clinic_takes_nothing_from_the_words_and_other_codes_of_an_order(
    system: str, code: str, beside: list[Coding]
) -> None:
    own = {"drug_class": "non_calcium_binder", "name": "a thing", "system": system, "code": code}
    _, vocabulary = knowledge(drug=[own])
    coding = Coding(system_of(system), code, "", system)
    found = find_drugs([coding, *beside], ["warfarin 5 mg oral tablet"], Route.UNKNOWN, vocabulary.drugs)
    assert {match.drug_class for match in found.matches} == {"non_calcium_binder", "vitamin_k_antagonist"}


def test_a_drug_that_does_not_ship_is_a_new_one_with_its_source() -> None:
    own = {"drug_class": "vitamin_k_antagonist", "system": DRUGS, "code": "A1", "name": "acenocoumarol mite"}
    entry = changed_data("drugs", TEXTS, changes(drug=[own]))["drug"][-1]
    assert entry == {
        "name": "acenocoumarol mite",
        "class": "vitamin_k_antagonist",
        "source": "site policy of north",
        "checked": date(2026, 11, 20),
        "local": [{"system": DRUGS, "code": "A1"}],
    }


@pytest.mark.parametrize(
    ("section", "entry", "problem"),
    [
        ("lab", {"analyte": "phosphate", "system": LOINC, "code": "2777-2", "name": "Phosphate"}, "check digit"),
        ("lab", {"analyte": "phosphate", "system": LOINC, "code": "24519-1", "name": "Calcium"}, "begins with Phosph"),
        ("lab", {"analyte": "phosphate", "system": LOINC, "code": "24519-1"}, "labs.toml"),
        ("lab", {"analyte": "phosphate", "system": LOINC, "code": "PHOS", "name": "Phosphate"}, "is no LOINC code"),
        ("lab", {"analyte": "phosphate", "system": LAB, "code": "P", "unit": "stone"}, "phosphate has no such unit"),
        (
            "drug",
            {"drug_class": "vitamin_k_antagonist", "system": SNOMED, "code": "48603005", "name": "warfarin"},
            "no SNOMED CT code (check digit)",
        ),
        ("drug", {"drug_class": "vitamin_k_antagonist", "system": RXNORM, "code": "W5", "name": "x"}, "no RxNorm code"),
        ("drug", {"drug_class": "vitamin_k_antagonist", "system": ATC, "code": "B1", "name": "x"}, "no ATC code"),
    ],
)
def test_a_code_that_the_files_would_not_take_is_refused(section: str, entry: dict[str, Any], problem: str) -> None:
    lines = said(**{section: [entry]})
    assert lines
    assert any(problem in line for line in lines)


def test_one_code_stands_for_one_result() -> None:
    twice = [{"analyte": analyte, "system": LAB, "code": "X"} for analyte in ("phosphate", "albumin")]
    (line,) = said(lab=twice)
    assert line.endswith("also stands under phosphate")


# ------------------------------------------------------------------ as a whole
def test_without_changes_everything_is_as_it_ships() -> None:
    assert changes() == NO_CHANGES
    assert read_knowledge(TEXTS, changes=NO_CHANGES) == (default_policy(), default_vocabulary())


def test_a_clinic_that_changes_no_code_shares_the_vocabulary_and_one_that_changes_no_number_the_policy() -> None:
    policy, vocabulary = knowledge(threshold=[PHOSPHATE])
    assert vocabulary is default_vocabulary()
    assert policy is not default_policy()
    policy, vocabulary = knowledge(lab=[{"analyte": "phosphate", "system": LAB, "code": "PHOS"}])
    assert policy is default_policy()
    assert vocabulary is not default_vocabulary()


def test_the_same_changes_are_made_once() -> None:
    assert knowledge(threshold=[PHOSPHATE])[0] is knowledge(threshold=[dict(PHOSPHATE)])[0]
    assert changes(threshold=[PHOSPHATE]) != changes(threshold=[{**PHOSPHATE, "value": 5.1}])


def test_the_files_that_are_given_stay_as_they_are() -> None:
    files = {name: packaged_data(name) for name in TEXTS}
    before = deepcopy(files)
    with_changes(
        files,
        changes(
            threshold=[PHOSPHATE],
            wording=[{"topic": "cua-confirmed", "add": "Call 1234."}],
            lab=[{"analyte": "phosphate", "system": LAB, "code": "PHOS"}],
        ),
    )
    assert files == before


def test_the_reasons_show_the_clinics_numbers() -> None:
    own = changes(threshold=[PHOSPHATE])
    reasons = read_reasons(TEXTS, read_policy(TEXTS, changes=own), changes=own)
    now = reasons.numbers["phosphate_high"].on(DAY)
    assert (now.shown, now.source) == ("5 mg/dL", "our committee")


def test_every_problem_is_told_at_once_and_a_faulty_one_is_raised() -> None:
    own = changes(
        threshold=[{**PHOSPHATE, "value": 50}], lab=[{"analyte": "phosphate", "system": LOINC, "code": "PHOS"}]
    )
    lines = knowledge_problems(TEXTS, changes=own)
    assert [line.partition(":")[0] for line in lines] == ["thresholds.toml", "labs.toml"]
    with pytest.raises(DataFileError):
        read_knowledge(TEXTS, changes=own)
    with pytest.raises(ValueError, match=r"^labs\.toml"):
        read_vocabulary(TEXTS, own)


def test_a_file_as_the_clinic_wants_it_can_be_had() -> None:
    own = changes(threshold=[PHOSPHATE])
    assert changed_data("thresholds", TEXTS) == packaged_data("thresholds")
    assert changed_data("thresholds", TEXTS, own)["phosphate_high"]["values"][-1]["value"] == 5.0
    assert changed_data("labs", TEXTS, own) == packaged_data("labs")


def test_the_name_of_a_policy_tells_the_clinics_file_too() -> None:
    packaged = policy_files(None)
    one, other = (replace(packaged, changes=changes(), site=text) for text in ("tenant = 1", "tenant = 2"))
    assert len({packaged.digest, one.digest, other.digest}) == 3
    assert replace(packaged, changes=changes(threshold=[PHOSPHATE])).data("thresholds") == changed_data(
        "thresholds", TEXTS, changes(threshold=[PHOSPHATE])
    )
