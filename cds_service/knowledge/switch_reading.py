"""What of a site policy switches cards off: read, and refused where it makes no sense or goes too far.

What may live here: from the parsed file, whose shape has been checked, to `Switches`, and what no schema can check. A
card that can be critical is switched off, or made less urgent, only where two people answer for it by name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from cds_service.knowledge.critical_cards import HOOK_OF, MOMENTS, critical_topics, gap_topics, topics_of
from cds_service.knowledge.critical_codes import codes_for_two
from cds_service.knowledge.critical_numbers import numbers_for_two
from cds_service.knowledge.people import are_two, is_whole
from cds_service.knowledge.switches import CriticalOff, Shadow, Switches
from fhir_mappings.data_files import DataFileError
from hooks.card import Indicator
from hooks.name_checks import unknown_names
from hooks.policy import Policy

USERS = ("Practitioner", "PractitionerRole", "Patient", "RelatedPerson")
"""The types that CDS Hooks has for `context.userId`."""

_TWO_PEOPLE = (
    'two people have to answer for it; write [critical_off] with people = ["…", "…"] (two different people) and '
    'reason = "…"'
)
_CAN_BE = "it can be critical"
_FEWER = "fewer patients would get their critical card"
_BY_A_CODE = "by such a code a critical card could go, or what it warns of"
_UNREAD = (
    "must stay on: this card tells what is missing or could not be read; without it, silence would look like no risk"
)
_SHORTEST_REASON = 10
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
        critical_off=CriticalOff(tuple(answered["people"]), answered["reason"]) if answered else None,
        card_limit=document.get("card_limit"),
        users=None if users is None else frozenset(users),
        tell_of_gaps=gap_topics(policy),
    )


def switch_problems(document: Mapping[str, Any], policy: Policy) -> Iterator[str]:
    """The problems of these sections that no schema can find."""
    yield from _unknown(document, topics_of(policy))
    yield from _without_reason(document)
    yield from _gaps_untold(document, gap_topics(policy))
    if "critical_off" not in document:
        yield from (f"{where}: {_CAN_BE}, so {_TWO_PEOPLE}" for where in _critical(document, critical_topics(policy)))
        yield from (f"{where}: {_FEWER}, so {_TWO_PEOPLE}" for where in numbers_for_two(document))
        yield from (f"{where}: {_BY_A_CODE}, so {_TWO_PEOPLE}" for _, where in codes_for_two(document))
    else:
        yield from _not_two_people(document["critical_off"])
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


def _critical(document: Mapping[str, Any], critical: Mapping[str, Collection[str]]) -> Iterator[str]:
    """Where something is switched off or made less urgent that two people have to answer for.

    Shadow mode of a whole tenant, hook or service is how a pilot begins; that of a single topic would switch it off by
    another name.
    """
    for topic, _ in _off(document, "topics"):
        hooks = [hook for hook, topics in critical.items() if topic in topics]
        if hooks:
            yield f"[topics.{topic}] on = false ({', '.join(hooks)})"
    for topic, hook, shown in _indicators(document):
        if topic in critical.get(hook, ()) and shown != Indicator.CRITICAL:
            yield f"[topics.{topic}.indicator] {hook} = {shown}"
    for hook, _ in _off(document, "hooks"):
        if critical.get(hook):
            yield f"[hooks.{hook}] on = false ({_listed(critical[hook])})"
    for service, _ in _off(document, "services"):
        topics = critical.get(HOOK_OF.get(service, ""))
        if topics:
            yield f"[services.{service}] on = false ({_listed(topics)})"
    for number, entry in enumerate(document.get("shadow", ()), 1):
        if any(entry.get("topic") in topics for topics in critical.values()):
            yield f"[[shadow]] {number} topic = {entry['topic']}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _not_two_people(answered: Mapping[str, Any]) -> Iterator[str]:
    people = answered.get("people", ())
    for name in people:
        if not is_whole(name):
            yield f"[critical_off] people: {name} needs first name and surname, such as Dr Ana Silva"
    if not are_two(people):
        yield (
            f"[critical_off] people: {' and '.join(people)} may be one person; two different people are needed, each "
            "with first name and surname in full"
        )
    if len(" ".join(answered.get("reason", "").split())) < _SHORTEST_REASON:
        yield (
            f"[critical_off]: needs the reason, in {_SHORTEST_REASON} characters or more, which discovery and reports "
            'show: reason = "…"'
        )


def _roles(roles: Mapping[str, Any] | None) -> Iterator[str]:
    if roles is None:
        return
    yield from (f"[roles] {name}: {_ROLES}" for name in roles if name != "users")
    yield from unknown_names("[roles] users", roles.get("users", ()), USERS)
    if not roles.get("users"):
        yield f'[roles]: users names nobody; write users = ["{USERS[0]}"], or leave [roles] out: cards go to everybody'
