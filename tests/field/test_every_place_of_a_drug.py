"""All codes, words and ingredients of a drug count; an unknown product never hides a known ingredient.

Sources: hl7ch/cda-fhir-maps#29, drajer-health/eCRNow#123 (product numbers),
medizininformatik-initiative/INTERPOLAR#778 (Substance by reference),
medizininformatik-initiative/kerndatensatzmodul-medikation samples (PZN, ASK, UNII).
"""

from __future__ import annotations

import pytest

from tests.contract.records import RXNORM, Json
from tests.field.held import ORDER_HOOKS, QUIET, WARFARIN_CODE, coded, medication, ordered
from tests.field.play import Field

ATC, UNII = "http://fhir.de/CodeSystem/bfarm/atc", "http://fdasis.nlm.nih.gov"
PRODUCT = coded("http://fhir.de/CodeSystem/ifa/pzn", "00000019")
NAMED_PRODUCT = {**PRODUCT, "text": "MARCUPHEN 3MG"}
WARNS = [("vka-dialysis", "warning")]


def made_of(code: Json | None, *ingredients: Json, **more: object) -> Json:
    """An order of a contained product with these ingredients; `more` are members of the order."""
    product = medication("m1", code, ingredient=list(ingredients))
    return {**ordered("one", medicationReference={"reference": "#m1"}), "contained": [product], **more}


def item(concept: Json, **more: object) -> Json:
    return {"itemCodeableConcept": concept, **more}


def by_reference(*contained: Json, **reference: str) -> Json:
    """An order whose product's ingredient is a reference; the contained resources are its Substances."""
    product = medication("m1", PRODUCT, ingredient=[{"itemReference": reference}])
    return {**ordered("one", medicationReference={"reference": "#m1"}), "contained": [product, *contained]}


SUBSTANCE = {"resourceType": "Substance", "id": "s1", "code": {"text": "Phenprocoumon"}}
CODED_SUBSTANCE = {"resourceType": "Substance", "id": "s1", "code": coded(RXNORM, "11289")}
PLACES = {
    "ingredient by RxNorm": made_of(PRODUCT, item(coded(RXNORM, "11289"))),
    "ingredient by ATC beside a brand": made_of({"text": "Quixomed 5"}, item(coded(ATC, "B01AA03"))),
    "ingredient in words beside a brand": made_of(NAMED_PRODUCT, item({"text": "Phenprocoumon"})),
    "ingredient by UNII with a display": made_of(None, item(coded(UNII, "5Q7ZVV76EI", "WARFARIN"))),
    "ingredient as a Substance": by_reference(SUBSTANCE, reference="#s1"),
    "ingredient as a coded Substance": by_reference(CODED_SUBSTANCE, reference="#s1"),
    "ingredient by display alone": by_reference(display="Warfarin sodium"),
    "ingredient by a reference to nowhere, with a display": by_reference(reference="Substance/x", display="Warfarin"),
    "the second ingredient": made_of(PRODUCT, item({"text": "Lactose"}), item(coded(RXNORM, "11289"))),
    "a local code beside a telling reference": ordered(
        "one",
        medicationCodeableConcept=coded("urn:local", "4711"),
        medicationReference={"display": "warfarin 5 mg tablet"},
    ),
    "a telling text beside a silent reference": ordered(
        "one", medicationCodeableConcept={"text": "warfarin 5 mg"}, medicationReference={"reference": "Medication/x"}
    ),
    "the second coding": ordered(
        "one", medicationCodeableConcept={"coding": [*PRODUCT["coding"], *WARFARIN_CODE["coding"]]}
    ),
    "a display beside an unknown code": ordered(
        "one", medicationCodeableConcept=coded(RXNORM, "RXCUI", "Warfarin 5 mg")
    ),
    "the text beside a misleading code": ordered(
        "one", medicationCodeableConcept={**coded("urn:local", "1"), "text": "Coumadin"}
    ),
}


@pytest.mark.parametrize("order", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_a_draft_tells_its_drug_wherever_it_stands(hook: str, order: Json, field: Field) -> None:
    assert field.topics(hook, QUIET.drafting(order)) == WARNS


@pytest.mark.parametrize("order", PLACES.values(), ids=PLACES)
def test_so_does_an_active_order(order: Json, field: Field) -> None:
    active = QUIET.having({**order, "status": "active"})
    assert field.topics("patient-view", active) == [("vka-dialysis", "info")]


QUIET_ORDERS = {
    "the ingredient does not act": made_of(
        {"text": "amlodipine 5 mg tablet"}, item({"text": "calcium carbonate"}, isActive=False)
    ),
    "an infusion of many": made_of(
        {"text": "multivitamin tablet"}, *(item({"text": name}) for name in ("a", "b", "c", "ergocalciferol"))
    ),
    "a patient's words in a note": {
        **ordered("one", medicationCodeableConcept={"text": "amlodipine 5 mg tablet"}),
        "note": [{"text": "was on warfarin"}],
    },
}


@pytest.mark.parametrize("order", QUIET_ORDERS.values(), ids=QUIET_ORDERS)
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_what_is_no_drug_of_the_order_stays_quiet(hook: str, order: Json, field: Field) -> None:
    assert field.topics(hook, QUIET.drafting(order)) == []


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_the_card_names_the_drug_as_the_record_does_with_its_substance(hook: str, field: Field) -> None:
    said = field.ask(hook, QUIET.drafting(PLACES["ingredient in words beside a brand"])).words
    assert "marcuphen 3mg" in said
    assert "phenprocoumon" in said
