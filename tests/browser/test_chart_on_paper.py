"""A chart with its cards on paper: patient, advice and results are there; what can only be pressed is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from pypdf import PdfReader

from cds_service.clock import utc_now
from cds_service.demo.patients import load_patients
from tests.browser.conftest import OpenPage

PATIENT = "cds-demo-hard-skin-on-warfarin"
CHART = f"/ehr?patient={PATIENT}"
MOST_SHEETS = 6


@pytest.fixture
def sheets(open_page: OpenPage, tmp_path: Path) -> list[str]:
    """The text of each sheet of a chart printed from a dark screen."""
    with open_page(scheme="dark") as watched:
        page = watched.open(CHART)
        page.pdf(path=tmp_path / "chart.pdf", format="A4", print_background=True)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 24, 27)"
    return [" ".join(sheet.extract_text().split()) for sheet in PdfReader(tmp_path / "chart.pdf").pages]


@pytest.fixture
def born() -> str:
    """The patient's date of birth: it follows the calendar, as all days of the synthetic patients do."""
    (patient,) = (one for one in load_patients(utc_now()) if one.patient_id == PATIENT)
    return str(patient.resources[0]["birthDate"])


def test_who_what_is_advised_and_what_is_on_record_is_on_few_sheets_and_none_is_empty(
    sheets: list[str], born: str
) -> None:
    assert 1 <= len(sheets) <= MOST_SHEETS
    assert all(len(text) > 100 for text in sheets)
    assert "Synthetic, Ottilie" in sheets[0]
    whole = " ".join(sheets)
    for words in (f"born {born}", "Presumed calciphylaxis until proven otherwise", "warfarin", "End-stage renal",
                  "Reasons, what to do, evidence", "Gabel", "Laboratory results"):  # fmt: skip
        assert words in whole
    assert "Recheck calcium, albumin, phosphate and PTH" in whole, "what the cards suggest is read, too"


def test_what_can_only_be_pressed_stays_off_the_paper(sheets: list[str]) -> None:
    whole = " ".join(sheets)
    for words in (
        "Add the order",
        "Dose and instructions",
        "Request and response",
        "Why, and why not",
        "Try a message",
        "Colours",
    ):
        assert words not in whole
