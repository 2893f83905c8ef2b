"""Which cards the page counts: one quarter, of one tenant.

What may live here: reading that from the address, and the report of it.

Quarters share no week, and tenants share no card: so no two answers of the page can be subtracted from each other, as
those of "since" and "until" could, or those of a year and its quarters. That is why there is nothing else to choose.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial

from cds_service.access import TrustedClients
from cds_service.knowledge import DEFAULT
from cds_service.reports import (
    SILENT_DAYS,
    UNKNOWN_CALLERS,
    Held,
    Quarter,
    Report,
    TablesForMany,
    bounds,
    counted_since,
    counts_of_weeks,
    days_of_the_log,
    events_of_weeks,
    fallen_silent,
    held_of,
    report_of,
    switchings_of,
    tables_for_many,
    told,
    week_of,
)
from cds_service.storage import (
    CardCount,
    Event,
    EventCount,
    Patiently,
    Readable,
    VersionCount,
    unknown_counts,
    unmapped_counts,
    version_counts,
)
from cds_service.web.context import PageContext
from cds_service.web.feedback.kept import Kept

_SECONDS = 60.0
"""So long a statement of this page may take: a quarter of a large clinic takes longer than a call may wait."""
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
    beside: TablesForMany = field(default_factory=TablesForMany)
    unknown: Mapping[str, int | str] = field(default_factory=dict)
    """Answers on cards that are not in the log, of all tenants, by outcome."""
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Quarter:
    """What is in the log of the weeks of a quarter, of all tenants, at one moment."""

    weeks: Sequence[date]
    counts: Sequence[CardCount]
    recent: Sequence[EventCount]
    before: Sequence[EventCount]
    """Of the quarter of a year before: what has fallen silent was there then."""
    versions: Sequence[VersionCount]
    held: Sequence[Held]
    switchings: Sequence[Event]
    unknown: Mapping[str, int]
    at: datetime


@dataclass(frozen=True, slots=True)
class Chooser:
    """Reads the log for the page; what took long is kept for some minutes. `context` is that of the page."""

    context: PageContext
    kept: Kept = field(default_factory=Kept)

    @property
    def _database(self) -> Readable:
        return Patiently(self.context.database, _SECONDS)

    def choose(self, quarter: str, tenant: str, reason: Callable[[CardCount], str]) -> Choice:
        """What an address names; "" for the latest quarter, and for the first tenant. Small numbers are withheld.

        Raises:
            StoreError: the database cannot be read.
            NoSuchChoice: there is no such quarter, or nothing of that tenant in it.
            Busy: others are counting just now.
        """
        zone, now = self.context.settings.timezone, self.context.clock()
        days = days_of_the_log(self._database, zone)
        if days is None and not quarter:
            stray = counted_since(self._database, zone, None, reason).unknown
            return Choice(unknown={outcome: told(times) for outcome, times in stray.items()}, read_at=now)
        quarters = _quarters(*days) if days else ()
        chosen = Quarter.named(quarter) if quarter else quarters[0]
        if days is None or chosen is None or chosen not in quarters:
            raise NoSuchChoice("Nothing is in the log of such a quarter.")
        # From the first day on, to the present; a clock that was ahead may have had cards of weeks to come.
        end = max(days[1], now.astimezone(zone).date())
        weeks = [monday for monday in chosen.weeks if week_of(days[0]) <= monday <= end]
        read = self.kept.get(chosen, lambda: self._read(weeks, now))
        whose_is = partial(_tenant, trusted=self.context.trusted)
        tenants = tuple(sorted({*map(whose_is, read.counts), *map(whose_is, read.recent)}))
        if tenant and tenant not in tenants:
            raise NoSuchChoice("Nothing is in the log of such a tenant in this quarter.")
        whose = tenant or next(iter(tenants), None)
        report, others = self.kept.get((chosen, whose, read.at), lambda: self._counted(read, whose, reason))
        unknown = {outcome: told(times) for outcome, times in read.unknown.items()}
        return Choice(chosen, quarters, whose, tenants, report, others, unknown, read.at)

    def _read(self, weeks: Sequence[date], now: datetime) -> _Quarter:
        database, zone = self._database, self.context.settings.timezone
        first, *_, last = bounds(weeks, zone)
        counts = counts_of_weeks(database, zone, weeks)
        recent, before = events_of_weeks(database, zone, weeks)
        versions = version_counts(database, first, last)
        held = held_of(database, first, last, zone, versions)
        unknown = {row.outcome: row.times for row in unknown_counts(database, first, last)}
        switchings = switchings_of(database, first, last)
        return _Quarter(weeks, counts, recent, before, versions, held, switchings, unknown, now)

    def _counted(
        self, read: _Quarter, whose: str | None, reason: Callable[[CardCount], str]
    ) -> tuple[Report, TablesForMany]:
        """What is told of one tenant; only the codes are read anew."""
        zone = self.context.settings.timezone
        of_theirs = partial(_is_of, whose, self.context.trusted)
        report = report_of(filter(of_theirs, read.counts), read.weeks, reason).without_small_numbers()
        first, *_, last = bounds(read.weeks, zone)
        theirs = [*filter(of_theirs, read.recent)]
        named_so = {one.tenant for one in theirs}
        versions = [one for one in read.versions if one.tenant in named_so]
        held = [one for one in read.held if one.tenant in named_so]
        unmapped = unmapped_counts(self._database, first, last, named_so)
        switchings = [one for one in read.switchings if one.tenant in ("", DEFAULT, whose, *named_so)]
        silent = fallen_silent([*filter(of_theirs, read.before), *theirs], min(last, read.at), SILENT_DAYS)
        return report, tables_for_many(report, theirs, versions, silent, unmapped, held, switchings, zone)


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
