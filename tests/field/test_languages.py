"""Drugs by the names, brands and ATC codes of other countries; words that take a drug away.

Sources: medizininformatik-initiative/kerndatensatzmodul-medikation, hl7ch/cda-fhir-maps, WHO Collaborating Centre for
Drug Statistics Methodology (ATC); the names are those of national drug registers.
"""

from __future__ import annotations

import pytest

from tests.field.held import ORDER_HOOKS, QUIET, Chart, calcium, coded, ordered
from tests.field.play import Field

ATC = "http://www.whocc.no/atc"
VKA = [("vka-dialysis", "warning")]
CALCIUM = [("calcium-hypercalcaemia", "warning")]
VITAMIN_D = [("vitd-hypercalcaemia", "warning")]
BOTH = [*CALCIUM, *VITAMIN_D]
NAMES = {
    "Fenprocoumon 3 mg": VKA,
    "PHENPROCOUMON": VKA,
    "Falithrom 3 mg Filmtabletten": VKA,
    "Acenocumarol": VKA,
    "Sintrom 4 mg": VKA,
    "Warfarina 5 mg": VKA,
    "Warfaryna": VKA,
    "Varfarina": VKA,
    "Waran 2,5 mg": VKA,
    "Marevan": VKA,
    "Previscan 20 mg": VKA,
    "Calciumacetat 950 mg": CALCIUM,
    "Calciumacetat-Nefro 500": CALCIUM,
    "Acétate de calcium": CALCIUM,
    "ACETATE DE CALCIUM": CALCIUM,
    "Calciumcarbonat 500 mg": CALCIUM,
    "Carbonate de calcium": CALCIUM,
    "Carbonato de calcio": CALCIUM,
    "CA ACETATE 667 MG": CALCIUM,
    "Bondiol 0,25 µg": VITAMIN_D,
    "Un-Alfa": VITAMIN_D,
    "EinsAlpha": VITAMIN_D,
    "Hidroferol": VITAMIN_D,
    "Dekristol 20.000 I.E.": VITAMIN_D,
    "Calcimagon D3": BOTH,
    "Natecal D": BOTH,
}
CODES = {
    "B01AA03": VKA,
    "b01aa04": VKA,
    "B01AA": VKA,
    "V03AE07": CALCIUM,
    "A12AA04": CALCIUM,
    "M05BB02": CALCIUM,
    "A11CC04": VITAMIN_D,
    "M05BB03": VITAMIN_D,
    "A12AX": BOTH,
    "B05XA07": [],
    "C08CA01": [],
}
GLUED = {
    "WARFARIN_5MG_TAB": VKA,
    "TAB_WARFARIN": VKA,
    "WARFARIN5MG": VKA,
    "Warfarin5mg tab": VKA,
    "Acétate_de_calcium": CALCIUM,
    "CALCIUM_ACETATE_667MG_CAP": CALCIUM,
    "Calcium500mg": CALCIUM,
    "CaCO3_500MG": CALCIUM,
    "VITAMIN_D3_1000IU": VITAMIN_D,
    "VITD3_1000IU": VITAMIN_D,
    "Calcium600VitD3": BOTH,
}
QUIET_NAMES = [
    "Amlodipin 5 mg",
    "Atorvastatin-Calcium 20 mg",
    "Calciumfolinat",
    "Heparin-Calcium",
    "Spironolacton 25 mg",
    "Caphosol mouth rinse",
    "Calcipotriol Salbe",
    "Vitamin K1 10 mg",
    "INR for warfarin",
    "calcium channel blocker",
    "ATORVASTATIN_CALCIUM_20MG",
    "Atorvastatin calcium20mg",
    "INR_for_warfarin",
    "Warfarin5mg reversal: vitamin K1",
    "VITAMIN_B12_1000MCG",
    "SPIRONOLACTONE25MG",
    "D5W",
    "calcium gluconate 1 g with D5W 100 mL",
    "calcium chloride 1 g with D10W",
    "multivitamin, vitamin D5W",
]
STOPPED = [
    "Stop warfarin",
    "No warfarin",
    "hold the warfarin",
    "Warfarin discontinued",
    "warfarin, stop",
    "held warfarin",
    "STOP_WARFARIN_5MG",
    "stop warfarin5mg",
]
NOT_STOPPED = [
    "warfarin 5 mg, hold if INR above 4",
    "No change warfarin 5 mg",
    "No. 30 warfarin 5 mg",
    "Stop heparin, warfarin 5 mg",
    "continue warfarin 5 mg",
]
HIGH = QUIET.having(calcium(10.9))


def drafted(text: str) -> Chart:
    return HIGH.drafting(ordered("d1", medicationCodeableConcept={"text": text}))


@pytest.mark.parametrize(("name", "expected"), NAMES.items())
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_a_drug_is_known_by_its_names_of_other_languages(
    hook: str, name: str, expected: list[tuple[str, str]], field: Field
) -> None:
    answer = field.ask(hook, drafted(name))
    assert sorted(answer.topics) == expected
    assert name.lower() in answer.words
    assert "matched by name" in answer.words


@pytest.mark.parametrize(("code", "expected"), CODES.items())
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_a_drug_is_known_by_its_atc_code(hook: str, code: str, expected: list[tuple[str, str]], field: Field) -> None:
    words = "" if expected else "a product"
    chart = HIGH.drafting(ordered("d1", medicationCodeableConcept=coded(ATC, code, words or None)))
    assert sorted(field.topics(hook, chart)) == expected


@pytest.mark.parametrize("name", QUIET_NAMES)
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_names_that_only_look_alike_stay_quiet(hook: str, name: str, field: Field) -> None:
    assert field.topics(hook, drafted(name)) == []


@pytest.mark.parametrize("text", STOPPED)
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_words_that_take_a_drug_away_order_nothing(hook: str, text: str, field: Field) -> None:
    assert field.topics(hook, drafted(text)) == []


@pytest.mark.parametrize("text", NOT_STOPPED)
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_words_that_only_sound_so_are_orders(hook: str, text: str, field: Field) -> None:
    assert field.topics(hook, drafted(text)) == VKA


def test_an_active_drug_is_known_by_its_name_of_another_language(field: Field) -> None:
    for name, expected in NAMES.items():
        if expected == VKA:
            chart = QUIET.having(ordered("m1", "active", medicationCodeableConcept={"text": name}))
            assert field.topics("patient-view", chart) == [("vka-dialysis", "info")], name


@pytest.mark.parametrize(("name", "expected"), GLUED.items())
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_codes_that_are_glued_to_a_name_do_not_hide_it(
    hook: str, name: str, expected: list[tuple[str, str]], field: Field
) -> None:
    answer = field.ask(hook, drafted(name))
    assert sorted(answer.topics) == expected
    assert "matched by name" in answer.words


@pytest.mark.parametrize("name", [name for name, expected in GLUED.items() if expected == VKA])
def test_nor_that_of_an_active_drug(name: str, field: Field) -> None:
    chart = QUIET.having(ordered("m1", "active", medicationCodeableConcept={"text": name}))
    assert field.topics("patient-view", chart) == [("vka-dialysis", "info")]
