"""Further conditions and procedures by their words, and what takes them back."""

from __future__ import annotations

from datetime import date

import pytest

from fhir_mappings.procedures import read_procedure
from tests.unit.fhir_mappings.entries import UTC, WORDS, concepts
from tests.unit.fhir_mappings.resources import concept, procedure

LIVER = {"liver_disease"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hypoparathyroidism after surgery", {"hypoparathyroidism"}),
        ("Hypocalcemia", {"hypocalcaemia"}),
        ("Severe hypocalcaemia", {"hypocalcaemia"}),
        ("Tetany", {"tetany"}),
        ("Hungry bone syndrome", {"hungry_bone"}),
        ("S/p parathyroidectomy", {"parathyroidectomy"}),
        ("Antiphospholipid syndrome", {"antiphospholipid", "thrombophilia"}),
        ("Mitral stenosis", {"mitral_stenosis"}),
        ("mitral valve stenosis", {"mitral_stenosis"}),
        ("LVAD", {"ventricular_assist_device"}),
        ("Left ventricular assist device", {"ventricular_assist_device"}),
        ("LV thrombus", {"lv_thrombus"}),
        ("left ventricular thrombus", {"lv_thrombus"}),
        ("Liver failure", {"liver_failure"} | LIVER),
        ("acute hepatic failure", {"liver_failure"} | LIVER),
        ("Cirrhosis of liver", {"cirrhosis"} | LIVER),
        ("Pregnant", {"pregnancy"}),
        ("Pregnancy, 12 weeks", {"pregnancy"}),
        ("GI bleed", {"recent_bleeding"}),
        ("Gastrointestinal bleeding", {"recent_bleeding"}),
        ("gastrointestinal hemorrhage", {"recent_bleeding"}),
        ("Intracranial haemorrhage", {"recent_bleeding"}),
        ("intracerebral hemorrhage", {"recent_bleeding"}),
        ("Subarachnoid haemorrhage", {"recent_bleeding"}),
        ("Bowel obstruction", {"bowel_obstruction"}),
        ("intestinal obstruction", {"bowel_obstruction"}),
        ("Paralytic ileus", {"bowel_obstruction"}),
        ("Palliative care", {"palliative_care"}),
        ("Hospice", {"palliative_care"}),
        ("comfort care only", {"palliative_care"}),
        ("Possible cirrhosis", {"cirrhosis"} | LIVER),
        ("Hypertension", set()),
    ],
)
def test_a_concept_is_known_by_its_words(text: str, expected: set[str]) -> None:
    assert concepts(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "No cirrhosis",
        "cirrhosis ruled out",
        "Rule out LV thrombus",
        "not pregnant",
        "Pregnancy excluded",
        "Pregnancy, excluded",
        "risk of GI bleeding",
        "GI bleed risk",
        "family history of antiphospholipid syndrome",
    ],
)
def test_a_denial_holds(text: str) -> None:
    assert concepts(text) == set()


@pytest.mark.parametrize("past", ["History of", "H/o", "Previous", "Prior", "S/p", "Status post"])
@pytest.mark.parametrize(
    "what", ["liver failure", "cirrhosis", "pregnancy", "bowel obstruction", "GI bleed", "hypocalcaemia", "tetany"]
)
def test_words_of_the_past_take_back_what_can_pass(past: str, what: str) -> None:
    assert concepts(f"{past} {what}") == set()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("History of antiphospholipid syndrome", "antiphospholipid"),
        ("S/p LVAD", "ventricular_assist_device"),
        ("H/o LV thrombus", "lv_thrombus"),
        ("Previous mitral stenosis", "mitral_stenosis"),
        ("History of hypoparathyroidism", "hypoparathyroidism"),
        ("S/p parathyroidectomy", "parathyroidectomy"),
        ("LV thrombus not resolved", "lv_thrombus"),
    ],
)
def test_and_nothing_else(text: str, expected: str) -> None:
    assert expected in concepts(text)


@pytest.mark.parametrize(
    "text",
    [
        "Explanted ventricular assist device",
        "LVAD, explanted 2024",
        "LV thrombus, resolved 2023",
        "Planned parathyroidectomy",
        "planning for parathyroidectomy",
        "parathyroidectomy scheduled",
        "Considering parathyroidectomy",
        "parathyroidectomy pending",
        "parathyroidectomy declined",
        "refuses parathyroidectomy",
        "referral for parathyroidectomy",
        "candidate for parathyroidectomy",
        "evaluated for parathyroidectomy",
    ],
)
def test_the_same_text_takes_it_back(text: str) -> None:
    assert concepts(text) == set()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Subtotal parathyroidectomy", {"parathyroidectomy"}),
        ("LVAD implantation", {"ventricular_assist_device"}),
        ("Planned parathyroidectomy", set()),
        ("Colonoscopy for GI bleed", set()),
    ],
)
def test_a_procedure_may_be_known_by_its_words(text: str, expected: set[str]) -> None:
    found = read_procedure(procedure() | {"code": concept(text)}, date(2026, 3, 1), UTC, WORDS)
    assert (set(found.concepts) if found else set()) == expected
