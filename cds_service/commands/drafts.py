"""Draft orders that a command line names.

What may live here: reading them from files.
"""

from __future__ import annotations

import json
from typing import Any

import click


def draft_in(file: Any, patient: str, number: int) -> dict[str, Any]:
    """The MedicationRequest in an open file, as a draft for this patient."""
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
