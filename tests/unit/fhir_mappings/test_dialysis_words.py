"""Dialysis and end-stage kidney disease in words: what counts, what denies it, what takes it back."""

from __future__ import annotations

import pytest

from tests.unit.fhir_mappings.entries import concepts, read, some
from tests.unit.fhir_mappings.resources import ICD10_CM, SNOMED, condition

DIALYSIS, END_STAGE, TAKEN_BACK = "dialysis_in_words", "esrd_in_words", "esrd_taken_back"
BOTH = f"{DIALYSIS}, {END_STAGE}"
HD, PD = "haemodialysis_evidence", "peritoneal_evidence"


def reading(text: str) -> str:
    return some(text, DIALYSIS, END_STAGE, TAKEN_BACK)


@pytest.mark.parametrize(
    "text",
    [
        "Dependence on dialysis",
        "Dependence on renal dialysis",
        "dialysis dependent",
        "Dialysis-dependent CKD",
        "Hemodialysis dependent",
        "on dialysis",
        "On hemodialysis",
        "on peritoneal dialysis",
        "on maintenance haemodialysis",
        "on nocturnal home haemodialysis",
        "on in-center hemodialysis",
        "Nephropathy, on HD",
        "on PD",
        "dialysis patient",
        "haemodialysis patient",
        "HD patient",
        "PD patient",
        "Maintenance haemodialysis since 2021",
        "chronic hemodialysis",
        "CKD 5D",
        "CKD G5D",
        "On CAPD since 2022",
        "APD",
        "CCPD",
        "dialysepflichtig",
        "Dialysepflichtige Niereninsuffizienz",
        "Hämodialyse seit 2020",
        "HAMODIALYSE",
        "Peritonealdialyse",
        "Sous dialyse",
        "Sous hémodialyse depuis 2019",
        "Patient dialysé",
        "Patients dialysés",
        "Patiente dialysée",
        "patiente dialysee",
        "en hemodiálisis",
        "Acute pericarditis on HD",
        "Acute on chronic heart failure in patient on hemodialysis",
        "Previous stroke in patient on haemodialysis",
        "Planned cataract surgery in patient on hemodialysis",
        "Considered for transplant on dialysis",
        "No edema today and fine on dialysis",
        "Off pills today on dialysis",
    ],
)
def test_words_of_dialysis_count(text: str) -> None:
    assert reading(text) == DIALYSIS


@pytest.mark.parametrize(
    "text",
    [
        "ESRD",
        "ESKD",
        "End stage renal disease",
        "End-stage kidney failure",
        "end-stage chronic renal insufficiency",
        "Terminale Niereninsuffizienz",
        "terminale chronische Niereninsuffizienz",
        "Insuffisance rénale terminale",
        "insuffisance renale chronique terminale",
        "Enfermedad renal terminal",
        "insufficienza renale terminale",
        "ESRD awaiting kidney transplant",
        "ESRD listed for transplant",
        "ESRD transplant candidate",
        "ESRD declined kidney transplant",
        "ESRD, failed kidney transplant",
        "ESRD, kidney transplant rejection",
    ],
)
def test_words_of_end_stage_disease_count(text: str) -> None:
    assert reading(text) == END_STAGE


@pytest.mark.parametrize(
    "text",
    [
        "ESRD on hemodialysis, transplant candidate",
        "ESRD on hemodialysis transplant candidate",
        "ESRD on HD MWF",
        "ESRD (end stage renal disease) on dialysis (HCC)",
        "ESRD on hemodialysis candidate for transplant",
        "ESRD on hemodialysis evaluated for kidney transplant",
        "ESRD on hemodialysis considered for transplant",
    ],
)
def test_both_may_stand_in_one_text(text: str) -> None:
    assert reading(text) == BOTH


@pytest.mark.parametrize(
    "text",
    [
        "Patient dialyse",
        "Dialysis",
        "Pre-dialysis education",
        "Education on dialysis options",
        "Counselling on peritoneal dialysis",
        "Counseling on dialysis",
        "Information on dialysis",
        "Teaching on home dialysis",
        *(f"{who} on dialysis" for who in ("Husband", "Wife", "Spouse", "Partner", "Mother", "Father", "Parent")),
        *(f"{who} on hemodialysis" for who in ("Brother", "Sister", "Son", "Daughter", "Relative")),
        "Not on dialysis",
        "not currently on dialysis",
        "Considering dialysis",
        "considering maintenance dialysis",
        "History of dialysis",
        "History of maintenance dialysis",
        "h/o chronic hemodialysis",
        "previous maintenance dialysis",
        "prior chronic dialysis",
        "Maintenance dialysis discussion",
        "Renal recovery, no longer on dialysis",
        "never on dialysis",
        "pre-dialysis patient",
        "non-dialysis patient",
        "on acute hemodialysis",
        "acute maintenance dialysis",
        "on temporary dialysis",
        "temporary maintenance dialysis",
        "akute Hämodialyse",
        "keine Hämodialyse",
        "Hämodialyse geplant",
        "Hämodialyse abgelehnt",
        "maintenance dialysis planned",
        "maintenance dialysis declined",
        "maintenance dialysis refused",
        "maintenance dialysis not required",
        "maintenance dialysis was stopped",
        "maintenance dialysis discontinued",
        "maintenance dialysis considered",
        "maintenance dialysis education",
        "maintenance dialysis candidate",
        "referral for maintenance dialysis",
        "candidate for peritoneal dialysis patient program",
        "planned maintenance dialysis",
        "planning chronic dialysis",
        "off maintenance dialysis",
        "stopped maintenance dialysis",
        "declines maintenance dialysis",
        "refuses chronic dialysis",
        "not yet on dialysis",
        "family history: none, family history maintenance dialysis",
        "without maintenance dialysis",
        "No ESRD",
        "No evidence of ESRD",
        "At risk for ESRD",
        "At risk of ESRD",
        "family history of ESRD",
        "Mother with diabetes, mother ESRD",
        "ESRD ruled out",
        "ESRD risk",
        "ESRD discussion",
        "pre-ESRD",
        "history of ESRD",
        "Hypertension",
        "LDL/HDL ratio",
    ],
)
def test_these_do_not_count(text: str) -> None:
    assert reading(text) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("husband on dialysis", ""),
        ("husband now on dialysis", ""),
        ("husband now also on dialysis", DIALYSIS),
        ("maintenance dialysis declined", ""),
        ("maintenance dialysis mostly declined", ""),
        ("maintenance dialysis was mostly declined", DIALYSIS),
        ("previous maintenance dialysis", ""),
        ("previous stable maintenance dialysis", DIALYSIS),
        ("no maintenance dialysis", ""),
        ("no further maintenance dialysis", DIALYSIS),
    ],
)
def test_a_denial_reaches_over_one_word_and_some_over_none(text: str, expected: str) -> None:
    assert reading(text) == expected


def test_a_denial_stays_in_its_clause() -> None:
    assert reading("Diabetes education, on dialysis") == DIALYSIS
    assert reading("No edema; on HD") == DIALYSIS
    assert reading("on insulin with dialysis") == ""


@pytest.mark.parametrize(
    "text",
    [
        "ESRD not on dialysis",
        "ESRD, not yet on dialysis",
        "ESRD, not on renal dialysis",
        "ESRD declines dialysis",
        "ESRD, refuses hemodialysis",
        "ESRD, dialysis declined",
        "ESRD; hemodialysis refused",
        "ESRD, conservative care",
        "End stage renal disease under conservative management",
        "ESRD s/p kidney transplant",
        "ESRD with renal transplant",
        "ESRD, transplanted kidney",
        "ESRD, transplant recipient",
    ],
)
def test_the_same_text_takes_end_stage_words_back(text: str) -> None:
    assert reading(text) == TAKEN_BACK


@pytest.mark.parametrize(
    "coding",
    [
        (ICD10_CM, "Z99.2"),
        (ICD10_CM, "N18.6"),
        (SNOMED, "236434000"),
        (ICD10_CM, "Z94.0"),
        (ICD10_CM, "T86.12"),
        (ICD10_CM, "N17.9"),
        (SNOMED, "161693006"),
    ],
)
def test_words_beside_a_code_that_speaks_of_the_matter_itself_are_not_read(coding: tuple[str, str]) -> None:
    assert not concepts("ESRD on hemodialysis", coding) & {DIALYSIS, END_STAGE}


@pytest.mark.parametrize(("code", "told"), [("Z99.2", True), ("N18.6", True), ("Z94.0", False), ("N17.9", False)])
def test_beside_a_code_of_dialysis_or_end_stage_disease_they_still_tell_the_kind(code: str, told: bool) -> None:
    assert (PD in concepts("ESRD on peritoneal dialysis", (ICD10_CM, code))) is told
    assert PD not in concepts("Husband on peritoneal dialysis", (ICD10_CM, code))


@pytest.mark.parametrize("coding", [(ICD10_CM, "N18.5"), (ICD10_CM, "E11.22"), ("urn:local", "D77")])
def test_beside_any_other_code_they_are(coding: tuple[str, str]) -> None:
    assert DIALYSIS in concepts("Nephropathy, on haemodialysis", coding)


def test_displays_are_read_too() -> None:
    assert concepts("", ("urn:local", "D77", "ESRD on dialysis")) == {DIALYSIS, END_STAGE}


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("on hemodialysis", {HD}),
        ("on HD", {HD}),
        ("Hämodialyse", {HD}),
        ("sous hémodialyse", {HD}),
        ("en hemodiálisis", {HD}),
        ("on peritoneal dialysis", {PD}),
        ("PD patient", {PD}),
        ("CAPD", {PD}),
        ("APD", {PD}),
        ("CCPD", {PD}),
        ("Peritonealdialyse", {PD}),
        ("was on PD, now on HD", {HD, PD}),
        ("on dialysis", set()),
        ("CKD 5D", set()),
        ("husband on PD", set()),
    ],
)
def test_words_tell_the_kind_of_dialysis(text: str, kinds: set[str]) -> None:
    assert concepts(text) & {HD, PD} == kinds


def test_the_clause_is_quoted() -> None:
    found = read(condition("Hypertension; Patient dialysé, stable")).concepts
    assert found[DIALYSIS].words == "Patient dialysé"


@pytest.mark.parametrize("text", ["Ha\u0308modialyse", "H\u00adämodialyse", "dia\u00adlyse\u0301"])
def test_an_accent_that_stands_alone_and_a_character_that_nobody_sees_hide_nothing(text: str) -> None:
    assert "dialysis_in_words" in concepts(text)
