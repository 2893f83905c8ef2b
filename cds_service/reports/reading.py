"""A report as it is read from a database.

What may live here: which weeks are counted, and the questions to the storage. Every function raises StoreError where
the database cannot be read: that is never a report of zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from cds_service.reports.report import Report, report_of
from cds_service.reports.weeks import bounds, weeks_from
from cds_service.storage import (
    CardCount,
    EventCount,
    Kind,
    Readable,
    card_counts,
    event_counts,
    log_span,
    span,
    unknown_counts,
)

_WEEKS_BEFORE = 13
"""So far back it is looked for what has fallen silent since."""


class Counted(NamedTuple):
    """A report, and how many answers came on cards that are not in the log, by outcome."""

    report: Report
    unknown: Mapping[str, int]


def days_of_the_log(database: Readable, zone: ZoneInfo) -> tuple[date, date] | None:
    """The days of the first and the last call or card; None where there is neither."""
    known = log_span(database, Kind.FEEDBACK, Kind.REVIEWED)
    return (known[0].astimezone(zone).date(), known[1].astimezone(zone).date()) if known else None


def counted_since(
    database: Readable,
    zone: ZoneInfo,
    since: datetime | None,
    reason: Callable[[CardCount], str],
    service: str | None = None,
    client: str | None = None,
) -> Counted:
    """All weeks from this moment on, or from the first card on, to the last card. No weeks where there is no card."""
    moments = span(database)
    beginning = since or datetime.min.replace(tzinfo=UTC)
    end = datetime.max.replace(tzinfo=UTC)
    unknown = {row.outcome: row.times for row in unknown_counts(database, beginning, end, service, client)}
    if moments is None or moments[1] < beginning:
        return Counted(report_of([], [], reason), unknown)
    first, last = max(moments[0], beginning), moments[1]
    weeks = weeks_from(first.astimezone(zone).date(), last.astimezone(zone).date())
    ends = bounds(weeks, zone)
    # The first week may be asked for in part.
    counts = card_counts(database, [max(ends[0], first), *ends[1:]], service, client)
    return Counted(report_of(counts, weeks, reason), unknown)


def counts_of_weeks(database: Readable, zone: ZoneInfo, weeks: Sequence[date]) -> list[CardCount]:
    """The cards shown in these weeks, of all clients."""
    return card_counts(database, bounds(weeks, zone))


def events_of_weeks(
    database: Readable, zone: ZoneInfo, weeks: Sequence[date]
) -> tuple[list[EventCount], list[EventCount]]:
    """The events of these weeks, and those of the quarter of a year before them, of all tenants."""
    before = [weeks[0] - timedelta(weeks=number) for number in range(_WEEKS_BEFORE, 0, -1)]
    counts = event_counts(database, bounds([*before, *weeks], zone))
    return [one for one in counts if one.week >= len(before)], [one for one in counts if one.week < len(before)]
