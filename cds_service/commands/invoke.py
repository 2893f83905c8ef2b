"""`calciphylaxis-cds invoke`: the EHR played for one call.

What may live here: its options beside those of `source.py`, and the call to a service.
"""

from __future__ import annotations

import click

from cds_service.commands import exit_status
from cds_service.commands.common import HELP, say_json
from cds_service.commands.messages import Cards, cards_in
from cds_service.commands.parameters import ADDRESS, EXIT_STATUS
from cds_service.commands.source import Source, with_source


@click.command(context_settings=HELP)
@with_source
@click.option(
    "--cds",
    type=ADDRESS,
    help="Base URL of a running service; without it one is started for this call, or a file judged in this process.",
)
@click.option("--fetch", is_flag=True, help="Send no prefetch: the service reads the FHIR server itself.")
@click.option("--json", "as_json", is_flag=True, help="Print the cards as JSON.")
@EXIT_STATUS
def invoke(source: Source, cds: str | None, fetch: bool, as_json: bool, tells_cards: bool) -> None:
    """Play the EHR for one call, and print the cards.

    With --fhir and --patient the record is read from that FHIR server. A message from a file (- is standard input)
    needs none: its `fhirServer` is not asked, and its token is not used. Exit status 4 when the service refuses to
    judge (400, 412, 413), 1 for any other fault, 2 for a wrong option.
    """
    from rich.console import Console

    from cds_service.ehr_client import EhrError, print_cards

    message = source.message()
    try:
        cards = message.judged(cds) if message else _read_from(source, cds, fetch=fetch)
    except EhrError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        say_json(cards)
    else:
        print_cards(Console(), cards)
    if cards and tells_cards:
        raise SystemExit(exit_status.CARDS_FOUND)


def _read_from(source: Source, cds: str | None, *, fetch: bool) -> Cards:
    from cds_service.demo.play import running_service
    from cds_service.ehr_client import Ehr

    hook, context = source.call()
    with running_service(cds, allow_fhir=source.fhir) as base:
        ehr = Ehr(base, source.fhir, source.token, send_prefetch=not fetch)
        return cards_in(ehr.invoke(ehr.service_for(hook), context))
