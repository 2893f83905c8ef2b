"""`calciphylaxis-cds sandbox`: the synthetic patients on a FHIR server.

What may live here: options, and waiting for that server.
"""

from __future__ import annotations

import time

import click

from cds_service.commands.common import HELP, Progress
from cds_service.commands.parameters import ADDRESS


@click.group(context_settings=HELP)
def sandbox() -> None:
    """The synthetic patients on a FHIR R4 server of your choice."""


@sandbox.command("load", context_settings=HELP)
@click.argument("url", type=ADDRESS)
@click.option("--token", envvar="FHIR_TOKEN", help="Bearer token for the FHIR server (or FHIR_TOKEN).")
@click.option(
    "--wait",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    metavar="SECONDS",
    help="Wait so long for the server to come up.",
)
def sandbox_load(url: str, token: str | None, wait: int) -> None:
    """Put the synthetic patients on the FHIR server at URL, dates rolled to today; safe to repeat.

    Then every patient is read back by the searches of the service; exit status 1 when they do not bring what was put
    there.
    """
    from cds_service.clock import utc_now
    from cds_service.demo.fhir_site import LoaderError
    from cds_service.demo.loader import load
    from cds_service.demo.patients import load_patients
    from cds_service.demo.read_back import queries_of_the_service, read_back

    _await_server(url, wait)
    now = utc_now()
    patients = load_patients(now)
    try:
        with Progress("loading") as step:
            load(url, patients, token=token, progress=step)
        with Progress("reading back") as step:
            read_back(url, patients, queries_of_the_service(), now.date(), token=token, progress=step)
    except LoaderError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{len(patients)} synthetic patients are on {url}")
    for patient in patients:
        click.echo(f"  {patient.patient_id}  {patient.title}")


@sandbox.command("clean", context_settings=HELP)
@click.argument("url", type=ADDRESS)
@click.option("--token", envvar="FHIR_TOKEN", help="Bearer token for the FHIR server (or FHIR_TOKEN).")
def sandbox_clean(url: str, token: str | None) -> None:
    """Remove exactly the synthetic resources from the FHIR server at URL; safe to repeat.

    It ends when a search finds none any more; exit status 1 when something is left.
    """
    from cds_service.demo.fhir_site import LoaderError
    from cds_service.demo.loader import clean

    try:
        with Progress("removing") as step:
            removed = clean(url, token=token, progress=step)
    except LoaderError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{removed} resources removed from {url}")


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
