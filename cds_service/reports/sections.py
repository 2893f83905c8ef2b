"""The tables of a whole report, each with its name.

What may live here: which tables there are, and their columns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar

from cds_service.reports.burden import burdens
from cds_service.reports.full_report import UNKNOWN_CALLERS, FullReport
from cds_service.reports.heads import HEADS, Head
from cds_service.reports.held_for_many import MEANWHILE
from cds_service.reports.policy_changes import policy_changes
from cds_service.reports.report import COLUMNS, Row, rows_by
from cds_service.reports.reviews import reviews_table
from cds_service.reports.switchings import switchings_table
from cds_service.reports.tables import SHARES, OfHundred, Table, Value, by_card, by_reason, numbers
from cds_service.reports.weeks import week_name
from cds_service.storage import CardCount, EventCount, Kind
from fhir_mappings.code_systems import system_of

NOT_KEPT = "(not kept by that release)"
Key = TypeVar("Key", bound=Hashable)
_CALLS = ("calls_answered", "calls_refused")


class Section(NamedTuple):
    """A table of a report, and what is said of it."""

    head: Head
    table: Callable[[FullReport], Table]

    def lines(self, whole: FullReport) -> Iterator[str]:
        """For a terminal, below its head."""
        table = self.table(whole)
        if self.head.about:
            yield self.head.about
        said = (whole.is_too_short and self.head.empty_too_short) or self.head.empty
        empty = said.format(looked_at=whole.unmapped.looked_at, answered=whole.calls(Kind.ANSWERED))
        yield from table.lines() if table.rows else (empty,)


def by_topic(whole: FullReport) -> Table:
    """A line for each topic and indicator, and one for all."""
    return by_card(whole.report) if whole.report.cards else Table(by_card(whole.report).columns, [])


def by_hook(whole: FullReport) -> Table:
    """A line for each hook, with its calls."""
    return _with_calls("hook", whole, lambda count: count.hook, lambda count: count.hook, NOT_KEPT)


def by_tenant(whole: FullReport) -> Table:
    """A line for each tenant, with its calls."""
    return _with_calls("tenant", whole, lambda count: count.tenant, lambda count: count.tenant, UNKNOWN_CALLERS)


def by_weeks(whole: FullReport) -> Table:
    """A line for each week, with its calls."""
    answered, refused = _calls(whole, lambda count: count.week)
    rows: list[Sequence[Value]] = [
        [week_name(monday), monday.isoformat(), answered[number], refused[number], *numbers(row)]
        for number, (monday, row) in enumerate(whole.report.weeks.items())
    ]
    return Table(("week", "from", *_CALLS, *COLUMNS, *SHARES), rows)


def policies(whole: FullReport) -> Table:
    """A line for each version of the policy and of the rules by which a tenant was answered or refused, as they came.

    The policy is the hash of all data files, those of a site policy among them; the rules are the release.
    """
    rows: list[Sequence[Value]] = [
        [
            one.tenant or UNKNOWN_CALLERS,
            one.policy or NOT_KEPT,
            one.rules,
            _day(one.first, whole),
            _day(one.last, whole),
            one.answered,
            one.refused,
        ]
        for one in whole.versions
    ]
    return Table(("tenant", "policy", "rules", "first_day", "last_day", *_CALLS), rows)


def reasons(whole: FullReport) -> Table:
    """A line for each reason of an override, and one for all."""
    table = by_reason(whole.report)
    return table if whole.report.reasons else Table(table.columns, [])


def held_back(whole: FullReport) -> Table:
    """A line for each kind of card that a tenant did not get, by why; also for each hundred charts opened meanwhile."""
    rows: list[Sequence[Value]] = [
        [
            one.tenant or UNKNOWN_CALLERS,
            one.why,
            one.hook,
            one.topic,
            one.indicator,
            one.times,
            one.charts,
            OfHundred(100 * one.times / one.charts) if one.charts else None,
        ]
        for one in whole.held
    ]
    return Table(("tenant", "why", "hook", "card", "indicator", "held_back", *MEANWHILE), rows)


def reviews(whole: FullReport) -> Table:
    """A line for each topic of which cards are in a sample, and for each hook and indicator of it."""
    return reviews_table(whole.reviews)


def gaps(whole: FullReport) -> Table:
    """A line for what could not be read where a call was answered without a card."""
    seen = counted(whole.events, Kind.GAP, lambda one: (one.reason, one.hook))
    return Table(("could_not_be_read", "hook", "calls"), _most_first(seen))


def refusals(whole: FullReport) -> Table:
    """A line for what was missing where a call was answered 412."""
    seen = counted(whole.events, Kind.REFUSED, lambda one: (one.reason, one.hook))
    return Table(("was_missing", "hook", "calls"), _most_first(seen))


def burden(whole: FullReport) -> Table:
    """Three lines for each hook, and for all: all cards, those that interrupt, and the critical ones among these.

    How many were held back stands beside them, and how many of these because the same user had just seen the same
    advice: few cards may be those that are left.
    """
    rows: list[Sequence[Value]] = []
    for one in burdens(whole.events):
        if one.answered or one.refused or one.cards.all or one.held_back.all:
            names = "all", "warning or critical", "critical"
            kinds = zip(names, one.cards, one.held_back, one.repeated, strict=True)
            rows += [
                [
                    one.hook or "all",
                    kind,
                    cards,
                    held,
                    again,
                    one.answered,
                    _of(one.of_100_calls(cards)),
                    _of(one.of_100_charts(cards)),
                ]
                for kind, cards, held, again in kinds
            ]
    counts = "shown", "held_back", "held_as_repeated", "calls_answered"
    return Table(("hook", "cards_that_are", *counts, "of_100_calls", "of_100_charts"), rows)


def silent(whole: FullReport) -> Table:
    """A line for each tenant, service or topic that was there before and not in the last days."""
    rows: list[Sequence[Value]] = [
        [one.what, one.name, one.tenant or UNKNOWN_CALLERS, one.times, _day(one.last, whole), one.held_back]
        for one in whole.silent
    ]
    return Table(("what", "name", "tenant", "times_before", "last_on", "held_back_since"), rows)


def switched(whole: FullReport) -> Table:
    """A line for each switching, the oldest first."""
    return switchings_table(whole.switchings)


def unmapped(whole: FullReport) -> Table:
    """A line for each code of a lab or drug that the vocabulary does not hold; first those of systems not read.

    Codes of systems that are read are known to the service as systems: what they stand for is not used, as a rule.
    """
    codes = sorted(whole.unmapped.codes, key=lambda one: system_of(one.system) is not None)
    rows: list[Sequence[Value]] = [
        [
            one.kind,
            one.system,
            one.code,
            one.unit,
            _yes(system_of(one.system) is not None),
            one.calls,
            whole.unmapped.looked_at,
        ]
        for one in codes
    ]
    return Table(("kind", "system", "code", "unit", "system_is_read", "calls", "of_calls_looked_at"), rows)


_TABLES: Mapping[str, Callable[[FullReport], Table]] = {
    "topic": by_topic,
    "hook": by_hook,
    "tenant": by_tenant,
    "week": by_weeks,
    "policy": policies,
    "policy-change": policy_changes,
    "reason": reasons,
    "held-back": held_back,
    "review": reviews,
    "gap": gaps,
    "refusal": refusals,
    "burden": burden,
    "silent": silent,
    "switched": switched,
    "unmapped": unmapped,
}
SECTIONS: Mapping[str, Section] = {name: Section(HEADS[name], table) for name, table in _TABLES.items()}


def _with_calls(
    column: str,
    whole: FullReport,
    of_card: Callable[[CardCount], str],
    of_event: Callable[[EventCount], str],
    nameless: str,
) -> Table:
    cards = rows_by(whole.cards, of_card)
    answered, refused = _calls(whole, of_event)
    rows: list[Sequence[Value]] = [
        [name or nameless, answered[name], refused[name], *numbers(cards.get(name, Row()))]
        for name in sorted({*cards, *answered, *refused})
    ]
    return Table((column, *_CALLS, *COLUMNS, *SHARES), rows)


def _calls(whole: FullReport, key: Callable[[EventCount], Key]) -> tuple[Counter[Key], Counter[Key]]:
    return counted(whole.events, Kind.ANSWERED, key), counted(whole.events, Kind.REFUSED, key)


def counted(events: Iterable[EventCount], kind: Kind, key: Callable[[EventCount], Key]) -> Counter[Key]:
    """The events of this kind by what `key` tells of them."""
    seen: Counter[Key] = Counter()
    for count in events:
        if count.kind == kind:
            seen[key(count)] += count.times
    return seen


def _most_first(seen: Counter[tuple[str, str]]) -> list[Sequence[Value]]:
    return [[*key, times] for key, times in sorted(seen.items(), key=lambda one: (-one[1], one[0]))]


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"


def _day(moment: datetime, whole: FullReport) -> str:
    return moment.astimezone(whole.period.zone if whole.period else None).date().isoformat()


def _of(number: float | None) -> OfHundred | None:
    return None if number is None else OfHundred(number)
