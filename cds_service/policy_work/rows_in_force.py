"""Every number and rule in force on a day, with its unit, the day from which it holds, and its source.

What may live here: rows for people who want to see all of them at once. The pages at /reasons explain them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from cds_service.knowledge import InForce
from cds_service.stories import HOOKS
from hooks.card import Indicator
from hooks.offending_drugs import Moment, indicator_at
from hooks.policy import DrugRule
from hooks.reasons import Number, filled

_MOMENTS = dict(zip(HOOKS, Moment, strict=True))
SILENT = "silent"
"""In place of an indicator: this row gives no card, and ends or passes over what stands below it."""


@dataclass(frozen=True, slots=True)
class NumberRow:
    """A threshold in force; `later` are values that begin after the day, in words."""

    key: str
    says: str
    value: str
    since: date
    source: str
    later: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DrugRow:
    """A row of `drug_rules.toml`: its place in its class, and what it gives at each hook ("" for no card there)."""

    drug_class: str
    number: int
    topic: str
    when: tuple[str, ...]
    unless: tuple[str, ...]
    indicators: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class StatusRow:
    """A way to a status card: its conditions in words, and its indicator at each hook."""

    topic: str
    when: tuple[str, ...]
    indicators: tuple[tuple[str, str], ...]
    source: str


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything in force on a day."""

    on: date
    numbers: tuple[NumberRow, ...]
    drug_rules: tuple[DrugRow, ...]
    status_rules: tuple[StatusRow, ...]


def in_force(policy: InForce, on: date) -> Shown:
    """What holds on a day by these data files."""
    return Shown(
        on=on,
        numbers=tuple(_number_row(number, on) for number in policy.reasons.numbers.values()),
        drug_rules=tuple(_drug_rows(policy)),
        status_rules=tuple(_status_rows(policy, on)),
    )


def _number_row(number: Number, on: date) -> NumberRow:
    now = number.on(on)
    later = tuple(f"{value.shown} from {value.since} on" for value in number.others(on) if value.since > on)
    return NumberRow(number.key, number.says, now.shown, now.since, now.source, later)


def _drug_rows(policy: InForce) -> Iterator[DrugRow]:
    written = policy.files.data("drug_rules")["rules"]
    for drug_class, rules in policy.knowledge.policy.rules.items():
        sources = [row["source"] for row in written if row["drug_class"] == drug_class]
        for place, (rule, source) in enumerate(zip(rules, sources, strict=True), start=1):
            yield DrugRow(
                drug_class=drug_class,
                number=place,
                topic=rule.topic,
                when=rule.when,
                unless=rule.unless,
                indicators=_by_hook(rule),
                notes=tuple(name for name in ("final", "beside") if getattr(rule, name)),
                source=source,
            )


def _by_hook(rule: DrugRule) -> tuple[tuple[str, str], ...]:
    said = {hook: SILENT if rule.silent else _said(indicator_at(rule, moment)) for hook, moment in _MOMENTS.items()}
    return tuple(said.items())


def _said(indicator: Indicator | None) -> str:
    return indicator.value if indicator else ""


def _status_rows(policy: InForce, on: date) -> Iterator[StatusRow]:
    for topic in policy.reasons.topics.values():
        for row in topic.rows:
            if not row.drug_class:
                hooks = tuple((hook, indicator.value) for hook, indicator in row.hooks.items())
                when = tuple(filled(sentence, policy.reasons.numbers, on) for sentence in row.when)
                yield StatusRow(topic.code, when, hooks, row.source)
