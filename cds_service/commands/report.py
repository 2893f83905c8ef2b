"""`calciphylaxis-cds report`: everything that the log of events tells of a time.

What may live here: options, and the report as text, CSV and JSON. It only reads, and its numbers are exact, since
whoever runs it owns the database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from cds_service.commands.common import HELP, say, say_json, settings_for
from cds_service.commands.not_shown import not_shown_now
from cds_service.commands.site_policies import packaged_version
from cds_service.commands.stored import place_of_the_log, read_or_say

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from cds_service.reports import FullReport, Section
    from cds_service.storage import ReadOnly

TABLES = (
    "topic", "hook", "tenant", "week", "policy", "policy-change", "reason", "held-back", "review", "gap", "refusal",
    "burden", "silent", "switched", "unmapped",
)  # fmt: skip
"""Written out: to ask the room of reports for them would take longer than the help of this command."""
COUNTED = "cards, each once, with its latest answer, in the week in which it was shown"
NOT_READ = (
    "the site policies were not read: CDS_SITE_POLICIES is not set, and calls were answered by other policy versions "
    "than the packaged one, those of site policies or of another release; what a site policy keeps from being shown "
    "(shadow mode, switches) is not told here"
)
_DAY = click.DateTime(["%Y-%m-%d"])


class Asked(NamedTuple):
    """What was asked for, and where."""

    database: ReadOnly
    zone: ZoneInfo
    since: date | None
    until: date | None
    tenant: str | None
    silent_days: int | None


@click.command(context_settings=HELP)
@click.option("--since", type=_DAY, metavar="DATE", help="From this day on (2026-11-30, in CDS_TIMEZONE).")
@click.option("--until", type=_DAY, metavar="DATE", help="Up to this day, which is counted too; else up to now.")
@click.option(
    "--tenant", help='Only this tenant, as the table of tenants names it, or "default": callers that are not known.'
)
@click.option("--by", type=click.Choice(TABLES), help="One of the tables; else all.")
@click.option("--silent-days", type=click.IntRange(1, 3660), help="Tell what was silent for so many days; else 14.")
@click.option("--json", "as_json", is_flag=True, help="A JSON document.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV with a line of heads; all tables: a line for each value.")
def report(**options: Any) -> None:
    """Report calls and cards, what was held back, and what fell silent.

    The database is that of CDS_DATABASE_URL, and is only read. Cards shown and what became of them by topic, hook,
    tenant and week; by which versions of the policy calls were answered, and what became of site policies; why cards
    were overridden; cards held back, and why (shadow: what would have been shown); how many cards of a sample were
    judged to be appropriate; gaps (no card, and something could not be read) and refusals; cards for each hundred calls
    and opened charts; what has fallen silent; what was switched off and on at once; codes of labs and drugs that are
    not known. Numbers are always exact: small ones may tell of a single person.
    """
    if options["as_json"] and options["as_csv"]:
        raise click.UsageError("--json and --csv exclude each other: choose one.")
    since, until = (options[name].date() if options[name] else None for name in ("since", "until"))
    if since and until and until < since:
        raise click.UsageError(f"--until {until} lies before --since {since}.")
    asked = Asked(*place_of_the_log(), since, until, _named(options["tenant"]), options["silent_days"])
    whole = read_or_say(asked.database, lambda: _read(asked))
    _insist_on_tenant(asked, whole)
    names = [options["by"]] if options["by"] else list(TABLES)
    if options["as_json"]:
        say_json({**_about(asked, whole), "tables": _records(whole, names)})
    elif options["as_csv"]:
        remarks = _remarks(asked, whole)
        click.echo(_csv(whole, options["by"], remarks), nl=False)
        say("\n".join(remarks), err=True)
    else:
        say("\n".join(_lines(asked, whole, names)))


def _named(tenant: str | None) -> str | None:
    """As the tables name it: what other places call the default are, in the log, callers that are not known."""
    from cds_service import reports
    from cds_service.knowledge import DEFAULT

    return reports.UNKNOWN_CALLERS if tenant == DEFAULT else tenant


def _insist_on_tenant(asked: Asked, whole: FullReport) -> None:
    """A misspelt tenant has no numbers, which must not read as if nothing had happened there."""
    from cds_service import reports

    if asked.tenant in (None, reports.UNKNOWN_CALLERS, *whole.tenants):
        return
    ever = read_or_say(asked.database, lambda: _read(asked._replace(since=None, until=None))).tenants
    if ever and asked.tenant not in ever:
        known = ", ".join(sorted(name or reports.UNKNOWN_CALLERS for name in ever))
        raise click.UsageError(f"--tenant {asked.tenant}: nothing of this tenant is in the log; in it are: {known}")


def _read(asked: Asked) -> FullReport:
    from cds_service import reports
    from cds_service.clock import utc_now

    now = utc_now()
    period = reports.period_of(asked.database, asked.zone, asked.since, asked.until, now.astimezone(asked.zone).date())
    tenant = "" if asked.tenant == reports.UNKNOWN_CALLERS else asked.tenant
    days = asked.silent_days or reports.SILENT_DAYS
    return reports.full_report_of(asked.database, period, reports.named_by_code, now, tenant=tenant, silent_days=days)


def _about(asked: Asked, whole: FullReport) -> dict[str, Any]:
    """What was asked for, and how it was counted."""
    period = whole.period
    return {
        "read_from": asked.database.place,
        "time_zone": asked.zone.key,
        "since": _day(asked.since),
        "until": _day(asked.until),
        "counted_from": _day(period.first if period else None),
        "counted_to": _day(period.last if period else None),
        "tenant": asked.tenant,
        "silent_days": whole.silent_days,
        "counted": COUNTED,
        "answers_on_unknown_cards": dict(whole.unknown),
        "remarks": _remarks(asked, whole),
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _remarks(asked: Asked, whole: FullReport) -> list[str]:
    """What a reader has to know beside the numbers."""
    from cds_service import reports

    found = not_shown_now("" if asked.tenant == reports.UNKNOWN_CALLERS else asked.tenant)
    found += _not_read(whole)
    found += [reports.said_of(whole)] if reports.said_of(whole) else []
    named = {name or reports.UNKNOWN_CALLERS for name in whole.tenants}
    if asked.tenant is not None and asked.tenant not in named:
        others = f"in it are: {', '.join(sorted(named))}" if named else "and of no other either"
        found.append(f"nothing of the tenant {asked.tenant} is in the log in this range, {others}")
    days = whole.silent_days
    if whole.is_too_short:
        found.append(f"the range has no time before its last {days} days: what has fallen silent cannot be told")
    else:
        found.append(f"fallen silent: there before, and not in the last {days} days of the range")
    if whole.unmapped.not_shown:
        found.append(reports.CODES_NOT_SHOWN.format(whole.unmapped.not_shown, whole.unmapped.looked_at))
    for outcome, number in whole.unknown.items():
        found.append(f"not counted: {number} {outcome} on cards that are not in the log")
    return found


def _not_read(whole: FullReport) -> list[str]:
    """Nobody may take it for granted that all cards are shown where the site policies of the service were not read."""
    settings = settings_for(dev=True)
    kept = {one.policy for one in whole.versions} - {""}
    if settings.site_policies is not None or not kept or kept == {packaged_version(settings)}:
        return []
    return [NOT_READ]


def _lines(asked: Asked, whole: FullReport, names: list[str]) -> Iterator[str]:
    period, whose = whole.period, asked.tenant or "all tenants"
    days = (
        f"{period.first} to {period.last}" if period else f"{asked.since or 'the beginning'} to {asked.until or 'now'}"
    )
    yield f"{days} ({asked.zone.key}), {whose}; {COUNTED}"
    yield from _remarks(asked, whole)
    for name in names:
        section = _sections()[name]
        yield from ("", f"{section.head.head} (--by {name})")
        yield from section.lines(whole)


def _records(whole: FullReport, names: list[str]) -> dict[str, Any]:
    return {name: _sections()[name].table(whole).records() for name in names}


def _csv(whole: FullReport, by: str | None, remarks: list[str]) -> str:
    """One table as it is, or of all tables a line for each value: they have different columns. Remarks are in both."""
    from cds_service.reports import REMARKS, Table

    if by is not None:
        return _sections()[by].table(whole).with_remarks(remarks).csv()
    tables = {name: section.table(whole) for name, section in _sections().items()}
    rows: list[list[Any]] = [[REMARKS, number, REMARKS, said] for number, said in enumerate(remarks, start=1)]
    rows += [
        [name, number, column, value]
        for name, table in tables.items()
        for number, row in enumerate(table.rows, start=1)
        for column, value in zip(table.columns, row, strict=True)
    ]
    return Table(("table", "line", "column", "value"), rows).csv()


def _sections() -> Mapping[str, Section]:
    from cds_service.reports import SECTIONS

    return SECTIONS
