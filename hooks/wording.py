"""Names, decimals and sentences that all cards share, read from the parsed `wording.toml`.

What may live here: types, and whether the names in the file fit. The words themselves stand in the TOML file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hooks.anticoagulation import STANDARD_WITH
from hooks.card import OverrideReason
from hooks.chart import CALCIUM, Analyte, Source
from hooks.name_checks import name_problems, unknown_names
from hooks.skin_signs import LEVELS
from hooks.suggestion_texts import (
    Alternative,
    SuggestionText,
    read_alternatives,
    read_suggestions,
    suggestion_problems,
)
from hooks.thresholds import FACTORS

HISTORY = tuple(source for source in Source if source is not Source.ORDER)
"""The sources that are no order; each has its words."""


@dataclass(frozen=True, slots=True)
class ResultStyle:
    """How an analyte is shown; `peritoneal_unit` stands in place of the unit on peritoneal dialysis only."""

    name: str
    unit: str
    decimals: int
    peritoneal_unit: str = ""


@dataclass(frozen=True, slots=True)
class Need:
    """A result that a card lists when it is missing: any of the analytes serves."""

    name: str
    analytes: tuple[Analyte, ...]

    @property
    def named(self) -> tuple[Analyte, ...]:
        """The analytes that its name means: a corrected calcium stands in for an albumin and is none."""
        others = tuple(analyte for analyte in self.analytes if analyte not in CALCIUM)
        return others or self.analytes


@dataclass(frozen=True, slots=True)
class Indication:
    """A reason for anticoagulation in plain words; `standard` where a vitamin K antagonist is the standard drug."""

    concept: str
    name: str
    standard: bool = False


@dataclass(frozen=True, slots=True)
class FromHistory:
    """What is said beside a drug that no prescription names: without its day, and with it ({when})."""

    says: str
    since: str


@dataclass(frozen=True, slots=True)
class Wording:
    """Everything shared."""

    footer: str
    analytes: Mapping[Analyte, ResultStyle]
    needs: Mapping[str, Need]
    indications: Mapping[str, Indication]
    signs: Mapping[str, str]
    signs_short: Mapping[str, str]
    findings: Mapping[str, str]
    low_calcium: Mapping[str, str]
    factors: Mapping[str, str]
    factors_short: Mapping[str, str]
    suggestions: Mapping[str, SuggestionText]
    alternatives: Mapping[str, Alternative]
    added_here: str
    listed_already: str
    no_address: str
    from_history: Mapping[Source, FromHistory]
    history_mark: str
    not_removed: str
    actions: Mapping[str, str]
    override_reasons: Mapping[str, OverrideReason]

    def of_the_clinic(self, sentences: Iterable[str]) -> Iterator[str]:
        """Sentences that a clinic adds to a card, each told as its own."""
        return (self.added_here.format(sentence=one) for one in sentences)


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
    standard = {name for name, entry in data["indications"].items() if entry.get("standard")}
    yield from name_problems("wording.toml: [indications] with standard = true", standard, STANDARD_WITH)
    yield from suggestion_problems(data)
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
        indications={name: Indication(name, **entry) for name, entry in data["indications"].items()},
        signs=dict(data["signs"]),
        signs_short=dict(data["signs_short"]),
        findings=dict(data["findings"]),
        low_calcium=dict(data["low_calcium"]),
        factors=dict(data["factors"]),
        factors_short=dict(data["factors_short"]),
        suggestions=read_suggestions(data),
        alternatives=read_alternatives(data),
        added_here=data["added_here"],
        listed_already=data["listed_already"],
        no_address=data["no_address"],
        from_history={source: FromHistory(**data["medication_history"][source]) for source in HISTORY},
        history_mark=data["medication_history"]["mark"],
        not_removed=data["medication_history"]["not_removed"],
        actions=dict(data["actions"]),
        override_reasons={
            entry["code"]: OverrideReason(
                entry["code"], entry["display"], tuple(entry["standard"]) if "standard" in entry else None
            )
            for entry in data["override_reasons"]
        },
    )
