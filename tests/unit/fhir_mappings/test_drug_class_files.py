"""The drug classes of `drug_rules.toml`: what is told about a slip, and that no slip waits for the sickest patient."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from fhir_mappings.data_files import DataFileError, checked
from fhir_mappings.knowledge_files import POLICY_FILES, read_policy
from fhir_mappings.packaged import packaged_text
from hooks import patient_view
from hooks.cards import EXCEPTIONS
from hooks.chart import Analyte
from hooks.thresholds import PolicyError
from tests.unit.hooks.builders import LIMITS, LIVEDO, ON, ON_DIALYSIS, STEP, chart, condition, drug, result

NAMES = POLICY_FILES
TEXTS = {name: packaged_text(name) for name in NAMES}
VKA = "[classes.vitamin_k_antagonist]"
FEEDING = "role: must be feeding: the rules and cards treat this class so"
ROW = "\n[[rules]]\n"


def with_rules(old: str, new: str) -> str:
    assert old in TEXTS["drug_rules"]
    return TEXTS["drug_rules"].replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'role = "feeding"',
            'role = "feading"',
            f"{VKA} {FEEDING}",
        ),
        (
            'role = "feeding"',
            'role = "helping"',
            f"{VKA} {FEEDING}",
        ),
        ('role = "feeding"\n', "", f"{VKA} role: is missing"),
        ('phrase = "offending_vka"\n', "", f"{VKA} phrase: is missing"),
        ('phrase = "offending_vka"', "phrase = 7", f"{VKA} phrase: must be a text"),
        ("in_summary = true", 'in_summary = "yes"', f"{VKA} in_summary: must be true or false"),
        ('name = "vitamin K antagonist"\n', "", f"{VKA} name: is missing"),
        ('name = "vitamin K antagonist"', 'nam = "x"', f"{VKA} nam: there is no such key; did you mean name?"),
        (
            'name = "intravenous iron"',
            'name = "intravenous iron"\nin_summary = true',
            "[classes.iv_iron] in_summary: is for classes whose role is feeding",
        ),
        (
            'name = "calcimimetic"\nrole = "helping"',
            'name = "calcimimetic"\nrole = "helping"\nphrase = "insulin"',
            "[classes.calcimimetic] phrase: is for classes whose role is feeding",
        ),
        (
            'name = "calcimimetic"\nrole = "helping"',
            'name = "calcimimetic"\nrole = "Helping"',
            "[classes.calcimimetic] role: must be feeding or helping or neutral; did you mean helping?",
        ),
        (
            'name = "sodium thiosulfate"\nrole = "helping"',
            'name = "sodium thiosulfate"\nrole = "feeding"',
            "[classes.sodium_thiosulfate] role: must be helping: the rules and cards treat this class so",
        ),
        ("[classes.active_vitamin_d]", "[classes.active_vitamin_D]", "[classes] active_vitamin_d: is missing"),
    ],
)
def test_a_slip_in_a_class_is_told_with_its_key(old: str, new: str, told: str) -> None:
    with pytest.raises(DataFileError) as refused:
        checked("drug_rules", with_rules(old, new))
    assert f"drug_rules.toml: {told}" in str(refused.value)


def spoiled() -> Iterator[tuple[str, str]]:
    """Every value of every class, made into each other kind of value."""
    classes = TEXTS["drug_rules"].partition(ROW)[0]
    for line in re.findall(r"^(?:name|detail|role|phrase|in_summary) = .*$", classes, re.MULTILINE):
        key = line.partition(" = ")[0]
        for value in ("7", "[]", "{}", '""', "nan", "2026-01-01"):
            yield line, f"{key} = {value}"


@pytest.mark.parametrize(("old", "new"), sorted(set(spoiled())))
def test_no_spoiled_value_of_a_class_loads_or_ends_in_a_trace(old: str, new: str) -> None:
    with pytest.raises(DataFileError):
        checked("drug_rules", with_rules(old, new))


# ------------------------------------------------------------------ half-sentences of one's own
OWN = {"vitamin_k_antagonist": "offending_vka", "calcium_product": "offending_calcium"}
SICKEST = chart(
    ON_DIALYSIS,
    LIVEDO,
    condition("mechanical_valve"),
    condition("skin_necrosis"),
    result(Analyte.TOTAL_CALCIUM, LIMITS.calcium_very_low - STEP),
    drug("vitamin_k_antagonist", name="warfarin"),
    drug("calcium_product", name="calcium acetate"),
)


def with_own_phrase(drug_class: str, **phrases: str) -> dict[str, str]:
    """The texts with a half-sentence of a clinic's own for a class."""
    shipped = OWN[drug_class]
    rules = with_rules(f'phrase = "{shipped}"', 'phrase = "ours"')
    lines = "".join(f'{name} = "{text}"\n' for name, text in phrases.items())
    return {
        **TEXTS,
        "drug_rules": rules,
        "status_cards": TEXTS["status_cards"].replace("[phrases]\n", f"[phrases]\n{lines}"),
    }


@pytest.mark.parametrize("drug_class", OWN)
def test_a_half_sentence_of_ones_own_needs_its_exception_too(drug_class: str) -> None:
    ending = EXCEPTIONS[drug_class]
    with pytest.raises(PolicyError, match=rf"\[phrases\] ours{ending} is missing"):
        read_policy(with_own_phrase(drug_class, ours="Think about {drugs}."))
    both = with_own_phrase(drug_class, ours="Think about {drugs}.", **{f"ours{ending}": "Ask about {drugs}."})
    card = patient_view.advise(SICKEST, ON, read_policy(both))[0]
    assert "Ask about" in card.detail


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Stop it.", r"\[phrases\] ours lacks \{drugs\}: a drug class of drug_rules.toml names it"),
        ("Stop {drug}.", r"\[phrases\] ours: there is no placeholder \{drug\}"),
    ],
)
def test_a_half_sentence_of_a_class_names_its_drugs(text: str, told: str) -> None:
    with pytest.raises(PolicyError, match=told):
        read_policy(with_own_phrase("vitamin_k_antagonist", ours=text, ours_valve="Ask about {drugs}."))


def test_a_half_sentence_about_something_else_cannot_stand_for_a_class() -> None:
    rules = with_rules('phrase = "offending_vka"', 'phrase = "insulin"')
    with pytest.raises(PolicyError, match=r"\[phrases\] insulin lacks \{drugs\}"):
        read_policy({**TEXTS, "drug_rules": rules})


# ------------------------------------------------------------------ rows
@pytest.mark.parametrize("wins", ['indicator = "critical"', 'indicator = "info"\nfinal = true'])
def test_a_row_that_an_earlier_one_always_wins_over_is_refused(wins: str) -> None:
    first = (
        f'{ROW}drug_class = "vitamin_k_antagonist"\nwhen = ["on_dialysis"]\n'
        f'topic = "vka-dialysis"\n{wins}\nsource = "x"\n{ROW}'
    )
    with pytest.raises(PolicyError, match=r"never gives its card: rules 1 \(vka-dialysis\) wins whenever it holds"):
        read_policy({**TEXTS, "drug_rules": with_rules(ROW, first)})


def test_a_situation_that_must_hold_and_must_not_is_refused() -> None:
    rules = with_rules(
        'when = ["calciphylaxis", "mechanical_valve"]', 'when = ["calciphylaxis"]\nunless = ["calciphylaxis"]'
    )
    with pytest.raises(PolicyError, match="calciphylaxis stands under when and unless, so that the row never holds"):
        read_policy({**TEXTS, "drug_rules": rules})
