"""The statements of the clinical source stand on the cards: what docs/clinical-source.md names and no story quotes."""

from __future__ import annotations

import pytest

from tests.unit.hooks.builders import POLICY

PLANS = ("cua-suspected", "cua-confirmed")


def words_of(name: str) -> str:
    """Everything that a text of a card says, with its half-sentences about dialysis."""
    text = {**POLICY.status_texts, **POLICY.drug_texts}[name]
    phrases = POLICY.status_phrases if name in PLANS else {}
    return " ".join([text.title, text.summary, *text.lead, *text.do, *text.evidence, *phrases.values()])


@pytest.mark.parametrize(
    "statement",
    [
        "(more time or sessions, high-flux) is from case-level reports, not a guideline target",
        "Phosphate additive to the haemodialysis dialysate if phosphate falls low after stopping binders",
        "wound team, debridement of necrotic tissue as appropriate (observational), culture-guided antibiotics, watch",
        "response is often poor, wounds may progress over 8 weeks, some recover with the integrated approach when",
        "deaths within 2 months of diagnosis occur",
        "worse once ulcerated",
        "Sepsis is the leading cause of death",
    ],
)
@pytest.mark.parametrize("name", PLANS)
def test_the_plan_says_each_statement_of_the_source(name: str, statement: str) -> None:
    assert statement.casefold() in words_of(name).casefold()


@pytest.mark.parametrize("name", PLANS)
def test_dialysis_is_the_first_step_because_uraemia_drives_the_disease(name: str) -> None:
    assert POLICY.status_texts[name].do[0].startswith("**Dialysis** (against the uraemic state): {dialysis_dose}.")


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("cua-suspected", "skin biopsy (microvascular calcification; weigh the risk of a non-healing biopsy wound"),
        ("cua-suspected", "imaging of calcification (CT)"),
        ("vka-cua", "unfractionated heparin as a bridge by a specialist"),
    ],
)
def test_a_statement_stands_on_its_card(name: str, statement: str) -> None:
    assert statement in words_of(name)
