"""Which cards the page counts: one quarter, of one tenant.

What may live here: reading that from the address, and the report of it.

Quarters share no week, and tenants share no card: so no two answers of the page can be subtracted from each other, as
those of "since" and "until" could, or those of a year and its quarters. That is why there is nothing else to choose.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from cds_service.access import TrustedClients
from cds_service.reports import (
    Quarter,
    Report,
    bounds,
    counted_since,
    counts_of_weeks,
    days_of_the_log,
    report_of,
    told,
    week_of,
)
from cds_service.storage import CardCount, unknown_counts
from cds_service.web.context import PageContext

UNKNOWN_CALLERS = "callers that are not known"
EARLIER = "cards of an earlier release, which did not keep the tenant"


class NoSuchChoice(Exception):
    """What the address names is not there. The text is for people."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is shown, and what else there is to choose. There is no `quarter` where there is no card at all."""

    quarter: Quarter | None = None
    quarters: tuple[Quarter, ...] = ()
    tenant: str | None = None
    tenants: tuple[str, ...] = ()
    report: Report | None = None
    unknown: Mapping[str, int | str] = field(default_factory=dict)
    """Answers on cards that are not in the log, of all tenants, by outcome."""


def choose(context: PageContext, quarter: str, tenant: str, reason: Callable[[CardCount], str]) -> Choice:
    """What an address names; "" for the latest quarter, and for the first tenant. Small numbers are withheld.

    Raises:
        StoreError: the database cannot be read.
        NoSuchChoice: there is no such quarter, or no card of that tenant in it.
    """
    zone = context.settings.timezone
    days = days_of_the_log(context.database, zone)
    if days is None and not quarter:
        stray = counted_since(context.database, zone, None, reason).unknown
        return Choice(unknown={outcome: told(times) for outcome, times in stray.items()})
    quarters = _quarters(*days) if days else ()
    chosen = Quarter.named(quarter) if quarter else quarters[0]
    if days is None or chosen is None or chosen not in quarters:
        raise NoSuchChoice("No card was shown in such a quarter.")
    # From the first card on, to the present; a clock that was ahead may have had cards of weeks to come.
    end = max(days[1], context.clock().astimezone(zone).date())
    weeks = [monday for monday in chosen.weeks if week_of(days[0]) <= monday <= end]
    counts = counts_of_weeks(context.database, zone, weeks)
    tenants = tuple(sorted({_tenant(count, context.trusted) for count in counts}))
    if tenant and tenant not in tenants:
        raise NoSuchChoice("No card was shown to such a tenant in this quarter.")
    whose = tenant or next(iter(tenants), None)
    theirs = [count for count in counts if _tenant(count, context.trusted) == whose]
    first, *_, last = bounds(weeks, zone)
    unknown = {row.outcome: told(row.times) for row in unknown_counts(context.database, first, last)}
    report = report_of(theirs, weeks, reason).without_small_numbers()
    return Choice(chosen, quarters, whose, tenants, report, unknown)


def _quarters(first: date, last: date) -> tuple[Quarter, ...]:
    """All quarters from one day to another, the latest first."""
    quarter, found = Quarter.of(first), []
    while quarter <= Quarter.of(last):
        found.append(quarter)
        quarter = Quarter(quarter.year + quarter.number // 4, quarter.number % 4 + 1)
    return tuple(reversed(found))


def _tenant(count: CardCount, trusted: TrustedClients | None) -> str:
    """Whose card it was, in the words of the file of trusted clients; the issuer where it is no longer in there."""
    if count.client is None:
        return EARLIER
    known = trusted.with_issuer(count.client) if trusted else None
    return known.tenant if known else count.client or UNKNOWN_CALLERS
