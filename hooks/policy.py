"""The policy in force: thresholds, drug rules and wording, read from parsed TOML and checked whole.

What may live here: types and checks. A process holds one frozen policy and swaps it as a whole.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from hooks.card import Indicator
from hooks.drug_facts import PLACEHOLDERS, WHY
from hooks.situations import SITUATIONS
from hooks.status_facts import STATUS_PLACEHOLDERS, STATUS_WHY
from hooks.thresholds import PolicyError, ThresholdHistory, Thresholds, load_thresholds
from hooks.wording import Wording, load_wording


@dataclass(frozen=True, slots=True)
class DrugRule:
    """One row of `drug_rules.toml`."""

    drug_class: str
    topic: str
    text: str
    indicator: Indicator
    when: tuple[str, ...]
    unless: tuple[str, ...] = ()
    at_patient_view: Indicator | None = None
    keep_at_order_sign: bool = False


@dataclass(frozen=True, slots=True)
class CardText:
    """What a card of a topic says; `why` and `needs` are names of facts and results."""

    title: str
    summary: str
    lead: tuple[str, ...]
    do: tuple[str, ...]
    evidence: tuple[str, ...]
    why: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    suggest: tuple[str, ...] = ()
    override: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that clinicians own, in the form in which the rules use it."""

    history: ThresholdHistory
    rules: Mapping[str, tuple[DrugRule, ...]]
    drug_texts: Mapping[str, CardText]
    status_texts: Mapping[str, CardText]
    status_phrases: Mapping[str, str]
    wording: Wording

    def thresholds(self, on: date) -> Thresholds:
        """The thresholds in force on a day."""
        return self.history.on(on)


def load_policy(
    thresholds: Mapping[str, Any],
    drug_rules: Mapping[str, Any],
    status_cards: Mapping[str, Any],
    wording: Mapping[str, Any],
) -> Policy:
    """A policy from the four parsed data files.

    Raises:
        PolicyError: with one line per problem, naming file and key.
    """
    history, words = load_thresholds(thresholds), load_wording(wording)
    problems = [*_rule_problems(drug_rules)]
    drug_names = _Names(set(PLACEHOLDERS), set(WHY))
    status_names = _Names(set(STATUS_PLACEHOLDERS), set(STATUS_WHY))
    problems += _text_problems("drug_rules.toml", drug_rules.get("texts", {}), drug_names, words)
    problems += _text_problems("status_cards.toml", status_cards.get("texts", {}), status_names, words)
    problems += [
        f"status_cards.toml: [texts.{topic}] is missing"
        for topic in STATUS_TEXTS
        if topic not in status_cards.get("texts", {})
    ]
    problems += [f"status_cards.toml: [phrases] lacks {name}" for name in PHRASES if not _phrase(status_cards, name)]
    if problems:
        raise PolicyError("\n".join(problems))
    rules: dict[str, tuple[DrugRule, ...]] = {}
    for row in drug_rules["rules"]:
        rules[row["drug_class"]] = (*rules.get(row["drug_class"], ()), _rule(row))
    return Policy(history, rules, _texts(drug_rules), _texts(status_cards), dict(status_cards["phrases"]), words)


@dataclass(frozen=True, slots=True)
class _Names:
    """The placeholders and facts that a file may use."""

    placeholders: set[str]
    why: set[str]


STATUS_TEXTS = (
    "cua-confirmed",
    "cua-confirmed-off-dialysis",
    "cua-suspected",
    "cua-possible",
    "cua-risk-high",
    "cua-risk-elevated",
    "cua-sepsis",
    "cua-data-gap",
    "order-data-gap",
)
"""The texts that `calciphylaxis_status`, `sepsis_watch` and `patient_view` raise."""


PHRASES = (
    "thiosulfate_active",
    "thiosulfate_absent",
    "vka_active",
    "vka_valve",
    "vka_absent",
    "insulin",
    "induration_alone",
    "unspecific_code",
    "texture",
    "provisional",
    "offending",
)
"""The half-sentences that `status_facts` uses."""


def _phrase(status_cards: Mapping[str, Any], name: str) -> object:
    return status_cards.get("phrases", {}).get(name)


def _rule(row: Mapping[str, Any]) -> DrugRule:
    lowered = row.get("at_patient_view")
    return DrugRule(
        drug_class=row["drug_class"],
        topic=row["topic"],
        text=row.get("text", row["topic"]),
        indicator=Indicator(row["indicator"]),
        when=tuple(row.get("when", ())),
        unless=tuple(row.get("unless", ())),
        at_patient_view=Indicator(lowered) if lowered else None,
        keep_at_order_sign=row.get("keep_at_order_sign", False),
    )


_LISTS = ("lead", "do", "evidence", "why", "needs", "suggest", "override")


def _texts(data: Mapping[str, Any]) -> dict[str, CardText]:
    return {
        name: CardText(entry["title"], entry["summary"], **{key: tuple(entry.get(key, ())) for key in _LISTS})
        for name, entry in data["texts"].items()
    }


def _rule_problems(data: Mapping[str, Any]) -> Iterator[str]:
    texts = data.get("texts", {})
    if not data.get("rules"):
        yield "drug_rules.toml: there are no rules"
    for number, row in enumerate(data.get("rules", ()), 1):
        where = f"drug_rules.toml: rule {number} ({row.get('drug_class')}, {row.get('topic')})"
        for name in ("drug_class", "topic", "indicator", "source"):
            if not row.get(name):
                yield f"{where} lacks {name}"
        for name in ("indicator", "at_patient_view"):
            if row.get(name, "info") not in set(Indicator):
                yield f"{where}: {name} is info, warning or critical"
        for name in (*row.get("when", ()), *row.get("unless", ())):
            if name not in SITUATIONS:
                yield f"{where}: there is no situation {name}"
        if row.get("text", row.get("topic")) not in texts:
            yield f"{where}: there is no text for it"


def _text_problems(file: str, texts: Mapping[str, Mapping[str, Any]], names: _Names, words: Wording) -> Iterator[str]:
    known = {
        "why": names.why,
        "needs": set(words.needs),
        "suggest": set(words.suggestions),
        "override": set(words.override_reasons),
    }
    for name, entry in texts.items():
        where = f"{file}: [texts.{name}]"
        for key in ("title", "summary", "lead", "evidence"):
            if not entry.get(key):
                yield f"{where} lacks {key}"
        for key, allowed in known.items():
            unknown = [item for item in entry.get(key, ()) if item not in allowed]
            yield from (f"{where}: {key} names the unknown {item}" for item in unknown)
        lines = [entry.get("summary", ""), *(line for key in ("lead", "do", "evidence") for line in entry.get(key, ()))]
        yield from (f"{where}: {problem}" for problem in _placeholder_problems(lines, names.placeholders))


def _placeholder_problems(lines: Iterable[str], known: set[str]) -> Iterator[str]:
    for line in lines:
        try:
            fields = [field for _, field, _, _ in string.Formatter().parse(line) if field is not None]
        except ValueError as error:
            yield f"“{line[:40]}” {error}"
            continue
        yield from (f"there is no placeholder {{{field}}}" for field in fields if field not in known)
