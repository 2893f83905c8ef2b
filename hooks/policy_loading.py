"""The policy read from the four parsed data files, and checked whole.

What may live here: reading and cross-references. The types stand in `policy`; the files are read by the caller.
"""

from __future__ import annotations

import string
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from hooks.card import Indicator
from hooks.cards import DRUG_PLACEHOLDERS, DRUG_WHY, FACTOR_PLACEHOLDERS, STATUS_PLACEHOLDERS, STATUS_WHY
from hooks.policy import CardText, DrugClass, DrugRule, Policy, Role
from hooks.situations import SITUATIONS
from hooks.thresholds import PolicyError, load_thresholds
from hooks.wording import Wording, load_wording


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
    problems = [*_rule_problems(drug_rules), *_class_problems(drug_rules, status_cards)]
    drug_names = _Names(set(DRUG_PLACEHOLDERS), set(DRUG_WHY))
    status_names = _Names(set(STATUS_PLACEHOLDERS), set(STATUS_WHY))
    problems += _text_problems("drug_rules.toml", drug_rules.get("texts", {}), drug_names, words)
    problems += _text_problems("status_cards.toml", status_cards.get("texts", {}), status_names, words)
    problems += [
        f"status_cards.toml: [texts.{topic}] is missing"
        for topic in STATUS_TEXTS
        if topic not in status_cards.get("texts", {})
    ]
    problems += [f"status_cards.toml: [phrases] lacks {name}" for name in PHRASES if not _phrase(status_cards, name)]
    problems += [
        f"wording.toml: [suggestions.{name}] there is no situation {situation}"
        for name, text in words.suggestions.items()
        for situation in (*text.when, *text.unless)
        if situation not in SITUATIONS
    ]
    own = {entry.get("phrase", ""): {"drugs"} for entry in drug_rules.get("classes", {}).values()}
    problems += _short_text_problems(status_cards.get("phrases", {}), {**own, **PHRASES}, words)
    if problems:
        raise PolicyError("\n".join(problems))
    rules: dict[str, tuple[DrugRule, ...]] = {}
    for row in drug_rules["rules"]:
        rules[row["drug_class"]] = (*rules.get(row["drug_class"], ()), _rule(row))
    classes = {name: _drug_class(entry) for name, entry in drug_rules["classes"].items()}
    texts, phrases = _texts(status_cards), dict(status_cards["phrases"])
    return Policy(history, classes, rules, _texts(drug_rules), texts, phrases, words)


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


PHRASES: Mapping[str, set[str]] = {
    "thiosulfate_active": {"drug"},
    "thiosulfate_absent": set(),
    "vka_active": {"drug", "indication"},
    "vka_valve": {"drug", "indication"},
    "vka_absent": set(),
    "insulin": set(),
    "induration_alone": set(),
    "unspecific_code": set(),
    "texture": set(),
    "provisional": {"verification"},
    "vka_valve_unread": {"drug", "indication"},
    "thiosulfate_off_dialysis": set(),
    "offending_vka": {"drugs"},
    "offending_vka_valve": {"drugs"},
    "offending_calcium": {"drugs"},
    "offending_calcium_needed": {"drugs"},
    "offending_vitamin_d": {"drugs"},
    "offending_vitamin_d_needed": {"drugs"},
    "vka_advice": set(),
    "vka_advice_valve": set(),
}
"""The half-sentences that `status_facts` uses, with the placeholders of each."""


def _phrase(status_cards: Mapping[str, Any], name: str) -> object:
    return status_cards.get("phrases", {}).get(name)


def _drug_class(entry: Mapping[str, Any]) -> DrugClass:
    return DrugClass(**{**entry, "role": Role(entry.get("role", Role.NEUTRAL))})


def _class_problems(drug_rules: Mapping[str, Any], status_cards: Mapping[str, Any]) -> Iterator[str]:
    classes = drug_rules.get("classes", {})
    for name, entry in classes.items():
        where = f"drug_rules.toml: [classes.{name}]"
        if not entry.get("name"):
            yield f"{where} lacks name"
        yield from (f"{where}: there is no key {key}" for key in entry if key not in _CLASS_KEYS)
        if entry.get("role", Role.NEUTRAL) not in set(Role):
            yield f"{where}: role is feeding, helping or neutral"
        is_feeding = entry.get("role") == Role.FEEDING
        if is_feeding and entry.get("phrase") not in {*PHRASES, *status_cards.get("phrases", {})}:
            yield f"{where}: its phrase is missing in [phrases] of status_cards.toml"
        if not is_feeding and ("phrase" in entry or "in_summary" in entry):
            yield f"{where}: phrase and in_summary are for feeding classes"
    for number, row in enumerate(drug_rules.get("rules", ()), 1):
        if row.get("drug_class") not in classes:
            yield f"drug_rules.toml: rule {number}: [classes] lacks {row.get('drug_class')}"


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


_CLASS_KEYS = {field.name for field in fields(DrugClass)}
_RULE_KEYS = {"source", *(field.name for field in fields(DrugRule))}
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
        yield from (f"{where}: there is no key {name}" for name in row if name not in _RULE_KEYS)
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
        yield from (f"{where}: there is no key {key}" for key in entry if key not in ("title", "summary", *_LISTS))
        for key, allowed in known.items():
            unknown = [item for item in entry.get(key, ()) if item not in allowed]
            yield from (f"{where}: {key} names the unknown {item}" for item in unknown)
        lines = [entry.get("summary", ""), *(line for key in ("lead", "do", "evidence") for line in entry.get(key, ()))]
        yield from (f"{where}: {problem}" for problem in _placeholder_problems(lines, names.placeholders))


def _short_text_problems(phrases: Mapping[str, str], known_in: Mapping[str, set[str]], words: Wording) -> Iterator[str]:
    """Unknown placeholders in half-sentences, labels and factors; a label names its {drug} where it removes one."""
    texts = [
        *((f"status_cards.toml: [phrases] {name}", text, known_in.get(name, set())) for name, text in phrases.items()),
        *((f"wording.toml: [factors] {name}", text, FACTOR_PLACEHOLDERS) for name, text in words.factors.items()),
        *(
            (f"wording.toml: [suggestions.{name}]", entry.label, {"drug"} if "remove" in entry.actions else set())
            for name, entry in words.suggestions.items()
        ),
    ]
    for where, text, known in texts:
        yield from (f"{where}: {problem}" for problem in _placeholder_problems([text], known))


def _placeholder_problems(lines: Iterable[str], known: Collection[str]) -> Iterator[str]:
    for line in lines:
        try:
            names = [field for _, field, _, _ in string.Formatter().parse(line) if field is not None]
        except ValueError as error:
            yield f"“{line[:40]}” {error}"
            continue
        yield from (f"there is no placeholder {{{name}}}" for name in names if name not in known)
