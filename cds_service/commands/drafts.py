"""Draft orders that a command line names, and the call that they are for.

What may live here: reading them from files, making them of names, and the context that holds them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import click

from cds_service.commands.common import ORDER_SELECT, PATIENT_VIEW


def call_of(hook: str | None, patient: str, drugs: Iterable[str], orders: Iterable[Any]) -> tuple[str, dict[str, Any]]:
    """The hook and the context of a call about a patient; `orders` are open files, `drugs` names.

    Without a hook, order-select where anything is ordered, else patient-view; at order-select all of it is selected.

    Raises:
        click.UsageError: nothing is ordered at an order hook.
    """
    from cds_service.ehr_client import chart_context, order_context, reference

    drafts = [*(_draft_in(file, patient, number) for number, file in enumerate(orders)), *_drafts_of(drugs, patient)]
    hook = hook or (ORDER_SELECT if drafts else PATIENT_VIEW)
    if hook == PATIENT_VIEW:
        return hook, chart_context(patient)
    if not drafts:
        raise click.UsageError("an order hook needs at least one --drug NAME or --order FILE")
    return hook, order_context(patient, drafts, [*map(reference, drafts)] if hook == ORDER_SELECT else None)


def _drafts_of(drugs: Iterable[str], patient: str) -> Iterator[dict[str, Any]]:
    """A draft order of each of these drugs."""
    from cds_service.drug_orders import draft_order, load_catalogue

    catalogue = load_catalogue()
    return (draft_order(patient, catalogue.ordered(name)) for name in drugs)


def _draft_in(file: Any, patient: str, number: int) -> dict[str, Any]:
    """The MedicationRequest in an open file, as a draft for this patient."""
    try:
        draft = json.load(file)
    except ValueError:
        raise click.ClickException(f"--order {file.name} is not JSON") from None
    if not isinstance(draft, dict) or draft.get("resourceType") != "MedicationRequest":
        raise click.ClickException(f"--order {file.name} is not a MedicationRequest")
    return {
        "id": f"draft-{number}",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": f"Patient/{patient}"},
    } | draft
