"""`calciphylaxis-cds events`: the log of what happened, and the keys of its pseudonyms.

What may live here: options, and the outcome as lines of text.
"""

from __future__ import annotations

import json
import os
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import click

from cds_service.commands.common import HELP, in_words, say, say_json, settings_for
from cds_service.commands.parameters import AS_JSON
from cds_service.commands.stored import place_of_the_log, read_or_say


@click.group(context_settings=HELP)
def events() -> None:
    """Delete or export events; make or rotate the keys of pseudonyms."""


@events.command(context_settings=HELP)
@click.option(
    "--before",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Delete what is older than this day (in CDS_TIMEZONE); without it, than CDS_EVENT_DAYS.",
)
@click.option("--dry-run", is_flag=True, help="Count, and delete nothing.")
@AS_JSON
def prune(before: datetime | None, dry_run: bool, as_json: bool) -> None:
    """Delete events that are older than they may be kept.

    The database is that of CDS_DATABASE_URL. So are files of lines of the spool that were no events. The service does
    the same once a day while it runs.
    """
    from cds_service.clock import utc_now
    from cds_service.storage import Database, count_before, spool_for
    from cds_service.storage import prune as delete

    settings = settings_for(dev=False)
    now = utc_now().astimezone(settings.timezone)
    moment = before.replace(tzinfo=settings.timezone) if before else now - timedelta(days=settings.event_days)
    if moment > now:
        raise click.BadParameter("this day has not come yet", param_hint="--before")
    with in_words(), closing(Database(settings.database_url)) as opened:
        if "CDS_DATABASE_URL" not in os.environ:
            say(f"CDS_DATABASE_URL is not set: this is the database of this folder, {opened.name}", err=True)
        count = count_before(opened, moment) if dry_run else delete(opened, moment)
        spool = spool_for(settings.database_url, settings.spool, settings.spool_max_bytes)
        asides = (spool.count_aside(moment) if dry_run else spool.prune_aside(moment)) if spool else 0
    if as_json:
        told = {"before": moment.isoformat(), "deleted": 0 if dry_run else count, "old": count}
        say_json({**told, "unreadable_files": asides})
        return
    would_be = "would be" if dry_run else "were"
    say(f"{count} events of before {moment:%Y-%m-%d %H:%M %Z} {would_be} deleted")
    if asides:
        say(f"{asides} files of the spool with lines that are no events {would_be} deleted")


@events.command(context_settings=HELP)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@AS_JSON
def secret(file: Path, as_json: bool) -> None:
    """Make a file of keys for pseudonyms, or put a new key first.

    CDS_SECRET_FILE is the path of such a file. Without it, no event names patient or user, not even by a hash. The
    three keys before stay, so that what was written with them can be found.
    """
    from cds_service.storage import read_keys, rotated, write_keys

    with in_words():
        before = read_keys(file) if file.exists() else []
        keys = rotated(before)
        write_keys(file, keys)
    if as_json:
        say_json({"file": os.fspath(file), "keys": len(keys)})
    else:
        say(
            f"{file}: a new key stands first; {len(keys) - 1} from before stay; restart the service"
            if before
            else f"{file}: made, with one key; set CDS_SECRET_FILE to its path"
        )


@events.command(context_settings=HELP)
@click.option("--audit", is_flag=True, help="As FHIR R4 AuditEvents; so far there is no other form.")
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="From this day on (2026-11-30, in CDS_TIMEZONE)."
)
def export(audit: bool, since: datetime | None) -> None:
    """Write cards, refusals, feedback and switchings for an audit.

    One JSON document a line goes to standard output, for each card that was given or held back too.
    The database is that of CDS_DATABASE_URL, and is only read. Patients and users are named by their pseudonyms, and
    no comment is written. An event has the same id in every export.
    """
    from cds_service.reports import as_audit_event
    from cds_service.storage import audited_events

    if not audit:
        raise click.UsageError("say in which form: --audit")
    database, zone = place_of_the_log()
    beginning = since.replace(tzinfo=zone) if since else None
    address = settings_for(dev=False).public_url

    def write() -> None:
        for event in audited_events(database, beginning):
            say_json(json.loads(as_audit_event(event, address).model_dump_json()), indent=None)

    read_or_say(database, write)
