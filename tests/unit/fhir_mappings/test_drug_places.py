"""Where an order says which drug it is: what its words tell where no code does."""

from __future__ import annotations

import pytest

from fhir_mappings.drug_places import drug_places, drugs_beside, new_shelf
from fhir_mappings.vocabulary import Vocabulary
from tests.unit.fhir_mappings.resources import prescription


@pytest.mark.parametrize(
    ("words", "beside_code", "tell"),
    [
        ("ibuprofen", False, True),
        ("ibuprof\ufffdn", False, False),
        ("\ud83dibuprofen", False, False),
        ("", False, False),
        ("ibuprofen", True, True),
        ("ibuprof\ufffdn", True, True),
    ],
)
def test_a_word_with_half_a_character_tells_no_drug_unless_a_code_stands_beside_it(
    words: str, beside_code: bool, tell: bool, vocabulary: Vocabulary
) -> None:
    places = drug_places(prescription(words, id="a"), new_shelf())
    assert places.tell(vocabulary.drugs.unread, beside_code=beside_code) is tell


@pytest.mark.parametrize(
    ("full_url", "names"),
    [
        ("https://ehr.example/fhir/Medication/m1", ["https://ehr.example/fhir/Medication/m1"]),
        ("urn:uuid:1", ["Medication/m1", "urn:uuid:1"]),
        ("", ["Medication/m1"]),
    ],
)
def test_of_a_bundle_the_drugs_go_by_their_addresses_and_the_orders_are_none(full_url: str, names: list[str]) -> None:
    drug = {"resourceType": "Medication", "id": "m1"}
    entries = [{"resource": prescription("warfarin", id="a")}, {"fullUrl": full_url, "resource": drug}, {"resource": 7}]
    assert drugs_beside({"resourceType": "Bundle", "entry": entries}) == dict.fromkeys(names, drug)
