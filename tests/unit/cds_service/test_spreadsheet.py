"""A text in a file for a spreadsheet is a text, whatever it begins with: one rule for all files."""

from __future__ import annotations

import pytest

from cds_service.spreadsheet import harmless

FORMULAS = ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", " =1", "  \t x", "\xa0=1", '=HYPERLINK("http://x")']


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_spreadsheet_would_run_becomes_text(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", " ", "9.3", ">10.4", "a=b", " a", "2026-02-26"])
def test_other_cells_stay_as_they_are(text: str) -> None:
    assert harmless(text) == text
