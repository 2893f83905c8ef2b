"""What of a site policy switches cards off: read, and refused where it makes no sense or goes too far.

What may live here: from the parsed file, whose shape has been checked, to `Switches`, and what no schema can check.
What takes two people stands in `two_people`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from typing import Any

from cds_service.knowledge.critical_cards import HOOK_OF, MOMENTS, critical_topics, gap_topics, topics_of
from cds_service.knowledge.switches import CriticalOff, Shadow, Switches
from cds_service.knowledge.two_people import answer_problems
from fhir_mappings.data_files import DataFileError
from hooks.card import Indicator
from hooks.name_checks import unknown_names
from hooks.policy import Policy
from hooks.repeat_policy import RepeatPolicy

USERS = ("Practitioner", "PractitionerRole", "Patient", "RelatedPerson")
"""The types that CDS Hooks has for `context.userId`."""

_UNREAD = (
    "must stay on: this card tells what is missing or could not be read; without it, silence would look like no risk"
)
_HOURS = "_hours"
_ROLES = "EHRs send no role and no department with a call, only the type of the user: write users"


class SwitchError(DataFileError):
    """Something is switched that is not there, or that may not be switched so. A line for each problem."""


def read_switches(document: Mapping[str, Any], policy: Policy) -> Switches:
    """What this site policy switches, on top of this policy.

    Raises:
        SwitchError: with one line per problem, naming section and key, that says what to write instead.
    """
    problems = tuple(switch_problems(document, policy))
    if problems:
        raise SwitchError(problems)
    answered = document.get("critical_off")
    users = document.get("roles", {}).get("users")
    return Switches(
        topics=dict(_off(document, "topics")),
        hooks=dict(_off(document, "hooks")),
        services=dict(_off(document, "services")),
        indicators={(topic, hook): Indicator(shown) for topic, hook, shown in _indicators(document)},
        shadows=tuple(Shadow(**entry) for entry in document.get("shadow", ())),
        critical_off=_critical_off(answered) if answered else None,
        card_limit=document.get("card_limit"),
        repeat=_repeat(document.get("repeat", {})),
        users=None if users is None else frozenset(users),
        tell_of_gaps=gap_topics(policy),
        can_be_critical=frozenset().union(*critical_topics(policy).values()),
    )


def _repeat(entry: Mapping[str, Any]) -> RepeatPolicy:
    windows = {name.removesuffix(_HOURS): timedelta(hours=entry[name]) for name in entry if name.endswith(_HOURS)}
    return RepeatPolicy(**windows, reason=entry.get("reason", ""))


def _critical_off(answered: Mapping[str, Any]) -> CriticalOff:
    return CriticalOff(tuple(answered["people"]), answered["reason"], tuple(answered["covers"]))


def switch_problems(document: Mapping[str, Any], policy: Policy) -> Iterator[str]:
    """The problems of these sections that no schema can find."""
    yield from _unknown(document, topics_of(policy))
    yield from further_problems(document, policy)


def further_problems(document: Mapping[str, Any], policy: Policy, faulty: Collection[str] = ()) -> Iterator[str]:
    """The same without names that lead nowhere: for a file that has other faults, which tell those.

    `faulty` are the sections that are left out of this document, because of such faults.
    """
    yield from _without_reason(document)
    yield from _gaps_untold(document, gap_topics(policy))
    if "critical_off" not in faulty:
        yield from answer_problems(document, policy, whole=not faulty)
    yield from _roles(document.get("roles"))
    if document.get("card_limit", 1) < 1:
        yield "card_limit: must be 1 or more; a limit of 0 would be silence"


def _off(document: Mapping[str, Any], section: str) -> Iterator[tuple[str, str]]:
    """What is off in a section, and why."""
    for name, entry in document.get(section, {}).items():
        if not entry.get("on", True):
            yield name, entry.get("reason", "")


def _indicators(document: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for topic, entry in document.get("topics", {}).items():
        for hook, shown in entry.get("indicator", {}).items():
            yield topic, hook, shown


def _unknown(document: Mapping[str, Any], topics: Collection[str]) -> Iterator[str]:
    """Names of topics, hooks and services that are none."""
    known = {"topic": topics, "hook": MOMENTS, "service": HOOK_OF}
    for name, allowed in known.items():
        yield from unknown_names(f"[{name}s]", document.get(f"{name}s", ()), allowed)
    for topic, hook, shown in _indicators(document):
        where = f"[topics.{topic}.indicator]"
        yield from unknown_names(where, (hook,), MOMENTS)
        yield from unknown_names(f"{where} {hook}", (shown,), tuple(Indicator))
    for number, entry in enumerate(document.get("shadow", ()), 1):
        for name, allowed in known.items():
            if name in entry:
                yield from unknown_names(f"[[shadow]] {number}: {name}", (entry[name],), allowed)


def _without_reason(document: Mapping[str, Any]) -> Iterator[str]:
    for section in ("topics", "hooks", "services"):
        for name, reason in _off(document, section):
            if not reason.strip():
                yield f'[{section}.{name}]: on = false needs a reason, which discovery and reports show: reason = "…"'
    for number, entry in enumerate(document.get("shadow", ()), 1):
        if not entry["reason"].strip():
            yield f'[[shadow]] {number}: needs a reason, which discovery and reports show: reason = "pilot"'
        if entry.get("until", entry["since"]) < entry["since"]:
            yield f"[[shadow]] {number}: until ({entry['until']}) is before since ({entry['since']})"


def _gaps_untold(document: Mapping[str, Any], gaps: Collection[str]) -> Iterator[str]:
    for topic, _ in _off(document, "topics"):
        if topic in gaps:
            yield f"[topics.{topic}]: {_UNREAD}"
    for number, entry in enumerate(document.get("shadow", ()), 1):
        if entry.get("topic") in gaps:
            yield f"[[shadow]] {number}: {entry['topic']} {_UNREAD}"


def _roles(roles: Mapping[str, Any] | None) -> Iterator[str]:
    if roles is None:
        return
    yield from (f"[roles] {name}: {_ROLES}" for name in roles if name != "users")
    yield from unknown_names("[roles] users", roles.get("users", ()), USERS)
    if not roles.get("users"):
        yield f'[roles]: users names nobody; write users = ["{USERS[0]}"], or leave [roles] out: cards go to everybody'
