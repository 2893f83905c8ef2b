"""The orders that suggestions create: FHIR R4 templates, checked at start with fhir.resources.

What may live here: reading and checking templates, and filling in the references of one request.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any

from fhir.resources.R4B.medicationrequest import MedicationRequest
from fhir.resources.R4B.servicerequest import ServiceRequest

MODELS: dict[str, Any] = {"MedicationRequest": MedicationRequest, "ServiceRequest": ServiceRequest}


class TemplateError(ValueError):
    """A template is missing or no valid FHIR R4 resource."""


def load_templates(needed: Iterable[str]) -> dict[str, dict[str, Any]]:
    """All templates by name, each validated as it will be sent.

    Raises:
        TemplateError: a needed template is missing, or one is not valid R4.
    """
    templates: dict[str, dict[str, Any]] = json.loads(
        files("cds_service.templates").joinpath("orders.json").read_text(encoding="utf-8")
    )
    missing = sorted(set(needed) - templates.keys())
    if missing:
        raise TemplateError(f"orders.json lacks the templates {', '.join(missing)}")
    for name, template in templates.items():
        try:
            MODELS[template["resourceType"]].model_validate(filled(template, "example"))
        except ValueError as error:
            raise TemplateError(f"orders.json: {name} is not valid FHIR R4: {error}") from error
    return templates


def filled(template: Mapping[str, Any], patient_id: str) -> dict[str, Any]:
    """The order for one patient; only references differ from the template."""
    return {**template, "subject": {"reference": f"Patient/{patient_id}"}}
