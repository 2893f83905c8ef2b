"""Names, decimals and sentences that all cards share, read from the parsed `wording.toml`.

What may live here: types, and whether the names in the file fit. The words themselves stand in the TOML file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hooks.card import OverrideReason
from hooks.chart import Analyte
from hooks.name_checks import name_problems, unknown_names
from hooks.skin_signs import LEVELS
from hooks.thresholds import FACTORS


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


def wording_problems(data: Mapping[str, Any]) -> Iterator[str]:
    """What no schema can check: everything that the rules name has its words, and names lead somewhere."""
    analytes = {analyte.value for analyte in Analyte}
    expected: Mapping[str, Collection[str]] = {
        "analytes": analytes,
        "signs": LEVELS,
        "signs_short": LEVELS,
        "factors": FACTORS,
        "factors_short": FACTORS,
    }
    for section, names in expected.items():
        yield from name_problems(f"wording.toml: [{section}]", data[section], names)
    for name, need in data["needs"].items():
        yield from unknown_names(f"wording.toml: [needs.{name}] analytes", need["analytes"], analytes)
    actions = {"remove", *data["actions"]}
    for name, entry in data["suggestions"].items():
        yield from unknown_names(f"wording.toml: [suggestions.{name}] actions", entry["actions"], actions)
    codes = Counter(entry["code"] for entry in data["override_reasons"])
    yield from (f"wording.toml: override_reasons: {code} stands {n} times" for code, n in codes.items() if n > 1)


def read_wording(data: Mapping[str, Any]) -> Wording:
    """The wording of the parsed `wording.toml`, which has no problems."""
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
