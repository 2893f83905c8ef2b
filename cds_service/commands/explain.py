"""`calciphylaxis-cds explain`: why these cards would come, and no others.

What may live here: its options beside those of `source.py`, and working out one explanation in this process.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from cds_service.commands.common import HELP, HOOKS, Refused, in_words, say, say_json, settings_for
from cds_service.commands.source import Source, with_source

if TYPE_CHECKING:
    from datetime import datetime

    from cds_service.fhir_client import FhirReader, FhirServer
    from cds_service.knowledge import Knowledge
    from cds_service.settings import Settings

PATIENT_DATA = "What follows is patient data: keep it out of logs, tickets and mails."


@click.command(context_settings=HELP)
@with_source
@click.option("--json", "as_document", is_flag=True, help="Print the explanation as one JSON document.")
def explain(source: Source, as_document: bool) -> None:
    """Say why these cards come for a patient, and why no others: every rule with what it asked and what it saw.

    With --fhir and --patient that server is read as the service reads it. A message from a file (- is standard input)
    needs none: its `fhirServer` is not asked. All is worked out in this process, and nothing is stored. What is printed
    is patient data. Exit status 0 with cards or without, 3 when the service would refuse (400, 412, 413), 1 for any
    other fault.
    """
    # Settings for development: nobody is served, and no server refused that `serve --dev` takes.
    settings = settings_for(dev=True)
    # What the service writes into its log for each failure stands in the explanation.
    logging.getLogger("cds_service").addHandler(logging.NullHandler())
    with in_words():
        data = _explained(source, settings)
    show(data, as_document=as_document)


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
        Refused: the service would answer 400 or 413; the text names the field.
    """
    from cds_service.api import SERVICES, InvalidField, checked, explained_call
    from cds_service.outcome import ServiceError
    from fhir_mappings.packaged import default_reasons
    from hooks.explain import as_data

    service = next((service for service in SERVICES if body["hook"] == service.HOOK), None)
    if service is None:
        raise Refused(f"There is no service for this hook; choose one of {', '.join(HOOKS)} by --hook")
    reasons = default_reasons(knowledge.policy, settings.locale)
    try:
        request = checked(body, service, settings.max_entries)
        asked = replace(request, server=server) if server else request
        made = explained_call(service, asked, knowledge, reasons, reader, now)
    except InvalidField as fault:
        raise Refused(f"The service would refuse the request (400): {fault}") from None
    except ServiceError as fault:
        said = f"({fault.status}): {fault.field}: {fault.message}"
        raise Refused(f"The service would refuse the request {said}") from None
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
        raise SystemExit(Refused.exit_code)


def _explained(source: Source, settings: Settings) -> dict[str, Any]:
    from cds_service.addresses import normal_url
    from cds_service.api import NO_SERVER
    from cds_service.clock import utc_now
    from cds_service.fhir_doctor import Visit
    from cds_service.knowledge import load_knowledge

    if source.fhir and normal_url(source.fhir) is None:
        raise click.UsageError("--fhir must be a plain http(s) base URL, without query, user or percent signs")
    message, now = source.message(), utc_now()
    if message is not None:
        knowledge = load_knowledge(settings)
        return explanation_of(message.made(knowledge, now).body, knowledge, NO_SERVER, now, settings)
    hook, context = source.call()
    body = {"hook": hook, "hookInstance": str(uuid.uuid4()), "context": context}
    with Visit(settings, source.fhir, source.token) as visit:
        return explanation_of(body, load_knowledge(settings), visit.service, now, settings, visit.asker.server)
