"""Is `reasons.toml` whole: does every topic have its reasons, and is every name in it known?

What may live here: one check per kind of mistake that no JSON Schema can see, each naming section and key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from hooks.cards import DRUG_PLACEHOLDERS, STATUS_PLACEHOLDERS
from hooks.name_checks import name_problems, unknown_names
from hooks.policy import Policy
from hooks.policy_loading import STATUS_TEXTS
from hooks.reasons.numbers import Numbers, placeholders
from hooks.situations import FURTHER, SITUATIONS

HOOKS = ("patient-view", "order-select", "order-sign")
"""In the order of `Moment`."""

_FILE = "reasons.toml"


def problems(data: Mapping[str, Any], numbers: Numbers, policy: Policy) -> Iterator[str]:
    """One line per name that leads nowhere or is missing; the shape of the file has been checked."""
    rules = {rule.topic for rules in policy.rules.values() for rule in rules if not rule.silent}
    expected: Mapping[str, Collection[str]] = {
        "situations": SITUATIONS.keys(),
        "questions": FURTHER,
        "slots": (DRUG_PLACEHOLDERS.keys() | STATUS_PLACEHOLDERS.keys()) - set(numbers),
    }
    for section, names in expected.items():
        yield from name_problems(f"{_FILE}: [{section}]", data[section], names)
    yield from _topic_names(data, rules)
    yield from _group_problems(data["threshold_groups"], numbers)
    for code, entry in data["topics"].items():
        yield from _topic_problems(f"[topics.{code}]", entry, data)
        yield from _named(f"[topics.{code}]", entry, data, numbers)
    for name, entry in data["situations"].items():
        yield from _named(f"[situations.{name}]", entry, data, numbers)
    for name, claim in data["evidence"].items():
        yield from _unknown(f"[evidence.{name}] cites", claim.get("cites", ()), data["references"])
    yield from _unknown("[common] limits", data["common"]["limits"], data["limits"])
    yield from _named("[about]", data["about"], data, numbers)
    yield from _placeholder_problems(data, numbers)


def threshold_keys(names: Iterable[str], groups: Mapping[str, Iterable[str]]) -> set[str]:
    """The keys of `thresholds.toml` that these names stand for; a group may name groups above it."""
    keys: set[str] = set()
    for name in names:
        keys |= threshold_keys(groups[name], groups) if name in groups else {name}
    return keys


def _group_problems(groups: Mapping[str, Iterable[str]], numbers: Numbers) -> Iterator[str]:
    known = set(numbers)
    for name, group in groups.items():
        yield from _unknown(f"[threshold_groups] {name}", group, known)
        known.add(name)


def _unknown(where: str, names: Iterable[str], known: Collection[str]) -> Iterator[str]:
    return unknown_names(f"{_FILE}: {where}", names, known)


def _topic_names(data: Mapping[str, Any], rules: set[str]) -> Iterator[str]:
    """Each topic of a drug rule has its section, and each status text belongs to one topic."""
    topics = data["topics"]
    yield from (f"{_FILE}: [topics.{code}] is missing" for code in sorted(rules - topics.keys()))
    owned = Counter(text for entry in topics.values() for text in entry.get("texts", ()))
    for text in STATUS_TEXTS:
        if owned[text] != 1:
            yield f"{_FILE}: [topics] name the text {text} {owned[text]} times, not once"
    yield from _unknown("[topics] texts", owned, STATUS_TEXTS)
    for code, entry in topics.items():
        is_status = "texts" in entry and "rows" in entry
        if is_status is (code in rules):
            yield f"{_FILE}: [topics.{code}] needs either a drug rule or texts and rows"


def _topic_problems(where: str, entry: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[str]:
    yield from _unknown(f"{where} group", [entry["group"]], data["groups"])
    for key in ("evidence", "against"):
        yield from _unknown(f"{where} {key}", entry.get(key, ()), data["evidence"])
    yield from _unknown(f"{where} limits", entry["limits"], data["limits"])


def _named(where: str, entry: Mapping[str, Any], data: Mapping[str, Any], numbers: Numbers) -> Iterator[str]:
    """The thresholds and topics that a section leads to."""
    yield from _unknown(f"{where} thresholds", entry.get("thresholds", ()), {*numbers, *data["threshold_groups"]})
    yield from _unknown(f"{where} see", entry.get("see", ()), data["topics"])


def _placeholder_problems(data: Mapping[str, Any], numbers: Numbers) -> Iterator[str]:
    for where, text in _sentences(data):
        yield from (
            f"{_FILE}: {where} there is no threshold {{{name}}}" for name in placeholders(text) if name not in numbers
        )


def _sentences(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for section in ("situations", "evidence", "limits"):
        yield from ((f"[{section}.{name}]", entry["says"]) for name, entry in data[section].items())
    yield from ((f"[questions] {name}", text) for name, text in data["questions"].items())
    for code, entry in data["topics"].items():
        yield from ((f"[topics.{code}] rows", text) for row in entry.get("rows", ()) for text in row["when"])
    yield from (("[about]", text) for section in data["about"]["sections"] for text in section["says"])
