"""Policy, vocabulary and reasons from texts: a fault in one file hides none in another."""

from __future__ import annotations

from datetime import date

import pytest

from fhir_mappings.data_files import DataFileError, text_of
from fhir_mappings.knowledge_files import (
    knowledge_problems,
    read_knowledge,
    read_policy,
    read_reasons,
    read_vocabulary,
)
from fhir_mappings.packaged import PACKAGE_OF, default_knowledge, default_reasons, packaged_text
from fhir_mappings.vocabulary import VocabularyError
from hooks.thresholds import PolicyError

TEXTS = {name: packaged_text(name) for name in PACKAGE_OF}


def texts(*changes: tuple[str, str, str]) -> dict[str, str]:
    """The packaged texts with changes: file, the words that stand there once, the words in their place."""
    changed = dict(TEXTS)
    for name, old, new in changes:
        assert changed[name].count(old) == 1, f"{old} stands once in {name}"
        changed[name] = changed[name].replace(old, new)
    return changed


HIGH = "value = 10.2,"
UNKNOWN_UNIT = (
    "thresholds",
    'says = "Calcium is high above this value"\nunit = "mg/dL"',
    'says = "x"\nunit = "mmol/L"',
)
NO_COMMA = ("drugs", '"warfarin", "warfarin sodium"', '"warfarin" "warfarin sodium"')


def test_the_packaged_files_are_without_problems() -> None:
    policy, vocabulary = read_knowledge(TEXTS)
    assert (policy, vocabulary.labs) == (default_knowledge()[0], default_knowledge()[1].labs)
    assert read_reasons(TEXTS, policy) == default_reasons(policy)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("2.55", "values[1].value: must be from 9 to 11.5, not 2.55: look at the unit and at the decimal point"),
        ("102", "values[1].value: must be from 9 to 11.5, not 102: look at the unit and at the decimal point"),
        ("nan", "values[1].value: must be a number"),
        ("13.0", "values[1].value: must be from 9 to 11.5, not 13.0: look at the unit and at the decimal point"),
    ],
)
def test_a_slip_at_the_limit_of_high_calcium_is_refused_with_a_sentence(value: str, said: str) -> None:
    with pytest.raises(PolicyError) as refused:
        read_policy(texts(("thresholds", HIGH, f"value = {value},")))
    assert str(refused.value).startswith(f"thresholds.toml: [calcium_high] {said}")


def test_a_limit_above_its_neighbour_is_refused_with_the_day_that_stands_in_the_file() -> None:
    with pytest.raises(PolicyError) as refused:
        read_policy(texts(("thresholds", "value = 12.0,", "value = 10.2,")))
    assert str(refused.value) == (
        "thresholds.toml: [calcium_high] 10.2 from 2026-01-01 on is not below calcium_very_high (10.2): the order must "
        "be calcium_very_low < calcium_low < calcium_upper_normal <= calcium_high < calcium_very_high"
    )


def test_a_slip_of_the_unit_is_refused_though_the_number_is_right() -> None:
    with pytest.raises(PolicyError, match=r"^thresholds\.toml: \[calcium_high\] unit: must be mg/dL$"):
        read_policy(texts(UNKNOWN_UNIT))


def test_a_fault_of_one_file_does_not_hide_those_of_the_others() -> None:
    with pytest.raises(DataFileError) as refused:
        read_knowledge(
            texts(
                ("thresholds", HIGH, "value = 2.55,"),
                ("drug_rules", 'when = ["on_dialysis", "pth_low_twice"]', 'when = ["on_dialysis", "full_moon"]'),
                ("status_cards", 'vka_absent = "no vitamin K antagonist active"', ""),
                ("wording", 'livedo = "livedo"\npainful_lesion = "painful, ', 'lividity = "x"\npainful_lesion = "'),
                ("labs", '"2777-1"', '"2777-2"'),
                NO_COMMA,
                ("conditions", 'concept = "livedo"', 'concept = "rash"'),
            )
        )
    assert [problem.partition(": ")[0] for problem in refused.value.problems] == [
        "thresholds.toml",
        "drug_rules.toml",
        "status_cards.toml",
        "wording.toml",
        "wording.toml",
        "drugs.toml",
        "labs.toml",
        "conditions.toml",
    ]


def test_what_is_said_of_a_file_that_cannot_be_read_is_not_checked() -> None:
    with pytest.raises(PolicyError) as refused:
        read_policy(texts(("wording", "footer = ", "footer ")))
    (told,) = str(refused.value).splitlines()
    assert told.startswith("wording.toml: line 4, column ")


@pytest.mark.parametrize("name", ["drug_rules", "status_cards", "wording", "thresholds"])
def test_any_file_of_the_policy_may_be_the_one_that_cannot_be_read(name: str) -> None:
    with pytest.raises(PolicyError, match=rf"^{name}\.toml: line 1, .*not valid TOML"):
        read_policy({**TEXTS, name: "oops"})


def test_a_vocabulary_that_cannot_be_read_is_refused_with_what_is_wrong_elsewhere() -> None:
    with pytest.raises(VocabularyError) as refused:
        read_vocabulary(texts(NO_COMMA, ("labs", '"2777-1"', '"2777-2"')))
    assert [problem[:9] for problem in refused.value.problems] == ["drugs.tom", "labs.toml"]


def test_reasons_that_cannot_be_read_are_refused() -> None:
    policy = read_policy(TEXTS)
    with pytest.raises(PolicyError, match=r"^reasons\.toml: groups: is missing$"):
        read_reasons({**TEXTS, "reasons": without_groups()}, policy)


def without_groups() -> str:
    start, _, rest = TEXTS["reasons"].partition("[groups]")
    return f"{start}[units]{rest.partition('[units]')[2]}"


def test_a_class_that_is_spelt_in_two_ways_is_found() -> None:
    changed = TEXTS["drug_rules"].replace("iron_binder", "iron_blinder")
    with pytest.raises(DataFileError) as refused:
        read_knowledge({**TEXTS, "drug_rules": changed})
    assert refused.value.problems == (
        "drug_rules.toml: no drug of drugs.toml is of the class iron_blinder",
        "drugs.toml: class names the unknown iron_binder; did you mean iron_blinder?",
    )


def problems(*changes: tuple[str, str, str]) -> list[str]:
    """What is told of the packaged texts after these changes."""
    with pytest.raises(DataFileError) as refused:
        read_knowledge(texts(*changes))
    return list(refused.value.problems)


def test_a_misspelt_class_of_one_drug_alone_is_found() -> None:
    warfarin = 'name = "warfarin"\nclass = "vitamin_k_antagon'
    assert problems(("drugs", f"{warfarin}ist", f"{warfarin}st")) == [
        "drugs.toml: class names the unknown vitamin_k_antagonst; did you mean vitamin_k_antagonist?"
    ]


CALCIUM_LIMITS = 'name = "total_calcium"\nunit = "mg/dL"\nplausible = [4, 20]'


@pytest.mark.parametrize(("limits", "named"), [("[4, 12]", ["12"]), ("[8.4, 20]", ["8.4", "7.5"])])
def test_a_limit_at_the_edge_of_what_is_plausible_would_not_be_passed_and_is_refused(
    limits: str, named: list[str]
) -> None:
    told = problems(("labs", CALCIUM_LIMITS, CALCIUM_LIMITS.replace("[4, 20]", limits)))
    assert [line.partition(", which")[0] for line in told] == [
        f"labs.toml: total_calcium plausible must reach beyond {value}" for value in named
    ]


@pytest.mark.parametrize("limits", ["[4, 12.01]", "[7.49, 20]"])
def test_a_limit_inside_of_what_is_plausible_is_taken(limits: str) -> None:
    read_knowledge(texts(("labs", CALCIUM_LIMITS, CALCIUM_LIMITS.replace("[4, 20]", limits))))


def test_a_limit_that_a_card_cannot_show_with_its_decimals_is_refused() -> None:
    finer = ("thresholds", HIGH, "value = 10.25,")
    assert problems(finer) == [
        f"wording.toml: [analytes.{name}] decimals: 1 are too few to show 10.25, which is calcium_high of "
        "thresholds.toml"
        for name in ("total_calcium", "albumin_corrected_calcium")
    ]
    style, corrected = ('name = "calcium", unit = "mg/dL", decimals = ', '(laboratory)", unit = "mg/dL", decimals = ')
    read_knowledge(texts(finer, ("wording", f"{style}1", f"{style}2"), ("wording", f"{corrected}1", f"{corrected}2")))


WITH_OURS = """[
  { since = 2003-10-01, value = 10.2, source = "KDOQI 2003, guideline 6" },
  { since = 2026-12-01, value = 10.0, source = "our clinic's protocol, version 4" },
]"""


def with_calcium_high(values: str) -> dict[str, str]:
    """The packaged texts with this list in [calcium_high], whatever stands there today."""
    start, heading, rest = TEXTS["thresholds"].partition('unit = "mg/dL"\nvalues = ')
    assert start.rpartition("[")[2].startswith("calcium_high]")
    following = rest.partition("]\n")[2]
    return {**TEXTS, "thresholds": f"{start}{heading}{values}\n{following}"}


def test_the_change_of_the_readme_loads() -> None:
    changed = with_calcium_high(WITH_OURS)
    policy, _ = read_knowledge(changed)
    assert read_reasons(changed, policy)
    days = (date(2026, 11, 30), date(2026, 12, 1))
    assert [policy.thresholds(day).calcium_high for day in days] == [10.2, 10.0]


@pytest.mark.parametrize(
    ("year", "said"), [("2002", "stands below the one from 2003-10-01 on"), ("2062", "look at the year")]
)
def test_a_new_value_whose_year_is_a_slip_is_refused_since_it_would_never_hold(year: str, said: str) -> None:
    with pytest.raises(PolicyError, match=rf"^thresholds\.toml: \[calcium_high\] .*{said}"):
        read_policy(with_calcium_high(WITH_OURS.replace("2026", year)))


def test_a_file_that_is_not_utf_8_is_a_problem_of_that_file_beside_the_others() -> None:
    latin = text_of(TEXTS["labs"].replace("# Ionised", "# Ionisé").encode("latin-1", "replace"))
    with pytest.raises(DataFileError) as refused:
        read_knowledge({**texts(("thresholds", HIGH, "value = 10,2,")), "labs": latin})
    thresholds, labs = refused.value.problems
    assert thresholds.startswith("thresholds.toml: line ")
    assert thresholds.endswith("; write 10.2, not 10,2")
    assert labs.startswith("labs.toml: line ")
    assert labs.endswith(": is not UTF-8: save the file as UTF-8")


def test_every_fault_of_every_file_is_told_once() -> None:
    assert knowledge_problems(TEXTS) == []
    spoilt = texts(UNKNOWN_UNIT, NO_COMMA, ("spelling", "\n[words]\n", "\n[wrods]\n")) | {"reasons": without_groups()}
    found = knowledge_problems(spoilt)
    starts = ["thresholds.toml: [calcium_high]", "spelling.toml: ", "drugs.toml: line ", "reasons.toml: groups: is"]
    assert [start for start in starts if not any(line.startswith(start) for line in found)] == []
    assert len(found) == len(set(found))


def test_what_reasons_say_of_a_sound_policy_is_told_beside_faults_of_the_vocabulary() -> None:
    spoilt = texts(NO_COMMA, ("reasons", '["calcium_low", "calcium_choice"]', '["calcium_lo", "calcium_choice"]'))
    vocabulary, reasons = knowledge_problems(spoilt)
    assert vocabulary.startswith("drugs.toml: line ")
    assert reasons.startswith("reasons.toml: ")
