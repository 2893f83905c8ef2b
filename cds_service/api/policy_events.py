"""A change of a site policy as an event.

What may live here: what of a change is kept, and keeping it. Who answers for a policy is named on purpose; nothing of a
patient is known here.
"""

from __future__ import annotations

import logging
from typing import Any

from cds_service.api.same_advice import RULES
from cds_service.durable_files import told_name
from cds_service.knowledge import PolicyChange
from cds_service.storage import Event, EventLog, Kind, StoreError

log = logging.getLogger("cds_service")


def policy_event(change: PolicyChange) -> Event:
    """The event of a change; `content` says what became of which file, and who answers for it."""
    return Event(
        change.id,
        change.at,
        Kind.POLICY_CHANGED,
        tenant=change.tenant,
        policy=change.version,
        rules=RULES,
        reason=change.why,
        content=_content(change),
    )


def keep_policy_change(events: EventLog, change: PolicyChange) -> bool:
    """Keep it over a power failure too, once, however many workers tell it. False where nothing could take it."""
    try:
        events.accept([policy_event(change)])
    except StoreError as error:
        log.error(
            "%s: that this site policy was %s cannot be kept yet: %s", told_name(change.file), change.became, error
        )
        return False
    return True


def _content(change: PolicyChange) -> dict[str, Any]:
    told: dict[str, Any] = {"became": change.became.value, "file": told_name(change.file)}
    if change.before:
        told["before"] = change.before
    if site := change.site:
        told |= {"owner": site.owner, "approver": site.approver}
        told |= {"approved": site.approved.isoformat(), "effective": site.effective.isoformat()}
    if off := change.critical_off:
        told["critical_off"] = {"people": list(off.people), "reason": off.reason, "covers": list(off.covers)}
    return told
