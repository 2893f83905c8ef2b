"""What many readers are told beside the cards: burden, versions of the policy, what was held back, silence, unmapped
codes; no small number.

What may live here: which of these numbers are told. Those of cards come withheld from `report`. The answered calls are
told in all, by hook and by version of the policy: these are withheld together. Those of cards that were held back come
from `held_for_many`. All others stand alone: no two of them are parts of one sum, so none can be worked out from
another one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from cds_service.reports.burden import CRITICAL, INTERRUPTIVE
from cds_service.reports.held import Held
from cds_service.reports.held_for_many import HeldForMany, held_for_many, of_hundred, sum_of
from cds_service.reports.report import Number, Report
from cds_service.reports.sections import NOT_KEPT, counted
from cds_service.reports.silent import TENANT, Silent
from cds_service.reports.switchings import switchings_table
from cds_service.reports.tables import Table, Value
from cds_service.reports.weeks import week_name, week_of
from cds_service.reports.withholding import FEWEST, Pipe, Withheld, withheld
from cds_service.storage import OPENED, Event, EventCount, Kind, Unmapped, VersionCount


@dataclass(frozen=True, slots=True)
class TablesForMany:
    """Tables beside those of the cards, by name, and how many calls were answered and looked at for unmapped codes.

    On `codes_not_shown` of the latter was a code that could be a name.
    """

    tables: Mapping[str, Table] = field(default_factory=dict)
    answered: Number = 0
    opened: Number = 0
    looked_at: Number = 0
    codes_not_shown: Number = 0


@dataclass(frozen=True, slots=True)
class _Calls:
    """Answered calls, in all, by hook, and by version of the policy, in the order of the versions."""

    all: Number
    hooks: Mapping[str, Number]
    versions: Sequence[Number]


def tables_for_many(
    report: Report,
    events: Sequence[EventCount],
    versions: Sequence[VersionCount],
    silent: Sequence[Silent],
    unmapped: Unmapped,
    held: Sequence[Held],
    switchings: Sequence[Event],
    zone: ZoneInfo,
) -> TablesForMany:
    """`report` has its small numbers withheld already; all else is exact. `versions` are those of the same calls, and
    `held` what was held back on them.
    """
    versions = _as_one_tenant(versions)
    calls = _answered(counted(events, Kind.ANSWERED, lambda one: one.hook), versions)
    opened = calls.hooks.get(OPENED, 0)
    back = held_for_many(held, opened, [*zip(versions, calls.versions, strict=True)])
    tables = {
        "charts": _charts(report, opened, back),
        "burden": _burden(report, calls.hooks, back),
        "policy": _policies(versions, calls.versions, zone),
        "held-back": back.table,
        "gap": _by_reason(events, Kind.GAP, "could_not_be_read"),
        "refusal": _by_reason(events, Kind.REFUSED, "was_missing"),
        "silent": _silent(silent, zone),
        "switched": switchings_table(switchings),
        "unmapped": _unmapped(unmapped),
    }
    return TablesForMany(tables, calls.all, opened, _told(unmapped.looked_at), _told(unmapped.not_shown))


def _as_one_tenant(versions: Iterable[VersionCount]) -> list[VersionCount]:
    """Each version once: a tenant may stand in the log under two names."""
    found: dict[tuple[str, str], VersionCount] = {}
    for one in versions:
        known = found.get((one.policy, one.rules), one)
        calls = (
            (one.answered, one.refused)
            if known is one
            else (known.answered + one.answered, known.refused + one.refused)
        )
        ends = min(known.first, one.first), max(known.last, one.last)
        found[one.policy, one.rules] = VersionCount("", one.policy, one.rules, *calls, *ends)
    return sorted(found.values(), key=lambda one: one.first)


def _answered(hooks: Counter[str], versions: Sequence[VersionCount]) -> _Calls:
    """All calls → each hook → each version → all calls: what is small is withheld, and what would give it away."""
    total = sum(hooks.values())
    pipes = [Pipe("all", "end", "all", total)]
    pipes += [Pipe(("hook", hook), "all", "versions", times) for hook, times in hooks.items()]
    pipes += [Pipe(number, "versions", "end", one.answered) for number, one in enumerate(versions)]
    why = withheld(pipes)
    return _Calls(
        why.get("all", total),
        {hook: why.get(("hook", hook), times) for hook, times in hooks.items()},
        [why.get(number, one.answered) for number, one in enumerate(versions)],
    )


def _charts(report: Report, opened: Number, back: HeldForMany) -> Table:
    """Cards of all hooks for each hundred opened charts; not where an earlier release kept cards and no calls.

    How many were held back stands beside them, and how many of these as the same advice again: few cards may be those
    that are left.
    """
    shown = [(indicator, row.shown) for (_, indicator), row in report.cards.items()]
    kinds: list[tuple[str, Number]] = [
        ("all", report.total.shown),
        ("warning or critical", sum_of(number for indicator, number in shown if indicator in INTERRUPTIVE)),
        ("critical", sum_of(number for indicator, number in shown if indicator == CRITICAL)),
    ]
    calls: Number = 0 if "" in report.hooks else opened
    rows: list[Sequence[Value]] = [
        [kind, shown, held, again, of_hundred(shown, calls)]
        for (kind, shown), held, again in zip(kinds, back.kinds, back.repeated, strict=True)
    ]
    return Table(("cards_that_are", "shown", "held_back", "held_as_repeated", "of_100_charts"), rows)


def _burden(report: Report, calls: Mapping[str, Number], back: HeldForMany) -> Table:
    """Cards of each hook, how many were held back there, and how many were shown for each hundred answered calls."""
    rows: list[Sequence[Value]] = []
    for hook in sorted({*calls, *report.hooks, *back.hooks}):
        cards = report.hooks.get(hook, 0)
        parts = {ind: number for (of, ind), number in report.hook_indicators.items() if of == hook}
        interruptive = sum_of(number for indicator, number in parts.items() if indicator in INTERRUPTIVE)
        critical = parts.get(CRITICAL, 0)
        answered = calls.get(hook, 0)
        shares = (of_hundred(number, answered) for number in (cards, interruptive, critical))
        held = back.hooks.get(hook, 0)
        rows.append([hook or NOT_KEPT, answered, cards, interruptive, critical, held, *shares])
    named = ("shown", "warning_or_critical", "critical")
    return Table(("hook", "calls_answered", *named, "held_back", *(f"{name}_of_100_calls" for name in named)), rows)


def _policies(versions: Iterable[VersionCount], answered: Iterable[Number], zone: ZoneInfo) -> Table:
    """Of when a version answered only weeks are told, as of what fell silent."""
    rows: list[Sequence[Value]] = [
        [one.policy or NOT_KEPT, one.rules, _week(one.first, zone), _week(one.last, zone), times]
        for one, times in zip(versions, answered, strict=True)
    ]
    return Table(("policy", "rules", "first_in", "last_in", "calls_answered"), rows)


def _by_reason(events: Iterable[EventCount], kind: Kind, head: str) -> Table:
    seen = counted(events, kind, lambda one: one.reason)
    return Table((head, "calls"), [[reason, _told(times)] for reason, times in sorted(seen.items())])


def _silent(silent: Iterable[Silent], zone: ZoneInfo) -> Table:
    """How often it was there before is not told: for a topic that is the sum of numbers in the table of cards."""
    rows = [[one.what, "" if one.what == TENANT else one.name, _week(one.last, zone), one.held_back] for one in silent]
    return Table(("what", "name", "last_in", "held_back_since"), rows)


def _unmapped(unmapped: Unmapped) -> Table:
    """Codes that were on few calls are left out: nobody knows whose they are, and some were written by hand."""
    rows: list[Sequence[Value]] = [
        [one.kind, one.system, one.code, one.unit, one.calls] for one in unmapped.codes if one.calls >= FEWEST
    ]
    return Table(("kind", "system", "code", "unit", "calls"), rows)


def _week(moment: datetime, zone: ZoneInfo) -> str:
    return week_name(week_of(moment.astimezone(zone).date()))


def _told(number: int) -> Number:
    return Withheld.FEW if 0 < number < FEWEST else number
