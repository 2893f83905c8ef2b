"""Cards for people at a terminal: colour where a person looks, plain lines in a pipe.

What may live here: how a card looks in text. A card may come from any service: what it says is shown, and controls
neither the terminal nor the direction of its lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

from hooks.cards import plain, visible

_MOST = 1000
"""Characters of one line of a card."""
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
    indicator = _line(card["indicator"])
    colour = COLOURS.get(indicator, "white")
    return Text.assemble((f"{indicator.upper():8} ", colour), f"{_topic(card)}: {_line(card['summary'])}")


def _line(text: Any) -> str:
    return plain(str(text), _MOST)


def _topic(card: Mapping[str, Any]) -> str:
    return _line(card["source"].get("topic", {}).get("code", ""))


def _detail(card: Mapping[str, Any]) -> str:
    return "\n".join(map(visible, str(card.get("detail", "")).split("\n")))


def _lines(card: Mapping[str, Any]) -> list[str]:
    lines = [f"-> {_line(suggestion['label'])}" for suggestion in card.get("suggestions", ())]
    reasons = ", ".join(_line(reason["display"]) for reason in card.get("overrideReasons", ()))
    return [*lines, f"Override: {reasons}"] if reasons else lines


def _card(card: Mapping[str, Any]) -> RenderableType:
    indicator = _line(card["indicator"])
    body = Group(
        Text(_line(card["summary"]), style="bold"),
        # A link shows where it leads: a terminal that makes links of its own hides that.
        Padding(Markdown(_detail(card), hyperlinks=False), (1, 0)),
        *(Text(line, style="green" if line.startswith("->") else "dim") for line in _lines(card)),
    )
    title = Text(f"{indicator}  {_topic(card)}")
    return Panel(body, title=title, border_style=COLOURS.get(indicator, "white"), title_align="left")


def _plain(card: Mapping[str, Any]) -> RenderableType:
    return Text("\n".join([_head(card).plain, "", _detail(card), "", *_lines(card), ""]))
