"""`calciphylaxis-cds policy`: check a policy, show it, and see what another one would bring.

What may live here: options, and where results are written. The work has its own room.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cds_service.commands import exit_status
from cds_service.commands.common import HELP, in_words, say, say_json, settings_for
from cds_service.commands.parameters import AS_JSON
from cds_service.commands.site_policies import tenant_remarks

if TYPE_CHECKING:
    from cds_service.knowledge import InForce
    from cds_service.policy_work import Difference
    from cds_service.settings import Settings

PACKAGED = "packaged"
_POLICY = click.option(
    "--policy",
    "folder",
    default=PACKAGED,
    show_default=True,
    metavar="DIR",
    help="A folder laid out like the data files of the package; a file that is missing is the packaged one.",
)
_AT = click.option(
    "--at",
    type=click.DateTime(formats=["%Y-%m-%d"]),
    help="As of this day (2026-12-01); today by the clinic's zone without it.",
)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_SITE = click.option(
    "--site", type=_FILE, help="The file of a site policy, put onto these files as if it were in force already."
)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group(context_settings=HELP)
def policy() -> None:
    """Check, show and compare the data files of clinicians.

    A policy is a folder laid out like the package (hooks/thresholds.toml, fhir_mappings/labs.toml …) or flat
    (thresholds.toml …), or the word "packaged". A file that is missing there is the packaged one.
    """


@policy.command("check", context_settings=HELP)
@_POLICY
@_SITE
@AS_JSON
def check(folder: str, site: Path | None, as_json: bool) -> None:
    """Find every fault of every file.

    Each is a line with file and key. Exit status 1 where there is any.
    """
    settings = settings_for(dev=True)
    try:
        found = _policy(folder, settings, site, _day(None, settings))
    except click.ClickException as faults:
        if as_json:
            say_json({"ok": False, "faults": faults.message.splitlines()})
        else:
            say(faults.message)
        raise SystemExit(exit_status.FAILED) from None
    files, rules = found.files, sum(map(len, found.knowledge.policy.rules.values()))
    numbers, cards = len(found.reasons.numbers), len(found.reasons.topics)
    if as_json:
        told = {"files": sorted(files.texts), "own": dict(files.own), "unused": list(files.unused)}
        counts = {"numbers": numbers, "drug_rules": rules, "cards": cards}
        of_site = {**_site_told(found), **_site_remarks(found, settings)}
        say_json({**_not_shown(found), "ok": True, "faults": [], **told, **counts, **of_site})
        return
    _say_not_shown(found)
    own = f" ({', '.join(sorted(files.own.values()))} of {folder}, the others packaged)" if files.own else ""
    say(f"no fault: {len(files.texts)} files{own}; {numbers} numbers, {rules} drug rules, {cards} cards")
    _say_site(found)
    for remark in _site_remarks(found, settings).get("look_at", ()):
        say(f"look at: {remark}")


@policy.command("show", context_settings=HELP)
@_POLICY
@_SITE
@_AT
@AS_JSON
def show(folder: str, site: Path | None, at: datetime | None, as_json: bool) -> None:
    """Print every number and rule in force on a day.

    Each has its unit, its first day and its source.
    """
    from cds_service.policy_work import in_force, print_shown, shown_document, terminal

    settings = settings_for(dev=True)
    found = _policy(folder, settings, site)
    on = _day(at, settings)
    shown = in_force(found, on)
    if as_json:
        say_json({**_not_shown(found, on), **shown_document(shown), **_site_told(found)})
    else:
        _say_not_shown(found, on)
        _say_site(found)
        print_shown(terminal(), shown)


@policy.command("diff", context_settings=HELP)
@click.argument("old")
@click.argument("new")
@click.option("--site", type=_FILE, help="The file of a site policy, put onto NEW as if it were in force already.")
@click.option("--old-site", type=_FILE, help="The same, put onto OLD.")
@_AT
@click.option(
    "--stories", type=_FOLDER, help="Stories of your own, played as well; what they expect is checked under NEW."
)
@click.option("--bundles", type=_FOLDER, help="FHIR Bundles (*.json), each of one patient, played as well.")
@click.option("--csv", "form", flag_value="csv", help="Print a line for each change of a card.")
@click.option("--json", "form", flag_value="json", help="Print one JSON document.")
@click.option("--html", "page", type=click.Path(dir_okay=False, path_type=Path), help="Write a page for a committee.")
def diff(
    old: str,
    new: str,
    site: Path | None,
    old_site: Path | None,
    at: datetime | None,
    stories: Path | None,
    bundles: Path | None,
    form: str | None,
    page: Path | None,
) -> None:
    """List who gains and who loses which card by a change.

    Synthetic patients and stories are played under both policies, and what you bring yourself.

    OLD and NEW are folders, or "packaged"; "packaged packaged --site FILE" shows what a site policy brings. Exit
    status 0, with differences too; 1 where a story of your own does not hold, 4 where a Bundle could not be read.
    """
    from cds_service.policy_work import BundleError, difference
    from cds_service.stories import StoryError

    settings = settings_for(dev=True)
    if page:
        with _writing(page):
            # Now, and not after everything has been played.
            page.touch()
    # Why a look-up of a story failed is part of the story, and nothing to report.
    logging.getLogger("cds_service").addHandler(logging.NullHandler())
    sides = (
        (_named(old, old_site), _policy(old, settings, old_site)),
        (_named(new, site), _policy(new, settings, site)),
    )
    try:
        told = difference(*sides, _day(at, settings), stories, bundles)
    except (StoryError, BundleError) as fault:
        raise click.ClickException(str(fault)) from None
    _tell(told, form, page)
    if told.failed:
        raise SystemExit(exit_status.FAILED)
    if told.unread:
        raise SystemExit(exit_status.NOT_READ)


def _tell(told: Difference, form: str | None, page: Path | None) -> None:
    from cds_service.clock import utc_now
    from cds_service.policy_work import as_csv, as_document, as_page, in_words, no_forecast, print_difference, terminal

    if page:
        with _writing(page):
            page.write_text(as_page(told, f"{utc_now():%Y-%m-%d}"), encoding="utf-8")
    if form == "json":
        say_json(as_document(told))
    elif form == "csv":
        click.echo(as_csv(told), nl=False)
    elif page:
        for sentence in (*in_words(told), no_forecast(told)):
            say(sentence)
        say(f"{page} holds the whole of it")
    else:
        print_difference(terminal(), told)
    if form == "csv" or (page and form is None):
        for name, fault in {**told.unread, **told.failed}.items():
            say(f"{name}: {fault}", err=True)


@contextmanager
def _writing(page: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise click.ClickException(f"{page}: cannot be written ({error.strerror})") from None


def _named(word: str, site: Path | None) -> str:
    return f"{word} with {site.name}" if site else word


def _policy(word: str, settings: Settings, file: Path | None = None, today: date | None = None) -> InForce:
    """The policy that a word of the command line names; its faults as they are, a line each, and what is not used.

    Without `today` a site policy may be a draft that is still to be approved.
    """
    from cds_service.knowledge import SitePolicyError, knowledge_of, load_site_policy
    from fhir_mappings.policy_folder import folder_named

    try:
        site = load_site_policy(file, today) if file else None
    except SitePolicyError as error:
        faults = [f"{file}: {problem}" for problem in error.problems]
        raise click.ClickException("\n".join([*faults, *_faults_of(word, settings)])) from None
    with in_words():
        found = knowledge_of(folder_named(word), settings, site)
    for line in found.files.unused:
        say(f"warning: {line}", err=True)
    return found


def _faults_of(word: str, settings: Settings) -> list[str]:
    """The faults of the files alone: those of a site policy hide none of them."""
    try:
        _policy(word, settings)
    except click.ClickException as faults:
        return faults.message.splitlines()
    return []


def _site_told(found: InForce) -> dict[str, Any]:
    """Whose site policy it is, for programs; nothing without one."""
    site, knowledge = found.knowledge.site, found.knowledge
    if site is None:
        return {}
    facts = {key: getattr(site, key) for key in ("owner", "approver")}
    days = {key: getattr(site, key).isoformat() for key in ("approved", "effective", "review_by")}
    return {"site_policy": {"tenant": knowledge.tenant, "version": knowledge.version, **facts, **days}}


def _site_remarks(found: InForce, settings: Settings) -> dict[str, list[str]]:
    """What an approver should have seen; nothing without a site policy."""
    from cds_service.policy_work import site_remarks

    if found.knowledge.site is None:
        return {}
    return {"look_at": [*tenant_remarks(found.knowledge.tenant, settings), *site_remarks(found, _day(None, settings))]}


def _not_shown(found: InForce, on: date | None = None) -> dict[str, dict[str, list[str]]]:
    """The hooks at which cards that can be critical are not shown, by topic; nothing without a site policy."""
    from cds_service.policy_work import critical_not_shown

    return {"critical_not_shown": critical_not_shown(found, on)} if found.knowledge.site else {}


def _say_not_shown(found: InForce, on: date | None = None) -> None:
    from cds_service.policy_work import NOT_SHOWN

    topics = _not_shown(found, on).get("critical_not_shown", {})
    if topics:
        cards = (f"{topic} ({', '.join(hooks)})" for topic, hooks in topics.items())
        say(f"{NOT_SHOWN}: {', '.join(cards)}")


def _say_site(found: InForce) -> None:
    told = _site_told(found).get("site_policy")
    if told:
        say(
            f"site policy of {told['tenant']}, version {told['version']}: approved by {told['approver']} on "
            f"{told['approved']}, from {told['effective']} on, to be reviewed by {told['review_by']}"
        )


def _day(at: datetime | None, settings: Settings) -> date:
    from cds_service.clock import utc_now

    return at.date() if at else utc_now().astimezone(settings.timezone).date()
