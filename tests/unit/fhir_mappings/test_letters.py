"""Letters as names are compared."""

from __future__ import annotations

import pytest

from fhir_mappings.letters import folded


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("WARFARIN", "warfarin"),
        ("Acétate de Calcium", "acetate de calcium"),
        ("ACE\u0301TATE", "acetate"),
        ("Straße", "strasse"),
        ("Sørensen", "sorensen"),
        ("œuf, æther, Łódź", "oeuf, aether, lodz"),
        ("CaCO\u2083", "caco3"),
        ("soft\u00adhyphen\u200b", "softhyphen"),
        ("non\u2011breaking\u00a0space", "non-breaking space"),
        ("a\u2013b \u2019s", "a-b 's"),
        ("\uff37arfarin", "warfarin"),
        ("Coumadin\u2122", "coumadin "),
        ("\u30d1", "\u30cf"),
        ("", ""),
    ],
)
def test_letters_are_folded(text: str, plain: str) -> None:
    assert folded(text) == plain
