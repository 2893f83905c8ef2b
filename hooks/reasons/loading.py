"""The reasons read from the parsed `reasons.toml` and the policy in force, so that page and card always agree.

What may live here: bringing a topic together from the clinicians' data files. The checks of the file stand in
`checks.py`, those of its sources in `sources.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hooks.card import Indicator
from hooks.offending_drugs import Moment, indicator_at
from hooks.policy import CardText, DrugRule, Policy
from hooks.reasons.checks import HOOKS, problems, threshold_keys
from hooks.reasons.numbers import Number, load_numbers
from hooks.reasons.reasons import Claim, Reasons, Reference, Row, Section, Topic, Version
from hooks.reasons.sources import source_problems
from hooks.thresholds import PolicyError

_MOMENTS = dict(zip(HOOKS, Moment, strict=True))


def load_reasons(
    data: Mapping[str, Any], thresholds: Mapping[str, Any], drug_rules: Mapping[str, Any], policy: Policy
) -> Reasons:
    """The reasons of the parsed `reasons.toml`, checked against the policy and the two parsed files that made it.

    The shapes of all three have been checked.

    Raises:
        PolicyError: with one line per problem.
    """
    numbers = load_numbers(thresholds, data["units"])
    found = [*problems(data, numbers, policy), *source_problems(data, policy)]
    if found:
        raise PolicyError("\n".join(found))
    return _Reader(data, drug_rules, policy, numbers).reasons()


@dataclass(frozen=True, slots=True)
class _Reader:
    """The checked data that become `Reasons`."""

    data: Mapping[str, Any]
    drug_rules: Mapping[str, Any]
    policy: Policy
    numbers: Mapping[str, Number]

    def reasons(self) -> Reasons:
        about = self.data["about"]
        situations = {name: entry["says"] for name, entry in self.data["situations"].items()}
        return Reasons(
            groups=dict(self.data["groups"]),
            drug_classes={key: drug_class.described for key, drug_class in self.policy.drug_classes.items()},
            slots=dict(self.data["slots"]),
            concepts=dict(self.data["concepts"]),
            situations=situations,
            questions={**self.data["questions"], **situations},
            topics={code: self._topic(code, entry) for code, entry in self.data["topics"].items()},
            numbers=self.numbers,
            limits=self._limits(self.data["common"]["limits"]),
            about=tuple(Section(entry["title"], tuple(entry["says"])) for entry in about["sections"]),
            about_numbers=self._in_order(about["thresholds"]),
            history=_versions(about),
        )

    def _topic(self, code: str, entry: Mapping[str, Any]) -> Topic:
        situations = [name for rule in self._rules(code) for name in (*rule.when, *rule.unless)]
        named = [self.data["situations"][name] for name in dict.fromkeys(situations)]
        names = [*entry.get("thresholds", ()), *(name for item in named for name in item.get("thresholds", ()))]
        see = [*entry.get("see", ()), *(name for item in named for name in item.get("see", ()))]
        return Topic(
            code=code,
            group=entry["group"],
            about=entry["about"],
            texts=self._texts(code, entry),
            rows=(*self._status_rows(entry), *self._drug_rows(code)),
            numbers=self._in_order(names),
            evidence=self._claims(entry["evidence"]),
            against=self._claims(entry.get("against", ())),
            limits=self._limits(entry["limits"]),
            history=_versions(entry),
            see=tuple(name for name in dict.fromkeys(see) if name != code),
            tables=tuple(entry.get("tables", ())),
        )

    def _rules(self, code: str) -> list[DrugRule]:
        return [rule for rules in self.policy.rules.values() for rule in rules if rule.topic == code]

    def _texts(self, code: str, entry: Mapping[str, Any]) -> tuple[CardText, ...]:
        if "texts" in entry:
            return tuple(self.policy.status_texts[name] for name in entry["texts"])
        names = dict.fromkeys(rule.text for rule in self._rules(code))
        # The topic's own text first: the others are its exceptions.
        return tuple(self.policy.drug_texts[name] for name in sorted(names, key=lambda name: name != code))

    def _status_rows(self, entry: Mapping[str, Any]) -> Iterator[Row]:
        for row in entry.get("rows", ()):
            hooks = {hook: Indicator(row["indicator"]) for hook in row["hooks"]}
            yield Row(hooks, tuple(row["when"]), row["source"])

    def _drug_rows(self, code: str) -> Iterator[Row]:
        for drug_class, rules in self.policy.rules.items():
            sources = [row["source"] for row in self.drug_rules["rules"] if row["drug_class"] == drug_class]
            for place, rule in enumerate(rules):
                if rule.topic == code:
                    before = dict.fromkeys(_winning(rules, place))
                    yield Row(
                        hooks=_by_hook(rule),
                        when=self._words(rule.when),
                        source=sources[place],
                        unless=self._words(rule.unless),
                        drug_class=drug_class,
                        number=place + 1,
                        of=len(rules),
                        before=tuple(before),
                    )

    def _words(self, situations: Iterable[str]) -> tuple[str, ...]:
        return tuple(self.data["situations"][name]["says"] for name in situations)

    def _claims(self, names: Iterable[str]) -> tuple[Claim, ...]:
        entries = [self.data["evidence"][name] for name in names]
        return tuple(
            Claim(entry["says"], entry["strength"], tuple(map(self._reference, entry.get("cites", ()))))
            for entry in entries
        )

    def _reference(self, name: str) -> Reference:
        entry = self.data["references"][name]
        return Reference(entry["cites"], entry["read"], entry.get("url", ""), entry.get("identifier", ""))

    def _limits(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(self.data["limits"][name]["says"] for name in names)

    def _in_order(self, names: Iterable[str]) -> tuple[Number, ...]:
        """The numbers of these names and groups, in the order of `thresholds.toml`."""
        wanted = threshold_keys(names, self.data["threshold_groups"])
        return tuple(number for key, number in self.numbers.items() if key in wanted)


def _winning(rules: tuple[DrugRule, ...], place: int) -> Iterator[str]:
    """The topics of the rows that give their card instead of this one, whenever both hold."""
    row = rules[place]
    for number, other in enumerate(rules):
        above = number < place and (other.final or other.indicator.urgency >= row.indicator.urgency)
        more_urgent = number > place and not row.final and other.indicator.urgency > row.indicator.urgency
        if (above or more_urgent) and not (other.silent or other.beside) and other.topic != row.topic:
            yield other.topic


def _by_hook(rule: DrugRule) -> dict[str, Indicator]:
    shown = {hook: indicator_at(rule, moment) for hook, moment in _MOMENTS.items()}
    return {hook: indicator for hook, indicator in shown.items() if indicator is not None}


def _versions(entry: Mapping[str, Any]) -> tuple[Version, ...]:
    return tuple(Version(**version) for version in entry["history"])
