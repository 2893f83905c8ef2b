"""`calciphylaxis-cds overrides` and `feedback`: what clinicians did with the cards.

What may live here: options, and where they lead. Both commands only read: they make no database and change none. Their
numbers are exact, since whoever runs them owns the database.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from cds_service.commands.common import HELP, say, say_json, settings_for
from cds_service.commands.report import COUNTED
from cds_service.commands.stored import place_of_the_log, read_or_say

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from cds_service.reports import Table
    from cds_service.storage import CardCount, ReadOnly

UNKNOWN_CARD = "(unknown card)"
WITHHOLD = (
    'With --by, for counts that are passed on: "fewer than 5" in place of 1 to 4, others withheld where they would '
    "tell these. Without it counts are exact."
)


class Asked(NamedTuple):
    """What was asked for, and where."""

    database: ReadOnly
    zone: ZoneInfo
    day: date | None
    since: datetime | None
    """The beginning of this day in the time zone of the clinic."""
    service: str | None
    client: str | None


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """What both commands can be asked."""
    day = click.DateTime(["%Y-%m-%d"])
    for option in reversed((
        click.option("--service", help="Only this service id."),
        click.option("--client", help="Only this trusted client, by its issuer."),
        click.option("--since", type=day, metavar="DATE", help="From this day on (2026-11-30, in CDS_TIMEZONE)."),
        click.option("--by", type=click.Choice(["card", "reason", "week"]), help="Count cards by this."),
        click.option("--withhold", is_flag=True, help=WITHHOLD),
        click.option("--json", "as_json", is_flag=True, help="A JSON document."),
        click.option("--csv", "as_csv", is_flag=True, help="CSV with a line of heads."),
    )):  # fmt: skip
        command = option(command)
    return command


@click.command(context_settings=HELP)
@_options
def overrides(**options: Any) -> None:
    """Count how many cards were overridden, and why.

    The database is that of CDS_DATABASE_URL, and is only read. A card counts once, with its latest answer. A reason
    with a published equivalent is followed by that code as system|code. Comments are not printed.
    """
    _run(_reasons, options)


@click.command(context_settings=HELP)
@_options
def feedback(**options: Any) -> None:
    """List or count what clinicians did with the cards.

    The database is that of CDS_DATABASE_URL, and is only read. The oldest answer comes first. With --by, cards shown
    are counted, and how many of them were accepted, overridden, not answered. Comments are not printed: they are free
    text and may name a patient.
    """
    _run(_answers, options)


def _run(rows: Callable[[Asked], Table], options: dict[str, Any]) -> None:
    by, withhold = options["by"], options["withhold"]
    if options["as_json"] and options["as_csv"]:
        raise click.UsageError("--json and --csv exclude each other: choose one.")
    if withhold and not by:
        raise click.UsageError("--withhold needs --by card, reason or week: only counts can be withheld.")
    asked = _asked(options)
    table, beside = read_or_say(
        asked.database, lambda: _counts(asked, by, withhold=withhold) if by else (rows(asked), {})
    )
    where = {"read_from": asked.database.place, "time_zone": asked.zone.key}
    if options["as_json"]:
        since = asked.day.isoformat() if asked.day else None
        say_json({**where, "since": since, **beside, "rows": table.records()})
    elif options["as_csv"]:
        click.echo(table.csv(), nl=False)
    elif table.rows:
        say("\n".join(table.lines()))
    if not table.rows:
        say("there is nothing to list: no such answer is stored there" if not by else "no card was shown", err=True)
    for outcome, number in beside.get("answers_on_unknown_cards", {}).items():
        say(f"not counted: {number} {outcome} on cards that are not in the log", err=True)


def _asked(options: dict[str, Any]) -> Asked:
    database, zone = place_of_the_log()
    day = options["since"].date() if options["since"] else None
    return Asked(database, zone, day, _beginning(day, zone), options["service"], options["client"])


def _beginning(day: date | None, zone: ZoneInfo) -> datetime | None:
    from cds_service.reports import start_of

    try:
        return start_of(day, zone) if day else None
    except OverflowError:
        raise click.UsageError(
            f"--since {day}: no calendar here goes back to midnight of that day in {zone}."
        ) from None


def _counts(asked: Asked, by: str, *, withhold: bool) -> tuple[Table, dict[str, Any]]:
    from cds_service import reports

    name = _name_for_all() if withhold else reports.named_by_code
    report, unknown = reports.counted_since(asked.database, asked.zone, asked.since, name, asked.service, asked.client)
    beside = {
        "counted": COUNTED,
        "answers_on_unknown_cards": {one: reports.told(many) if withhold else many for one, many in unknown.items()},
    }
    shape = {"card": reports.by_card, "reason": reports.by_reason, "week": reports.by_week}[by]
    table = shape(report.without_small_numbers() if withhold else report)
    return (table if report.total.shown else reports.Table(table.columns, [])), beside


def _name_for_all() -> Callable[[CardCount], str]:
    """Reasons as the page names them: what an EHR sent in place of a reason of ours is not repeated."""
    from cds_service.api import OVERRIDE_SYSTEM
    from cds_service.knowledge import override_reasons_in
    from cds_service.reports import named_for_all
    from fhir_mappings.packaged import default_policy

    shipped = {code: one.display for code, one in default_policy().wording.override_reasons.items()}
    folder = settings_for(dev=True).site_policies
    return named_for_all((override_reasons_in(folder) if folder else {}) | shipped, OVERRIDE_SYSTEM)


def _answers(asked: Asked) -> Table:
    """Each answer as it was sent."""
    from cds_service.reports import Table, Value
    from cds_service.storage import stored_feedback
    from hooks.cards import plain

    rows: list[list[Value]] = []
    for row in stored_feedback(asked.database, asked.since, asked.service, asked.client):
        item = row.item
        accepted = len(item.accepted_suggestions)
        what = f"{accepted} suggestion{'' if accepted == 1 else 's'}"
        if item.outcome != "accepted":
            what = plain(item.override_reason_code or "") or _without_code(item.user_comment)
        day = item.outcome_timestamp.isoformat(timespec="seconds")
        rows.append([day, item.outcome, row.service, row.topic or UNKNOWN_CARD, what, row.client or ""])
    return Table(("when", "outcome", "service", "card", "what", "client"), rows)


def _without_code(comment: str | None) -> str:
    return "(comment only)" if (comment or "").strip() else "(no reason)"


def _reasons(asked: Asked) -> Table:
    """Overridden cards by service, card and reason, the most frequent first."""
    from cds_service.api import OVERRIDE_SYSTEM
    from cds_service.reports import Table, Value, is_ours
    from cds_service.storage import override_counts
    from fhir_mappings.packaged import default_policy
    from hooks.cards import plain

    reasons = default_policy().wording.override_reasons
    rows: list[list[Value]] = []
    for row in override_counts(asked.database, asked.since, asked.service, asked.client):
        reason = reasons[row.reason_code] if is_ours(row, reasons, OVERRIDE_SYSTEM) else None
        published = "{}|{}".format(*reason.standard) if reason and reason.standard else ""
        words = plain(row.reason_code) or ("(comment only)" if row.comment_only else "(no reason)")
        rows.append([row.times, row.service, row.topic or UNKNOWN_CARD, words, published])
    return Table(("overridden", "service", "card", "reason", "published_as"), rows)
