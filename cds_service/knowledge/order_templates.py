"""The orders that suggestions create: FHIR R4 templates.

What may live here: reading templates, and filling in the references of one request. `template_check` asks whether
they are valid R4.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from importlib.resources import files
from typing import Any


class TemplateError(ValueError):
    """A template is missing or no valid FHIR R4 resource."""


def load_templates(needed: Iterable[str], spell: Callable[[str], str] = str) -> dict[str, dict[str, Any]]:
    """All templates by name. The words that name a service are ours, and spelled by `spell`; codes and drugs are not.

    Raises:
        TemplateError: a needed template is missing.
    """
    templates: dict[str, dict[str, Any]] = json.loads(
        files("cds_service.knowledge").joinpath("orders.json").read_text(encoding="utf-8")
    )
    missing = sorted(set(needed) - templates.keys())
    if missing:
        raise TemplateError(f"orders.json lacks the templates {', '.join(missing)}")
    return {name: _respelled(template, spell) for name, template in templates.items()}


def _respelled(template: dict[str, Any], spell: Callable[[str], str]) -> dict[str, Any]:
    code = template.get("code")
    return {**template, "code": {**code, "text": spell(code["text"])}} if code else template


def filled(template: Mapping[str, Any], patient_id: str) -> dict[str, Any]:
    """The order for one patient; only references differ from the template."""
    return {**template, "subject": {"reference": f"Patient/{patient_id}"}}
