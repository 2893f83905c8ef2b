"""Text from a record is shown, never interpreted, whatever it says. Which characters are: `test_record_text.py`."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from hooks.cards.markdown import bullets, escape, listed, numbered, paragraphs, plain
from hooks.cards.record_text import RECORD_TEXT_LIMIT, one_line

SPECIAL = "\\`*_[]|~#!"
HOSTILE = st.text(alphabet=st.one_of(st.sampled_from(SPECIAL + "<>&\"'@:/.w()-+=\n\t 1a"), st.characters()))
LINES = st.lists(st.text(alphabet="ab c", max_size=5))

RENDERER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def unescaped(text: str) -> str:
    """What a reader sees of escaped text."""
    return html.unescape(re.sub(r"\\([\\`*_\[\]|~#!])", r"\1", text))


# ------------------------------------------------------------------ plain
@given(HOSTILE)
def test_plain_text_is_one_line_without_control_or_direction_characters(text: str) -> None:
    line = plain(text)
    assert line == line.strip()
    assert not re.search(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069\u200b-\u200f]|\s\s", line)


@given(HOSTILE, st.integers(min_value=1, max_value=50))
def test_plain_text_is_never_longer_than_its_limit(text: str, limit: int) -> None:
    assert len(plain(text, limit)) <= limit


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" \n ", ""),
        (" a\tb\r\nc ", "a b c"),
        ("a\x9b31m", "a 31m"),
        ("x" * RECORD_TEXT_LIMIT, "x" * RECORD_TEXT_LIMIT),
        ("x" * (RECORD_TEXT_LIMIT + 1), "x" * (RECORD_TEXT_LIMIT - 1) + "…"),
    ],
)
def test_plain_text_folds_and_cuts(text: str, expected: str) -> None:
    assert plain(text) == expected


# ------------------------------------------------------------------ escape
@given(HOSTILE)
def test_escaped_text_holds_no_html(text: str) -> None:
    assert not re.search(r'[<>"]', escape(text))
    assert not re.search(r"&(?!(amp|lt|gt|quot);)", escape(text))


@given(HOSTILE)
def test_every_special_character_of_escaped_text_is_escaped(text: str) -> None:
    bare = re.sub(r"\\[\\`*_\[\]|~#!]", "", escape(text))
    assert not set(bare) & set(SPECIAL)


@given(HOSTILE)
def test_a_reader_sees_exactly_the_text_of_the_record(text: str) -> None:
    assert unescaped(escape(text)) == one_line(text)


@given(HOSTILE)
def test_a_markdown_renderer_finds_nothing_but_text_in_it(text: str) -> None:
    tokens = RENDERER.parse(f"- order: {escape(text)} (matched by name)")
    kinds = [token.type for token in tokens]
    assert kinds == [
        "bullet_list_open",
        "list_item_open",
        "paragraph_open",
        "inline",
        "paragraph_close",
        "list_item_close",
        "bullet_list_close",
    ]
    children = tokens[3].children or []
    assert {child.type for child in children} <= {"text", "text_special"}
    assert "".join(child.content for child in children) == f"order: {one_line(text)} (matched by name)"


@pytest.mark.parametrize(
    "text",
    [
        "`code` **bold** _italic_ ~~gone~~ | cell |",
        "# title",
        "<b>",
        "[x](y)",
        "&lt b&gt",
        "\\ \\* \\[",
        "a\\",
        "5 < 6 > 4",
        "][",
    ],
)
def test_signs_of_markdown_are_shown_as_they_were_typed(text: str) -> None:
    tokens = RENDERER.parse(f"a {escape(text)}")
    assert "".join(child.content for child in tokens[1].children or []) == f"a {text}"


# ------------------------------------------------------------------ joining
def test_lists_have_a_title_and_one_line_for_each_item_that_says_something() -> None:
    assert bullets("Why", ["a", "", "b"]) == "**Why**\n\n- a\n- b"
    assert numbered("Do", ["a", "", "b"]) == "**Do**\n\n1. a\n2. b"


@pytest.mark.parametrize("lines", [[], [""], ["", ""]])
def test_an_empty_list_has_no_title_either(lines: list[str]) -> None:
    assert (bullets("Why", lines), numbered("Do", lines)) == ("", "")


def test_paragraphs_leave_out_what_is_empty() -> None:
    assert paragraphs("a", "", "b") == "a\n\nb"
    assert paragraphs("", "") == ""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (["a", "b", "a"], "a and b"),
        (["a", "a"], "a"),
    ],
)
def test_words_are_listed_once_each(words: list[str], expected: str) -> None:
    assert listed(words) == expected


@given(LINES)
def test_every_line_that_says_something_is_in_the_list(lines: list[str]) -> None:
    assert bullets("T", lines).count("\n- ") == sum(map(bool, lines))
