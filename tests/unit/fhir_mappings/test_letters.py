"""Letters as names are compared."""

from __future__ import annotations

import pytest

from fhir_mappings.letters import folded, has_other_script, parted


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
        ("war\u2060fa\u3164rin\u115f\uffa0", "warfarin"),
        ("", ""),
    ],
)
def test_letters_are_folded(text: str, plain: str) -> None:
    assert folded(text) == plain


@pytest.mark.parametrize("hidden", ["\u200b", "\u2060", "\u3164", "\u00ad", "\u115f"])
def test_what_nobody_sees_may_stand_between_two_words(hidden: str) -> None:
    assert parted(f"e\u0301 calcium{hidden}acetate") == "e\u0301 calcium acetate"


@pytest.mark.parametrize("text", ["", "calcium acetate", "acétate", "ワーファリン"])
def test_a_text_in_which_all_is_seen_is_not_parted(text: str) -> None:
    assert parted(text) == ""


@pytest.mark.parametrize(
    ("text", "other"), [("warfarin 5 mg", False), ("acétate, Łódź ə", False), ("варфарин", True), ("5 × 10 – ½", False)]
)
def test_letters_of_another_script_are_known(text: str, other: bool) -> None:
    assert has_other_script(text) is other
