"""`calciphylaxis-cds demo`.

What may live here: its options. The demo itself has its own room.
"""

from __future__ import annotations

import click

from cds_service.commands import exit_status
from cds_service.commands.common import HELP
from cds_service.commands.parameters import PATIENT_KEY, PORT
from cds_service.commands.ports import insist_where_chosen


@click.command(context_settings=HELP)
@click.option(
    "--port", default=5000, show_default=True, type=PORT, help="Of the service; another where the usual one is taken."
)
@click.option(
    "--fhir-port",
    default=8090,
    show_default=True,
    type=PORT,
    help="Of the FHIR sandbox; another where the usual one is taken.",
)
@click.option("--once", is_flag=True, help="End after the cards have been printed.")
@click.option("--full", is_flag=True, help="Print every card in full, not only those of the first patient.")
@click.option(
    "--patient", "only", multiple=True, type=PATIENT_KEY, help="Play only this synthetic patient (repeatable)."
)
def demo(port: int, fhir_port: int, once: bool, full: bool, only: tuple[str, ...]) -> None:
    """Play an EHR with synthetic patients, and keep serving.

    A FHIR sandbox and the service are started on this machine, charts opened and drugs picked, and the cards printed.
    Then the pages can be used in a browser until Ctrl-C.
    """
    insist_where_chosen("--port", port)
    insist_where_chosen("--fhir-port", fhir_port)
    from rich.console import Console

    from cds_service.demo.play import play_demo
    from cds_service.ehr_client import EhrError

    try:
        played = play_demo(Console(), port, fhir_port, once=once, only=only, full=full)
    except EhrError as error:
        raise click.ClickException(str(error)) from None
    if not played:
        raise SystemExit(exit_status.INTERRUPTED)
