"""`calciphylaxis-cds switch`: cards off at once, and on again, without a restart; what is off.

What may live here: options, checks of names, and lines of text. The file of the kill switch has its own module.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cds_service.commands.common import HELP, in_words, say, say_json, settings_for
from cds_service.commands.parameters import AS_JSON

if TYPE_CHECKING:
    from cds_service.settings import Settings
    from cds_service.storage import Spool, SwitchedOff

_MOST = 200
_SHIP_SECONDS = 5.0
TAKEN_UP = (
    "Every worker on this machine takes it up within about two seconds. A service on another machine has its own "
    "switch: do the same there."
)

TELL_THE_WARDS = "Clinicians see the same as with no risk: tell the wards now."
TELLS_OF_GAPS = (
    "this card tells what is missing or could not be read, and without it silence would look like no risk: it is not "
    "switched off by itself; without --topic all cards are switched off, this one too"
)


class Said(click.ParamType):  # type: ignore[type-arg]
    """Words that others will read: not empty, and short."""

    name = "TEXT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The words with single spaces between them."""
        text = " ".join(str(value).split())
        if not text or len(text) > _MOST:
            self.fail(f"write 1 to {_MOST} characters", param, ctx)
        return text


_TOPIC = click.option("--topic", metavar="CODE", help="Only cards on this topic (vka-cua); all topics without it.")
_TENANT = click.option(
    "--tenant",
    metavar="NAME",
    help='Only this tenant of CDS_TRUSTED_CLIENTS, or "default": callers that are not known, and tenants without a '
    "site policy of their own; all without it.",
)
_REASON = click.option("--reason", required=True, type=Said(), help="Why; shown to whoever asks what is off.")
_BY = click.option("--by", required=True, type=Said(), metavar="NAME", help="Who switches; shown with the reason.")


@click.group(context_settings=HELP)
def switch() -> None:
    """Switch cards off at once, without a restart, and on again.

    What is off is worked out and recorded as before, and not shown. Discovery, /health/ready and the pages say so.
    """


@switch.command("off", context_settings=HELP)
@_TOPIC
@_TENANT
@_REASON
@_BY
def off(topic: str | None, tenant: str | None, reason: str, by: str) -> None:
    """Show no more cards, of one topic or of all."""
    from cds_service.clock import utc_now
    from cds_service.storage import SwitchedOff, changing

    settings = settings_for(dev=True)
    _insist_on_names(settings, topic, tenant)
    path, spool = _place(settings)
    new = SwitchedOff(utc_now(), by, reason, topic, tenant)
    with _of_the_file(path), changing(path) as entries:
        before = [one for one in entries if one.is_for(topic, tenant)]
        if not before:
            entries.append(new)
    if before:
        say(f"already off: {_told(before[0])}")
        return
    say(_told(new))
    say(TELL_THE_WARDS)
    say(TAKEN_UP)
    _keep(settings, spool, new, "off", by, reason)


@switch.command("on", context_settings=HELP)
@_TOPIC
@_TENANT
@_REASON
@_BY
def on(topic: str | None, tenant: str | None, reason: str, by: str) -> None:
    """Show cards again that were switched off.

    It takes the same topic and tenant as they were switched off with.
    """
    from cds_service.storage import changing, read_switched_off

    settings = settings_for(dev=True)
    path, spool = _place(settings)
    with _of_the_file(path):
        # Where the file is gone nobody can say that something is not off.
        read_switched_off(path)
    with _of_the_file(path), changing(path) as entries:
        found = [one for one in entries if one.is_for(topic, tenant)]
        left = [one for one in entries if one not in found]
        if not found:
            which = _which(topic, tenant)
            raise click.ClickException(f"nothing was changed: no switching off of {which} is in force; {_rest(left)}")
        entries[:] = left
    say(f"on again: {_which(topic, tenant)}; {_was_off(found[0])}")
    say(f"still off:\n{_list(left)}" if left else _list(left))
    say(TAKEN_UP)
    _keep(settings, spool, found[0], "on", by, reason)


@switch.command("list", context_settings=HELP)
@AS_JSON
def listed(as_json: bool) -> None:
    """Tell what is switched off, since when, by whom and why."""
    from cds_service.storage import read_switched_off

    path, _ = _place(settings_for(dev=True))
    with _of_the_file(path):
        entries = read_switched_off(path)
    if as_json:
        say_json({"file": str(path), "off": [{**asdict(one), "since": one.since.isoformat()} for one in entries]})
    else:
        say(_list(entries))


def _insist_on_names(settings: Settings, topic: str | None, tenant: str | None) -> None:
    """A name that leads nowhere would switch nothing off."""
    from cds_service.access import load_trusted_clients
    from cds_service.knowledge import DEFAULT, gap_topics, topics_of
    from fhir_mappings.packaged import default_policy
    from hooks.name_checks import unknown_names

    policy = default_policy()
    problems = [] if topic is None else list(unknown_names("--topic", [topic], topics_of(policy)))
    problems += [f"--topic {topic}: {TELLS_OF_GAPS}"] if topic in gap_topics(policy) else []
    if tenant is not None:
        with in_words():
            clients = load_trusted_clients(settings.trusted_clients) if settings.trusted_clients else ()
        known = {DEFAULT, *(client.tenant for client in clients)}
        problems += unknown_names("--tenant", [tenant], known)
    if problems:
        raise click.UsageError("\n".join(problems))


def _place(settings: Settings) -> tuple[Path, Spool]:
    """The file, and the spool that it lies beside; refused where the service could not read what we write."""
    from cds_service.storage import file_beside, spool_for

    spool = spool_for(settings.database_url, settings.spool, settings.spool_max_bytes)
    path = file_beside(spool)
    if spool is None or path is None:
        raise click.ClickException("the database is in memory, so no other process can reach that service")
    try:
        owner = spool.folder.stat().st_uid
    except OSError:
        say(f"no service has written to {spool.folder} yet; are CDS_DATABASE_URL and CDS_SPOOL those of it?", err=True)
    else:
        if owner != os.geteuid():
            raise click.ClickException(
                f"{spool.folder} belongs to the user {owner}, and what another user writes the service cannot read: "
                f"run this as that user (sudo -u '#{owner}' …)"
            )
    return path, spool


@contextmanager
def _of_the_file(path: Path) -> Iterator[None]:
    """What is wrong with the file, in words that name it and say what to do."""
    from cds_service.storage import KillSwitchError

    try:
        yield
    except KillSwitchError as error:
        raise click.ClickException(
            f"{path}: {error.in_words}; where it is damaged, move it away; then switch off anew what has to be off"
        ) from None


def _keep(settings: Settings, spool: Spool, one: SwitchedOff, way: str, by: str, reason: str) -> None:
    """Keep the switching as an event. It holds already: where no event can be kept, that is said."""
    from cds_service.clock import utc_now
    from cds_service.storage import Database, Event, EventLog, Kind, StoreError, new_id

    told = {"switched": way, "by": by}
    whose, what = one.tenant or "", one.topic or ""
    event = Event(new_id(), utc_now(), Kind.SWITCHED, tenant=whose, topic=what, reason=reason, content=told)
    with closing(Database(settings.database_url)) as database:
        log = EventLog(database, spool)
        try:
            log.accept([event])
        except StoreError as error:
            raise click.ClickException(f"this holds, but no event of it could be kept: {error}") from None
        try:
            log.write_what_waits(_SHIP_SECONDS)
        except StoreError as error:
            say(f"the event waits in the spool, from where the service brings it on: {error}", err=True)


def _told(one: SwitchedOff) -> str:
    from cds_service.api import killed_notice

    return killed_notice(one).says


def _which(topic: str | None, tenant: str | None) -> str:
    """The cards of an entry, as the options of the command name them."""
    return (f"cards on {topic}" if topic else "all cards") + (f" (--tenant {tenant})" if tenant else "")


def _was_off(one: SwitchedOff) -> str:
    return f"they were off since {one.since.astimezone(UTC):%Y-%m-%d %H:%M} UTC, by {one.by}: {one.reason}"


def _rest(entries: list[SwitchedOff]) -> str:
    return f"what is off:\n{_list(entries)}" if entries else _list(entries)


def _list(entries: Iterable[SwitchedOff]) -> str:
    from cds_service.knowledge import NO_CARD

    told = [_told(one) for one in entries]
    return "\n".join([*told, NO_CARD]) if told else "nothing is switched off"
