"""What is shown of a text from outside: what a reader sees of it, and no link in any renderer."""

from __future__ import annotations

import html
import sys
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.cards.markdown import escape, plain
from hooks.cards.record_text import RECORD_TEXT_LIMIT, one_line, visible
from tests.hostile_texts import HTML, LINKS, RENDERER, found

EVERYTHING = "".join(map(chr, range(sys.maxunicode + 1)))
CONTROLS = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029]))
DIRECTIONS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
HIDDEN = (
    "\u00ad\u034f\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u200b\u2060\u2061\u2062\u2063\u2064\u2065\u206a\u206f\ufeff"
    "\ufe00\ufe0e\ufe0f\ufff0\ufff8\ufff9\ufffa\ufffb\U0001bca0\U0001d173\U000e0000\U000e0001\U000e0041\U000e007f"
    "\U000e0100\U000e01ef\U000e0fff"
)
FILLERS = "\u115f\u1160\u2800\u3164\uffa0"
CLINICAL = [
    "1.25 mmol/L", "Ca/P", "Ca:P", "E. coli", "b.i.d.", "vit.D", "5mg/d", "5 mg/d p.o.", "St. John's wort", "10.5/2.1",
    "No.5", "1:128", "1 : 2", "01.02.2026", "2026-02-01 08:00", "i.v.", "q.d.s.", "<5 mmol/L", "> 9.9", "CO2 & pH",
    "H&P", "K+ 5.0", "50 % (m/V)", "Warfarin 2.5 mg; 1-0-0", "2 mg @ 18:00", "kg.m-2", "[IU]/mL", "{score}",
    "α-Calcidol",
    "1,25(OH)2D", "III.°", "z.B. 0.5mg", "Na₂S₂O₃ · 5 H₂O", "µg/dL", "e.g. a 3rd dose", "T4 N0 M0", "ph 7.4 // 7.2",
    "Кальций 2,5 ммоль/л", "カルシウム", "العربية 5", "می\u200cخواهم", "क्\u200dष",
]  # fmt: skip


# ------------------------------------------------------------------ characters


def test_of_all_characters_of_unicode_those_are_gone_that_nobody_sees() -> None:
    shown = plain(EVERYTHING, len(EVERYTHING))
    assert sorted(set(shown) & set(CONTROLS + DIRECTIONS + HIDDEN + FILLERS)) == []
    kinds = {letter: unicodedata.category(letter) for letter in set(shown)}
    assert not {letter for letter, kind in kinds.items() if kind in {"Cc", "Cs", "Zl", "Zp"}}
    # The signs of Arabic and other scripts around a number are seen; so are joiners where they belong to a letter.
    assert len({letter for letter, kind in kinds.items() if kind == "Cf"}) == 13
    assert {letter for letter, kind in kinds.items() if kind == "Zs"} == {" "}


def test_of_all_characters_of_unicode_those_stay_that_are_seen() -> None:
    seen = {letter for letter in EVERYTHING if unicodedata.category(letter)[0] in "LNPS"} - set(FILLERS)
    assert seen <= set(plain(EVERYTHING, len(EVERYTHING)))


@pytest.mark.parametrize("letter", CONTROLS + FILLERS)
def test_a_control_character_and_a_blank_of_any_kind_is_a_space(letter: str) -> None:
    assert plain(f"a{letter}{letter}b{letter}") == "a b"


@pytest.mark.parametrize("letter", DIRECTIONS + HIDDEN + "\u200c\u200d")
def test_what_shows_nothing_leaves_no_gap_in_a_word(letter: str) -> None:
    assert plain(f"Phosphat{letter}binder{letter}") == "Phosphatbinder"


def test_half_a_character_becomes_a_replacement_character() -> None:
    assert plain("cut \ud83d") == "cut \ufffd"


@pytest.mark.parametrize("word", ["می\u200cخواهم", "क्\u200dष", "അവന്\u200d", "श्रीमान्\u200cको"])
def test_a_joiner_stays_where_it_belongs_to_the_spelling(word: str) -> None:
    assert plain(word) == escape(word) == word


@pytest.mark.parametrize("word", ["م\u200c\u200cم", "क्\u200d\u200c\u200dष"])
def test_of_several_joiners_one_stays(word: str) -> None:
    assert len(plain(word)) == len([letter for letter in word if letter not in "\u200c\u200d"]) + 1


# ------------------------------------------------------------------ links
@pytest.mark.parametrize("text", CLINICAL)
def test_clinical_text_reads_as_it_was_written(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize("text", [*LINKS, *HTML])
@pytest.mark.parametrize("show", [plain, escape])
def test_no_renderer_makes_a_link_a_picture_or_html_of_it(show: Callable[[str], str], text: str) -> None:
    for around in ("{}", "order: {} (5 mg)", "“{}”", "- {}", "{0}, {0}"):
        assert found(around.format(show(text))) == set()


@pytest.mark.parametrize("text", ["[x]: /evil", "[evil]: <//evil.com>", "<!-- evil -->", "<evil>"])
def test_nothing_of_it_is_hidden_by_a_renderer(text: str) -> None:
    assert "evil" in RENDERER.render(plain(text))
    assert "evil" in RENDERER.render(escape(text))


def test_the_renderer_of_these_tests_finds_what_is_not_made_harmless() -> None:
    # It knows fewer schemes than others do, and the last ones of the list hide nothing but from people.
    missed = {text for text in [*LINKS, *HTML] if not found(text) and not found(visible(text))}
    assert missed <= {
        "file:///etc", "xmpp:a@evil.example/x", "tel:+49123", "javascript:alert(1)", "data:text/html,x",
        "[x](javascript:alert(1))", "[x]: /evil", "[x][y]", "&lt;script&gt;", "&#60;script&#62;", "///evil.example/x",
        "see:\\//evil.example", "wWW.1.evil", "例子.中国",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://evil.example/x", "https:// evil. example/x"),
        ("a.b@evil.example", "a.b@ evil. example"),
        ("Fr.Dr.med", "Fr. Dr. med"),
        ("<b>bold</b>", "< b>bold< /b>"),
        ("[x](y)", "[x] (y)"),
        ("mailto:a", "mailto: a"),
        ("tel:+49123", "tel: +49123"),
        ("javascript:alert(1)", "javascript: alert(1)"),
        ("www.1.evil", "www. 1. evil"),
        ("a&#64;b", "a& #64;b"),
    ],
)
def test_a_space_ends_what_would_be_a_link_or_markup(text: str, expected: str) -> None:
    assert plain(text) == expected


PIECES = st.lists(
    st.sampled_from(
        ["evil", "com", "example", ".", "/", "//", "\\", "@", ":", "http", "www", "mailto", "a", "1", "xn--p1ai",
         "<", ">", "[", "]", "(", ")", "!", "&", "#", "#46;", "#64;", "period;", "lt;", "*", "_", "~", "|", '"', "'",
         "`", "-", " ", "\u00ad", "\u200b", "\u200d", "\u202e", "\n", "\x00", "\U000e0041", "\ufe0f", "é", "рф", "م"]
    ),
    max_size=14,
).map("".join)  # fmt: skip


@given(PIECES)
def test_no_mixture_of_such_pieces_becomes_a_link_or_html(text: str) -> None:
    for shown in (plain(text), escape(text), f"order: {escape(text)} (matched by name)"):
        assert found(shown) == set()


@given(PIECES | st.text())
def test_what_was_made_harmless_once_stays_as_it_is(text: str) -> None:
    assert plain(plain(text)) == plain(text)
    assert one_line(one_line(text)) == one_line(text)
    assert visible(visible(text)) == visible(text)


@pytest.mark.parametrize("text", ["<b>", "[x](y)", "&lt;", "[x]: y"])
def test_in_markdown_markup_is_shown_as_it_was_typed(text: str) -> None:
    assert RENDERER.renderInline(escape(text)) == html.escape(text)


# ------------------------------------------------------------------ length
def test_a_long_text_is_cut_and_says_so() -> None:
    assert plain("x" * RECORD_TEXT_LIMIT) == "x" * RECORD_TEXT_LIMIT
    assert plain("x" * (RECORD_TEXT_LIMIT + 1)) == "x" * (RECORD_TEXT_LIMIT - 1) + "…"
    assert plain("é" * (RECORD_TEXT_LIMIT + 1)) == "é" * (RECORD_TEXT_LIMIT - 1) + "…"


def test_what_is_hidden_behind_very_many_invisible_characters_is_not_looked_for() -> None:
    assert plain("a" + "\u200b" * 100 + "b") == "ab"
    assert plain("a" + "\u200b" * 10_000 + "b") == "a…"


def test_blanks_before_a_text_do_not_hide_it() -> None:
    assert plain(" \u2003\n" * 10_000 + "warfarin") == "warfarin"
