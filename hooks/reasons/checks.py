"""Is `reasons.toml` whole: does every topic have its reasons, and is every name in it known?

What may live here: one check per kind of mistake, each naming section and key.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from hooks.card import Indicator
from hooks.cards import DRUG_PLACEHOLDERS, STATUS_PLACEHOLDERS
from hooks.policy import Policy
from hooks.policy_loading import STATUS_TEXTS
from hooks.reasons.numbers import Numbers, placeholders
from hooks.situations import SITUATIONS

HOOKS = ("patient-view", "order-select", "order-sign")
"""In the order of `Moment`."""

TABLES = ("signs", "points")
"""What a topic may show beside its numbers: the skin signs, the risk points."""

_FILE = "reasons.toml"
_MONTH_OR_DAY = re.compile(r"\d{4}-\d{2}(-\d{2})?")
_REQUIRED = ("group", "about", "evidence", "limits", "history")
_OPTIONAL = ("texts", "rows", "tables", "thresholds", "see", "against")


def problems(data: Mapping[str, Any], numbers: Numbers, policy: Policy) -> Iterator[str]:
    """One line per mistake."""
    rules = {rule.topic for rules in policy.rules.values() for rule in rules}
    yield from _lacking("situations", data, SITUATIONS.keys())
    yield from _lacking("slots", data, (DRUG_PLACEHOLDERS.keys() | STATUS_PLACEHOLDERS.keys()) - set(numbers))
    yield from _topic_names(data, rules)
    yield from _group_problems(data["threshold_groups"], numbers)
    for code, entry in data["topics"].items():
        yield from _topic_problems(f"[topics.{code}]", entry, data, numbers)
        yield from _history_problems(f"[topics.{code}]", entry)
    for name, entry in data["situations"].items():
        yield from _named(f"[situations.{name}]", entry, data, numbers)
    for name, claim in data["evidence"].items():
        yield from _unknown(f"[evidence.{name}] cites", claim.get("cites", ()), data["references"])
        yield from _empty(f"[evidence.{name}]", claim, ("says", "strength"))
    for name, reference in data["references"].items():
        yield from _empty(f"[references.{name}]", reference, ("cites", "url", "read"))
    yield from _unknown("[common] limits", data["common"]["limits"], data["limits"])
    yield from _named("[about]", data["about"], data, numbers)
    yield from _history_problems("[about]", data["about"])
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


def _lacking(section: str, data: Mapping[str, Any], names: Collection[str]) -> Iterator[str]:
    for name in sorted(set(data[section]) ^ set(names)):
        yield f"{_FILE}: [{section}] lacks or misnames {name}"


def _unknown(where: str, names: Iterable[str], known: Collection[str]) -> Iterator[str]:
    yield from (f"{_FILE}: {where} names the unknown {name}" for name in names if name not in known)


def _empty(where: str, entry: Mapping[str, Any], keys: Iterable[str]) -> Iterator[str]:
    yield from (f"{_FILE}: {where} lacks {key}" for key in keys if not entry.get(key))


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
        is_status = bool(entry.get("texts")) and bool(entry.get("rows"))
        if is_status is (code in rules):
            yield f"{_FILE}: [topics.{code}] needs either a drug rule or texts and rows"


def _topic_problems(where: str, entry: Mapping[str, Any], data: Mapping[str, Any], numbers: Numbers) -> Iterator[str]:
    yield from _empty(where, entry, _REQUIRED)
    yield from (f"{_FILE}: {where} there is no key {key}" for key in entry if key not in (*_REQUIRED, *_OPTIONAL))
    yield from _unknown(f"{where} group", [entry.get("group", "")], data["groups"])
    for key in ("evidence", "against"):
        yield from _unknown(f"{where} {key}", entry.get(key, ()), data["evidence"])
    yield from _unknown(f"{where} limits", entry.get("limits", ()), data["limits"])
    yield from _unknown(f"{where} tables", entry.get("tables", ()), TABLES)
    yield from _named(where, entry, data, numbers)
    for row in entry.get("rows", ()):
        yield from _empty(f"{where} rows", row, ("when", "source", "hooks"))
        yield from _unknown(f"{where} rows", row.get("hooks", ()), HOOKS)
        yield from _unknown(f"{where} rows", [row.get("indicator", "")], set(Indicator))


def _named(where: str, entry: Mapping[str, Any], data: Mapping[str, Any], numbers: Numbers) -> Iterator[str]:
    """The thresholds and topics that a section leads to."""
    yield from _unknown(f"{where} thresholds", entry.get("thresholds", ()), {*numbers, *data["threshold_groups"]})
    yield from _unknown(f"{where} see", entry.get("see", ()), data["topics"])


def _history_problems(where: str, entry: Mapping[str, Any]) -> Iterator[str]:
    for version in entry.get("history", ()):
        if not _MONTH_OR_DAY.fullmatch(version.get("on", "")) or not version.get("what"):
            yield f"{_FILE}: {where} history: a version has `on` (2026-11 or 2026-11-22) and `what`"


def _placeholder_problems(data: Mapping[str, Any], numbers: Numbers) -> Iterator[str]:
    for where, text in _sentences(data):
        yield from (
            f"{_FILE}: {where} there is no threshold {{{name}}}" for name in placeholders(text) if name not in numbers
        )


def _sentences(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for section in ("situations", "evidence", "limits"):
        yield from ((f"[{section}.{name}]", entry["says"]) for name, entry in data[section].items())
    for code, entry in data["topics"].items():
        yield from ((f"[topics.{code}] rows", text) for row in entry.get("rows", ()) for text in row.get("when", ()))
    yield from (("[about]", text) for section in data["about"]["sections"] for text in section["says"])
