"""Everything that the log tells of a time: cards and answers, calls, policy versions, what was held back, silence,
unmapped codes, verdicts of reviewers.

What may live here: reading that, and narrowing it to one tenant. The numbers are exact; what of them is shown to many
readers is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cds_service.reports.held import Held, held_of
from cds_service.reports.period import Period
from cds_service.reports.report import Report, report_of
from cds_service.reports.reviews import Judged, reviews_of
from cds_service.reports.silent import SILENT_DAYS, Silent, fallen_silent
from cds_service.reports.switchings import switchings_of
from cds_service.storage import (
    CardCount,
    Event,
    EventCount,
    Kind,
    Readable,
    Unmapped,
    VersionCount,
    card_counts,
    event_counts,
    unknown_counts,
    unmapped_counts,
    version_counts,
)

UNKNOWN_CALLERS = "callers that are not known"

CODES_NOT_SHOWN = (
    "codes that could be a name or words are not shown: there were some on {} of {} calls looked at; whoever may read "
    "a patient's record can list them with `doctor fhir --every-code`"
)


@dataclass(frozen=True)
class FullReport:
    """What was read. There is no `period` where nothing can be in the log.

    `unknown` counts answers on cards that are not in the log, by outcome; not told for one tenant. `tenants` are all
    that are in the log in this time, whichever was asked for. Silence is that of the last `silent_days`.
    `switchings` are events, the oldest first. `versions` are those of the policy that answered calls. `held` are the
    cards that were worked out and not shown. `reviews` are cards of samples, with what reviewers judged of them.
    """

    period: Period | None
    report: Report = field(default_factory=Report.empty)
    cards: Sequence[CardCount] = ()
    events: Sequence[EventCount] = ()
    silent: Sequence[Silent] = ()
    unmapped: Unmapped = field(default_factory=Unmapped)
    unknown: Mapping[str, int] = field(default_factory=dict)
    tenants: Sequence[str] = ()
    silent_days: int = SILENT_DAYS
    switchings: Sequence[Event] = ()
    versions: Sequence[VersionCount] = ()
    held: Sequence[Held] = ()
    policy_changes: Sequence[Event] = ()
    reviews: Sequence[Judged] = ()

    def calls(self, kind: Kind, those: Callable[[EventCount], bool] = lambda count: True) -> int:
        """How many events there are of this kind, of those."""
        return sum(count.times for count in self.events if count.kind == kind and those(count))

    @property
    def is_too_short(self) -> bool:
        """Is there no time before the days in which silence is looked for?"""
        return self.period is None or (self.period.last - self.period.first).days < self.silent_days


def full_report_of(
    database: Readable,
    period: Period | None,
    reason: Callable[[CardCount], str],
    now: datetime,
    *,
    tenant: str | None = None,
    silent_days: int = SILENT_DAYS,
) -> FullReport:
    """All of it; `tenant` is the name of one, None for all together.

    Raises:
        StoreError: the database cannot be read, or holds what is no event.
    """
    if period is None:
        return FullReport(None, silent_days=silent_days)
    bounds = period.bounds
    first, *_, end = bounds
    all_cards, all_events = card_counts(database, bounds), event_counts(database, bounds)
    cards = [count for count in all_cards if tenant in (None, count.tenant)]
    events = [count for count in all_events if tenant in (None, count.tenant)]
    tenants = None if tenant is None else {tenant}
    versions = version_counts(database, first, end, tenants)
    unknown = {} if tenant is not None else unknown_counts(database, first, end)
    return FullReport(
        period,
        report_of(cards, period.weeks, reason),
        cards,
        events,
        fallen_silent(events, min(end, now), silent_days),
        unmapped_counts(database, first, end, tenants),
        {row.outcome: row.times for row in unknown},
        sorted({count.tenant for count in all_cards} | {count.tenant for count in all_events}),
        silent_days,
        switchings_of(database, first, end, tenants),
        versions,
        held_of(database, first, end, period.zone, versions, tenants),
        switchings_of(database, first, end, tenants, Kind.POLICY_CHANGED),
        reviews_of(database, first, end, tenants),
    )


def said_of(whole: FullReport) -> str:
    """What a reader has to know before the numbers: no call is not the same as no card. "" where there are cards."""
    answered, refused, held = (whole.calls(kind) for kind in (Kind.ANSWERED, Kind.REFUSED, Kind.SUPPRESSED))
    also = f" ({refused} refused: what {'it' if refused == 1 else 'they'} needed could not be read)" if refused else ""
    back = f", and {_were(held)} worked out and held back" if held else ""
    if whole.report.total.shown:
        return "" if answered else f"no call is known of this range{also}: an earlier release kept cards only"
    if not answered:
        return f"no call was answered in this range{also}{back}: this does not mean that nobody was at risk"
    calls = "1 call was" if answered == 1 else f"{answered} calls were"
    return f"{calls} answered in this range{also}; no card was shown{back}"


def _were(number: int) -> str:
    return f"{number} was" if number == 1 else f"{number} were"
