"""Cards that were held back, beside the charts that were opened while they could be.

What may live here: which charts these are. What is held back is decided by a version of the policy, so it is the charts
that the tenant opened under the versions under which a card was held back for that reason. The kill switch is in no
version: there it is the charts between switching off and on, or those of the days on which cards were held back where
the log does not hold these switchings.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from cds_service.knowledge import DEFAULT, Reason
from cds_service.reports.weeks import start_of
from cds_service.storage import (
    Event,
    HeldCount,
    Kind,
    Readable,
    VersionCount,
    audited_events,
    charts_opened,
    held_counts,
)

_DAY = timedelta(days=1)
_TAKEN_UP = timedelta(seconds=10)
"""Workers take a switching up within seconds, and its event is kept after it holds."""
Times = list[tuple[datetime, datetime]]


@dataclass(frozen=True, slots=True)
class Held:
    """Cards of one kind that a tenant did not get for one reason, and the charts that it opened meanwhile.

    `policies` are the versions of which the charts are counted; none where they are those of a time.
    """

    tenant: str
    why: str
    hook: str
    topic: str
    indicator: str
    times: int
    charts: int
    policies: frozenset[str] = frozenset()


class Off(NamedTuple):
    """Cards were switched off at once: "" as tenant or topic is all of them."""

    tenant: str
    topic: str
    since: datetime
    until: datetime


def held_of(
    database: Readable,
    since: datetime,
    until: datetime,
    zone: ZoneInfo,
    versions: Iterable[VersionCount],
    tenants: Collection[str] | None = None,
) -> list[Held]:
    """What was held back in this time; `versions` are those of the same time. Raises StoreError."""
    counts, versions = held_counts(database, since, until, tenants), list(versions)
    killed = _killed(database, since, until, zone, [one for one in counts if one.reason == Reason.KILL_SWITCH])
    under: dict[tuple[str, str], set[str]] = {}
    kinds: dict[tuple[str, str, str, str, str], int] = {}
    for one in counts:
        under.setdefault((one.tenant, one.reason), set()).add(one.policy)
        kind = one.tenant, one.reason, one.hook, one.topic, one.indicator
        kinds[kind] = kinds.get(kind, 0) + one.times
    found = []
    for (tenant, why, hook, topic, indicator), times in sorted(kinds.items()):
        policies = frozenset(under[tenant, why])
        charts = sum(one.opened for one in versions if one.tenant == tenant and one.policy in policies)
        if why == Reason.KILL_SWITCH:
            charts, policies = killed[tenant, topic], frozenset()
        found.append(Held(tenant, why, hook, topic, indicator, times, charts, policies))
    return found


def _killed(
    database: Readable, since: datetime, until: datetime, zone: ZoneInfo, counts: Sequence[HeldCount]
) -> dict[tuple[str, str], int]:
    """The charts that were opened while cards on a topic were switched off at once for a tenant, by both."""
    if not counts:
        return {}
    off = off_times(audited_events(database, kinds=(Kind.SWITCHED,)), since, until)
    charts = {}
    for tenant, topic in {(one.tenant, one.topic) for one in counts}:
        those = [one for one in counts if (one.tenant, one.topic) == (tenant, topic)]
        first, last = min(one.first for one in those), max(one.last for one in those)
        times = times_off(off, tenant, topic, first, last) or [_days(first, last, zone)]
        charts[tenant, topic] = charts_opened(database, tenant, times)
    return charts


def off_times(switchings: Iterable[Event], since: datetime, until: datetime) -> list[Off]:
    """What these switchings, the oldest first, had switched off between two moments, and when."""
    begun: dict[tuple[str, str], datetime] = {}
    ended = []
    for one in switchings:
        key = one.tenant, one.topic
        if one.content.get("switched") == "off":
            begun.setdefault(key, one.at)
        elif key in begun:
            ended.append(Off(*key, begun.pop(key), one.at))
    ended += [Off(*key, at, until) for key, at in begun.items()]
    within = [one._replace(since=max(one.since, since), until=min(one.until, until)) for one in ended]
    return [one for one in within if one.since < one.until]


def times_off(off: Iterable[Off], tenant: str, topic: str, first: datetime, last: datetime) -> Times:
    """When cards on this topic were off for this tenant; none where that does not tell why the first and the last of
    them were held back. What was switched off for the default is asked last: a tenant may have a policy of its own.
    """
    about = [one for one in off if one.topic in ("", topic)]
    for names in (("", tenant), ("", tenant, DEFAULT)):
        times = [(one.since, one.until) for one in about if one.tenant in names]
        if all(_within(moment, times) for moment in (first, last)):
            return times
    return []


def _within(moment: datetime, times: Times) -> bool:
    return any(since - _TAKEN_UP <= moment < until + _TAKEN_UP for since, until in times)


def _days(first: datetime, last: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    begins, ends = (moment.astimezone(zone).date() for moment in (first, last))
    return start_of(begins, zone), start_of(ends + _DAY, zone)
