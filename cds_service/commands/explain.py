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

from cds_service.commands import exit_status
from cds_service.commands.common import HELP, HOOKS, Refused, in_words, say, say_json, settings_for
from cds_service.commands.parameters import EXIT_STATUS
from cds_service.commands.site_policies import tenants_of_the_service
from cds_service.commands.source import Source, with_source

if TYPE_CHECKING:
    from datetime import datetime

    from cds_service.fhir_client import FhirReader, FhirServer
    from cds_service.knowledge import Knowledge
    from cds_service.settings import Settings
    from hooks.reasons import Reasons

LEFT_OUT = "The site policy {} cannot be used, so nothing of it counts here; policy check --site names its faults."
GOES_ON = "A newer site policy of {} cannot be used; version {} counts here, as in the service."
PATIENT_DATA = "What follows is patient data: keep it out of logs, tickets and mails."


@click.command(context_settings=HELP)
@with_source
@click.option("--tenant", help="By the site policy that counts for this tenant (CDS_SITE_POLICIES).")
@click.option("--json", "as_document", is_flag=True, help="Print the explanation as one JSON document.")
@EXIT_STATUS
def explain(source: Source, tenant: str | None, as_document: bool, tells_cards: bool) -> None:
    """Say why these cards come for a patient, and no others.

    Every rule is told with what it asked and what it saw. With --fhir and --patient that server is read as the
    service reads it. A message from a file (- is standard input) needs none: its `fhirServer` is not asked. All is
    worked out in this process, and nothing is stored. What is printed is patient data. Exit status 0 with cards or
    without, 4 when the service would refuse (400, 412, 413), 1 for any other fault. With --exit-status it is 3 with
    cards, and without them 4 where anything could not be read.
    """
    # Settings for development: nobody is served, and no server refused that `serve --dev` takes.
    settings = settings_for(dev=True)
    # What the service writes into its log for each failure stands in the explanation.
    logging.getLogger("cds_service").addHandler(logging.NullHandler())
    with in_words():
        data = _explained(source, settings, tenant)
    show(data, as_document=as_document)
    raise SystemExit(_status(data, tells_cards=tells_cards))


def explanation_of(
    body: Mapping[str, Any],
    knowledge: Knowledge,
    reader: FhirReader,
    now: datetime,
    settings: Settings,
    server: FhirServer | None = None,
    reasons: Reasons | None = None,
) -> dict[str, Any]:
    """The explanation of a call with this body, as plain data. `server` stands in for the one that the body names.

    `reasons` are those of a site policy, None where `knowledge` is that of the packaged files.

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
    reasons = reasons or default_reasons(knowledge.policy, settings.locale)
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
    """Print an explanation."""
    from rich.console import Console

    from cds_service.explaining.tree import print_explanation

    say(PATIENT_DATA, err=True)
    if as_document:
        say_json(data)
    else:
        print_explanation(Console(), data)


def _status(data: Mapping[str, Any], *, tells_cards: bool) -> int:
    """The exit status. Cards are no less true where something else could not be read; their absence is."""
    if data.get("refused"):
        return exit_status.NOT_READ
    if not tells_cards:
        return exit_status.DONE
    if data.get("cards") or data.get("held"):
        return exit_status.CARDS_FOUND
    unread = any(origin.get("failed") for origin in data.get("origins", ()))
    return exit_status.NOT_READ if unread or data.get("unused") else exit_status.DONE


def _explained(source: Source, settings: Settings, tenant: str | None) -> dict[str, Any]:
    from cds_service.api import NO_SERVER
    from cds_service.clock import utc_now
    from cds_service.fhir_doctor import Visit

    message, now = source.message(), utc_now()
    knowledge, reasons = _known_to(tenant, settings, now)
    if message is not None:
        body = message.made(knowledge, now).body
        return explanation_of(body, knowledge, NO_SERVER, now, settings, reasons=reasons)
    hook, context = source.call()
    body = {"hook": hook, "hookInstance": str(uuid.uuid4()), "context": context}
    with Visit(settings, source.fhir, source.token) as visit:
        return explanation_of(body, knowledge, visit.service, now, settings, visit.asker.server, reasons)


def _known_to(tenant: str | None, settings: Settings, now: datetime) -> tuple[Knowledge, Reasons | None]:
    """What counts for a tenant; for nobody in particular what the default policy says, as in a call."""
    from cds_service.access import load_trusted_clients
    from cds_service.knowledge import DEFAULT

    tenants, left_out = tenants_of_the_service(settings)
    older = tenants.older()
    for line in (*map(LEFT_OUT.format, left_out), *(GOES_ON.format(*one) for one in older.items())):
        say(line, err=True)
    clients = load_trusted_clients(settings.trusted_clients) if settings.trusted_clients and tenant else ()
    if tenant not in (None, DEFAULT, *tenants, *(client.tenant for client in clients)):
        named = ", ".join(tenants) or "no tenant has one"
        raise click.UsageError(f"--tenant: there is no site policy of {tenant} (CDS_SITE_POLICIES: {named})")
    policy = tenants.policy_of(tenant, now)
    return (policy.knowledge, policy.reasons) if policy else (tenants.of(tenant, now), None)
