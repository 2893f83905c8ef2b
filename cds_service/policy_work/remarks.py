"""What an approver of a site policy should have seen before it goes live: nothing of it is a fault.

What may live here: sentences on what is not shown, and on what the clinic itself says on the most urgent cards.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from cds_service.knowledge import InForce, critical_topics, switched_in


def site_remarks(found: InForce) -> list[str]:
    """One sentence for each thing to look at, as of the first day of the site policy; none without a site policy."""
    site = found.knowledge.site
    if site is None:
        return []
    return [*switched_in(found.knowledge, site.effective), *_endless(found, site.effective), *_added(found)]


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
