"""What an approver of a site policy should have seen before it goes live: nothing of it is a fault.

What may live here: sentences on what is not shown, and on what the clinic itself says on the most urgent cards.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from cds_service.knowledge import HOOK_OF, Asking, InForce, SiteFacts, Switches, critical_topics, switched_in
from fhir_mappings.site_changes import VOCABULARY_SECTIONS

OWN_CODES = "Codes of your own are on no story and no synthetic patient: diff shows what they bring only with --bundles"
NOT_SHOWN = "Critical cards that are NOT shown by this policy"


def site_remarks(found: InForce, today: date) -> list[str]:
    """One sentence for each thing to look at, as of the first day of the site policy; none without a site policy."""
    site = found.knowledge.site
    if site is None:
        return []
    first = site.effective
    switched = switched_in(found.knowledge, first)
    return [
        *_overdue(site, today),
        *switched,
        *_repeats(found.knowledge.switches),
        *_endless(found, first),
        *_added(found),
        *_codes(found),
    ]


def critical_not_shown(found: InForce, on: date | None = None) -> dict[str, list[str]]:
    """The topics whose cards can be critical and are not shown, each with the hooks where; empty where there is none.

    On this day, or, without one, on any day from the first of the site policy on.
    """
    switches, site = found.knowledge.switches, found.knowledge.site
    first = site.effective if site else date.min
    days = [on] if on else sorted({first, *(one.since for one in switches.shadows if one.since > first)})
    hidden: dict[str, list[str]] = {}
    for service, hook in HOOK_OF.items():
        for topic in sorted(critical_topics(found.knowledge.policy)[hook]):
            if any(_is_hidden(switches, topic, Asking(hook, service, "", day)) for day in days):
                hidden.setdefault(topic, []).append(hook)
    return dict(sorted(hidden.items()))


def _is_hidden(switches: Switches, topic: str, asking: Asking) -> bool:
    off = asking.service in switches.services or asking.hook in switches.hooks or topic in switches.topics
    return off or any(shadow.covers(topic, asking) for shadow in switches.shadows)


def _overdue(site: SiteFacts, today: date) -> Iterator[str]:
    if site.is_overdue(today):
        yield f"It was to be reviewed by {site.review_by}, and today is {today}: who has looked at it since?"


def _repeats(switches: Switches) -> Iterator[str]:
    if switches.repeat.looks_back:
        yield "[repeat] needs CDS_SECRET_FILE where the service runs: without it this policy is refused there."


def _endless(found: InForce, on: date) -> Iterator[str]:
    for shadow in found.knowledge.switches.shadows:
        if shadow.until is None:
            yield f"Shadow mode ({shadow.reason}) since {shadow.since} has no last day: write until = …"
        if not shadow.lasts(on):
            when = f"from {shadow.since}" + (f" to {shadow.until}" if shadow.until else " on")
            yield f"Shadow mode ({shadow.reason}) holds {when}, and not on {on}, the first day of this policy."


def _added(found: InForce) -> Iterator[str]:
    critical = frozenset().union(*critical_topics(found.knowledge.policy).values())
    for entry in found.files.changes.sections.get("wording", ()):
        if entry["topic"] in critical:
            yield f"Cards on {entry['topic']}, which can be critical, also say: {entry['add']}"


def has_own_codes(found: InForce) -> bool:
    """Does a site policy bring codes, which nobody who ships with us has on record?"""
    return not found.files.changes.sections.keys().isdisjoint(VOCABULARY_SECTIONS)


def _codes(found: InForce) -> Iterator[str]:
    if has_own_codes(found):
        yield f"{OWN_CODES}."
