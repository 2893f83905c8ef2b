"""Conditions: status, concepts by code, skin signs by words, and how certain a calciphylaxis is."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from fhir_mappings.conditions import is_set_aside, read_condition
from fhir_mappings.packaged import default_policy
from hooks.assessment import Assessment
from hooks.chart import Chart, Clinical, Sign, Span
from hooks.skin_signs import last_day
from tests.unit.fhir_mappings.entries import ON, UTC, WORDS, concepts, read
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

LIMITS = default_policy().thresholds(ON)
CALCIPHYLAXIS = (SNOMED, "237900002", "Calciphylaxis")
RESIDUAL = (ICD10_CM, "E83.59", "Other disorders of calcium metabolism")


def status(code: str) -> Json:
    return concept("", ("http://terminology.hl7.org/CodeSystem/condition-ver-status", code))


# ---------------------------------------------------------------- status and dates


@pytest.mark.parametrize(
    ("code", "aside"),
    [("refuted", True), ("entered-in-error", True), ("confirmed", False), ("provisional", False), ("", False)],
)
def test_an_entry_is_set_aside_where_it_was_refuted_or_is_an_error(code: str, aside: bool) -> None:
    assert is_set_aside(condition("Calciphylaxis", verificationStatus=status(code))) is aside


@pytest.mark.parametrize("code", ["refuted", "entered-in-error", "Refuted", "ENTERED-IN-ERROR"])
def test_a_refuted_or_erroneous_entry_is_nothing(code: str) -> None:
    for given in (status(code), code, {"text": code}):
        assert read_condition(condition("Diabetes", verificationStatus=given), ON, UTC, WORDS) is None


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


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("2026-03-01", True),
        ("2026-03", True),
        ("2026", True),
        ("2026-03-02", True),
        ("2026-03-03", False),
        ("2026-04", False),
        ("2026-03-02T08:00:00Z", False),
        ("2025-12", True),
        ("2025-10", False),
        ("2025", True),
    ],
)
def test_a_bleeding_of_this_month_this_year_or_tomorrows_day_is_a_recent_one(text: str, *, counts: bool) -> None:
    for date_of in ("recordedDate", "onsetDateTime"):
        entry = read(condition("Gastrointestinal bleeding", **{date_of: text}))
        assert (Assessment(Chart(conditions=(entry,)), ON, LIMITS).recent_bleeding is entry) is counts
        assert not counts or (last_day(entry) or date.max) <= ON


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
    (ICD10_CM, "K74.60", {"liver_disease", "cirrhosis"}),
    (SNOMED, "19943007", {"liver_disease", "cirrhosis"}),
    (ICD10_CM, "D68.61", {"thrombophilia", "antiphospholipid"}),
    (ICD10_CM, "D68.59", {"thrombophilia"}),
    (SNOMED, "26843008", {"thrombophilia", "antiphospholipid"}),
    (ICD10_CM, "A40.1", {"sepsis"}),
    (ICD10_CM, "A41.9", {"sepsis"}),
    (ICD10_CM, "R65.21", {"sepsis"}),
    (SNOMED, "91302008", {"sepsis"}),
    (ICD10_CM, "R78.81", {"bacteraemia"}),
    (SNOMED, "5758002", {"bacteraemia"}),
    (ICD10_CM, "E83.81", {"hungry_bone"}),
    (SNOMED, "699347000", {"mechanical_valve"}),
    (SNOMED, "174937005", {"mechanical_valve"}),
    (ICD10_CM, "Z95.2", {"valve_kind_unknown"}),
    (ICD10_CM, "I48.91", {"atrial_fibrillation"}),
    (ICD10_CM, "I82.409", {"venous_thromboembolism"}),
    (ICD10_CM, "Z86.711", {"venous_thromboembolism"}),
    (ICD10_CM, "Z79.52", {"steroid_use"}),
    (ICD10_GM, "E83.50", {"calciphylaxis"}),
    ("http://fhir.de/CodeSystem/dimdi/icd-10-gm", "e8350", {"calciphylaxis"}),
    (ICD10_CM, "Z49.31", {"dialysis_status", "haemodialysis_evidence"}),
    (ICD10_CM, "Z49.32", {"dialysis_status", "peritoneal_evidence"}),
    (SNOMED, "161665007", {"transplant"}),
    (SNOMED, "737295003", {"transplant"}),
    (SNOMED, "161693006", {"history_of_dialysis"}),
    (ICD10_CM, "N18.4", {"ckd4"}),
    (SNOMED, "431857002", {"ckd4"}),
    (ICD10_WHO, "N18.5", {"ckd5"}),
    (SNOMED, "433146000", {"ckd5"}),
    (ICD10_CM, "N17.9", {"acute_kidney_injury"}),
    (SNOMED, "14669001", {"acute_kidney_injury"}),
    (ICD10_CM, "E20.9", {"hypoparathyroidism"}),
    (ICD10_WHO, "E89.2", {"hypoparathyroidism"}),
    (ICD10_CM, "E83.51", {"hypocalcaemia"}),
    (ICD10_WHO, "R29.0", {"tetany"}),
    (ICD10_CM, "I05.0", {"mitral_stenosis"}),
    (ICD10_WHO, "I05.2", {"mitral_stenosis"}),
    (ICD10_CM, "I34.2", {"mitral_stenosis"}),
    (SNOMED, "79619009", {"mitral_stenosis"}),
    (ICD10_CM, "Z95.811", {"ventricular_assist_device"}),
    (ICD10_CM, "I51.3", {"lv_thrombus"}),
    (ICD10_CM, "I23.6", {"lv_thrombus"}),
    (ICD10_CM, "K72.10", {"liver_disease", "liver_failure"}),
    (ICD10_CM, "K70.40", {"liver_disease", "liver_failure"}),
    (SNOMED, "59927004", {"liver_disease", "liver_failure"}),
    (ICD10_CM, "K74.3", {"liver_disease", "cirrhosis"}),
    (ICD10_CM, "K74.0", {"liver_disease"}),
    (ICD10_CM, "Z33.1", {"pregnancy"}),
    (ICD10_CM, "Z34.90", {"pregnancy"}),
    (ICD10_CM, "Z3A.12", {"pregnancy"}),
    (ICD10_CM, "O00.1", {"pregnancy"}),
    (ICD10_WHO, "O9A", {"pregnancy"}),
    (SNOMED, "77386006", {"pregnancy"}),
    (ICD10_CM, "I60.9", {"recent_bleeding"}),
    (ICD10_CM, "I62.00", {"recent_bleeding"}),
    (ICD10_CM, "K92.1", {"recent_bleeding"}),
    (SNOMED, "1386000", {"recent_bleeding"}),
    (ICD10_CM, "K56.609", {"bowel_obstruction"}),
    (ICD10_CM, "Z51.5", {"palliative_care"}),
    (SNOMED, "385763009", {"palliative_care"}),
]


@pytest.mark.parametrize(("system", "code", "expected"), BY_CODE)
def test_a_code_stands_for_its_concepts(system: str, code: str, expected: set[str]) -> None:
    assert concepts("", (system, code)) == expected


@pytest.mark.parametrize(
    ("system", "code"),
    [
        (SNOMED, "237897004"),
        (SNOMED, "302497006"),
        (SNOMED, "238762002"),
        (ICD10_CM, "L95.0"),
        (ICD10_CM, "E88.81"),
        (ICD10_CM, "I77.89"),
        (ICD10_CM, "E83.52"),
        (ICD10_CM, "T86.11"),
        (ICD10_CM, "T86.1"),
        (ICD10_CM, "L03.011"),
        (ICD10_CM, "L03.211"),
        (ICD10_CM, "L98.9"),
        (ICD10_CM, "E66.3"),
        (ICD10_CM, "E12.9"),
        (ICD10_CM, "Z95.3"),
        (ICD10_CM, "Z95.4"),
        (ICD10_CM, "E83.50"),
        (ICD10_CM, "L98.4"),
        (ICD10_CM, "E14.9"),
        (ICD10_CM, "R65.10"),
        (ICD10_CM, "K92.8"),
        (ICD10_CM, "N18.30"),
        (ICD10_CM, "K75.0"),
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


@pytest.mark.parametrize(
    ("code", "in_cm", "in_who", "in_gm"),
    [
        ("R65.20", {"sepsis"}, set(), set()),
        ("I70.261", {"pad", "gangrene_pad"}, {"pad"}, {"pad"}),
        ("T86.12", {"graft_failure"}, set(), set()),
        ("E11.51", {"diabetes", "pad"}, {"diabetes"}, {"diabetes"}),
        ("E13.52", {"diabetes", "gangrene_pad"}, {"diabetes"}, {"diabetes"}),
        ("E83.51", {"hypocalcaemia"}, set(), set()),
        ("E83.59", {"calcium_disorder_unspecific"}, set(), set()),
        ("E83.5", *[{"calcium_disorder_unspecific"}] * 3),
        ("Z49.01", {"dialysis_status"}, set(), set()),
        ("Z49.31", {"dialysis_status", "haemodialysis_evidence"}, set(), set()),
        ("Z49.32", {"dialysis_status", "peritoneal_evidence"}, set(), set()),
        ("Z91.15", {"dialysis_status"}, set(), set()),
        ("Z99.2", *[{"dialysis_status"}] * 3),
        ("Z95.811", {"ventricular_assist_device"}, set(), set()),
        ("D68.61", {"thrombophilia", "antiphospholipid"}, {"thrombophilia"}, {"thrombophilia"}),
        ("D68.62", {"thrombophilia", "antiphospholipid"}, {"thrombophilia"}, {"thrombophilia"}),
        ("D68.6", {"thrombophilia"}, *[{"thrombophilia", "antiphospholipid"}] * 2),
        ("R65.0", set(), {"sepsis"}, {"sepsis"}),
        ("R65.1", set(), {"sepsis"}, {"sepsis"}),
        ("E14.9", set(), {"diabetes"}, {"diabetes"}),
        ("L98.4", set(), {"skin_ulcer"}, {"skin_ulcer"}),
        ("L98.49", *[{"skin_ulcer"}] * 3),
        ("I70.25", {"pad"}, {"pad"}, {"pad", "gangrene_pad"}),
        ("E83.50", set(), set(), {"calciphylaxis"}),
        ("A41.9", *[{"sepsis"}] * 3),
        ("Z94.0", *[{"transplant"}] * 3),
        ("I96", *[{"gangrene"}] * 3),
        ("R02", *[{"gangrene"}] * 3),
    ],
)
def test_some_codes_mean_their_concept_in_some_variants_only(
    code: str, in_cm: set[str], in_who: set[str], in_gm: set[str]
) -> None:
    assert [concepts("", (system, code)) for system in (ICD10_CM, ICD10_WHO, ICD10_GM)] == [in_cm, in_who, in_gm]


def test_another_national_icd_10_is_read_like_that_of_the_who() -> None:
    assert concepts("", ("http://hl7.org/fhir/sid/icd-10-nl", "E14.9")) == {"diabetes"}
    assert concepts("", ("http://hl7.org/fhir/sid/icd-10-nl", "E83.50")) == set()


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
        ("Rule out calciphylaxis", [RESIDUAL], "calciphylaxis_provisional"),
        ("No calciphylaxis", [RESIDUAL], "calcium_disorder_unspecific"),
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


# ---------------------------------------------------------------- refuted
@pytest.mark.parametrize(
    ("text", "codings"),
    [
        ("", [CALCIPHYLAXIS]),
        ("Calciphylaxis", []),
        ("Calciphylaxis", [RESIDUAL]),
        ("Suspected calciphylaxis", []),
        ("History of calciphylaxis", []),
    ],
)
def test_a_refuted_calciphylaxis_is_kept_as_excluded_and_as_nothing_else(text: str, codings: list[Any]) -> None:
    found = read(condition(text, *codings, (ICD10_CM, "E11.9"), verificationStatus=status("refuted")))
    assert (set(found.concepts), found.verification) == ({"calciphylaxis_refuted"}, "refuted")


@pytest.mark.parametrize(
    ("text", "codings"), [("", [RESIDUAL]), ("No calciphylaxis", []), ("Livedo", []), ("Rule out", [])]
)
def test_any_other_refuted_entry_is_nothing(text: str, codings: list[Any]) -> None:
    resource = condition(text, *codings, verificationStatus=status("refuted"))
    assert read_condition(resource, ON, UTC, WORDS) is None


def test_an_entry_in_error_excludes_nothing() -> None:
    assert (
        read_condition(condition("Calciphylaxis", verificationStatus=status("entered-in-error")), ON, UTC, WORDS)
        is None
    )


# ---------------------------------------------------------------- certainty of ICD-10-GM
def certain(certainty: object, system: str = ICD10_GM, code: str = "E83.50", **more: Any) -> Json:
    extension = {
        "url": "http://fhir.de/StructureDefinition/icd-10-gm-diagnosesicherheit",
        "valueCoding": {"code": certainty},
    }
    coding = {"system": system, "code": code, "extension": [extension]}
    return condition(**more) | {"code": {"coding": [coding], "text": "Kalziphylaxie"}}


@pytest.mark.parametrize(
    ("certainty", "expected"),
    [
        ("G", {"calciphylaxis"}),
        ("V", {"calciphylaxis_provisional"}),
        ("v", {"calciphylaxis_provisional"}),
        ("Z", {"calciphylaxis_history"}),
        ("A", {"calciphylaxis_refuted"}),
        ("X", {"calciphylaxis"}),
        (None, {"calciphylaxis"}),
    ],
)
def test_the_certainty_of_icd_10_gm_qualifies_the_entry_like_a_status(certainty: object, expected: set[str]) -> None:
    assert set(read(certain(certainty)).concepts) == expected


def test_a_status_that_says_less_stands() -> None:
    assert set(read(certain("G", verificationStatus=status("refuted"))).concepts) == {"calciphylaxis_refuted"}
    gone = concept("", ("urn:x", "resolved"))
    assert set(read(certain("G", clinicalStatus=gone)).concepts) == {"calciphylaxis_history"}
    assert set(read(certain("V", clinicalStatus=gone)).concepts) == set()
    assert set(read(certain("Z", verificationStatus=status("provisional"))).concepts) == set()


def test_it_holds_for_the_whole_entry_and_under_icd_10_gm_only() -> None:
    assert read(certain("Z", code="E11.9")).clinical is Clinical.PAST
    assert read(certain("V", code="L97")).verification == "provisional"
    assert read_condition(certain("A", code="E11.9") | {"code": {}}, ON, UTC, WORDS) is not None
    assert set(read(certain("A", ICD10_WHO, "E11.9")).concepts) == {"calciphylaxis", "diabetes"}


def test_of_several_certainties_the_one_that_says_most_counts() -> None:
    sure, excluded = certain("G")["code"]["coding"], certain("A")["code"]["coding"]
    assert set(read(condition() | {"code": {"coding": [*excluded, *sure]}}).concepts) == {"calciphylaxis"}


# ---------------------------------------------------------------- still active, masked
@pytest.mark.parametrize(
    ("code", "expected"),
    [("active", True), ("Recurrence", True), ("relapse", True), ("resolved", False), ("unknown", False)],
)
def test_only_the_record_itself_says_that_an_entry_is_still_active(code: str, expected: bool) -> None:
    assert read(condition("Ulcer", clinicalStatus=concept("", ("urn:x", code)))).still_active is expected
    assert read(condition("Ulcer", clinicalStatus=None)).still_active is False


@pytest.mark.parametrize(
    "end",
    [
        {"abatementDateTime": "2026-01-01"},
        {"abatementAge": {"value": 70}},
        {"abatementPeriod": {"end": "2026-01-01"}},
        {"abatementRange": {"low": {"value": 70}}},
        {"abatementString": "last year"},
    ],
)
def test_an_entry_with_an_end_is_not_still_active(end: Json) -> None:
    assert read(condition("Ulcer", **end)).still_active is False
