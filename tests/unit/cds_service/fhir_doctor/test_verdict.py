"""What dialysis rests on is told by code, in whichever record it stands, and never in the words of the record."""

from __future__ import annotations

from datetime import date

import pytest

from cds_service.fhir_doctor.verdict import scope_of
from cds_service.knowledge import Knowledge
from hooks.chart import BY_NAME, Chart, Clinical, Condition, DrugMatch, Medication, Procedure, Sign

ON = date(2026, 3, 2)
WORDS = "Mrs Zephyrine is dialysed"


def condition(concept: str, how: str, text: str = WORDS) -> Condition:
    return Condition(text, {concept: Sign(concept, how)}, Clinical.ACTIVE)


def session(how: str, text: str = WORDS) -> Procedure:
    return Procedure(text, {"haemodialysis_procedure": Sign("haemodialysis_procedure", how)}, ON)


def order(drug_class: str, how: str, display: str = WORDS) -> Medication:
    return Medication("MedicationRequest/1", display, (DrugMatch(drug_class, "a drug", how),))


FLUID = "peritoneal_dialysis_fluid"


@pytest.mark.parametrize(
    ("chart", "rests_on"),
    [
        (Chart(conditions=(condition("dialysis_status", "ICD-10-CM Z99.2"),)), "a condition (ICD-10-CM Z99.2)"),
        (Chart(procedures=(session("CPT 90935"),)), "a procedure (CPT 90935)"),
        (Chart(procedures=(session("CPT 1", "other"), session("CPT 2"))), "a procedure (CPT 1)"),
        (Chart(medications=(order(FLUID, BY_NAME),)), "an order (by name)"),
        (Chart(medications=(order("iv_iron", "ATC X", "iron"), order(FLUID, "ATC B05D"))), "an order (ATC B05D)"),
        (Chart(conditions=(condition("esrd", "ICD-10-CM N18.6"),)), "presumed from the ESRD code"),
        (Chart(conditions=(condition("transplant", "SNOMED CT 1"),)), "kidney transplant"),
        (Chart(), ""),
    ],
)
def test_what_dialysis_rests_on_is_a_code(chart: Chart, rests_on: str, knowledge: Knowledge) -> None:
    assert scope_of(chart, ON, knowledge.policy).rests_on == rests_on


def test_of_several_conditions_the_one_that_counted_is_told(knowledge: Knowledge) -> None:
    first, second = condition("dialysis_status", "one", "A"), condition("dialysis_status", "two", "B")
    assert scope_of(Chart(conditions=(first, second)), ON, knowledge.policy).rests_on == "a condition (one)"
    # A transplant silences an older condition, and not a session of these days.
    graft = condition("transplant", "graft", "T")
    despite = Chart(conditions=(first, graft), procedures=(session("session", "S"),))
    assert scope_of(despite, ON, knowledge.policy).rests_on == "a procedure (session)"
    old = Procedure("A", {"transplant_procedure": Sign("transplant_procedure", "no")}, date(2020, 1, 1))
    both = Chart(procedures=(old, session("two", "B")))
    assert scope_of(both, ON, knowledge.policy).rests_on == "a procedure (two)"


def test_a_patient_of_whom_nothing_is_known_counts_as_adult_off_dialysis(knowledge: Knowledge) -> None:
    scope = scope_of(Chart(), ON, knowledge.policy)
    assert (scope.age, scope.dialysis, scope.tier) == ("adult (no date of birth)", "not on dialysis", "T0")
