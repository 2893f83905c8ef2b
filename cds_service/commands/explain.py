"""`calciphylaxis-cds explain`: why these cards would come, and no others.

What may live here: its options, and working out one explanation in this process.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from cds_service.commands.common import HELP, in_words, say, say_json, settings_for
from cds_service.commands.drafts import draft_in
from cds_service.commands.messages import Message, drafts_of, insist_on_one_source

if TYPE_CHECKING:
    from datetime import datetime

    from cds_service.fhir_client import FhirReader, FhirServer
    from cds_service.knowledge import Knowledge
    from cds_service.settings import Settings

PATIENT_VIEW, ORDER_SELECT, ORDER_SIGN = HOOKS = ("patient-view", "order-select", "order-sign")
REFUSED = 3
"""The exit status where the service would refuse: 1 is for a fault, 2 for a wrong option."""
PATIENT_DATA = "What follows is patient data: keep it out of logs, tickets and mails."


class WouldRefuse(Exception):
    """The service would refuse the request itself; the text has the status, and names the field."""


@click.command(context_settings=HELP)
@click.option("--fhir", metavar="URL", help="FHIR R4 base URL.")
@click.option("--patient", metavar="ID", help="The patient; of a Bundle, only where it holds several.")
@click.option("--request", "request_", type=click.File("rb"), metavar="FILE", help="A CDS Hooks request or a prefetch.")
@click.option("--bundle", type=click.File("rb"), metavar="FILE", help="A FHIR Bundle of a patient, or NDJSON.")
@click.option("--example", metavar="NAME", help="A made-up message; `calciphylaxis-cds examples` lists them.")
@click.option(
    "--hook",
    type=click.Choice(HOOKS),
    help="As in the request; else order-select with drugs or orders, patient-view without.",
)
@click.option("--drug", "drugs", multiple=True, metavar="NAME", help="Order this drug (repeatable).")
@click.option(
    "--order",
    "orders",
    multiple=True,
    type=click.File(encoding="utf-8"),
    metavar="FILE",
    help="Draft MedicationRequest as JSON (with --fhir; repeatable).",
)
@click.option("--token", envvar="FHIR_TOKEN", help="Bearer token for the FHIR server (or FHIR_TOKEN).")
@click.option("--json", "as_document", is_flag=True, help="Print the explanation as one JSON document.")
def explain(
    fhir: str | None,
    patient: str | None,
    request_: BinaryIO | None,
    bundle: BinaryIO | None,
    example: str | None,
    hook: str | None,
    drugs: tuple[str, ...],
    orders: tuple[Any, ...],
    token: str | None,
    as_document: bool,
) -> None:
    """Say why these cards come for a patient, and why no others: every rule with what it asked and what it saw.

    With --fhir and --patient that server is read as the service reads it. A message from a file (- is standard input)
    needs none: its `fhirServer` is not asked. All is worked out in this process, and nothing is stored. What is printed
    is patient data. Exit status 0 with cards or without, 3 when the service would refuse (400, 412, 413), 1 for any
    other fault.
    """
    insist_on_one_source(fhir, patient, orders, request_, bundle, example)
    # Settings for development: nobody is served, and no server refused that `serve --dev` takes.
    settings, file = settings_for(dev=True), request_ or bundle
    # What the service writes into its log for each failure stands in the explanation.
    logging.getLogger("cds_service").addHandler(logging.NullHandler())
    try:
        with in_words():
            if fhir and patient:
                body = body_of(hook, patient, [*map_drafts(orders, patient), *drafts_of(drugs, patient)])
                data = _read_from(fhir, token, body, settings)
            else:
                message = Message(file.read() if file else None, example or "", hook or "", drugs, patient or "")
                data = _of_message(message, settings)
    except WouldRefuse as refusal:
        say(str(refusal), err=True)
        raise SystemExit(REFUSED) from None
    show(data, as_document=as_document)


def map_drafts(orders: Sequence[Any], patient: str) -> list[dict[str, Any]]:
    """The drafts in these open files."""
    return [draft_in(file, patient, number) for number, file in enumerate(orders)]


def body_of(hook: str | None, patient: str, drafts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The body of a call that sends nothing along; every draft is selected where the hook has selections.

    Without a hook, order-select where there are drafts, else patient-view.
    """
    hook = hook or (ORDER_SELECT if drafts else PATIENT_VIEW)
    if hook != PATIENT_VIEW and not drafts:
        raise click.UsageError("an order hook needs at least one --drug NAME or --order FILE")
    context: dict[str, Any] = {"userId": "Practitioner/example", "patientId": patient}
    if hook != PATIENT_VIEW:
        context["draftOrders"] = {"resourceType": "Bundle", "entry": [{"resource": dict(draft)} for draft in drafts]}
    if hook == ORDER_SELECT:
        context["selections"] = [f"{draft['resourceType']}/{draft['id']}" for draft in drafts]
    return {"hook": hook, "hookInstance": str(uuid.uuid4()), "context": context}


def explanation_of(
    body: Mapping[str, Any],
    knowledge: Knowledge,
    reader: FhirReader,
    now: datetime,
    settings: Settings,
    server: FhirServer | None = None,
) -> dict[str, Any]:
    """The explanation of a call with this body, as plain data. `server` stands in for the one that the body names.

    Raises:
        WouldRefuse: the service would answer 400 or 413.
    """
    from cds_service.api import SERVICES, InvalidField, TooMany, explained_call, parse_hook_request
    from fhir_mappings.packaged import default_reasons
    from hooks.explain import as_data

    service = next((service for service in SERVICES if body["hook"] == service.HOOK), None)
    if service is None:
        raise WouldRefuse(f"There is no service for this hook; choose one of {', '.join(HOOKS)} by --hook")
    reasons = default_reasons(knowledge.policy, settings.locale)
    try:
        request = parse_hook_request(body, service.HOOK, settings.max_entries)
        asked = replace(request, server=server) if server else request
        made = explained_call(service, asked, knowledge, reasons, reader, now)
    except InvalidField as fault:
        raise WouldRefuse(f"The service would refuse the request (400): {fault}") from None
    except TooMany as excess:
        raise WouldRefuse(f"The service would refuse the request (413): {excess.field}: {excess}") from None
    data: dict[str, Any] = as_data(made.explanation)
    return data


def show(data: Mapping[str, Any], *, as_document: bool) -> None:
    """Print an explanation; exit status 3 where the service would refuse to judge."""
    from rich.console import Console

    from cds_service.explaining.tree import print_explanation

    say(PATIENT_DATA, err=True)
    if as_document:
        say_json(data)
    else:
        print_explanation(Console(), data)
    if data.get("refused"):
        raise SystemExit(REFUSED)


def _read_from(fhir: str, token: str | None, body: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    from cds_service.addresses import normal_url
    from cds_service.clock import utc_now
    from cds_service.fhir_doctor import Visit
    from cds_service.knowledge import load_knowledge

    if normal_url(fhir) is None:
        raise click.UsageError("--fhir must be a plain http(s) base URL, without query, user or percent signs")
    with Visit(settings, fhir, token) as visit:
        knowledge = load_knowledge(settings)
        return explanation_of(body, knowledge, visit.service, utc_now(), settings, visit.asker.server)


def _of_message(message: Message, settings: Settings) -> dict[str, Any]:
    from cds_service.api import NO_SERVER
    from cds_service.clock import utc_now
    from cds_service.knowledge import load_knowledge

    knowledge, now = load_knowledge(settings), utc_now()
    return explanation_of(message.made(knowledge, now).body, knowledge, NO_SERVER, now, settings)
