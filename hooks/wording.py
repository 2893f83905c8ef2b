"""Names, decimals and sentences that all cards share, read from the parsed `wording.toml`.

What may live here: types and checks of wording. The words themselves stand in the TOML file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hooks.card import OverrideReason
from hooks.chart import Analyte
from hooks.skin_signs import LEVELS
from hooks.thresholds import FACTORS, PolicyError


@dataclass(frozen=True, slots=True)
class ResultStyle:
    """How an analyte is shown."""

    name: str
    unit: str
    decimals: int


@dataclass(frozen=True, slots=True)
class Need:
    """A result that a card lists when it is missing: any of the analytes serves."""

    name: str
    analytes: tuple[Analyte, ...]


@dataclass(frozen=True, slots=True)
class SuggestionText:
    """A suggestion in words: its label and the actions (names in `actions`, or "remove").

    `only` limits it to "draft" orders or "active" prescriptions. `when` and `unless` are situations, as in the drug
    rules. `recommended` marks what a clinician would nearly always do.
    """

    label: str
    actions: tuple[str, ...]
    only: str = ""
    when: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    recommended: bool = False

    @property
    def removes(self) -> bool:
        """Does it take an order away?"""
        return "remove" in self.actions


@dataclass(frozen=True, slots=True)
class Wording:
    """Everything shared."""

    footer: str
    analytes: Mapping[Analyte, ResultStyle]
    needs: Mapping[str, Need]
    signs: Mapping[str, str]
    signs_short: Mapping[str, str]
    factors: Mapping[str, str]
    factors_short: Mapping[str, str]
    suggestions: Mapping[str, SuggestionText]
    actions: Mapping[str, str]
    override_reasons: Mapping[str, OverrideReason]


def load_wording(data: Mapping[str, Any]) -> Wording:
    """The parsed `wording.toml`, checked whole.

    Raises:
        PolicyError: with one line per problem.
    """
    problems = [
        *_lacking("analytes", data, {analyte.value for analyte in Analyte}),
        *_lacking("signs", data, set(LEVELS)),
        *_lacking("signs_short", data, set(LEVELS)),
        *_lacking("factors", data, set(FACTORS)),
        *_lacking("factors_short", data, set(FACTORS)),
        *_unknown_actions(data),
    ]
    if problems:
        raise PolicyError("\n".join(problems))
    try:
        return _wording(data)
    except (KeyError, TypeError, ValueError) as error:
        raise PolicyError(f"wording.toml: {error!r}") from error


def _lacking(section: str, data: Mapping[str, Any], names: set[str]) -> list[str]:
    have = set(data.get(section, {}))
    return [f"wording.toml: [{section}] lacks or misnames {name}" for name in sorted(have ^ names)]


def _unknown_actions(data: Mapping[str, Any]) -> list[str]:
    known = {"remove", *data.get("actions", {})}
    return [
        f"wording.toml: [suggestions.{name}] uses the unknown action {action}"
        for name, entry in data.get("suggestions", {}).items()
        for action in entry.get("actions", ())
        if action not in known
    ]


def _wording(data: Mapping[str, Any]) -> Wording:
    return Wording(
        footer=data["footer"],
        analytes={Analyte(name): ResultStyle(**entry) for name, entry in data["analytes"].items()},
        needs={
            name: Need(entry["name"], tuple(map(Analyte, entry["analytes"]))) for name, entry in data["needs"].items()
        },
        signs=dict(data["signs"]),
        signs_short=dict(data["signs_short"]),
        factors=dict(data["factors"]),
        factors_short=dict(data["factors_short"]),
        suggestions={name: _suggestion(entry) for name, entry in data["suggestions"].items()},
        actions=dict(data["actions"]),
        override_reasons={
            entry["code"]: OverrideReason(
                entry["code"], entry["display"], tuple(entry["standard"]) if "standard" in entry else None
            )
            for entry in data["override_reasons"]
        },
    )


def _suggestion(entry: Mapping[str, Any]) -> SuggestionText:
    return SuggestionText(
        label=entry["label"],
        actions=tuple(entry["actions"]),
        only=entry.get("only", ""),
        when=tuple(entry.get("when", ())),
        unless=tuple(entry.get("unless", ())),
        recommended=entry.get("recommended", False),
    )
