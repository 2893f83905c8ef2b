"""The search box finds drugs as a prescriber types them, and a pick becomes a draft order."""

from __future__ import annotations

import tomllib
from collections import Counter
from importlib.resources import files

import pytest

from cds_service.drug_orders import ROUTES, RXNORM, Catalogue, DrugName, draft_order, load_catalogue

CATALOGUE = load_catalogue()


def names(typed: str) -> list[str]:
    return [drug.name for drug in CATALOGUE.matching(typed)]


def test_a_drug_is_found_by_the_beginning_of_its_name_or_of_a_brand() -> None:
    assert names("warf") == ["warfarin"]
    assert names("JANTO") == ["warfarin"]
    assert names("renv") == ["sevelamer"]


def test_a_drug_is_found_by_a_later_word_of_its_name() -> None:
    assert "iron sucrose" in names("sucrose")


def test_a_name_typed_in_full_stands_alone_though_others_begin_with_it() -> None:
    assert names("calcium acetate") == ["calcium acetate"]
    assert names("calcium acetat") == ["calcium acetate", "calcium acetate with magnesium carbonate"]


@pytest.mark.parametrize("typed", ["", "  ", "-", "nosuchdrug"])
def test_what_names_no_drug_finds_none(typed: str) -> None:
    assert names(typed) == []
    assert CATALOGUE.settled(typed) is None


def test_two_letters_settle_nothing_though_only_one_drug_begins_so() -> None:
    catalogue = Catalogue([DrugName("warfarin", known_as=("warfarin",))])
    assert catalogue.settled("wa") is None
    assert catalogue.settled("war") is not None


def test_no_more_drugs_are_offered_than_a_person_reads() -> None:
    assert 1 < len(names("c")) <= 8


def test_every_code_is_the_ingredient_of_that_drug_in_the_clinicians_file() -> None:
    data = tomllib.loads(files("fhir_mappings").joinpath("drugs.toml").read_text("utf-8"))
    ingredients = {code for drug in data["drug"] for code in drug.get("rxnorm_ingredients", {})}
    coded = [drug for drug in CATALOGUE if drug.code]
    assert len(coded) > 30
    assert {drug.code for drug in coded} <= ingredients


def test_a_salt_goes_by_the_code_of_its_own_name() -> None:
    (thiosulfate,) = CATALOGUE.matching("sodium thiosulfate")
    assert (thiosulfate.code, thiosulfate.code_display) == ("36726", "sodium thiosulfate")


def test_every_route_is_one_that_the_clinicians_file_knows() -> None:
    routes = tomllib.loads(files("fhir_mappings").joinpath("drugs.toml").read_text("utf-8"))["routes"]
    known = routes["snomed_local"] | routes["snomed_injection"] | routes["snomed_oral"]
    assert {code: known[code] for code, _ in ROUTES.values()} == dict(ROUTES.values())


def test_no_drug_is_offered_twice() -> None:
    assert not [name for name, times in Counter(drug.name.lower() for drug in CATALOGUE).items() if times > 1]


def test_a_pick_becomes_an_unsigned_order_for_the_patient() -> None:
    drug = DrugName("warfarin", "11289", "warfarin")
    order = draft_order("p1", drug, authored="2026-03-02T12:00:00Z")
    assert (order["status"], order["intent"], order["subject"]) == ("draft", "order", {"reference": "Patient/p1"})
    assert order["medicationCodeableConcept"]["coding"] == [{"system": RXNORM, "code": "11289", "display": "warfarin"}]
    assert "dosageInstruction" not in order
    assert order["id"] != draft_order("p1", drug)["id"]


def test_a_drug_without_a_code_is_ordered_by_its_name() -> None:
    order = draft_order("p1", DrugName("amlodipine"), "nonsense")
    assert order["medicationCodeableConcept"] == {"text": "amlodipine"}
    assert "dosageInstruction" not in order
