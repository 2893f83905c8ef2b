"""Letters as names are compared."""

from __future__ import annotations

import pytest

from fhir_mappings.letters import as_seen, folded, has_other_script, is_broken, mended, parted, spaced


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
        ("TAB_WARFARIN", "tab warfarin"),
        ("acétate\uff3fde_calcium", "acetate de calcium"),
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


def test_a_text_is_read_with_and_without_what_nobody_sees() -> None:
    assert as_seen(["skin\u200bnecrosis", "gout"]) == ("skin\u200bnecrosis", "gout", "skin necrosis")


@pytest.mark.parametrize(
    ("text", "apart"),
    [
        ("WARFARIN5MG", "WARFARIN 5 MG"),
        ("2.5mg warfarin", "2.5 mg warfarin"),
        ("VITD3 1000IU", "VITD 3 1000 IU"),
        ("D3 K2D3 D5W D10NS 5g", "D3 K2D3 D5W D10 NS 5g"),
        ("né5ßa", "né 5 ßa"),
        ("a_5 b-6", "a_5 b-6"),
        ("", ""),
    ],
)
def test_letters_and_numbers_are_spaced(text: str, apart: str) -> None:
    assert spaced(text) == apart


@pytest.mark.parametrize(
    ("text", "broken"),
    [("nec\ufffdrosis", True), (f"nec{chr(0xDFFF)}rosis", True), ("", False), ("\U0001f600 é", False)],
)
def test_half_a_character_is_known(text: str, broken: bool) -> None:
    assert is_broken(text) is broken


@pytest.mark.parametrize("half", ["\ufffd", chr(0xDFFF)])
def test_a_letter_may_stand_for_each_half_character(half: str) -> None:
    assert mended(f"op{half}r{half}e", "e") == "operee"
    assert mended("gout", "e") == "gout"
