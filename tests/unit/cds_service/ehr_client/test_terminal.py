"""Cards as a person sees them: framed at a terminal, plain lines in a pipe."""

from __future__ import annotations

from io import StringIO
from typing import Any

from rich.console import Console

from cds_service.ehr_client.terminal import print_cards

CARD: dict[str, Any] = {
    "summary": "warfarin on dialysis [bold]not markup[/bold]",
    "indicator": "critical",
    "detail": "**Why now**\n\n- on dialysis",
    "source": {"label": "x", "topic": {"code": "vka-dialysis"}},
    "suggestions": [{"label": "Delete the draft"}],
    "overrideReasons": [{"display": "Mechanical valve"}, {"display": "Data wrong"}],
}
BARE: dict[str, Any] = {"summary": "A word", "indicator": "info", "source": {"label": "x"}}


def printed(*cards: dict[str, Any], terminal: bool = False, brief: bool = False) -> str:
    console = Console(file=StringIO(), force_terminal=terminal, width=100)
    print_cards(console, cards, brief=brief)
    text = console.file
    assert isinstance(text, StringIO)
    return text.getvalue()


def test_a_pipe_gets_every_part_without_colours() -> None:
    text = printed(CARD)
    assert "\x1b" not in text
    for part in (
        "CRITICAL", "vka-dialysis: warfarin on dialysis [bold]not markup[/bold]", "**Why now**", "- on dialysis",
        "-> Delete the draft", "Override: Mechanical valve, Data wrong",
    ):  # fmt: skip
        assert part in text


def test_a_terminal_gets_a_frame_with_colours_and_rendered_markdown() -> None:
    text = printed(CARD, terminal=True)
    assert "\x1b[31m" in text
    assert "─ critical  vka-dialysis ─" in text.replace("\x1b[0m", "").replace("\x1b[31m", "")
    assert "**Why now**" not in text
    assert "[bold]not markup[/bold]" in text


def test_brief_is_one_line_per_card() -> None:
    assert printed(CARD, BARE, brief=True).splitlines() == [
        "CRITICAL vka-dialysis: warfarin on dialysis [bold]not markup[/bold]",
        "INFO     : A word",
    ]


def test_a_card_with_nothing_optional_is_printed_too() -> None:
    for terminal in (True, False):
        assert "A word" in printed(BARE, terminal=terminal)
        assert "Override" not in printed(BARE, terminal=terminal)


def test_an_indicator_that_we_do_not_know_is_printed_in_white() -> None:
    assert "louder" in printed(BARE | {"indicator": "louder"}, terminal=True)


def test_no_cards_is_said() -> None:
    assert printed().strip() == "no cards"
