"""`calciphylaxis-cds review`: a sample of cards for people to judge, and their verdicts into the log.

What may live here: options, and lines of text. How cards are drawn, and how a file is checked, stands in `review`.
"""

from __future__ import annotations

from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cds_service.commands.common import HELP, in_words, say, say_json, settings_for
from cds_service.commands.parameters import AS_JSON
from cds_service.commands.stored import place_of_the_log, read_or_say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from cds_service.review import Draw, Entered, Fault, Line, Row
    from cds_service.storage import Answer, Drawn, Event, ReadOnly

KINDS = ("shown", "held-back", "overridden")
"""Written out: to ask the storage for them would take longer than the help of this command."""
_DAY = click.DateTime(["%Y-%m-%d"])
_MOST_SEED = 2**31 - 1


@click.group(context_settings=HELP)
def review() -> None:
    """Draw a sample of cards for reviewers, and enter their verdicts.

    `report --by review` counts the verdicts.
    """


@review.command(context_settings=HELP)
@click.option("--size", type=click.IntRange(1, 10_000), default=30, help="So many cards; else 30.")
@click.option("--since", type=_DAY, metavar="DATE", help="From this day on (2026-11-30, in CDS_TIMEZONE).")
@click.option("--until", type=_DAY, metavar="DATE", help="Up to this day, which is counted too; else up to now.")
@click.option("--tenant", help='Only this tenant, as `report` names it, or "default": callers that are not known.')
@click.option("--topic", metavar="CODE", help="Only cards on this topic (vka-cua); else about as many of each topic.")
@click.option("--kind", type=click.Choice(KINDS), default="shown", help="Which cards; else those that were shown.")
@click.option("--seed", type=click.IntRange(0, _MOST_SEED), help="The same number draws the same cards again.")
@AS_JSON
def sample(**options: Any) -> None:
    """Write a random sample of cards as CSV, for reviewers to fill in.

    The database is that of CDS_DATABASE_URL, and is only read. Each topic gives about as many cards, so that rare
    topics come too; the same advice on the same facts of a patient comes once. The file names no patient, no user and
    no comment: with the hook instance an EHR finds the call in its own log. Fill in the columns verdict and reviewer
    (a person for each line; copy a line for a second reviewer); a remark is for yourselves and is not read.
    """
    since, until = (options[name].date() if options[name] else None for name in ("since", "until"))
    if since and until and until < since:
        raise click.UsageError(f"--until {until} lies before --since {since}.")
    seed = _seed() if options["seed"] is None else options["seed"]
    database, zone = place_of_the_log()
    draw, rows = read_or_say(database, lambda: _drawn(database, zone, since, until, seed, options))
    say("\n".join(_said_of(draw, seed, options)), err=True)
    if options["as_json"]:
        shares = [share._asdict() for share in draw.shares]
        say_json({"read_from": database.place, "seed": seed, "kind": options["kind"], "topics": shares, "rows": rows})
        return
    from cds_service.review import sheet_of

    click.echo(sheet_of(rows), nl=False)


def _seed() -> int:
    import secrets

    return secrets.randbelow(_MOST_SEED)


def _drawn(
    database: ReadOnly, zone: ZoneInfo, since: date | None, until: date | None, seed: int, options: dict[str, Any]
) -> tuple[Draw, list[Row]]:
    from cds_service import review as reviews
    from cds_service.knowledge import DEFAULT
    from cds_service.reports import UNKNOWN_CALLERS
    from cds_service.storage import Drawn, answers_to, candidates, cards_named

    drawn, asked = Drawn(options["kind"]), options["tenant"]
    tenant = "" if asked in (DEFAULT, UNKNOWN_CALLERS) else asked
    bounds = _bounds(zone, since, until)
    found = candidates(database, drawn, *bounds, tenant, options["topic"])
    if not found:
        _insist_on_names(database, drawn, tenant, options["topic"])
    draw = reviews.draw(found, options["size"], seed)
    cards: list[Event] = [*cards_named(database, draw.ids).values()]
    return draw, reviews.rows_of(cards, drawn, answers_to(database, cards), zone, _reason())


def _bounds(zone: ZoneInfo, since: date | None, until: date | None) -> tuple[datetime | None, datetime | None]:
    """Both days whole."""
    from datetime import timedelta

    from cds_service.reports import start_of

    try:
        return (
            start_of(since, zone) if since else None,
            start_of(until + timedelta(days=1), zone) if until else None,
        )
    except OverflowError:
        raise click.UsageError("--since, --until: no calendar here goes that far.") from None


def _insist_on_names(database: ReadOnly, drawn: Drawn, tenant: str | None, topic: str | None) -> None:
    """A misspelt name draws nothing, which must not read as if there had been no such card."""
    from cds_service.reports import UNKNOWN_CALLERS
    from cds_service.storage import names_of_cards

    names = names_of_cards(database, drawn)
    for option, asked, known in (
        ("--tenant", tenant, {tenant or UNKNOWN_CALLERS for tenant, _ in names}),
        ("--topic", topic, {topic for _, topic in names}),
    ):
        if asked and known and asked not in known:
            raise click.UsageError(f"{option} {asked}: there is no such card; there are: {', '.join(sorted(known))}")


def _reason() -> Callable[[Answer], str]:
    """The code of a reason where it is ours; what an EHR wrote in its place stays in the database."""
    from cds_service.api import OVERRIDE_SYSTEM
    from cds_service.reports import code_for_all
    from fhir_mappings.packaged import default_policy

    return code_for_all(default_policy().wording.override_reasons, OVERRIDE_SYSTEM)


def _said_of(draw: Draw, seed: int, options: dict[str, Any]) -> Iterator[str]:
    from cds_service.review import VERDICTS

    if not draw.ids:
        yield f"there is no such card ({options['kind']}) in these days: nothing was drawn"
        return
    for share in draw.shares:
        why = f", held back: {share.why}" if share.why else ""
        yield f"{share.topic}{why}: {share.drawn} of {share.of}"
    yield f"{len(draw.ids)} cards ({options['kind']}), drawn with --seed {seed}"
    yield f"verdicts are: {VERDICTS}"


@review.command(context_settings=HELP)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check the file, and keep nothing.")
@AS_JSON
def enter(file: Path, dry_run: bool, as_json: bool) -> None:
    """Keep the verdicts of a sample that was filled in.

    Verdicts: appropriate (it was right to show the card, or would have been); not-needed (right, but already known or
    dealt with); inappropriate (wrong for this patient or moment); cannot-judge. Nothing is kept unless the whole file
    is right. The same file again changes nothing; another verdict of the same reviewer replaces the one before. Lines
    without a verdict are known to be in the sample. Remarks are not kept.
    """
    from cds_service.review import read_sheet

    database, _ = place_of_the_log()
    sheet = read_sheet(file.read_bytes())
    if not sheet.lines and not sheet.faults:
        raise click.ClickException(f"{file}: there is no line in it but that of the heads")
    entered = read_or_say(database, lambda: _entered(database, sheet.lines))
    faults = sorted([*sheet.faults, *entered.faults])
    if faults:
        raise click.ClickException(_told(file, faults))
    if not dry_run:
        _keep(entered.events)
    if as_json:
        counts = {name: getattr(entered, name) for name in ("verdicts", "changed", "known", "without")}
        say_json({"file": str(file), "kept": not dry_run, **counts})
    else:
        say("\n".join(_said_of_entered(entered, dry_run)))


def _entered(database: ReadOnly, lines: Sequence[Line]) -> Entered:
    from cds_service import review as reviews
    from cds_service.clock import utc_now
    from cds_service.storage import cards_named, verdicts_on

    ids = {line.event for line in lines}
    return reviews.enter(lines, cards_named(database, ids), verdicts_on(database, ids), utc_now())


def _told(file: Path, faults: Sequence[Fault]) -> str:
    listed = "\n".join(f"line {fault.line}: {fault.says}" for fault in faults)
    return f"{file}: nothing was kept, because of\n{listed}"


def _keep(events: Sequence[Event]) -> None:
    """All or none, straight into the database: it was read a moment ago."""
    from cds_service.storage import Database, EventLog

    with in_words(), closing(Database(settings_for(dev=False).database_url)) as opened:
        EventLog(opened).accept(events)


def _said_of_entered(entered: Entered, dry_run: bool) -> Iterator[str]:
    would_be = "would be" if dry_run else "were"
    replacing = (
        f", {entered.changed} of them in place of an earlier one of the same reviewer" if entered.changed else ""
    )
    yield f"{entered.verdicts} verdicts {would_be} kept{replacing}"
    if entered.known:
        yield f"{entered.known} are in the log already"
    if entered.without:
        yield f"{entered.without} lines of the file have no verdict yet"
