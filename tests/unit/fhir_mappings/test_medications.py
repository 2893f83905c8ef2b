"""MedicationRequests: where the drug is named, what is still to be read, and what names no drug."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhir_mappings.bases import Bases
from fhir_mappings.chart import Gathered, drug_shelf
from fhir_mappings.drug_places import drug_places, drugs_beside, is_path, new_shelf
from fhir_mappings.medications import is_active, medication_references, read_medication
from fhir_mappings.packaged import default_policy, default_vocabulary
from fhir_mappings.queries import build_queries
from fhir_mappings.references import Shelf
from hooks.chart import DrugMatch, Medication, Unreadable
from tests.unit.fhir_mappings.resources import ATC, RXNORM, SNOMED, Json, by_route, concept, prescription

UTC = ZoneInfo("UTC")
DRUGS = default_vocabulary().drugs
WARFARIN = (RXNORM, "855332", "warfarin sodium 5 MG Oral Tablet")
VKA = "vitamin_k_antagonist"


def shelf_of(*resources: Any, **medications: Json) -> Shelf:
    shelf = new_shelf()
    named = [{"id": key, "resourceType": "Medication"} | one for key, one in medications.items()]
    for resource in (*resources, *named):
        shelf.put(resource)
    return shelf


def read(request: Json, **medications: Json) -> Medication | Unreadable:
    return read_medication(request, shelf_of(**medications), UTC, DRUGS)


def medication(request: Json, **medications: Json) -> Medication:
    found = read(request, **medications)
    assert isinstance(found, Medication), found
    return found


def classes(request: Json, **medications: Json) -> list[str]:
    return [match.drug_class for match in medication(request, **medications).matches]


def by_reference(reference: object = "Medication/m1", **more: Any) -> Json:
    return prescription(medicationCodeableConcept=None, medicationReference={"reference": reference, **more})


def test_a_coded_request_is_read_with_its_words_and_day() -> None:
    assert medication(prescription("Warfarin 5 mg", WARFARIN, id="a1")) == Medication(
        "MedicationRequest/a1", "Warfarin 5 mg", (DrugMatch(VKA, "warfarin", "RxNorm 855332"),), date(2026, 1, 15)
    )


def test_a_request_without_id_and_day_has_neither() -> None:
    found = medication(prescription("warfarin", authoredOn="2026"))
    assert (found.reference, found.authored) == ("", None)


@pytest.mark.parametrize(
    ("status", "do_not_perform", "expected"),
    [
        ("active", None, True),
        ("active", False, True),
        ("active", True, False),
        ("draft", None, False),
        ("on-hold", None, False),
        ("stopped", None, False),
        ("completed", None, False),
        ("Active", None, True),
        (None, None, True),
        (None, True, False),
        ("(a number that is too large)", None, True),
        ("7", None, True),
    ],
)
def test_only_an_active_request_to_give_a_drug_is_exposure(
    status: str | None, do_not_perform: bool | None, expected: bool
) -> None:
    assert is_active(prescription("warfarin", status=status, doNotPerform=do_not_perform)) is expected


def test_a_contained_medication_is_read() -> None:
    request = by_reference("#m1") | {"contained": [{"id": "x"}, {"id": "m1", "code": concept("", WARFARIN)}]}
    assert classes(request) == [VKA]
    assert medication(request).display == WARFARIN[2]


@pytest.mark.parametrize(
    "reference",
    ["Medication/m1", "https://ehr.example/fhir/Medication/m1", "Medication/m1/_history/3", " Medication/m1 "],
)
def test_a_referenced_medication_that_is_at_hand_is_read(reference: str) -> None:
    assert classes(by_reference(reference), m1={"code": concept("", WARFARIN)}) == [VKA]


def test_a_reference_that_was_not_read_is_judged_by_its_display() -> None:
    found = medication(by_reference(display="warfarin 5 mg tablet"))
    assert (found.display, found.matches[0].how) == ("warfarin 5 mg tablet", "by name")


def test_a_contained_medication_that_is_missing_is_judged_by_its_display() -> None:
    assert classes(by_reference("#m1", display="warfarin")) == [VKA]


@pytest.mark.parametrize(
    "medication_r5",
    [{"concept": concept("", WARFARIN)}, {"reference": {"reference": "Medication/m1"}}],
)
def test_the_r5_shape_is_read_too(medication_r5: Json) -> None:
    request = prescription(medicationCodeableConcept=None, medication=medication_r5)
    assert classes(request, m1={"code": concept("", WARFARIN)}) == [VKA]


def test_the_codes_come_before_the_words_of_a_reference() -> None:
    request = prescription("", WARFARIN, medicationReference={"display": "calcium acetate"})
    assert classes(request) == [VKA]


def ingredients(*texts: str) -> Json:
    return {"ingredient": [{"itemCodeableConcept": concept(text)} for text in texts]}


def test_a_medication_without_a_code_is_known_by_its_ingredients() -> None:
    mixture = ingredients("calcium carbonate tablet", "cholecalciferol", "calcium citrate tablet")
    found = medication(by_reference(), m1=mixture)
    assert [match.drug_class for match in found.matches] == ["calcium_product", "nutritional_vitamin_d"]
    assert found.display == "calcium carbonate tablet / cholecalciferol / calcium citrate tablet"


def test_four_ingredients_are_a_multivitamin() -> None:
    assert classes(by_reference(), m1=ingredients("calcium carbonate", "cholecalciferol", "zinc", "copper")) == []
    coded = {"ingredient": [{"itemCodeableConcept": concept("x", (RXNORM, code))} for code in ("11289", "1", "2", "3")]}
    assert classes(by_reference(), m1=coded) == []


def test_four_ingredients_hide_neither_the_code_of_the_product_nor_a_dialysis_fluid() -> None:
    four = ingredients("calcium chloride", "glucose", "magnesium chloride", "sodium lactate")
    assert classes(by_reference(), m1=four | {"code": concept("", WARFARIN)}) == [VKA]
    assert classes(by_reference(), m1=four | {"code": concept("Dianeal PD-2")}) == ["peritoneal_dialysis_fluid"]
    assert classes(by_reference(), m1=four | {"code": concept("warfarin 5 mg")}) == []


def test_what_a_tablet_is_pressed_with_is_no_drug() -> None:
    filler = {"itemCodeableConcept": concept("calcium carbonate"), "isActive": False}
    drug = {"itemCodeableConcept": concept("warfarin"), "isActive": True}
    assert classes(by_reference(), m1={"ingredient": [filler, drug, filler, filler]}) == [VKA]


SUBSTANCE = {"resourceType": "Substance", "id": "s1", "code": concept("", (RXNORM, "11289"))}
PRODUCT = {"resourceType": "Medication", "id": "m1", "code": concept("", ("urn:pzn", "1"))}


def leading_to(reference: str) -> Json:
    return PRODUCT | {"ingredient": [{"itemReference": {"reference": reference}}]}


def test_an_ingredient_may_be_a_resource_of_its_own_wherever_it_is_contained() -> None:
    beside = by_reference("#m1") | {"contained": [leading_to("#s1"), SUBSTANCE]}
    assert classes(beside) == [VKA]
    assert classes(by_reference(), m1=leading_to("#s1") | {"contained": [SUBSTANCE]}) == [VKA]
    at_hand = read_medication(by_reference(), shelf_of(leading_to("Substance/s1"), SUBSTANCE), UTC, DRUGS)
    assert isinstance(at_hand, Medication)
    assert [match.drug for match in at_hand.matches] == ["warfarin"]


def test_an_ingredient_may_be_a_product_and_a_substance_may_have_parts() -> None:
    salt = SUBSTANCE | {"code": concept("x"), "ingredient": [{"substanceReference": {"reference": "Substance/s2"}}]}
    part = SUBSTANCE | {"id": "s2"}
    product = PRODUCT | {"id": "m2", "ingredient": [{"item": {"reference": {"reference": "Substance/s1"}}}]}
    shelf = shelf_of(leading_to("Medication/m2"), product, salt, part)
    found = read_medication(by_reference(), shelf, UTC, DRUGS)
    assert isinstance(found, Medication)
    assert [match.drug for match in found.matches] == ["warfarin"]


def test_products_that_are_made_of_each_other_come_to_an_end() -> None:
    circle = leading_to("Medication/m1")
    assert read_medication(by_reference(), shelf_of(circle), UTC, DRUGS) == Unreadable("medication", "no drug named")
    assert medication_references([by_reference()], shelf_of(circle)) == set()


def test_a_circle_with_words_that_name_nothing_of_ours_is_unread_but_its_own_drug_is_found() -> None:
    for words, drug in (("Tablets 5 mg", None), ("warfarin 5 mg", "warfarin")):
        circle = leading_to("Medication/m1") | {"code": {"text": words}}
        found = read_medication(by_reference(), shelf_of(circle), UTC, DRUGS)
        told = found.matches[0].drug if isinstance(found, Medication) else None
        assert told == drug


@pytest.mark.parametrize("swap", [str.upper, str.lower])
def test_a_uuid_in_other_letter_case_names_the_same_product(swap: Callable[[str], str]) -> None:
    uuid = "0b5a4c1e-7F2d-4a65-9d3e-3c6f1f0E8a77"
    order = by_reference(f"Medication/{swap(uuid)}")
    shelf = shelf_of({"resourceType": "Medication", "id": uuid, "code": concept("", WARFARIN)})
    found = read_medication(order, shelf, UTC, DRUGS)
    assert isinstance(found, Medication)
    assert [match.drug for match in found.matches] == ["warfarin"]
    assert medication_references([order], shelf) == set()


def test_the_display_of_an_ingredient_is_read() -> None:
    display = PRODUCT | {"ingredient": [{"itemReference": {"reference": "Substance/9", "display": "Warfarin sodium"}}]}
    found = read_medication(by_reference(), shelf_of(display), UTC, DRUGS)
    assert isinstance(found, Medication)
    assert (found.display, found.matches[0].how) == ("Warfarin sodium", "by name")


@pytest.mark.parametrize(
    ("reference", "identifier"),
    [("#m1", "m1"), ("#m1", "#m1"), ("m1", "m1"), ("Medication/m1", "m1"), ("#7", 7), ("#m1", " m1 ")],
)
def test_a_contained_medication_is_found_in_the_forms_that_libraries_write(reference: str, identifier: object) -> None:
    contained = {"resourceType": "Medication", "id": identifier, "code": concept("", WARFARIN)}
    assert classes(by_reference(reference) | {"contained": [contained]}) == [VKA]


@pytest.mark.parametrize("reference", ["urn:uuid:ABC", "urn:uuid:abc", "URN:UUID:Abc", "Medication/aBc"])
def test_a_medication_may_be_named_by_its_id_as_a_urn(reference: str) -> None:
    shelf = shelf_of({"resourceType": "Medication", "id": "aBc", "code": concept("", WARFARIN)})
    assert isinstance(read_medication(by_reference(reference), shelf, UTC, DRUGS), Medication)


# ---------------------------------------------------------------- everything counts


def test_an_unknown_product_hides_neither_a_known_code_nor_a_telling_word() -> None:
    unknown = prescription("", (RXNORM, "999"), medicationReference={"reference": "Medication/m1"})
    assert classes(unknown, m1={"code": concept("", WARFARIN)}) == [VKA]
    assert classes(unknown, m1={"code": concept("Coumadin 5 mg")}) == [VKA]
    vague = by_reference(display="5 mg oral tablet")
    assert classes(vague, m1={"ingredient": [{"itemCodeableConcept": concept("", (RXNORM, "11289"))}]}) == [VKA]


def test_an_excluded_product_bars_its_drug_however_its_ingredient_is_coded() -> None:
    product = {"code": concept("Astringent solution", (RXNORM, "1293268"))}
    for system, code in ((RXNORM, "214342"), (SNOMED, "387019008"), (ATC, "V03AE07")):
        ingredient = {"ingredient": [{"itemCodeableConcept": concept("calcium acetate", (system, code))}]}
        assert classes(by_reference(), m1=product | ingredient) == []
        assert classes(by_reference(), m1={"code": concept("Binder")} | ingredient) == ["calcium_product"]


def test_a_product_of_the_drug_counts_in_spite_of_an_excluded_one() -> None:
    both = concept("", (RXNORM, "1293268"), (RXNORM, "359296"))
    assert classes(prescription(medicationCodeableConcept=both)) == ["calcium_product"]


def test_a_barred_drug_bars_no_other() -> None:
    both = concept("", (RXNORM, "1293268"), WARFARIN)
    assert classes(prescription(medicationCodeableConcept=both)) == [VKA]


def test_a_brand_that_is_not_the_drug_bars_nothing() -> None:
    assert classes(prescription("", (RXNORM, "1293264"), (RXNORM, "214342"))) == ["calcium_product"]
    assert classes(prescription("calcium acetate", (RXNORM, "1293264"))) == []


# ---------------------------------------------------------------- what names no drug


@pytest.mark.parametrize(
    "text",
    ["unknown", "UNSPECIFIED", "Not specified.", "not available", "*** Masked ***", "see note", "5 mg oral tablet", "-",
     "unknown medication", "Asked But Unknown", "12345", "Not Applicable"],
)  # fmt: skip
def test_words_that_name_no_drug_are_none(text: str) -> None:
    for request_ in (prescription(text), prescription("", ("urn:local", "7", text)), by_reference(display=text)):
        assert read(request_) == Unreadable("medication", "no drug named")


@pytest.mark.parametrize("system", ["http://terminology.hl7.org/CodeSystem/data-absent-reason", "urn:x/v3-NullFlavor"])
def test_the_display_of_a_reason_for_absence_is_no_word(system: str) -> None:
    absent = prescription("", (system, "other", "No longer known to the practice"))
    assert read(absent) == Unreadable("medication", "no drug named")
    assert medication(prescription("Magnesium", (system, "other", "Magnesium"))).display == "Magnesium"


def test_a_known_code_is_read_without_any_word() -> None:
    for coding in (WARFARIN[:2], (RXNORM, "8308"), (RXNORM, "1293264"), (ATC, "C08CA01")):
        assert isinstance(read(prescription("unknown", coding)), Medication)


def test_a_coding_without_a_system_is_known_by_its_display_only() -> None:
    bare = {"coding": [{"code": "855332"}]}
    assert isinstance(read(prescription(medicationCodeableConcept=bare)), Unreadable)
    told = {"coding": [{"code": "855332", "display": "warfarin 5 mg"}]}
    assert medication(prescription(medicationCodeableConcept=told)).matches[0].how == "by name"


def test_the_words_that_tell_something_are_shown() -> None:
    found = medication(prescription("unknown", medicationReference={"display": "Coumadin 5 mg"}))
    assert (found.display, found.substances) == ("Coumadin 5 mg", ("warfarin",))
    assert medication(prescription("WARFARIN 5 mg")).substances == ()


# ---------------------------------------------------------------- texts that stop


def drafted(text: str, *codings: tuple[str, str]) -> list[str]:
    found = read_medication(prescription(text, *codings), new_shelf(), UTC, DRUGS, draft=True)
    assert isinstance(found, Medication), found
    return [match.drug_class for match in found.matches]


@pytest.mark.parametrize(
    "text",
    ["Stop warfarin", "STOP the warfarin 5 mg", "No warfarin", "discontinue taking warfarin", "hold oral warfarin",
     "warfarin 5 mg hold", "warfarin 5 mg, hold", "Warfarin 2.5 mg (on hold)", "warfarin 2,5 mg - discontinued.",
     "warfarin 5 mg\nheld", "no warfarin, no calcium acetate", "stop vitamin D3", "Hold calcium 600 + D",
     "warfarin stop" + " " * 100],
)  # fmt: skip
def test_a_draft_that_stops_a_drug_in_words_orders_nothing(text: str) -> None:
    assert drafted(text) == []


@pytest.mark.parametrize(
    "text",
    ["Stop heparin, warfarin 5 mg", "No change warfarin 5 mg", "No. 30 warfarin 5 mg", "warfarin 3 mg, no refills",
     "warfarin 5 mg, hold if INR above 4", "do not stop warfarin", "warfarin 5 mg, do not hold", "Stop: warfarin",
     "Stop 5 mg warfarin", "warfarin 5 mg, metoprolol held", "stop warfarin 5 mg, start warfarin 2 mg",
     "warfarin 5 mg stop 12/1", "continue warfarin", "holding warfarin", "warfarin 5 mg, stop heparin"],
)  # fmt: skip
def test_an_order_that_only_sounds_like_a_stop_is_an_order(text: str) -> None:
    assert VKA in drafted(text)


def test_only_the_drug_that_is_stopped_is_left_out() -> None:
    assert drafted("Stop warfarin, start apixaban") == ["alternative_anticoagulant", "doac"]
    assert drafted("calcium acetate 667 mg, warfarin held") == ["calcium_product"]
    assert drafted("calcium acetate 667 mg beside warfarin held") == ["calcium_product"]
    assert drafted("warfarin 5 mg do not hold") == [VKA]


def test_a_code_or_an_active_order_is_not_taken_back_by_words() -> None:
    assert drafted("Stop warfarin", ("urn:local", "7")) == [VKA]
    assert drafted("Stop warfarin", WARFARIN[:2]) == [VKA]
    assert classes(prescription("Stop warfarin")) == [VKA]


def test_ingredients_in_the_r5_shape_are_read() -> None:
    assert classes(by_reference(), m1={"ingredient": [{"item": {"concept": concept("warfarin")}}]}) == [VKA]


def test_the_display_of_the_reference_is_shown_where_the_medication_has_no_words() -> None:
    found = medication(by_reference(display="Coumadin"), m1={"code": concept("", (RXNORM, "855332"))})
    assert (found.display, found.matches[0].how) == ("Coumadin", "RxNorm 855332")


@pytest.mark.parametrize(
    ("coding", "display"),
    [((RXNORM, "855332"), "warfarin"), ((RXNORM, "8308"), "8308")],
)
def test_a_drug_without_words_is_shown_by_our_name_or_its_code(coding: tuple[str, str], display: str) -> None:
    assert medication(prescription("", coding)).display == display


@pytest.mark.parametrize(
    ("text", "route", "expected"),
    [
        ("calcium gluconate", "Oral", ["calcium_product"]),
        ("calcium gluconate", "IV", []),
        ("calcitriol", "Topical", []),
    ],
)
def test_the_route_of_the_order_is_heard(text: str, route: str, expected: list[str]) -> None:
    assert classes(prescription(text, dosageInstruction=by_route(route))) == expected


@pytest.mark.parametrize(
    "request_",
    [
        prescription(medicationCodeableConcept=None),
        prescription(),
        prescription(medicationCodeableConcept="warfarin"),
        prescription(medicationCodeableConcept={"coding": [{"system": RXNORM}]}),
        prescription(medicationCodeableConcept=None, medication=["warfarin"]),
        by_reference(),
        by_reference("#m1"),
        by_reference(None),
        by_reference("Substance/m1"),
        by_reference(5),
        prescription("", (RXNORM, "999")),
        prescription("", ("urn:local", "L7")),
    ],
)
def test_a_request_that_names_no_drug_is_listed(request_: Json) -> None:
    assert read(request_) == Unreadable("medication", "no drug named")


# ---------------------------------------------------------------- what is still to be read


def test_what_an_ingredient_leads_to_is_still_to_be_read() -> None:
    product = shelf_of(leading_to("Substance/s9"))
    assert medication_references([by_reference()], product) == {"Substance/s9"}
    assert medication_references([by_reference() | {"medicationCodeableConcept": concept("x")}], product) == {
        "Substance/s9"
    }


def test_references_that_are_not_at_hand_are_still_to_be_read() -> None:
    requests = [by_reference("Medication/a"), by_reference("https://ehr.example/fhir/Medication/b"), by_reference()]
    at_hand = [{"resourceType": "Medication", "id": "m1"}, "x", {"resourceType": "Medication"}]
    assert medication_references(requests, shelf_of(*at_hand)) == {"Medication/a", "Medication/b"}


@pytest.mark.parametrize(
    "request_",
    [
        by_reference(None),
        by_reference() | {"status": "Stopped"},
        by_reference() | {"status": "entered-in-error"},
        by_reference() | {"doNotPerform": True},
        by_reference() | {"resourceType": "MedicationStatement"},
        prescription("warfarin"),
        "MedicationRequest",
        None,
    ],
)
def test_nothing_is_read_for_other_requests(request_: object) -> None:
    assert medication_references([request_], new_shelf()) == set()


@pytest.mark.parametrize(
    "reference",
    [
        "#m1",
        "Medication/../../Patient/p2",
        "Medication/a?x=y",
        "Medication/a_b",
        "Medication/" + "a" * 256,
        "Medication/",
        "Patient/p1",
        "m1",
        "urn:uuid:3f2a1c9e-0b1d-4e2f-8a7b-6c5d4e3f2a1b",
        "anything",
    ],
)
def test_a_reference_that_nobody_can_be_asked_for_is_missing_as_it_is_written(reference: str) -> None:
    assert medication_references([by_reference(reference)], new_shelf()) == {reference}
    assert not is_path(reference)


def test_an_id_has_up_to_255_characters() -> None:
    path = "Medication/" + "a" * 255
    assert medication_references([by_reference(f"https://ehr.example/{path}")], new_shelf()) == {path}
    assert is_path(path)


@pytest.mark.parametrize("status", ["active", "draft", None])
def test_drafts_and_active_orders_are_read(status: str | None) -> None:
    assert medication_references([by_reference() | {"status": status}], new_shelf()) == {"Medication/m1"}


# Another server's drugs

OURS = Bases("https://ehr.example/fhir")
QUERIES = {query.key: query for query in build_queries(default_vocabulary(), default_policy())}
AMLODIPINE = {"resourceType": "Medication", "id": "1", "code": {"text": "amlodipine 5 mg"}}
WARFARIN_1 = {"resourceType": "Medication", "id": "1", "code": {"text": "warfarin 5 mg"}}


def of_two_servers(*, ours_first: bool) -> Shelf:
    shelf = new_shelf(OURS)
    came = [("https://ehr.example/fhir/Medication/1", AMLODIPINE), ("https://drugs.example/Medication/1", WARFARIN_1)]
    for address, medication in came if ours_first else came[::-1]:
        shelf.put(medication, address)
    return shelf


@pytest.mark.parametrize("ours_first", [True, False])
@pytest.mark.parametrize(
    ("reference", "text"),
    [
        ("Medication/1", "amlodipine 5 mg"),
        ("http://ehr.example/fhir/Medication/1", "amlodipine 5 mg"),
        ("https://drugs.example/Medication/1", "warfarin 5 mg"),
    ],
)
def test_two_servers_may_have_drugs_of_one_id(reference: str, text: str, ours_first: bool) -> None:
    order = by_reference(reference)
    assert [*drug_places(order, of_two_servers(ours_first=ours_first)).words] == [text]


def test_the_drug_of_another_server_is_not_read_at_ours_and_its_display_speaks() -> None:
    order = by_reference("https://formulary.example/fhir/Medication/1")
    order["medicationReference"]["display"] = "phenprocoumon 3 mg"
    shelf = new_shelf(OURS)
    shelf.put(AMLODIPINE, "https://ehr.example/fhir/Medication/1")
    assert [*drug_places(order, shelf).words] == ["phenprocoumon 3 mg"]
    assert medication_references([order], shelf) == set()


def test_drugs_beside_that_name_their_server_go_by_their_whole_address() -> None:
    entries = [
        {"fullUrl": "https://drugs.example/Medication/1", "resource": WARFARIN_1},
        {"fullUrl": "urn:uuid:1", "resource": AMLODIPINE},
    ]
    assert drugs_beside({"entry": entries}) == {
        "https://drugs.example/Medication/1": WARFARIN_1,
        "Medication/1": AMLODIPINE,
        "urn:uuid:1": AMLODIPINE,
    }


def test_a_drug_that_came_along_without_the_address_of_a_server_may_be_of_any() -> None:
    order = by_reference("https://formulary.example/fhir/Medication/1")
    shelf = new_shelf(OURS)
    shelf.put(WARFARIN_1, "Medication/1")
    assert [*drug_places(order, shelf).words] == ["warfarin 5 mg"]


def test_of_two_versions_beside_the_orders_the_later_counts() -> None:
    copies = [{**AMLODIPINE, "meta": {"versionId": "2"}}, {**WARFARIN_1, "meta": {"versionId": "1"}}]
    entries = [{"resource": copy} for copy in copies]
    assert drugs_beside({"entry": entries})["Medication/1"]["code"] == AMLODIPINE["code"]


def test_what_was_sent_with_the_orders_of_another_server_is_not_ours_by_its_id() -> None:
    gathered = Gathered(QUERIES["medications"], [by_reference("Medication/1"), WARFARIN_1])
    shelf = drug_shelf({"https://drugs.example/Medication/1": WARFARIN_1}, [gathered], OURS)
    assert shelf.get("Medication/1") == {}
    assert shelf.get("https://drugs.example/Medication/1") == WARFARIN_1
