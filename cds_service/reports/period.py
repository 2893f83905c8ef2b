"""The days that a report counts, cut into weeks.

What may live here: from what was asked for, and from what the log holds, to the weeks that are counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from cds_service.reports.weeks import bounds, start_of, weeks_from
from cds_service.storage import Readable, log_span

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """Days from the first to the last one, both whole, in this time zone.

    The first and the last of its weeks may be counted in part.
    """

    first: date
    last: date
    zone: ZoneInfo

    @property
    def weeks(self) -> list[date]:
        """The Mondays of its weeks."""
        return weeks_from(self.first, self.last)

    @property
    def bounds(self) -> Sequence[datetime]:
        """When its weeks begin, and when the last one ends, in UTC."""
        _, *inner, _ = bounds(self.weeks, self.zone)
        return [start_of(self.first, self.zone), *inner, self.end]

    @property
    def end(self) -> datetime:
        """When its last day ends, in UTC."""
        return start_of(self.last + _DAY, self.zone)


def period_of(
    database: Readable, zone: ZoneInfo, since: date | None, until: date | None, today: date
) -> Period | None:  # fmt: skip
    """The part of the days asked for in which something can be in the log; None where nothing can.

    Raises:
        StoreError: the database cannot be read.
    """
    known = log_span(database)
    if known is None:
        return None
    begun = known[0].astimezone(zone).date()
    first, last = max(since or begun, begun), min(until or today, today)
    return Period(first, last, zone) if first <= last else None
