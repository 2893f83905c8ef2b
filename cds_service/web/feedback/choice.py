"""Which cards the page counts: one quarter, of one tenant.

What may live here: reading that from the address, and the report of it.

Quarters share no week, and tenants share no card: so no two answers of the page can be subtracted from each other, as
those of "since" and "until" could, or those of a year and its quarters. That is why there is nothing else to choose.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial

from cds_service.access import TrustedClients
from cds_service.reports import (
    SILENT_DAYS,
    UNKNOWN_CALLERS,
    Beside,
    Quarter,
    Report,
    beside,
    bounds,
    counted_since,
    counts_of_weeks,
    days_of_the_log,
    events_of_weeks,
    fallen_silent,
    held_of,
    report_of,
    told,
    week_of,
)
from cds_service.storage import CardCount, EventCount, unknown_counts, unmapped_counts, version_counts
from cds_service.web.context import PageContext

EARLIER = "cards of an earlier release, which did not keep the tenant"


class NoSuchChoice(Exception):
    """What the address names is not there. The text is for people."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is shown, and what else there is to choose. There is no `quarter` where nothing is in the log."""

    quarter: Quarter | None = None
    quarters: tuple[Quarter, ...] = ()
    tenant: str | None = None
    tenants: tuple[str, ...] = ()
    report: Report | None = None
    beside: Beside = field(default_factory=Beside)
    unknown: Mapping[str, int | str] = field(default_factory=dict)
    """Answers on cards that are not in the log, of all tenants, by outcome."""


def choose(context: PageContext, quarter: str, tenant: str, reason: Callable[[CardCount], str]) -> Choice:
    """What an address names; "" for the latest quarter, and for the first tenant. Small numbers are withheld.

    Raises:
        StoreError: the database cannot be read.
        NoSuchChoice: there is no such quarter, or nothing of that tenant in it.
    """
    zone = context.settings.timezone
    now = context.clock()
    days = days_of_the_log(context.database, zone)
    if days is None and not quarter:
        stray = counted_since(context.database, zone, None, reason).unknown
        return Choice(unknown={outcome: told(times) for outcome, times in stray.items()})
    quarters = _quarters(*days) if days else ()
    chosen = Quarter.named(quarter) if quarter else quarters[0]
    if days is None or chosen is None or chosen not in quarters:
        raise NoSuchChoice("Nothing is in the log of such a quarter.")
    # From the first day on, to the present; a clock that was ahead may have had cards of weeks to come.
    end = max(days[1], now.astimezone(zone).date())
    weeks = [monday for monday in chosen.weeks if week_of(days[0]) <= monday <= end]
    counts = counts_of_weeks(context.database, zone, weeks)
    recent, before = events_of_weeks(context.database, zone, weeks)
    named = {_tenant(one, context.trusted) for one in counts} | {_tenant(one, context.trusted) for one in recent}
    tenants = tuple(sorted(named))
    if tenant and tenant not in tenants:
        raise NoSuchChoice("Nothing is in the log of such a tenant in this quarter.")
    whose = tenant or next(iter(tenants), None)
    of_theirs = partial(_is_of, whose, context.trusted)
    report = report_of(filter(of_theirs, counts), weeks, reason).without_small_numbers()
    first, *_, last = bounds(weeks, zone)
    theirs = [*filter(of_theirs, recent)]
    unknown = {row.outcome: told(row.times) for row in unknown_counts(context.database, first, last)}
    named_so = {one.tenant for one in theirs}
    unmapped = unmapped_counts(context.database, first, last, named_so)
    versions = version_counts(context.database, first, last, named_so)
    silent = fallen_silent([*filter(of_theirs, before), *theirs], min(last, now), SILENT_DAYS)
    held = held_of(context.database, first, last, zone, versions, named_so)
    others = beside(report, theirs, versions, silent, unmapped, held, zone)
    return Choice(chosen, quarters, whose, tenants, report, others, unknown)


def _quarters(first: date, last: date) -> tuple[Quarter, ...]:
    """All quarters from one day to another, the latest first."""
    quarter, found = Quarter.of(first), []
    while quarter <= Quarter.of(last):
        found.append(quarter)
        quarter = Quarter(quarter.year + quarter.number // 4, quarter.number % 4 + 1)
    return tuple(reversed(found))


def _is_of(whose: str | None, trusted: TrustedClients | None, count: CardCount | EventCount) -> bool:
    return _tenant(count, trusted) == whose


def _tenant(count: CardCount | EventCount, trusted: TrustedClients | None) -> str:
    """Whose it was, in the words of the file of trusted clients; the issuer where it is no longer in there."""
    if isinstance(count, CardCount) and count.client is None:
        return EARLIER
    known = trusted.with_issuer(count.tenant) if trusted else None
    return known.tenant if known else count.tenant or UNKNOWN_CALLERS
