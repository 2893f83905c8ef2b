"""`calciphylaxis-cds sandbox`: the synthetic patients on a FHIR server.

What may live here: options, waiting for that server, and a progress bar.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import click

from cds_service.commands.common import HELP


@click.group(context_settings=HELP)
def sandbox() -> None:
    """The synthetic patients on a FHIR R4 server of your choice."""


@sandbox.command("load", context_settings=HELP)
@click.argument("url")
@click.option("--token", envvar="FHIR_TOKEN", help="Bearer token for the FHIR server (or FHIR_TOKEN).")
@click.option("--wait", default=0, show_default=True, help="Seconds to wait for the server to come up.")
def sandbox_load(url: str, token: str | None, wait: int) -> None:
    """Put the synthetic patients on the FHIR server at URL, dates rolled to today; safe to repeat."""
    from cds_service.clock import utc_now
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
        from rich.console import Console
        from rich.progress import Progress

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
