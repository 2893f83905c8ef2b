"""The command line.

What may live here: arguments, and words for people when something is wrong. The service and the rules are imported
with the package in any case, so `--help` reads them too; what only one command needs is imported there.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import click
from limits.errors import ConfigurationError
from rich.console import Console
from rich.progress import Progress

from cds_service.access.trusted_clients import TrustedClientsError
from cds_service.knowledge.order_templates import TemplateError
from cds_service.settings import Settings, SettingsError, from_environment, normal_url
from cds_service.storage.cards_and_feedback import StoreError
from fhir_mappings.vocabulary import VocabularyError
from hooks.thresholds import PolicyError

FAULTS = (TrustedClientsError, StoreError, PolicyError, VocabularyError, TemplateError, ConfigurationError)
"""What is wrong with an installation, in words that help whoever runs it."""


@contextmanager
def in_words() -> Iterator[None]:
    """Faults of the installation as a message for people, without a trace."""
    try:
        yield
    except FAULTS as fault:
        raise click.ClickException(str(fault)) from None


def settings_for(*, dev: bool, allow_fhir: tuple[str, ...] = ()) -> Settings:
    """The settings of the environment with what the command line adds; a clear message when they are wrong."""
    try:
        settings = from_environment(os.environ, dev=dev)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    added = tuple(normal_url(url) or _bad_url(url) for url in allow_fhir)
    return dataclasses.replace(settings, allowed_fhir_servers=settings.allowed_fhir_servers + added)


def _bad_url(url: str) -> str:
    raise click.ClickException(f"--allow-fhir {url}: expected a plain http(s) base URL")


HELP = {"help_option_names": ["-h", "--help"]}


@click.group(context_settings=HELP)
@click.version_option(package_name="calciphylaxis-cds")
def cli() -> None:
    """Calciphylaxis decision support over CDS Hooks."""


@cli.command(context_settings=HELP)
@click.option("--dev", is_flag=True, help="No client authentication, loopback FHIR servers allowed, loopback only.")
@click.option("--container", is_flag=True, help="In a container: bind any address; publish it on loopback only.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=5000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--allow-fhir", multiple=True, metavar="URL", help="Allow this FHIR server (a prefix when it ends in /).")
def serve(dev: bool, container: bool, host: str, port: int, allow_fhir: tuple[str, ...]) -> None:
    """Serve the CDS Hooks endpoints."""
    from cds_service.commands.server import UnsafeStart, check_start
    from cds_service.commands.server import serve as run

    settings = settings_for(dev=dev, allow_fhir=allow_fhir)
    try:
        check_start(
            host, dev=dev, container=container, environment=os.environ, authenticated=bool(settings.trusted_clients)
        )
    except UnsafeStart as error:
        raise click.ClickException(str(error)) from None
    if dev:
        click.echo("development mode: no client authentication", err=True)
    with in_words():
        run(settings, host, port)


@cli.command(context_settings=HELP)
@click.option("--fhir", required=True, metavar="URL", help="FHIR R4 base URL.")
@click.option("--patient", required=True, metavar="ID")
@click.option(
    "--hook",
    default="patient-view",
    show_default=True,
    type=click.Choice(["patient-view", "order-select", "order-sign"]),
)
@click.option(
    "--order",
    "orders",
    multiple=True,
    type=click.File(encoding="utf-8"),
    metavar="FILE",
    help="Draft MedicationRequest as JSON (order hooks).",
)
@click.option("--cds", metavar="URL", help="Base URL of a running service; without it one is started for this call.")
@click.option("--token", envvar="FHIR_TOKEN", help="Bearer token for the FHIR server (or FHIR_TOKEN).")
@click.option("--fetch", is_flag=True, help="Send no prefetch: the service reads the FHIR server itself.")
@click.option("--json", "as_json", is_flag=True, help="Print the cards as JSON.")
def invoke(
    fhir: str,
    patient: str,
    hook: str,
    orders: tuple[Any, ...],
    cds: str | None,
    token: str | None,
    fetch: bool,
    as_json: bool,
) -> None:
    """Play the EHR for one patient and hook against any FHIR server, and print the cards."""
    from cds_service.demo.play import running_service
    from cds_service.ehr_client.ehr import Ehr, EhrError
    from cds_service.ehr_client.terminal import print_cards

    drafts = [_draft(file, patient, number) for number, file in enumerate(orders)]
    if hook != "patient-view" and not drafts:
        raise click.UsageError("an order hook needs at least one --order FILE")
    try:
        with running_service(cds, allow_fhir=fhir) as base:
            ehr = Ehr(base, fhir, token, send_prefetch=not fetch)
            cards = ehr.open_chart(patient) if hook == "patient-view" else ehr.order(hook, patient, drafts)
    except EhrError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(json.dumps(cards, indent=2, ensure_ascii=False))
    else:
        print_cards(Console(), cards)


def _draft(file: Any, patient: str, number: int) -> dict[str, Any]:
    try:
        draft = json.load(file)
    except ValueError:
        raise click.ClickException(f"{file.name} is not JSON") from None
    if not isinstance(draft, dict) or draft.get("resourceType") != "MedicationRequest":
        raise click.ClickException(f"{file.name} is not a MedicationRequest")
    return {
        "id": f"draft-{number}",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": f"Patient/{patient}"},
    } | draft


@cli.command(context_settings=HELP)
@click.option("--port", default=5000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--fhir-port", default=8090, show_default=True, type=click.IntRange(1, 65535))
@click.option("--once", is_flag=True, help="End after the cards have been printed.")
@click.option("--full", is_flag=True, help="Print every card in full, not only those of the first patient.")
@click.option("--patient", "only", multiple=True, metavar="KEY", help="Play only these synthetic patients.")
def demo(port: int, fhir_port: int, once: bool, full: bool, only: tuple[str, ...]) -> None:
    """Start a FHIR sandbox with synthetic patients and the service, play an EHR, print the cards, keep serving."""
    from cds_service.demo.play import play_demo
    from cds_service.ehr_client.ehr import EhrError

    try:
        play_demo(Console(), port, fhir_port, once=once, only=only, full=full)
    except EhrError as error:
        raise click.ClickException(str(error)) from None


@cli.command(context_settings=HELP)
@click.option("--service", help="Only this service id.")
def overrides(service: str | None) -> None:
    """Count how often which card was overridden, and why (from CDS_DATABASE_URL).

    A reason with a published equivalent is followed by that code as system|code.
    """
    from cds_service.api.card_json import OVERRIDE_SYSTEM
    from cds_service.app import default_policy
    from cds_service.storage.cards_and_feedback import Store

    with in_words(), closing(Store(settings_for(dev=False).database_url)) as store:
        reasons = default_policy().wording.override_reasons
        for row in store.overrides(service=service):
            reason = reasons.get(row.reason_code) if row.reason_system in ("", OVERRIDE_SYSTEM) else None
            standard = "  {}|{}".format(*reason.standard) if reason and reason.standard else ""
            words = row.reason_code or "(no reason)"
            click.echo(f"{row.times:6}  {row.service}  {row.topic or '(unknown card)'}  {words}{standard}")


@cli.command(context_settings=HELP)
@click.option("--service", help="Only this service id.")
def feedback(service: str | None) -> None:
    """List what clinicians did with the cards, oldest first (from CDS_DATABASE_URL).

    Comments are not printed: they are free text and may name a patient.
    """
    from cds_service.storage.cards_and_feedback import Store

    with in_words(), closing(Store(settings_for(dev=False).database_url)) as store:
        for row in store.feedback(service=service):
            item = row.item
            what = item.override_reason_code or "(no reason)"
            if item.outcome == "accepted":
                what = (
                    f"{len(item.accepted_suggestions)} suggestion{'' if len(item.accepted_suggestions) == 1 else 's'}"
                )
            day = item.outcome_timestamp.isoformat(timespec="seconds")
            click.echo(f"{day}  {item.outcome:10}  {row.service}  {row.topic or '(unknown card)'}  {what}")


@cli.group(context_settings=HELP)
def doctor() -> None:
    """Find out what is wrong."""


@doctor.command("token", context_settings=HELP)
@click.argument("token", required=False)
@click.option("--clients", type=click.Path(exists=True, dir_okay=False), envvar="CDS_TRUSTED_CLIENTS", required=True)
@click.option(
    "--endpoint", required=True, metavar="URL", help="The endpoint the token is meant for, as the EHR calls it."
)
def doctor_token(token: str | None, clients: str, endpoint: str) -> None:
    """Explain a CDS client's JWT check by check (argument, or standard input); nothing is used up by it."""
    from pathlib import Path

    from cds_service.access.key_sets import KeySets
    from cds_service.access.token_doctor import explain
    from cds_service.access.trusted_clients import load_trusted_clients
    from cds_service.app import utc_now

    text = (token or sys.stdin.read()).strip().removeprefix("Bearer ")
    with in_words():
        findings = explain(text, load_trusted_clients(Path(clients)), endpoint, utc_now(), KeySets())
    for finding in findings:
        click.echo(f"{'ok  ' if finding.ok else 'FAIL'} {finding.text}")
    if not all(finding.ok for finding in findings):
        raise SystemExit(1)


@cli.group(context_settings=HELP)
def sandbox() -> None:
    """The synthetic patients on a FHIR R4 server of your choice."""


@sandbox.command("load", context_settings=HELP)
@click.argument("url")
@click.option("--token", envvar="FHIR_TOKEN", help="Bearer token for the FHIR server (or FHIR_TOKEN).")
@click.option("--wait", default=0, show_default=True, help="Seconds to wait for the server to come up.")
def sandbox_load(url: str, token: str | None, wait: int) -> None:
    """Put the synthetic patients on the FHIR server at URL, dates rolled to today; safe to repeat."""
    from cds_service.app import utc_now
    from cds_service.demo.loader import LoaderError, load
    from cds_service.demo.patients import load_patients

    _await_server(url, wait)
    patients = load_patients(utc_now())
    try:
        with _Progress("loading") as step:
            load(url, patients, token=token, progress=step)
    except LoaderError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{len(patients)} synthetic patients are on {url}")
    for patient in patients:
        click.echo(f"  {patient.patient_id}  {patient.title}")


@sandbox.command("clean", context_settings=HELP)
@click.argument("url")
@click.option("--token", envvar="FHIR_TOKEN", help="Bearer token for the FHIR server (or FHIR_TOKEN).")
def sandbox_clean(url: str, token: str | None) -> None:
    """Remove exactly the synthetic resources from the FHIR server at URL; safe to repeat."""
    from cds_service.demo.loader import LoaderError, clean

    try:
        with _Progress("removing") as step:
            removed = clean(url, token=token, progress=step)
    except LoaderError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{removed} resources removed from {url}")


class _Progress:
    """A progress bar at a terminal, plain lines in a pipe; calling it reports (done, total, what)."""

    def __init__(self, verb: str) -> None:
        self._verb = verb
        self._bar = Progress(console=Console(stderr=True))
        self._task = self._bar.add_task(verb, total=None)

    def __enter__(self) -> Callable[[int, int, str], None]:
        if self._bar.console.is_terminal:
            self._bar.start()
        return self._step

    def __exit__(self, *_: object) -> None:
        if self._bar.console.is_terminal:
            self._bar.stop()

    def _step(self, done: int, total: int, what: str) -> None:
        if self._bar.console.is_terminal:
            self._bar.update(self._task, completed=done, total=total, description=f"{self._verb} {what}")
        else:
            click.echo(f"{self._verb} {done}/{total} {what}", err=True)


def _await_server(url: str, seconds: int) -> None:
    import requests

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if requests.get(f"{url.rstrip('/')}/metadata", timeout=10).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(1)


def main() -> None:
    """The entry point of the `calciphylaxis-cds` command."""
    cli(prog_name="calciphylaxis-cds")


if __name__ == "__main__":
    sys.exit(cli(prog_name="calciphylaxis-cds"))
