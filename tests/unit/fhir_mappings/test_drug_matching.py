"""Drugs: every code and name of the file, the order of the levels, routes, mixtures and every trap."""

from __future__ import annotations

import re
import tomllib
from importlib import resources
from typing import Any

import pytest

from fhir_mappings.code_systems import System
from fhir_mappings.drug_matching import find_drugs
from fhir_mappings.drug_routes import WORD, Route
from fhir_mappings.fhir_json import Coding
from fhir_mappings.letters import spaced
from fhir_mappings.packaged import default_vocabulary
from fhir_mappings.vocabulary.drugs import parse_drugs
from fhir_mappings.vocabulary.phrase_index import PhraseIndex
from fhir_mappings.vocabulary.phrases import source_of
from hooks.chart import DrugMatch

DRUGS = default_vocabulary().drugs
FILE: dict[str, Any] = tomllib.loads(resources.files("fhir_mappings").joinpath("drugs.toml").read_text("utf-8"))

RXNORM, ATC, SNOMED = System.RXNORM, System.ATC, System.SNOMED
VKA, CALCIUM = "vitamin_k_antagonist", "calcium_product"
ACTIVE_D, NUTRITIONAL_D = "active_vitamin_d", "nutritional_vitamin_d"
IV_IRON, ORAL_IRON, STEROID = "iv_iron", "oral_iron", "systemic_corticosteroid"
PD_FLUID = "peritoneal_dialysis_fluid"


def classes_of(entry: dict[str, Any]) -> list[str]:
    found = entry["class"]
    return found if isinstance(found, list) else [found]


def match(
    *coded: tuple[System | None, str], texts: tuple[str, ...] = (), route: Route = Route.UNKNOWN
) -> list[DrugMatch]:
    return list(find_drugs([Coding(system, code, "") for system, code in coded], texts, route, DRUGS).matches)


def classes(*coded: tuple[System | None, str], texts: tuple[str, ...] = (), route: Route = Route.UNKNOWN) -> list[str]:
    return [found.drug_class for found in match(*coded, texts=texts, route=route)]


def named(text: str, route: Route = Route.UNKNOWN) -> list[str]:
    return classes(texts=(text,), route=route)


# ---------------------------------------------------------------- everything that the file says

PRODUCTS = [(code, classes_of(entry)) for entry in FILE["drug"] for code in entry.get("rxnorm_products", {})]
NAMES = [
    pytest.param(name, classes_of(entry), id=name)
    for entry in FILE["drug"]
    for name in entry.get("names", [])
    if "..." not in name and "^" not in name
]
UNROUTED = [
    (code, entry.get("route", ""), classes_of(entry))
    for entry in FILE["drug"]
    for table in ("rxnorm_ingredients", "rxnorm_components")
    for code in entry.get(table, {})
]
TRAP_PHRASES = [phrase for trap in FILE["trap"] for phrase in trap["phrases"] if "..." not in phrase]


def test_every_product_is_its_drug_whatever_the_order_says_of_the_route() -> None:
    for code, expected in PRODUCTS:
        assert set(expected) <= set(classes((RXNORM, code), route=Route.LOCAL)), code


def test_every_ingredient_strength_and_brand_counts_by_the_route_of_the_order() -> None:
    for code, route, expected in UNROUTED:
        assert set(expected) <= set(classes((RXNORM, code), route=Route.ORAL)), code
        assert classes((RXNORM, code), route=Route.LOCAL) == [], code
        by_injection = set(classes((RXNORM, code), route=Route.INJECTION))
        assert (set(expected) <= by_injection) is (not route), code


def test_every_multivitamin_is_known_and_nothing() -> None:
    for code, name in FILE["multivitamin_products"].items():
        assert match((RXNORM, code), texts=(name, "calcium carbonate 500 mg")) == [], code


def test_every_excluded_product_is_not_that_drug() -> None:
    for entry in FILE["drug"]:
        for code, name in entry.get("excluded_products", {}).items():
            found = match((RXNORM, code), texts=(name,))
            assert entry["name"] not in [drug.drug for drug in found], code
            assert all(not drug.by_name for drug in found), code


def test_every_excluded_product_bars_its_drug_whatever_code_stands_beside_it() -> None:
    for entry in FILE["drug"]:
        beside = [(RXNORM, code) for code in entry.get("rxnorm_ingredients", {})]
        beside += [(ATC, code) for code in entry.get("atc", [])]
        beside += [(SNOMED, code) for code in entry.get("snomed", {})]
        for code in entry.get("excluded_products", {}):
            for other in beside:
                assert entry["name"] not in [found.drug for found in match((RXNORM, code), other, route=Route.ORAL)], (
                    code
                )


def test_every_excluded_component_is_known_and_bars_nothing() -> None:
    for entry in FILE["drug"]:
        for code in entry.get("excluded_components", {}):
            assert entry["name"] not in [found.drug for found in match((RXNORM, code), texts=(entry["name"],))], code
            for ingredient in entry.get("rxnorm_ingredients", {}):
                found = match((RXNORM, code), (RXNORM, ingredient), route=Route.ORAL)
                assert entry["name"] in [drug.drug for drug in found] or "injection" in entry["name"], code


@pytest.mark.parametrize("entry", FILE["drug"], ids=[entry["name"] for entry in FILE["drug"]])
def test_every_atc_and_snomed_code_is_its_drug(entry: dict[str, Any]) -> None:
    for code in (*entry.get("atc", []), *entry.get("atc_groups", [])):
        assert classes((ATC, code), route=Route.ORAL) == classes_of(entry), code
    for code in entry.get("snomed", {}):
        assert classes((SNOMED, code), route=Route.ORAL) == classes_of(entry), code


@pytest.mark.parametrize(("name", "expected"), NAMES)
def test_every_name_is_its_drug_in_any_letter_case_and_never_on_the_skin(name: str, expected: list[str]) -> None:
    text = name.replace("#", "600")
    assert set(expected) <= set(named(f"{text} tablet"))
    assert set(expected) <= set(named(text.upper(), Route.ORAL))
    assert named(f"{text} ointment") == []
    assert named(text, Route.LOCAL) == []
    assert not set(expected) & set(named(f"x{text}x tablet")) or " " in text or not text.isascii()


@pytest.mark.parametrize("phrase", TRAP_PHRASES)
def test_every_trap_is_silent_and_hides_nothing_beside_it(phrase: str) -> None:
    assert named(phrase) == []
    assert classes(texts=(f"{phrase}; warfarin 5 mg",)) == (
        [] if DRUGS.routes.of_text(phrase) is Route.LOCAL else [VKA]
    )


@pytest.mark.parametrize("phrase", [param.values[0] for param in NAMES] + TRAP_PHRASES)
def test_parting_letters_and_numbers_and_underscores_for_blanks_change_nothing_in_a_name_or_trap(phrase: str) -> None:
    text = f"{phrase.replace('#', '600')} 5 mg"
    assert set(classes(texts=(text, spaced(text)))) == set(named(text))
    assert named(text.replace(" ", "_")) == named(text)


def test_a_trap_takes_its_phrase_out_of_a_text_whose_numbers_were_parted() -> None:
    trap = {"name": "iron57 tracer", "phrases": ["iron57 tracer"], "silencing": ["K9 mix"], "silences": VKA}
    drug = {"name": "iron", "class": ORAL_IRON, "names": ["iron"]}
    file = {**FILE, "drug": [*FILE["drug"], drug], "trap": [*FILE["trap"], trap]}
    drugs = parse_drugs(file, [])

    def found(text: str) -> list[str]:
        return [match.drug_class for match in find_drugs([], (text, spaced(text)), Route.UNKNOWN, drugs).matches]

    assert found("iron57") == [ORAL_IRON]
    assert found("iron57 tracer") == []
    assert (found("warfarin, K8 mix"), found("warfarin, K9 mix")) == ([VKA], [])


def test_every_code_of_a_trap_is_known_and_nothing() -> None:
    for trap in FILE["trap"]:
        for code in trap.get("rxnorm", {}):
            assert match((RXNORM, code), texts=("warfarin",)) == [], code
        for code in (*trap.get("atc", []), *trap.get("atc_groups", [])):
            assert match((ATC, code), texts=("warfarin",)) == [], code
        for code in trap.get("snomed", {}):
            assert match((SNOMED, code), texts=("warfarin",)) == [], code


# ---------------------------------------------------------------- levels


def test_how_it_was_found_is_told() -> None:
    assert match((RXNORM, "855332")) == [DrugMatch(VKA, "warfarin", "RxNorm 855332")]
    assert match((ATC, "B01AA03")) == [DrugMatch(VKA, "warfarin", "ATC B01AA03")]
    assert match((SNOMED, "372756006")) == [DrugMatch(VKA, "warfarin", "SNOMED CT 372756006")]
    assert match(texts=("Coumadin 5 mg tab",)) == [DrugMatch(VKA, "warfarin", "by name")]


def test_matching_stops_at_the_first_level_with_a_known_code() -> None:
    everything = ((RXNORM, "855332"), (ATC, "V03AE07"), (SNOMED, "387307005"))
    assert classes(*everything, texts=("iron sucrose",)) == [VKA]
    assert classes(*everything[1:], texts=("iron sucrose",)) == [CALCIUM]
    assert match(*everything[2:], texts=("iron sucrose",)) == [
        DrugMatch(CALCIUM, "calcium carbonate", "SNOMED CT 387307005")
    ]
    assert classes(texts=("iron sucrose",)) == [IV_IRON]


def test_an_unknown_code_does_not_stop_the_next_level() -> None:
    assert classes((RXNORM, "617310"), (ATC, "B01AA03")) == [VKA]
    assert classes((RXNORM, "999999999"), (None, "855332"), texts=("warfarin",)) == [VKA]


def test_a_known_code_that_says_nothing_stops_the_names() -> None:
    assert classes((RXNORM, "8308"), texts=("vitamin K1 (phytonadione) 5 MG Oral Tablet, warfarin reversal",)) == []


# ---------------------------------------------------------------- RxNorm


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("11289", [VKA]),
        ("405155", [VKA]),
        ("246019", [VKA]),
        ("312380", [VKA]),
        ("359296", [CALCIUM]),
        ("808596", [CALCIUM, NUTRITIONAL_D]),
        ("308867", [ACTIVE_D]),
        ("577317", [ACTIVE_D]),
        ("705728", [NUTRITIONAL_D]),
        ("1741267", [IV_IRON]),
        ("635970", [ORAL_IRON]),
        ("1594680", ["iron_binder"]),
        ("749206", ["non_calcium_binder"]),
        ("237832", ["sodium_thiosulfate"]),
        ("800058", [PD_FLUID]),
        ("1100743", [PD_FLUID]),
        ("800061", [PD_FLUID]),
        ("1100746", [PD_FLUID]),
        ("800488", ["other"]),
        ("828525", ["other"]),
        ("1668250", ["other"]),
        ("1116179", []),
        ("826624", []),
        ("904465", [NUTRITIONAL_D]),
        ("388517", []),
        ("1293264", []),
        ("1547446", []),
    ],
)
def test_well_known_rxnorm_codes(code: str, expected: list[str]) -> None:
    assert classes((RXNORM, code)) == expected


def test_a_topical_product_rules_out_the_bare_ingredient_beside_it() -> None:
    assert classes((RXNORM, "388517"), (RXNORM, "1894")) == []


def test_a_brand_that_is_a_multivitamin_throughout_silences_the_ingredient_beside_it() -> None:
    assert classes((RXNORM, "826624"), (RXNORM, "24941")) == []


@pytest.mark.parametrize(("route", "expected"), [(Route.ORAL, [CALCIUM]), (Route.INJECTION, []), (Route.UNKNOWN, [])])
def test_calcium_gluconate_alone_counts_by_mouth_only(route: Route, expected: list[str]) -> None:
    assert classes((RXNORM, "1908"), route=route) == expected
    assert classes((SNOMED, "387292008"), route=route) == expected
    assert named("calcium gluconate", route) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("calcium gluconate 500 MG Oral Tablet", [CALCIUM]), ("calcium gluconate 10 % Injection", []), ("", [])],
)
def test_the_words_tell_the_route_where_the_order_does_not(text: str, expected: list[str]) -> None:
    assert classes((RXNORM, "1908"), texts=(text,)) == expected


def test_rectal_eye_and_implanted_corticosteroids_do_not_count() -> None:
    assert classes((RXNORM, "1291101")) == classes((RXNORM, "854181")) == []
    assert classes((RXNORM, "5492"), texts=("hydrocortisone 1 % Topical Cream",)) == []
    assert classes((RXNORM, "5492")) == [STEROID]


# ---------------------------------------------------------------- ATC


@pytest.mark.parametrize(
    ("code", "expected", "drug"),
    [
        ("B01AA03", [VKA], "warfarin"),
        ("b01aa07", [VKA], "acenocoumarol"),
        ("B01AA99", [VKA], "vitamin K antagonist"),
        ("B01AA", [VKA], "vitamin K antagonist"),
        ("A12AA04", [CALCIUM], "calcium carbonate"),
        ("A12AA03", [CALCIUM], "calcium gluconate"),
        ("A12AA99", [CALCIUM], "calcium supplement"),
        ("A02AC01", [CALCIUM], "calcium carbonate"),
        ("V03AE04", [CALCIUM], "calcium acetate with magnesium carbonate"),
        ("A12AX", [CALCIUM, NUTRITIONAL_D], "calcium with vitamin D"),
        ("A12AX01", [CALCIUM, NUTRITIONAL_D], "calcium with vitamin D"),
        ("B03AC02", [IV_IRON], "iron by vein"),
        ("B03AA07", [ORAL_IRON], "ferrous sulfate"),
        ("B03AB99", [ORAL_IRON], "iron by mouth"),
        ("V03AE08", ["iron_binder"], "ferric citrate"),
        ("B05DB", [PD_FLUID], "peritoneal dialysis fluid"),
        ("A10AB05", ["insulin"], "insulin"),
        ("B05XA19", ["other"], "calcium gluconate injection"),
        ("B05XA07", ["other"], "calcium chloride injection"),
        ("B05BA10", ["other"], "parenteral nutrition"),
    ],
)
def test_atc_matches_the_code_and_then_the_longest_group(code: str, expected: list[str], drug: str) -> None:
    found = match((ATC, code))
    assert [one.drug_class for one in found] == expected
    assert {one.drug for one in found} == {drug}


@pytest.mark.parametrize("code", ["C10AA05", "C08CA01", "V03AC03", "A11AA03", "B02BA01", "D05AX03"])
def test_atc_of_a_trap_or_a_multivitamin_is_nothing(code: str) -> None:
    assert match((ATC, code), texts=("calcium acetate", "warfarin")) == []


@pytest.mark.parametrize("code", ["C07AB02", "B03X", "B03", "B", ""])
def test_atc_that_is_not_ours_leaves_it_to_the_name(code: str) -> None:
    assert match((ATC, code)) == []
    assert classes((ATC, code), texts=("warfarin",)) == [VKA]


@pytest.mark.parametrize(
    ("code", "route", "expected"),
    [
        ("A12AA04", Route.INJECTION, []),
        ("A12AA03", Route.INJECTION, []),
        ("A12AX", Route.INJECTION, []),
        ("A12AA07", Route.UNKNOWN, []),
        ("A12AA07", Route.INJECTION, []),
        ("A12AA07", Route.ORAL, [CALCIUM]),
        ("A11CC04", Route.LOCAL, [ACTIVE_D]),
    ],
)
def test_atc_calcium_counts_unless_it_is_injected(code: str, route: Route, expected: list[str]) -> None:
    assert classes((ATC, code), route=route) == expected


def test_atc_calcium_that_its_words_call_an_injection_is_nothing() -> None:
    assert classes((ATC, "A12AA03"), texts=("calcium gluconate 10 % ampoule",)) == []


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("calcium 600 mg tablet", [CALCIUM]),
        ("Calcium 500mg", [CALCIUM]),
        ("take calcium 500 mg", []),
        ("calcium 600 + D", [CALCIUM, NUTRITIONAL_D]),
        ("Calcium 600 mg + D", [CALCIUM, NUTRITIONAL_D]),
        ("Calcium 600+D", [CALCIUM, NUTRITIONAL_D]),
        ("calcium 500 mg / vitamin D3 400", [CALCIUM, NUTRITIONAL_D]),
        ("calcium 500 / vitamin D3", [CALCIUM, NUTRITIONAL_D]),
        ("Calcium with vitamin D", [CALCIUM, NUTRITIONAL_D]),
        ("calcium carbonate 600 mg / cholecalciferol 400 UNT Oral Tablet", [CALCIUM, NUTRITIONAL_D]),
        ("Caltrate + D", [CALCIUM, NUTRITIONAL_D]),
        ("Caltrate Plus D", [CALCIUM, NUTRITIONAL_D]),
        ("Vitamin D3 1000 units", [NUTRITIONAL_D]),
        ("Vitamin D 50,000 unit capsule", [NUTRITIONAL_D]),
        ("One-Alpha 0.25 microgram", [ACTIVE_D]),
        ("one alpha", [ACTIVE_D]),
        ("Slow Fe", [ORAL_IRON]),
        ("5 ML iron sucrose 20 MG/ML Injection", [IV_IRON]),
        ("calcium chloride 100 MG/ML Injectable Solution", ["other"]),
        ("calcium carbonate injection", []),
        ("calcium acetate 667 mg IV", []),
        ("calcium carbonate 500 mg soft gel", [CALCIUM]),
        ("vitamin D3 gel capsule", [NUTRITIONAL_D]),
        ("calcitriol gel", []),
        ("prednisolone 1 % eye drops", []),
        ("dexamethasone ear drops", []),
        ("hydrocortisone nasal spray", []),
        ("methylprednisolone inhalation", []),
        ("prednisone 5 mg tablet", [STEROID]),
        ("Dianeal PD-2 1.5 % dextrose peritoneal dialysis solution", [PD_FLUID]),
        (
            "calcium chloride 0.1 / glucose 15 / magnesium chloride 0.1 / sodium lactate 4 Intraperitoneal Solution",
            [PD_FLUID, "other"],
        ),
        ("A 1 / calcium carbonate 200 MG / cholecalciferol 10 / ferrous fumarate 65 Oral Tablet", []),
        (
            "calcium carbonate 200 MG / cholecalciferol 10 / ferrous fumarate 65 Oral Tablet",
            [CALCIUM, NUTRITIONAL_D, ORAL_IRON],
        ),
        ("alendronic acid 70 MG / cholecalciferol 5600 UNT Oral Tablet", [NUTRITIONAL_D]),
        ("alendronate sodium with vitamin D", [NUTRITIONAL_D]),
        ("alendronate sodium 70 mg tablet", []),
        ("atorvastatin calcium 20 MG Oral Tablet", []),
        ("atorvastatin calcium, warfarin", [VKA]),
        ("Spironolactone 25 mg", []),
        ("environmental iron sucroses", []),
        ("Warfarin clinic referral", []),
        ("2.5 mEq/L calcium bath", []),
        ("Acétate de calcium 950 mg", [CALCIUM]),
        ("CALCIUMACETAT-NEFRO 700 mg", [CALCIUM]),
        ("War\u00adfarin 5 mg", [VKA]),
        ("Coumadin\u2122 5 mg", [VKA]),
        ("\u30ef\u30fc\u30d5\u30a1\u30ea\u30f3\u9320 1mg", [VKA]),
        ("\u7d4c\u53e3\u6c88\u964d\u70ad\u9178\u30ab\u30eb\u30b7\u30a6\u30e0\u9320500mg", [CALCIUM]),
        ("Phenpro ratiopharm 3 mg", [VKA]),
        ("A.T.10 drops", [ACTIVE_D]),
        ("elemental calcium 500 mg", [CALCIUM]),
        ("Gaviscon", []),
        ("Gaviscon Advance", [CALCIUM]),
        ("Natecal D 600 mg / 400 IU", [CALCIUM, NUTRITIONAL_D]),
        ("Calcimagon D3", [CALCIUM, NUTRITIONAL_D]),
        ("Fosamax Plus D", [NUTRITIONAL_D]),
        ("alendronate without colecalciferol", []),
        ("Iron 65 mg", [ORAL_IRON]),
        ("iron 100 mg IV", [IV_IRON]),
        ("Calcium 1 g i.v.", []),
        ("calcium phosphate cement 10 g", []),
        ("Caphosol calcium phosphate mouth rinse", []),
        ("calcitriol Salbe", []),
        ("phytonadione 5 mg, then warfarin", []),
        ("vitamin K 5 mg (warfarin)", []),
        ("warfarin (vitamin K antagonist)", [VKA]),
        ("vitamin K 5 mg, calcium acetate", [CALCIUM]),
        ("St. John\u2019s wort", ["apixaban_interaction"]),
        ("ketoconazole 2 % shampoo", []),
        ("Xgeva 120 mg", ["denosumab"]),
        ("dabigatran 110 mg", ["doac", "doac_not_for_dialysis"]),
        ("Calcium, total", []),
        ("amlodipine 5 MG Oral Tablet (calcium channel blocker)", []),
        ("", []),
    ],
)
def test_names_in_the_words_of_orders(text: str, expected: list[str]) -> None:
    assert sorted(named(text)) == sorted(expected)


def test_each_class_is_given_once_by_the_first_drug_that_has_it() -> None:
    found = match(texts=("calcium acetate", "Tums 500 mg", "calcium carbonate"))
    assert [one.drug_class for one in found] == [CALCIUM]


def test_a_phrase_of_words_alone_is_only_tried_where_all_of_them_stand() -> None:
    index = PhraseIndex([("oral iron", "iron"), ("calcium # mg", "calcium")])
    assert index.candidates({"warfarin", "oral", "tablet"}) == []
    assert [meaning for _, meaning in index.candidates({"oral", "iron"})] == ["iron"]
    assert [meaning for _, meaning in index.candidates({"calcium", "500mg"})] == ["calcium"]


def test_a_phrase_may_leave_the_end_of_its_first_word_open() -> None:
    index = PhraseIndex([("alendron* acid", "bone"), ("calcium", "calcium")])
    assert [meaning for _, meaning in index.candidates({"alendronic", "acid"})] == ["bone"]
    assert index.candidates({"acid"}) == []


PHRASES = [name for entry in (*FILE["drug"], *FILE["trap"]) for name in entry.get("names", entry.get("phrases", ()))]


@pytest.mark.parametrize("phrase", PHRASES)
def test_every_phrase_of_the_file_is_tried_on_a_text_that_it_is_found_in(phrase: str) -> None:
    text = phrase.removeprefix("^").replace("#", "500").replace("...", " with ").replace("*", "").upper()
    for written in (text, text.replace(" ", "-"), f"{text} Oral Tablet"):
        pattern = re.compile(source_of(phrase), re.IGNORECASE)
        tried = PhraseIndex([(phrase, "it")]).candidates(set(WORD.findall(written.lower())))
        assert not pattern.search(written) or tried, written
