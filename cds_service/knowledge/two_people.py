"""What of a site policy takes two people, and whether two answer for all of it.

What may live here: what can take a critical card away (topics, hooks, services, shadow mode, numbers, codes), and the
check of [critical_off] against it. That block is no standing permit: it names what the two people answer for.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cds_service.knowledge.critical_cards import HOOK_OF, critical_topics, critical_where
from cds_service.knowledge.critical_codes import codes_for_two
from cds_service.knowledge.critical_numbers import numbers_for_two
from cds_service.knowledge.people import SO_IT_IS_TWO, are_two, is_whole
from hooks.card import Indicator
from hooks.policy import Policy

_CAN_BE = "it can be critical"
_FEWER = "fewer patients would get their critical card"
_BY_A_CODE = "by such a code a critical card could go, or what it warns of"
_SHORTEST_REASON = 10
_WORD = re.compile(r"[^\W\d_]{2}")


class Need(NamedTuple):
    """Something that two people have to answer for: its name for `covers`, its place in the file, and why."""

    name: str
    where: str
    why: str


Critical = Mapping[str, Collection[str]]
"""For each hook the topics whose card can be critical."""


def needs(document: Mapping[str, Any], policy: Policy) -> Iterator[Need]:
    """Everything in this site policy that takes two people."""
    critical = critical_topics(policy)
    for found in (_off(document, critical), _less_urgent(document, critical), _in_shadow(document, critical)):
        yield from (Need(name, where, _CAN_BE) for name, where in found)
    yield from (Need(name, where, _FEWER) for name, where in numbers_for_two(document))
    yield from (Need(name, where, _BY_A_CODE) for name, where in codes_for_two(document))


def answer_problems(document: Mapping[str, Any], policy: Policy, *, whole: bool = True) -> Iterator[str]:
    """What nobody answers for, and what is wrong with who does.

    Of a document that is not `whole` nobody can say that something is named for nothing.
    """
    needed = list(needs(document, policy))
    answered = document.get("critical_off")
    if answered is None:
        names = _quoted(one.name for one in needed)
        block = f'people = ["…", "…"] (two different people), covers = [{names}] and reason = "…"'
        for one in needed:
            yield f"{one.where}: {one.why}, so two people have to answer for it; write [critical_off] with {block}"
        return
    covers = answered.get("covers", ())
    for one in needed:
        if one.name not in covers:
            yield (
                f'{one.where}: {one.why}; write "{one.name}" into covers of [critical_off] if the two people answer '
                "for that, too"
            )
    if whole:
        yield from _for_nothing(covers, needed)
    yield from _not_two_people(answered)


def _for_nothing(covers: Collection[str], needed: Collection[Need]) -> Iterator[str]:
    names = {one.name for one in needed}
    for name in dict.fromkeys(covers):
        if name not in names:
            yield f"[critical_off] covers: nothing in this file takes two people for {name}; take it out"


def _off(document: Mapping[str, Any], critical: Critical) -> Iterator[tuple[str, str]]:
    for topic in _switched_off(document, "topics"):
        hooks = [hook for hook, topics in critical.items() if topic in topics]
        if hooks:
            yield topic, f"[topics.{topic}] on = false ({', '.join(hooks)})"
    for hook in _switched_off(document, "hooks"):
        if critical.get(hook):
            yield hook, f"[hooks.{hook}] on = false ({_listed(critical[hook])})"
    for service in _switched_off(document, "services"):
        topics = critical.get(HOOK_OF.get(service, ""))
        if topics:
            yield service, f"[services.{service}] on = false ({_listed(topics)})"


def _switched_off(document: Mapping[str, Any], section: str) -> list[str]:
    return [name for name, entry in document.get(section, {}).items() if not entry.get("on", True)]


def _less_urgent(document: Mapping[str, Any], critical: Critical) -> Iterator[tuple[str, str]]:
    for topic, entry in document.get("topics", {}).items():
        for hook, shown in entry.get("indicator", {}).items():
            if topic in critical.get(hook, ()) and shown != Indicator.CRITICAL:
                yield topic, f"[topics.{topic}.indicator] {hook} = {shown}"


def _in_shadow(document: Mapping[str, Any], critical: Critical) -> Iterator[tuple[str, str]]:
    """Shadow mode of a topic, hook or service switches it off by another name; that of a whole tenant is a pilot."""
    for number, entry in enumerate(document.get("shadow", ()), 1):
        narrows = [entry.get(key) for key in ("hook", "service", "topic")]
        topics = critical_where(critical, *narrows)
        key = next((key for key in ("topic", "service", "hook") if key in entry), None)
        if key and topics:
            which = "" if key == "topic" else f" ({_listed(topics)})"
            yield entry[key], f"[[shadow]] {number} {key} = {entry[key]}{which}"


def _not_two_people(answered: Mapping[str, Any]) -> Iterator[str]:
    people: Sequence[str] = answered.get("people", ())
    for name in people:
        if not is_whole(name):
            yield f"[critical_off] people: {name} needs first name and surname, such as Dr Ana Silva"
    if not are_two(people):
        yield (
            f"[critical_off] people: {' and '.join(people)} may be one person; two different people are needed: "
            f"write {SO_IT_IS_TWO}"
        )
    reason = " ".join(answered.get("reason", "").split())
    if len(reason) < _SHORTEST_REASON or not _WORD.search(reason):
        yield (
            f"[critical_off]: needs the reason, in {_SHORTEST_REASON} characters or more, which discovery and reports "
            'show: reason = "…"'
        )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in dict.fromkeys(names))
