"""Habits of saying which drug is meant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.contract.records import RXNORM, Json
from tests.field.held import Chart, coded, entry, medication, without
from tests.field.quirks.kinds import mapped, of_chart

ATC, NDC, UNII = "http://www.whocc.no/atc", "http://hl7.org/fhir/sid/ndc", "http://fdasis.nlm.nih.gov"
LOCAL = "urn:oid:1.2.3.4.5"
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
OTHER_WORDS = {
    "warfarin": ("Phenprocoumon-ratiopharm 3 mg Tabletten", "B01AA03", "Coumadin 5 mg", "WARFARIN"),
    "calcium": ("Acétate de calcium 500 mg", "V03AE07", "PhosLo 667 mg", "CALCIUM ACETATE"),
    "calcitriol": ("Calcitriol 0,25 Mikrogramm Weichkapseln", "A11CC04", "Rocaltrol 0.25 mcg", "CALCITRIOL"),
    "amlodipine": ("Amlodipin 5 mg Tabletten", "C08CA01", "Norvasc 5 mg", "AMLODIPINE"),
}
"""By the first word of the drug: in another language, ATC code, brand, as an ingredient."""


def _drugs(chart: Chart, change: Callable[[Json], Json]) -> Chart:
    """The chart with the drug of every order named otherwise, where it stands as a CodeableConcept."""

    def new(order: Json) -> Json:
        concept = order.get("medicationCodeableConcept")
        return {**without(order, "medicationCodeableConcept"), **change(concept)} if concept else order

    return mapped(chart, new, "MedicationRequest")


def _named(concept: Json) -> tuple[str, ...]:
    text = str(concept).lower()
    return next(
        (words for drug, words in OTHER_WORDS.items() if any(word.lower() in text for word in (drug, *words))),
        ("",) * 4,
    )


def _worded(chart: Chart, place: int, concept: Callable[[str], Json]) -> Chart:
    """The chart with other words for each drug whose words are known."""

    def new(old: Json) -> Json:
        word = _named(old)[place]
        return {"medicationCodeableConcept": concept(word) if word else old}

    return _drugs(chart, new)


@of_chart(spelling=True)
def drugs_in_another_language(chart: Chart) -> Chart:
    """Names of other countries, no code (medizininformatik-initiative/kerndatensatzmodul-medikation)."""
    return _worded(chart, 0, lambda word: {"text": word})


@of_chart(spelling=True)
def drugs_by_atc_code(chart: Chart) -> Chart:
    """ATC codes and nothing else (medizininformatik-initiative/kerndatensatzmodul-medikation)."""
    return _worded(chart, 1, lambda code: coded(ATC, code))


@of_chart(spelling=True)
def drugs_by_brand_beside_a_local_code(chart: Chart) -> Chart:
    """A brand, and a code that only the house knows (hl7ch/cda-fhir-maps#29)."""
    return _worded(chart, 2, lambda word: {**coded(LOCAL, "77"), "text": word})


@of_chart(spelling=True)
def drugs_contained(chart: Chart) -> Chart:
    """Oracle Health contains the Medication (fhir.cerner.com, MedicationRequest examples)."""
    return _drugs(chart, lambda concept: _containing(medication("m1", concept)))


@of_chart(spelling=True)
def drugs_contained_with_a_hash_in_the_id(chart: Chart) -> Chart:
    """The contained id keeps the "#" of its reference (hapifhir/hapi-fhir#6612)."""
    return _drugs(chart, lambda concept: _containing(medication("#m1", concept)))


@of_chart(spelling=True)
def drugs_contained_under_a_number(chart: Chart) -> Chart:
    """The contained id is a number, the reference has no "#" (inferno-framework/fhir_models#75; FHIR/GoFSH#124)."""
    return _drugs(chart, lambda concept: _containing({**medication("1", concept), "id": 1}, "1"))


def _containing(drug: Json, reference: str = "#m1") -> Json:
    return {"contained": [drug], "medicationReference": {"reference": reference}}


@of_chart(spelling=True)
def drugs_as_an_ingredient_of_an_unknown_product(chart: Chart) -> Chart:
    """A product number hides the ingredient that says all (hl7ch/cda-fhir-maps#29; drajer-health/eCRNow#123)."""

    def new(concept: Json) -> Json:
        part = {"itemCodeableConcept": concept}
        return _containing(medication("m1", coded("urn:oid:1.2.276.0.76.4.6", "00000019"), ingredient=[part]))

    return _drugs(chart, new)


@of_chart(spelling=True)
def drugs_as_a_substance(chart: Chart) -> Chart:
    """The ingredient refers to a contained Substance (medizininformatik-initiative/INTERPOLAR#778)."""

    def new(concept: Json) -> Json:
        product = medication("m1", ingredient=[{"itemReference": {"reference": "#s1"}}])
        return {
            **_containing(product),
            "contained": [product, {"resourceType": "Substance", "id": "s1", "code": concept}],
        }

    return _drugs(chart, new)


@of_chart(spelling=True)
def drugs_as_an_ingredient_by_unii(chart: Chart) -> Chart:
    """The ingredient by UNII, with a display (medizininformatik-initiative/kerndatensatzmodul-medikation)."""

    def new(concept: Json) -> Json:
        part = coded(UNII, "5Q7ZVV76EI", _named(concept)[3])
        return _containing(medication("m1", ingredient=[{"itemCodeableConcept": part}]))

    return _drugs(chart, new)


@of_chart(spelling=True)
def drugs_by_display_only(chart: Chart) -> Chart:
    """Epic's reference has a display, and the Medication is not at hand (fhir.epic.com, MedicationRequest)."""

    def new(concept: Json) -> Json:
        text = concept.get("text")
        return {"medicationReference": {"display": text}} if text else {"medicationCodeableConcept": concept}

    return _drugs(chart, new)


def _apart(chart: Chart, address: Callable[[str], str], full_url: Callable[[str], Json]) -> Chart:
    """The chart with Medications of their own: those of drafts beside the drafts, those of others beside the orders."""
    beside: dict[str, list[Json]] = {"draft": [], "active": []}

    def new(order: Json) -> Json:
        concept = order.get("medicationCodeableConcept")
        if not concept:
            return order
        drafted = any(one["resource"] is order for one in chart.drafts)
        place = beside["draft" if drafted else "active"]
        number = f"drug-{len(place) + (10 if drafted else 50)}"
        place.append(entry(medication(number, concept), **full_url(number)))
        return {**without(order, "medicationCodeableConcept"), "medicationReference": {"reference": address(number)}}

    changed = mapped(chart, new, "MedicationRequest")
    drafts = (*changed.drafts, *beside["draft"])
    return replace(changed, drafts=drafts, included=(*changed.included, *beside["active"]))


@of_chart(spelling=True)
def drugs_beside_their_orders(chart: Chart) -> Chart:
    """The Medication lies in the same Bundle (cds-hooks/docs#158)."""
    return _apart(chart, lambda number: f"Medication/{number}", lambda number: {})


@of_chart(spelling=True)
def drugs_by_the_full_url_of_their_entry(chart: Chart) -> Chart:
    """References name the fullUrl of the entry (cqframework/vscode-cql#31; cds-hooks/docs#517)."""
    return _apart(chart, _urn, lambda number: {"fullUrl": _urn(number)})


def _urn(number: str) -> str:
    return f"urn:uuid:0a3c7c1e-6a52-4a3e-8a0e-6d2a0b6f{number[-2:]:0>4}"


@of_chart(spelling=False)
def drugs_by_ndc_only(chart: Chart) -> Chart:
    """A package number and nothing else (onc-healthit/inferno-program#380)."""
    return _drugs(chart, lambda _: {"medicationCodeableConcept": coded(NDC, "00056017275")})


@of_chart(spelling=False)
def drugs_that_the_record_does_not_know(chart: Chart) -> Chart:
    """The drug is recorded as unknown (hl7au/au-fhir-test-data, MedicationRequest-reaptan-missing-medication)."""
    unknown = {"coding": [{"system": ABSENT, "code": "unknown", "display": "Unknown"}]}
    return _drugs(chart, lambda _: {"medicationCodeableConcept": unknown})


@of_chart(spelling=False)
def drugs_unknown_in_words(chart: Chart) -> Chart:
    """Text "unknown" where something is required (HL7/US-Core, missing data)."""
    return _drugs(chart, lambda _: {"medicationCodeableConcept": {"text": "unknown"}})


@of_chart(spelling=False)
def drugs_behind_a_reference_to_nowhere(chart: Chart) -> Chart:
    """The Medication is gone, and nobody wrote its name (athenaFlex#59)."""
    return _drugs(chart, lambda _: {"medicationReference": {"reference": "Medication/gone"}})


@of_chart(spelling=True)
def drugs_as_in_r5(chart: Chart) -> Chart:
    """`medication.concept`, of the next release of FHIR (HL7/fhir R5, MedicationRequest)."""
    return _drugs(chart, lambda concept: {"medication": {"concept": concept}})


@of_chart(spelling=True)
def an_rxnorm_code_that_is_the_word_rxcui(chart: Chart) -> Chart:
    """The code is literally "RXCUI", the display is right (openemr/openemr#9382)."""

    def new(concept: Json) -> Json:
        text = concept.get("text") or _named(concept)[3]
        return {"medicationCodeableConcept": coded(RXNORM, "RXCUI", text) if text else concept}

    return _drugs(chart, new)
