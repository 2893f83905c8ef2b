"""Cards that were held back, counted by the version of the policy under which they were, and charts opened in a time.

What may live here: reading these events. Which charts belong to which cards is told in `reports`. Every function raises
StoreError where the database cannot be used.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import and_, func, or_, select

from cds_service.storage.event import OPENED, Kind
from cds_service.storage.history import tenant_of
from cds_service.storage.records import HeldCount
from cds_service.storage.reports import Readable
from cds_service.storage.schema import event


def held_counts(
    database: Readable, since: datetime, until: datetime, tenants: Collection[str] | None = None
) -> list[HeldCount]:
    """The cards that were worked out in this time and not shown."""
    told = event.c
    groups = [tenant_of(told), told.reason, told.policy, told.hook, told.topic, told.indicator]
    ends = [func.min(told.at).label("first"), func.max(told.at).label("last")]
    query = select(*groups, func.count().label("times"), *ends).group_by(*groups)
    query = query.where(told.kind == Kind.SUPPRESSED, told.at >= since, told.at < until)
    if tenants is not None:
        query = query.where(tenant_of(told).in_(tenants))
    with database.connected() as connection:
        return [HeldCount(**row) for row in connection.execute(query).mappings()]


def charts_opened(database: Readable, tenant: str, times: Sequence[tuple[datetime, datetime]]) -> int:
    """The charts that this tenant opened in these times, with an answer: each once, also where times overlap."""
    if not times:
        return 0
    told = event.c
    within = or_(*(and_(told.at >= since, told.at < until) for since, until in times))
    query = select(func.count()).where(told.kind == Kind.ANSWERED, told.hook == OPENED, within)
    with database.connected() as connection:
        return int(connection.scalar(query.where(tenant_of(told) == tenant)) or 0)
