"""Conditions: status, concepts by code, skin signs by words, and how certain a calciphylaxis is."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhir_mappings.conditions import read_condition
from fhir_mappings.packaged import default_vocabulary
from hooks.chart import Clinical, Condition, Sign, Span
from tests.unit.fhir_mappings.resources import (
    ICD9_CM,
    ICD10_CM,
    ICD10_GM,
    ICD10_WHO,
    ICD11,
    SNOMED,
    Json,
    concept,
    condition,
)

UTC = ZoneInfo("UTC")
WORDS = default_vocabulary().conditions
CALCIPHYLAXIS = (SNOMED, "237900002", "Calciphylaxis")
RESIDUAL = (ICD10_CM, "E83.59", "Other disorders of calcium metabolism")
TEXTURE = (ICD10_CM, "R23.4", "Changes in skin texture")


def status(code: str) -> Json:
    return concept("", ("http://terminology.hl7.org/CodeSystem/condition-ver-status", code))


def read(resource: Json) -> Condition:
    found = read_condition(resource, UTC, WORDS)
    assert found is not None
    return found


def concepts(text: str = "", *codings: Any, **more: Any) -> set[str]:
    return set(read(condition(text, *codings, **more)).concepts)


# ---------------------------------------------------------------- status and dates


@pytest.mark.parametrize("code", ["refuted", "entered-in-error", "Refuted"])
def test_a_refuted_or_erroneous_entry_is_nothing(code: str) -> None:
    for given in (status(code), code, {"text": code}):
        assert read_condition(condition("Diabetes", verificationStatus=given), UTC, WORDS) is None


@pytest.mark.parametrize("code", ["resolved", "inactive", "remission", "Resolved"])
def test_resolved_inactive_and_remission_are_past(code: str) -> None:
    for given in (concept("", ("urn:x", code)), code, {"text": code}, {"code": code}):
        assert read(condition("Diabetes", clinicalStatus=given)).clinical is Clinical.PAST


@pytest.mark.parametrize("code", ["active", "recurrence", "relapse", "unknown", "no such status"])
def test_every_other_status_is_active(code: str) -> None:
    assert read(condition("Diabetes", clinicalStatus=concept("", ("urn:x", code)))).active


@pytest.mark.parametrize("given", [None, {}, [], 5, {"coding": "active"}])
def test_an_absent_or_garbled_status_is_active_and_confirmed(given: object) -> None:
    found = read(condition("Diabetes") | {"clinicalStatus": given, "verificationStatus": given})
    assert (found.active, found.verification) == (True, "confirmed")


@pytest.mark.parametrize("code", ["provisional", "differential", "unconfirmed"])
def test_doubt_in_the_verification_status_is_kept(code: str) -> None:
    assert read(condition("Sepsis", verificationStatus=status(code))).verification == code


def test_onset_and_recorded_dates_are_as_precise_as_recorded() -> None:
    found = read(condition("Sepsis", onsetDateTime="2025-11", recordedDate="2026-02-03T10:00:00Z"))
    assert found.onset == Span(date(2025, 11, 1), date(2025, 11, 30))
    assert found.recorded == Span(date(2026, 2, 3), date(2026, 2, 3))
    bare = read(condition("Sepsis", onsetAge={"value": 60}))
    assert (bare.onset, bare.recorded) == (None, None)


def test_the_text_is_that_of_the_record_else_a_display_else_the_code() -> None:
    assert read(condition("Sugar", (ICD10_CM, "E11.9", "Type 2 diabetes"))).text == "Sugar"
    assert read(condition("", (ICD10_CM, "E11.9", "Type 2 diabetes"))).text == "Type 2 diabetes"
    assert read(condition("", (ICD10_CM, "E11.9"))).text == "E11.9"
    assert read(condition(code=None)).text == ""


# ---------------------------------------------------------------- codes

BY_CODE = [
    (SNOMED, "237900002", {"calciphylaxis"}),
    (SNOMED, "717043006", {"calciphylaxis"}),
    (ICD11, "574291789", {"calciphylaxis"}),
    ("icd11.foundation", "574291789", {"calciphylaxis"}),
    (ICD10_CM, "E83.59", {"calcium_disorder_unspecific"}),
    (ICD10_WHO, "E83.5", {"calcium_disorder_unspecific"}),
    (ICD9_CM, "275.49", {"calcium_disorder_unspecific"}),
    (ICD10_CM, "N18.6", {"esrd"}),
    (SNOMED, "46177005", {"esrd"}),
    (ICD10_CM, "Z99.2", {"dialysis_status"}),
    (SNOMED, "105502003", {"dialysis_status"}),
    (SNOMED, "236435004", {"dialysis_status"}),
    (SNOMED, "714152005", {"dialysis_status"}),
    (ICD10_CM, "Z94.0", {"transplant"}),
    (SNOMED, "236436003", {"transplant"}),
    (ICD10_CM, "T86.12", {"graft_failure"}),
    (SNOMED, "236434000", {"untreated_esrd"}),
    (SNOMED, "34319007", {"skin_induration"}),
    (ICD10_CM, "R23.4", {"skin_texture"}),
    (SNOMED, "238772004", {"livedo"}),
    (SNOMED, "46742003", {"skin_ulcer"}),
    (ICD10_CM, "L97.219", {"skin_ulcer"}),
    (ICD10_WHO, "L97", {"skin_ulcer"}),
    (ICD10_CM, "L98.411", {"skin_ulcer"}),
    (ICD10_CM, "L98.42", {"skin_ulcer"}),
    (ICD10_CM, "L98.499", {"skin_ulcer"}),
    (ICD10_CM, "L97.412", {"foot_ulcer"}),
    (ICD10_CM, "L97.512", {"foot_ulcer"}),
    (SNOMED, "95347000", {"skin_necrosis"}),
    (ICD10_CM, "I96", {"gangrene"}),
    (ICD10_WHO, "R02", {"gangrene"}),
    (ICD10_CM, "I70.261", {"pad", "gangrene_pad"}),
    (ICD10_CM, "I70.25", {"pad"}),
    (ICD10_CM, "I73.9", {"pad"}),
    (SNOMED, "400047006", {"pad"}),
    (ICD10_CM, "E11.51", {"diabetes", "pad"}),
    (ICD10_CM, "E11.52", {"diabetes", "gangrene_pad"}),
    (ICD10_CM, "L03.115", {"cellulitis"}),
    (ICD10_CM, "L03.311", {"cellulitis"}),
    (ICD10_CM, "L03.90", {"cellulitis"}),
    (SNOMED, "128045006", {"cellulitis"}),
    (SNOMED, "424114000", {"nephrogenic_systemic_fibrosis"}),
    (SNOMED, "89155008", {"systemic_sclerosis"}),
    (ICD10_CM, "M34.9", {"systemic_sclerosis"}),
    (ICD10_CM, "L94.0", {"morphea"}),
    (ICD10_CM, "E08.9", {"diabetes"}),
    (ICD10_CM, "E13.9", {"diabetes"}),
    (SNOMED, "44054006", {"diabetes"}),
    (ICD10_CM, "E66.9", {"obesity"}),
    (ICD10_CM, "Z68.30", {"obesity"}),
    (ICD10_CM, "Z68.41", {"obesity"}),
    (ICD10_CM, "K74.60", {"liver_disease"}),
    (SNOMED, "19943007", {"liver_disease"}),
    (ICD10_CM, "D68.61", {"thrombophilia"}),
    (ICD10_CM, "D68.59", {"thrombophilia"}),
    (SNOMED, "26843008", {"thrombophilia"}),
    (ICD10_CM, "A40.1", {"sepsis"}),
    (ICD10_CM, "A41.9", {"sepsis"}),
    (ICD10_CM, "R65.21", {"sepsis"}),
    (SNOMED, "91302008", {"sepsis"}),
    (ICD10_CM, "R78.81", {"bacteraemia"}),
    (SNOMED, "5758002", {"bacteraemia"}),
    (ICD10_CM, "E83.81", {"hungry_bone"}),
    (SNOMED, "699347000", {"mechanical_valve"}),
    (SNOMED, "174937005", {"mechanical_valve"}),
    (ICD10_CM, "Z95.2", {"possibly_mechanical_valve"}),
    (ICD10_CM, "I48.91", {"atrial_fibrillation"}),
    (ICD10_CM, "I82.409", {"venous_thromboembolism"}),
    (ICD10_CM, "Z86.711", {"venous_thromboembolism"}),
    (ICD10_CM, "Z79.52", {"steroid_use"}),
]


@pytest.mark.parametrize(("system", "code", "expected"), BY_CODE)
def test_a_code_stands_for_its_concepts(system: str, code: str, expected: set[str]) -> None:
    assert concepts("", (system, code)) == expected


@pytest.mark.parametrize(
    ("system", "code"),
    [
        (SNOMED, "237897004"),
        (SNOMED, "161693006"),
        (SNOMED, "433146000"),
        (SNOMED, "302497006"),
        (SNOMED, "238762002"),
        (ICD10_CM, "L95.0"),
        (ICD10_CM, "E88.81"),
        (ICD10_CM, "I77.89"),
        (ICD10_CM, "E83.51"),
        (ICD10_CM, "E83.52"),
        (ICD10_CM, "N18.5"),
        (ICD10_CM, "T86.11"),
        (ICD10_CM, "T86.1"),
        (ICD10_CM, "L03.011"),
        (ICD10_CM, "L03.211"),
        (ICD10_CM, "L98.9"),
        (ICD10_CM, "E66.3"),
        (ICD10_CM, "E12.9"),
        (ICD10_CM, "Z95.3"),
        (ICD10_CM, "Z95.4"),
        (ICD10_CM, "R63.4"),
        (ICD10_CM, "L90.8"),
        (ICD10_CM, "E8"),
        (ICD10_CM, ""),
        (SNOMED, "E83.59"),
        (ICD9_CM, "E83.59"),
    ],
)
def test_a_neighbouring_or_often_misquoted_code_is_nothing(system: str, code: str) -> None:
    assert concepts("", (system, code)) == set()


@pytest.mark.parametrize("system", [ICD10_CM, ICD10_WHO, ICD10_GM, "http://hl7.org/fhir/sid/icd-10-nl"])
@pytest.mark.parametrize("code", ["E11.22", "E1122", "e11.22", " E11.22 ", "E11.22†"])
def test_icd_10_codes_match_in_every_variant_with_and_without_dot(system: str, code: str) -> None:
    assert concepts("", (system, code)) == {"diabetes"}


@pytest.mark.parametrize("system", [ICD10_WHO, ICD10_GM])
def test_t86_12_is_graft_failure_in_icd_10_cm_only(system: str) -> None:
    assert concepts("", (system, "T86.12")) == set()


@pytest.mark.parametrize("coding", [{"code": "E11.9"}, {"code": "E11.9", "system": "urn:local"}, "E11.9", None, 7])
def test_a_code_without_a_known_system_is_not_matched(coding: object) -> None:
    assert read(condition() | {"code": {"coding": [coding]}}).concepts == {}


def test_a_numeric_snomed_code_is_accepted() -> None:
    assert read(condition() | {"code": {"coding": [{"system": SNOMED, "code": 91302008}]}}).concepts.keys() == {
        "sepsis"
    }


def test_the_code_that_decided_is_named() -> None:
    found = read(condition("Sugar", (SNOMED, "44054006"), (ICD10_CM, "E11.9")))
    assert found.concepts == {"diabetes": Sign("diabetes", "SNOMED CT 44054006")}


def test_a_foot_ulcer_code_rules_over_a_general_one_on_the_same_entry() -> None:
    assert concepts("", (SNOMED, "46742003"), (ICD10_CM, "L97.512")) == {"foot_ulcer"}
    assert concepts("", (ICD10_CM, "L97.512"), (ICD10_CM, "L97.919")) == {"foot_ulcer"}


# ---------------------------------------------------------------- changed skin texture


@pytest.mark.parametrize(
    "text",
    [
        "Induration of skin",
        "Indurated plaques",
        "Hardening of both thighs",
        "Hardened plaques, abdomen",
        "Skin thickening",
        "Thickened calves",
        "Woody feeling",
        "Sclerosis of skin, lower legs",
    ],
)
def test_changed_texture_that_names_induration_is_induration(text: str) -> None:
    found = read(condition(text, TEXTURE)).concepts
    assert found.keys() == {"skin_induration"}
    assert found["skin_induration"].how == "ICD-10-CM R23.4"
    assert found["skin_induration"].words in text


def test_the_display_of_that_code_may_name_induration() -> None:
    assert concepts("Skin finding", (ICD10_WHO, "R23.4", "Woody, brawny texture")) == {"skin_induration"}
    assert concepts("Skin finding", TEXTURE, (ICD10_CM, "L98.9", "Thickened skin")) == {"skin_texture"}


@pytest.mark.parametrize(
    "text",
    ["", "Changes in skin texture", "Scaling of skin", "No induration", "Skin not thickened", "History of hardening"],
)
def test_changed_texture_that_does_not_is_texture(text: str) -> None:
    assert concepts(text, TEXTURE) == {"skin_texture"}


# ---------------------------------------------------------------- signs by words


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("Hardening of leg skin", "skin_induration"),
        ("hard skin", "skin_induration"),
        ("skin of both calves hardened", "skin_induration"),
        ("hardening of the lower leg skin", None),
        ("Hard, skin", "skin_induration"),
        ("hardware under skin", None),
        ("Woody oedema", "skin_induration"),
        ("indurated thighs", "skin_induration"),
        ("Induration", "skin_induration"),
        ("Livedo racemosa", "livedo"),
        ("violaceous", "painful_lesion"),
        ("Painful violaceous skin lesions, lower legs", "painful_lesion"),
        ("Mottled skin over abdomen", "painful_lesion"),
        ("painful plaques", "painful_lesion"),
        ("Painful non-healing ulcers", "painful_lesion"),
        ("painful nodule", "painful_lesion"),
        ("wounds, left leg, painful", "painful_lesion"),
        ("wound that is very painful", "painful_lesion"),
        ("ulcer of the left calf now painful", None),
        ("painful knee", None),
        ("mottled", None),
        ("Black eschar, left thigh", "skin_necrosis"),
        ("eschars", "skin_necrosis"),
        ("necrotic skin", "skin_necrosis"),
        ("skin-necrosis", "skin_necrosis"),
        ("bone necrosis", None),
        ("suspected livedo", "livedo"),
        ("livedo cannot be excluded", "livedo"),
        ("no livedo", None),
        ("livedo excluded", None),
        ("history of livedo", None),
        ("skin is not hard", None),
        ("no pain, livedo", "livedo"),
        ("non-healing eschar", "skin_necrosis"),
        ("Hypertension", None),
    ],
)
def test_skin_signs_are_read_from_the_text(text: str, sign: str | None) -> None:
    assert concepts(text) == ({sign} if sign else set())


@pytest.mark.parametrize(("words", "counts"), [("one two three", True), ("one two three four", False)])
def test_up_to_three_words_may_stand_between(words: str, counts: bool) -> None:
    assert (concepts(f"painful {words} ulcer") == {"painful_lesion"}) is counts
    assert (concepts(f"ulcer {words} painful") == {"painful_lesion"}) is counts


def test_a_sign_by_words_quotes_them() -> None:
    found = read(condition("Diabetes; painful violaceous lesions of both thighs")).concepts
    assert found == {"painful_lesion": Sign("painful_lesion", "by name", "painful violaceous lesions of both thighs")}


def test_a_sign_by_code_keeps_its_code_and_gains_the_words() -> None:
    found = read(condition("Induration of skin, lower legs", (SNOMED, "34319007"))).concepts
    assert found == {"skin_induration": Sign("skin_induration", "SNOMED CT 34319007", "Induration of skin")}


def test_displays_are_read_only_where_there_is_no_text() -> None:
    coding = (ICD10_CM, "L98.9", "Painful skin lesion")
    assert concepts("", coding) == {"painful_lesion"}
    assert concepts("Skin finding", coding) == set()


# ---------------------------------------------------------------- calciphylaxis


@pytest.mark.parametrize(
    ("text", "codings", "expected"),
    [
        ("", [CALCIPHYLAXIS], "calciphylaxis"),
        ("Rule out calciphylaxis", [(SNOMED, "237900002")], "calciphylaxis"),
        ("possible calciphylaxis", [CALCIPHYLAXIS], "calciphylaxis"),
        ("Calciphylaxis", [RESIDUAL], "calciphylaxis"),
        ("Skin finding", [(ICD10_CM, "E83.59", "Calciphylaxis")], "calciphylaxis"),
        ("Calciphylaxis", [(ICD10_CM, "L98.9")], "calciphylaxis"),
        ("Calciphylaxis", [], "calciphylaxis"),
        ("", [RESIDUAL], "calcium_disorder_unspecific"),
        ("Rule out calciphylaxis", [RESIDUAL], "calcium_disorder_unspecific"),
        ("Possible calciphylaxis", [RESIDUAL], "calciphylaxis_provisional"),
        ("Possible calciphylaxis", [], "calciphylaxis_provisional"),
        ("Calciphylaxis not excluded", [], "calciphylaxis_provisional"),
        ("History of calciphylaxis", [RESIDUAL], "calciphylaxis_history"),
        ("History of calciphylaxis", [], "calciphylaxis_history"),
        ("No calciphylaxis", [], None),
        ("Possible", [(ICD10_CM, "L98.9", "Calciphylaxis")], "calciphylaxis"),
        ("possible calciphylaxis", [(ICD10_CM, "L98.9", "Calciphylaxis")], "calciphylaxis"),
    ],
)
def test_codes_and_words_together_say_how_certain_it_is(
    text: str, codings: list[tuple[str, str]], expected: str | None
) -> None:
    assert concepts(text, *codings) == ({expected} if expected else set())


@pytest.mark.parametrize("doubt", ["provisional", "differential", "unconfirmed"])
@pytest.mark.parametrize(
    ("text", "codings"), [("", [CALCIPHYLAXIS]), ("Calciphylaxis", []), ("Calciphylaxis", [RESIDUAL])]
)
def test_a_doubtful_status_makes_it_provisional(doubt: str, text: str, codings: list[tuple[str, str]]) -> None:
    found = read(condition(text, *codings, verificationStatus=status(doubt)))
    assert (set(found.concepts), found.verification) == ({"calciphylaxis_provisional"}, doubt)


def test_doubt_in_words_alone_is_recorded_as_provisional() -> None:
    assert read(condition("suspected calciphylaxis")).verification == "provisional"
    assert read(condition("suspected calciphylaxis", verificationStatus=status("differential"))).verification == (
        "differential"
    )


@pytest.mark.parametrize("past", ["resolved", "inactive", "remission"])
def test_a_past_one_is_history_when_it_was_confirmed_and_nothing_when_it_was_not(past: str) -> None:
    gone = concept("", ("urn:x", past))
    assert concepts("", CALCIPHYLAXIS, clinicalStatus=gone) == {"calciphylaxis_history"}
    assert concepts("History of calciphylaxis", clinicalStatus=gone) == {"calciphylaxis_history"}
    assert concepts("", CALCIPHYLAXIS, clinicalStatus=gone, verificationStatus=status("provisional")) == set()
    assert concepts("suspected calciphylaxis", clinicalStatus=gone) == set()


def test_history_in_words_with_a_doubtful_status_is_nothing() -> None:
    assert concepts("History of calciphylaxis", verificationStatus=status("provisional")) == set()


def test_a_calciphylaxis_by_words_names_how_it_was_found() -> None:
    by_name = read(condition("Leg wound; calciphylaxis of thigh")).concepts["calciphylaxis"]
    assert by_name == Sign("calciphylaxis", "by name", "calciphylaxis of thigh")
    residual = read(condition("Calciphylaxis", RESIDUAL)).concepts["calciphylaxis"]
    assert residual == Sign("calciphylaxis", "ICD-10-CM E83.59", "Calciphylaxis")
    specific = read(condition("Calciphylaxis", CALCIPHYLAXIS)).concepts["calciphylaxis"]
    assert specific == Sign("calciphylaxis", "SNOMED CT 237900002")


def test_other_concepts_stand_beside_it() -> None:
    assert concepts("Calciphylaxis with skin necrosis", (ICD10_CM, "E11.9")) == {
        "calciphylaxis",
        "skin_necrosis",
        "diabetes",
    }
