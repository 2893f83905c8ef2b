"""`calciphylaxis-cds sandbox`: the synthetic patients, served here or put on another FHIR server.

What may live here: options, and waiting for that server.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from cds_service.commands.common import HELP, Progress, say, say_json
from cds_service.commands.parameters import ADDRESS, AS_JSON, PATIENT_KEY, PORT
from cds_service.commands.ports import insist_on_port

if TYPE_CHECKING:
    from cds_service.demo.patients import SyntheticPatient

_TOKEN = click.option("--token", envvar="FHIR_TOKEN", help="Bearer token for the FHIR server (or FHIR_TOKEN).")


@click.group(context_settings=HELP)
def sandbox() -> None:
    """Serve the synthetic patients, or put them on a server.

    They are made up: no real patient is among them.
    """


@sandbox.command("list", context_settings=HELP)
@AS_JSON
def sandbox_list(as_json: bool) -> None:
    """List the synthetic patients and what to try.

    The cards in brackets are those that come when the chart is opened, or when the drug is picked.
    """
    from cds_service.clock import utc_now
    from cds_service.demo.patients import load_patients

    patients = load_patients(utc_now())
    if as_json:
        say_json({"patients": [_about(patient) for patient in patients]})
        return
    for patient in patients:
        say(f"{patient.key}\n    {patient.title}. Id {patient.patient_id}")
        for done, topics in _to_try(patient).items():
            say(f"    {done} [{', '.join(topics) or 'no cards'}]")


@sandbox.command("serve", context_settings=HELP)
@click.option("--port", default=8090, show_default=True, type=PORT, help="The port to listen on.")
@click.option("--patient", "only", multiple=True, type=PATIENT_KEY, help="Only this synthetic patient (repeatable).")
def sandbox_serve(port: int, only: tuple[str, ...]) -> None:
    """Serve the synthetic patients as a FHIR server.

    In memory and on this machine only, without authentication; dates are counted back from now. Ctrl-C stops it.
    """
    insist_on_port("127.0.0.1", port, "--port")
    import signal

    from cds_service.clock import utc_now
    from cds_service.demo.patients import load_patients
    from cds_service.demo.play import ended_by_signals
    from cds_service.demo.sandbox import Sandbox

    patients = [patient for patient in load_patients(utc_now()) if not only or patient.key in only]
    resources = [resource for patient in patients for resource in patient.resources]
    with ended_by_signals(), Sandbox(resources, port=port) as fhir:
        say(f"FHIR sandbox {fhir.base} with {len(patients)} synthetic patient{'s' if len(patients) > 1 else ''}")
        say("Press Ctrl-C to stop.")
        signal.pause()


@sandbox.command("load", context_settings=HELP)
@click.argument("url", type=ADDRESS)
@_TOKEN
@click.option(
    "--wait",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    metavar="SECONDS",
    help="Wait so long for the server to come up.",
)
@AS_JSON
def sandbox_load(url: str, token: str | None, wait: int, as_json: bool) -> None:
    """Put the synthetic patients on the server at URL.

    Dates are counted back from now; safe to repeat. Then every patient is read back by the searches of the service;
    exit status 1 when they do not bring what was put there.
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
            report = load(url, patients, token=token, progress=step)
        with Progress("reading back") as step:
            read_back(url, patients, queries_of_the_service(), now.date(), token=token, progress=step)
    except LoaderError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        written = {"created": report.created, "updated": report.updated}
        say_json({"server": url, **written, "patients": [_name(patient) for patient in patients]})
        return
    click.echo(f"{len(patients)} synthetic patients are on {url}")
    for patient in patients:
        click.echo(f"  {patient.patient_id}  {patient.title}")


@sandbox.command("clean", context_settings=HELP)
@click.argument("url", type=ADDRESS)
@_TOKEN
@AS_JSON
def sandbox_clean(url: str, token: str | None, as_json: bool) -> None:
    """Remove the synthetic patients from the server at URL.

    Only what carries our tag and our kind of id goes; safe to repeat. It ends when a search finds none any more; exit
    status 1 when something is left.
    """
    from cds_service.demo.fhir_site import LoaderError
    from cds_service.demo.loader import clean

    try:
        with Progress("removing") as step:
            removed = clean(url, token=token, progress=step)
    except LoaderError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        say_json({"server": url, "removed": removed})
    else:
        click.echo(f"{removed} resources removed from {url}")


def _name(patient: SyntheticPatient) -> dict[str, Any]:
    return {"key": patient.key, "patient_id": patient.patient_id, "title": patient.title}


def _about(patient: SyntheticPatient) -> dict[str, Any]:
    tried = [{"do": done, "cards": topics} for done, topics in _to_try(patient).items()]
    return {**_name(patient), "story": patient.story, "try": tried}


def _to_try(patient: SyntheticPatient) -> dict[str, list[str]]:
    """What a person can do with this patient, and the topics of the cards that come."""
    picked = patient.expect["order-select"]
    done = {"open the chart": patient.expect["patient-view"]}
    done |= {f"pick {order.title}": picked[order.title] for order in patient.orders}
    return {what: [topic for topic, _ in cards] for what, cards in done.items()}


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
