"""Events counted: calls, cards that were held back, silences, refusals, and codes that the vocabulary does not hold.

What may live here: reading. Cards that were shown, and the answers to them, are counted in `reports`. Every function
raises StoreError where the database cannot be used, or holds what is no event.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import orjson
from sqlalchemy import Text, cast, func, select

from cds_service.storage.event import Kind
from cds_service.storage.history import card, tenant_of
from cds_service.storage.records import EventCount, UnmappedCount
from cds_service.storage.reports import Readable
from cds_service.storage.schema import event
from cds_service.storage.store_error import StoreError
from cds_service.storage.week_numbers import week_number

UNMAPPED = "unmapped"
"""Where the content of an answer has the codes: [["lab", system, code, unit], ["drug", system, code, ""]]."""
_ROWS_AT_A_TIME = 1000
_NO_CALLS = (Kind.FEEDBACK, Kind.SWITCHED)


def event_counts(database: Readable, bounds: Sequence[datetime]) -> list[EventCount]:
    """All events of calls between these moments: `bounds` are the beginnings of weeks, and the end of the last."""
    told = event.c
    what = [told.kind, tenant_of(told), told.service, told.hook, told.topic, told.indicator, told.reason]
    groups = [*what, week_number(told.at, bounds)]
    query = select(*groups, func.count().label("times"), func.max(told.at).label("last")).group_by(*groups)
    query = query.where(told.at >= bounds[0], told.at < bounds[-1], told.kind.not_in(_NO_CALLS))
    with database.connected() as connection:
        return [EventCount(**row) for row in connection.execute(query).mappings()]


def unmapped_counts(
    database: Readable, since: datetime, until: datetime, tenant: str | None = None
) -> list[UnmappedCount]:
    """On how many answered calls each code was that the vocabulary does not hold, the most frequent first."""
    content = cast(event.c.content, Text)
    query = select(content).where(event.c.kind == Kind.ANSWERED, content.contains(f'"{UNMAPPED}"'))
    query = query.where(event.c.at >= since, event.c.at < until)
    if tenant is not None:
        query = query.where(tenant_of(event.c) == tenant)
    seen: Counter[tuple[str, str, str, str]] = Counter()
    with database.connected() as connection:
        streaming = connection.execution_options(yield_per=_ROWS_AT_A_TIME)
        for text in streaming.scalars(query):
            seen.update(_codes(text))
    ordered = sorted(seen.items(), key=lambda one: (-one[1], one[0]))
    return [UnmappedCount(*code, times) for code, times in ordered]


def log_span(database: Readable) -> tuple[datetime, datetime] | None:
    """When the first and the last thing happened that is in the log; None where it is empty."""
    moments = [event.c.at, card.c.issued_at]
    with database.connected() as connection:
        # Each by itself: an index gives the ends, and not both at once.
        ends = [connection.scalar(select(end(moment))) for moment in moments for end in (func.min, func.max)]
    known = [moment for moment in ends if moment is not None]
    return (min(known), max(known)) if known else None


def _codes(text: str) -> set[tuple[str, str, str, str]]:
    try:
        codes = {tuple(map(str, code)) for code in orjson.loads(text)[UNMAPPED]}
        return {(kind, system, code, unit) for kind, system, code, unit in codes}
    except (ValueError, TypeError, KeyError):
        raise StoreError("the log holds an event that cannot be read (the codes of an answered call)") from None
