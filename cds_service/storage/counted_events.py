"""Events counted: calls, cards that were held back, silences, refusals, versions of the policy, and codes that the
vocabulary does not hold.

What may live here: reading. Cards that were shown, and the answers to them, are counted in `reports`. Every function
raises StoreError where the database cannot be used, or holds what is no event.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

import orjson
from sqlalchemy import Text, case, cast, func, select, true

from cds_service.storage.event import OPENED, UNMAPPED, Kind
from cds_service.storage.history import tenant_of
from cds_service.storage.records import EventCount, Unmapped, UnmappedCount, VersionCount
from cds_service.storage.reports import Readable
from cds_service.storage.schema import card, event
from cds_service.storage.store_error import StoreError
from cds_service.storage.week_numbers import week_number

_ROWS_AT_A_TIME = 1000
_REMARK = "("
_NO_CALLS = (Kind.FEEDBACK, Kind.SWITCHED, Kind.POLICY_CHANGED, Kind.REVIEWED)


def event_counts(database: Readable, bounds: Sequence[datetime]) -> list[EventCount]:
    """All events of calls between these moments: `bounds` are the beginnings of weeks, and the end of the last."""
    told = event.c
    what = [told.kind, tenant_of(told), told.service, told.hook, told.topic, told.indicator, told.reason]
    groups = [*what, week_number(told.at, bounds)]
    query = select(*groups, func.count().label("times"), func.max(told.at).label("last")).group_by(*groups)
    query = query.where(told.at >= bounds[0], told.at < bounds[-1], told.kind.not_in(_NO_CALLS))
    with database.connected() as connection:
        return [EventCount(**row) for row in connection.execute(query).mappings()]


def version_counts(
    database: Readable, since: datetime, until: datetime, tenants: Collection[str] | None = None
) -> list[VersionCount]:
    """By which policy and rules calls were answered and refused in this time: the first ones of each tenant first."""
    told = event.c
    groups = [tenant_of(told), told.policy, told.rules]
    answered, refused = (
        func.sum(case((told.kind == kind, 1), else_=0)).label(kind.value) for kind in (Kind.ANSWERED, Kind.REFUSED)
    )
    is_chart = (told.kind == Kind.ANSWERED) & (told.hook == OPENED)
    opened = func.sum(case((is_chart, 1), else_=0)).label("opened")
    ends = [func.min(told.at).label("first"), func.max(told.at).label("last")]
    query = select(*groups, answered, refused, opened, *ends).group_by(*groups)
    query = query.where(told.at >= since, told.at < until, told.kind.in_((Kind.ANSWERED, Kind.REFUSED)))
    if tenants is not None:
        query = query.where(tenant_of(told).in_(tenants))
    with database.connected() as connection:
        counts = [VersionCount(**row) for row in connection.execute(query).mappings()]
    return sorted(counts, key=lambda one: (one.tenant, one.first, one.policy, one.rules))


def unmapped_counts(
    database: Readable, since: datetime, until: datetime, tenants: Collection[str] | None = None
) -> Unmapped:
    """On how many of the answered calls that were looked at each code was that the vocabulary does not hold."""
    content = cast(event.c.content, Text)
    query = select(content).where(event.c.kind == Kind.ANSWERED, content.contains(f'"{UNMAPPED}"'))
    query = query.where(event.c.at >= since, event.c.at < until)
    if tenants is not None:
        query = query.where(tenant_of(event.c).in_(tenants))
    seen: Counter[tuple[str, str, str, str]] = Counter()
    with database.connected() as connection:
        streaming = connection.execution_options(yield_per=_ROWS_AT_A_TIME)
        looked_at = not_shown = 0
        for text in streaming.scalars(query):
            codes = _codes(text)
            looked_at += 1
            not_shown += any(code.startswith(_REMARK) for _, _, code, _ in codes)
            seen.update(codes)
    ordered = sorted(seen.items(), key=lambda one: (-one[1], one[0]))
    return Unmapped(looked_at, tuple(UnmappedCount(*code, times) for code, times in ordered), not_shown)


def log_span(database: Readable, *without: Kind) -> tuple[datetime, datetime] | None:
    """When the first and the last thing happened that is in the log, without these kinds; None where there is none."""
    those = event.c.kind.not_in(without) if without else true()
    with database.connected() as connection:
        # Each by itself: an index gives the ends, and not both at once.
        asked = [select(end(event.c.at)).where(those) for end in (func.min, func.max)]
        asked += [select(end(card.c.issued_at)) for end in (func.min, func.max)]
        known = [moment for query in asked if (moment := connection.scalar(query)) is not None]
    return (min(known), max(known)) if known else None


def _codes(text: str) -> set[tuple[str, str, str, str]]:
    try:
        codes = {tuple(map(str, code)) for code in orjson.loads(text)[UNMAPPED]}
        return {(kind, system, code, unit) for kind, system, code, unit in codes}
    except (ValueError, TypeError, KeyError):
        raise StoreError("the log holds an event that cannot be read (the codes of an answered call)") from None
