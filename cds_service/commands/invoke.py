"""`calciphylaxis-cds invoke`: the EHR played for one call.

What may live here: its options, and reading the drafts that it is given.
"""

from __future__ import annotations

import json
from typing import Any

import click

from cds_service.commands.common import HELP, say_json


@click.command(context_settings=HELP)
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
    from rich.console import Console

    from cds_service.demo.play import running_service
    from cds_service.ehr_client import Ehr, EhrError, print_cards

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
        say_json(cards)
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
