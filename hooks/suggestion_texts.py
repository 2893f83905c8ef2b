"""What a clinician can accept with one click, read from the parsed `wording.toml`.

What may live here: types, and whether the names in those sections fit. The words stand in the TOML file; which
suggestions a card shows is chosen in `cards/offers.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hooks.name_checks import unknown_names

REMOVE = "remove"
"""The action that takes an order away; every other action creates the order of the template of its name."""


@dataclass(frozen=True, slots=True)
class Extra:
    """What a suggestion also does in a situation: further actions, and words added to its label."""

    when: str
    actions: tuple[str, ...]
    label: str = ""


@dataclass(frozen=True, slots=True)
class SuggestionText:
    """A suggestion in words: its label and the actions (names in `actions`, or "remove"), in their order.

    `only` limits it to "draft" orders or "active" prescriptions. `when` and `unless` are situations, as in the drug
    rules. `alternatives` names what must not stand against it, `drug` the substance it creates: neither is offered when
    a fact forbids it or the substance is listed already. `recommended` marks what a clinician would nearly always do.
    """

    label: str
    actions: tuple[str, ...]
    only: str = ""
    when: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    also: tuple[Extra, ...] = ()
    alternatives: tuple[str, ...] = ()
    drug: str = ""
    recommended: bool = False

    @property
    def removes(self) -> bool:
        """Does it take an order away?"""
        return REMOVE in self.actions


@dataclass(frozen=True, slots=True)
class Alternative:
    """Facts that forbid an alternative, each a situation with its words, and what a card says then or else.

    `not_offered` holds {facts}; `offered` is said where the alternative is offered.
    """

    not_offered: str
    facts: tuple[tuple[str, str], ...]
    offered: tuple[str, ...] = ()


def read_suggestions(data: Mapping[str, Any]) -> dict[str, SuggestionText]:
    """`[suggestions]`, which has no problems."""
    return {name: _suggestion(entry) for name, entry in data["suggestions"].items()}


def read_alternatives(data: Mapping[str, Any]) -> dict[str, Alternative]:
    """`[alternatives]`, which has no problems."""
    return {
        name: Alternative(
            entry["not_offered"], tuple(tuple(fact) for fact in entry["facts"]), tuple(entry.get("offered", ()))
        )
        for name, entry in data["alternatives"].items()
    }


def suggestion_problems(data: Mapping[str, Any]) -> Iterator[str]:
    """Actions and alternatives that lead nowhere."""
    actions = {REMOVE, *data["actions"]}
    for name, entry in data["suggestions"].items():
        where = f"wording.toml: [suggestions.{name}]"
        yield from unknown_names(f"{where} actions", entry["actions"], actions)
        yield from unknown_names(f"{where} alternatives", entry.get("alternatives", ()), data["alternatives"])
        for extra in entry.get("also", ()):
            yield from unknown_names(f"{where} also", extra["actions"], data["actions"])


def _suggestion(entry: Mapping[str, Any]) -> SuggestionText:
    lists = {key: tuple(entry.get(key, ())) for key in ("actions", "when", "unless", "alternatives")}
    return SuggestionText(
        label=entry["label"],
        only=entry.get("only", ""),
        also=tuple(
            Extra(extra["when"], tuple(extra["actions"]), extra.get("label", "")) for extra in entry.get("also", ())
        ),
        drug=entry.get("drug", ""),
        recommended=entry.get("recommended", False),
        **lists,
    )
