"""What was switched off and on at once, by the kill switch.

What may live here: reading these events, and the table of them. Who switched and why is no number: everybody who may
see a report is told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

from cds_service.knowledge import DEFAULT
from cds_service.reports.tables import Table, Value
from cds_service.storage import Event, Kind, Readable, audited_events


def switchings_of(
    database: Readable,
    since: datetime,
    until: datetime,
    tenants: Collection[str] | None = None,
    kind: Kind = Kind.SWITCHED,
) -> list[Event]:
    """What was switched in this time, or changed in policies, the oldest first.

    For `tenants` also what holds for the default, and what was switched for all. Raises StoreError.
    """
    told = audited_events(database, since, (kind,))
    # A changed file without a tenant is one that was refused, and may be that of any other.
    for_all = ("", DEFAULT) if kind is Kind.SWITCHED else (DEFAULT,)
    return [one for one in told if one.at < until and (tenants is None or one.tenant in (*for_all, *tenants))]


def switchings_table(switchings: Iterable[Event]) -> Table:
    """A line for each of them."""
    rows: list[Sequence[Value]] = [
        [
            f"{one.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
            str(one.content.get("switched", "")),
            one.topic or "all cards",
            one.tenant or "all tenants",
            str(one.content.get("by", "")),
            one.reason,
        ]
        for one in switchings
    ]
    return Table(("when", "switched", "card", "tenant", "by", "why"), rows)
