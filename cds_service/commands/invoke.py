"""`calciphylaxis-cds invoke`: the EHR played for one call.

What may live here: its options. Drafts from files are read in `drafts.py`, a message from a file in `messages.py`.
"""

from __future__ import annotations

from typing import Any, BinaryIO

import click

from cds_service.commands.common import HELP, say_json
from cds_service.commands.drafts import draft_in
from cds_service.commands.messages import Cards, Message, cards_in, drafts_of, insist_on_one_source


@click.command(context_settings=HELP)
@click.option("--fhir", metavar="URL", help="FHIR R4 base URL.")
@click.option("--patient", metavar="ID", help="The patient; of a Bundle, only where it holds several.")
@click.option("--request", "request_", type=click.File("rb"), metavar="FILE", help="A CDS Hooks request or a prefetch.")
@click.option("--bundle", type=click.File("rb"), metavar="FILE", help="A FHIR Bundle of a patient, or NDJSON.")
@click.option("--example", metavar="NAME", help="A made-up message; `calciphylaxis-cds examples` lists them.")
@click.option(
    "--hook",
    type=click.Choice(["patient-view", "order-select", "order-sign"]),
    help="As in the request; else order-select with drugs or orders, patient-view without.",
)
@click.option("--drug", "drugs", multiple=True, metavar="NAME", help="Order this drug (repeatable).")
@click.option(
    "--order",
    "orders",
    multiple=True,
    type=click.File(encoding="utf-8"),
    metavar="FILE",
    help="Draft MedicationRequest as JSON (with --fhir).",
)
@click.option(
    "--cds",
    metavar="URL",
    help="Base URL of a running service; without it one is started for this call, or a file judged in this process.",
)
@click.option("--token", envvar="FHIR_TOKEN", help="Bearer token for the FHIR server (or FHIR_TOKEN).")
@click.option("--fetch", is_flag=True, help="Send no prefetch: the service reads the FHIR server itself.")
@click.option("--json", "as_json", is_flag=True, help="Print the cards as JSON.")
def invoke(
    fhir: str | None,
    patient: str | None,
    request_: BinaryIO | None,
    bundle: BinaryIO | None,
    example: str | None,
    hook: str | None,
    drugs: tuple[str, ...],
    orders: tuple[Any, ...],
    cds: str | None,
    token: str | None,
    fetch: bool,
    as_json: bool,
) -> None:
    """Play the EHR for one call, and print the cards.

    With --fhir and --patient the record is read from that FHIR server. A message from a file (- is standard input)
    needs none: its `fhirServer` is not asked, and its token is not used. Exit status 3 when the service refuses to
    judge (400, 412, 413), 1 for any other fault, 2 for a wrong option.
    """
    from rich.console import Console

    from cds_service.ehr_client import EhrError, print_cards

    file = request_ or bundle
    insist_on_one_source(fhir, patient, orders, request_, bundle, example)
    try:
        if fhir and patient:
            cards = _read_from(fhir, patient, hook, drugs, orders, cds, token, fetch=fetch)
        else:
            sent = file.read() if file else None
            cards = Message(sent, example or "", hook or "", drugs, patient or "").judged(cds)
    except EhrError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        say_json(cards)
    else:
        print_cards(Console(), cards)


def _read_from(
    fhir: str,
    patient: str,
    hook: str | None,
    drugs: tuple[str, ...],
    orders: tuple[Any, ...],
    cds: str | None,
    token: str | None,
    *,
    fetch: bool,
) -> Cards:
    from cds_service.demo.play import running_service
    from cds_service.ehr_client import Ehr, chart_context, order_context, reference

    drafts = [draft_in(file, patient, number) for number, file in enumerate(orders)] + drafts_of(drugs, patient)
    hook = hook or ("order-select" if drafts else "patient-view")
    if hook != "patient-view" and not drafts:
        raise click.UsageError("an order hook needs at least one --drug NAME or --order FILE")
    selected = [reference(draft) for draft in drafts] if hook == "order-select" else None
    context = chart_context(patient) if hook == "patient-view" else order_context(patient, drafts, selected)
    with running_service(cds, allow_fhir=fhir) as base:
        ehr = Ehr(base, fhir, token, send_prefetch=not fetch)
        return cards_in(ehr.invoke(ehr.service_for(hook), context))
