"""Cards for people at a terminal: colour where a person looks, plain lines in a pipe.

What may live here: how a card looks in text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

COLOURS = {"critical": "red", "warning": "yellow", "info": "cyan"}


def print_cards(console: Console, cards: Sequence[Mapping[str, Any]], *, brief: bool = False) -> None:
    """Every card as an EHR would show it: indicator, summary, detail, suggestions, override reasons.

    `brief` prints the first line of each card only.
    """
    if not cards:
        console.print("no cards", style="dim")
    for card in cards:
        if brief:
            console.print(_head(card), soft_wrap=True)
        elif console.is_terminal:
            console.print(_card(card))
        else:
            console.print(_plain(card), soft_wrap=True)


def _head(card: Mapping[str, Any]) -> Text:
    topic = card["source"].get("topic", {}).get("code", "")
    indicator = card["indicator"]
    return Text.assemble((f"{indicator.upper():8} ", COLOURS.get(indicator, "white")), f"{topic}: {card['summary']}")


def _lines(card: Mapping[str, Any]) -> list[str]:
    lines = [f"-> {suggestion['label']}" for suggestion in card.get("suggestions", ())]
    reasons = ", ".join(reason["display"] for reason in card.get("overrideReasons", ()))
    return [*lines, f"Override: {reasons}"] if reasons else lines


def _card(card: Mapping[str, Any]) -> RenderableType:
    colour = COLOURS.get(card["indicator"], "white")
    body = Group(
        Text(card["summary"], style="bold"),
        Padding(Markdown(card.get("detail", "")), (1, 0)),
        *(Text(line, style="green" if line.startswith("->") else "dim") for line in _lines(card)),
    )
    topic = card["source"].get("topic", {}).get("code", "")
    return Panel(body, title=f"{card['indicator']}  {topic}", border_style=colour, title_align="left")


def _plain(card: Mapping[str, Any]) -> RenderableType:
    return Text("\n".join([_head(card).plain, "", card.get("detail", ""), "", *_lines(card), ""]))
