"""What has fallen silent: a topic that was shown and is no longer, a tenant that called and calls no more.

What may live here: telling that from counts of events. Silence may mean that nobody is at risk, or that something is
broken or switched off: a report names it, and cannot tell which. A card that was held back because the same user had
seen the same advice is no silence: it was worked out, and is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cds_service.knowledge import REPEATS
from cds_service.storage import EventCount, Kind

SILENT_DAYS = 14
"""So many days without a call or a card are told, unless something else is asked for."""
CALLS = frozenset({Kind.ANSWERED, Kind.REFUSED})
TENANT, SERVICE, TOPIC = "tenant", "service", "topic"


@dataclass(frozen=True, slots=True)
class Silent:
    """What is silent: a tenant, a service of it, or a topic. `times` counts its calls or cards before, `last` is the
    last of them. `held_back` names why cards of the topic were not shown since then; "" where none was worked out.
    """

    what: str
    tenant: str
    name: str
    times: int
    last: datetime
    held_back: str = ""


def fallen_silent(counts: Sequence[EventCount], end: datetime, days: int) -> list[Silent]:
    """What was there before the last `days` before `end`, and not in them: tenants, then their services, then topics.

    Of a tenant that is silent neither services nor topics are told again.
    """
    since = end - timedelta(days=days)
    calls = [count for count in counts if count.kind in CALLS]
    shown = [count for count in counts if count.kind == Kind.ISSUED]
    known = _known_again(counts, since)
    tenants = list(_silent(TENANT, calls, lambda count: "", since))
    gone = {one.tenant for one in tenants}
    services = _silent(SERVICE, calls, lambda count: count.service, since)
    topics = _silent(TOPIC, shown, lambda count: count.topic, since)
    left = [one for one in (*services, *topics) if one.tenant not in gone and (one.tenant, one.name) not in known]
    return [*tenants, *(_with_reason(one, counts, since) for one in left)]


def _known_again(counts: Iterable[EventCount], since: datetime) -> set[tuple[str, str]]:
    """The topics of tenants of which a card was held back since then as the same advice again."""
    held = [one for one in counts if one.kind == Kind.SUPPRESSED and one.reason in REPEATS]
    return {(one.tenant, one.topic) for one in held if one.last >= since}


def _silent(
    what: str, counts: Iterable[EventCount], name: Callable[[EventCount], str], since: datetime
) -> Iterator[Silent]:
    times: dict[tuple[str, str], int] = {}
    last: dict[tuple[str, str], datetime] = {}
    for count in counts:
        key = count.tenant, name(count)
        times[key] = times.get(key, 0) + count.times
        last[key] = max(last.get(key, count.last), count.last)
    return (Silent(what, *key, times[key], last[key]) for key in sorted(times) if last[key] < since)


def _with_reason(one: Silent, counts: Iterable[EventCount], since: datetime) -> Silent:
    if one.what != TOPIC:
        return one
    held = {
        count.reason
        for count in counts
        if (count.kind, count.tenant, count.topic) == (Kind.SUPPRESSED, one.tenant, one.name) and count.last >= since
    }
    return Silent(one.what, one.tenant, one.name, one.times, one.last, ", ".join(sorted(held)))
