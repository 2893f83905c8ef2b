"""The orders that suggestions create: every one that is needed is there, and filling one in changes only that copy."""

from __future__ import annotations

import pytest

from cds_service.knowledge.order_templates import TemplateError, filled, load_templates
from fhir_mappings.packaged import default_policy

TEMPLATES = load_templates(())


def test_every_action_of_the_wording_has_a_template_and_every_template_is_used() -> None:
    actions = default_policy().wording.actions
    assert load_templates(actions).keys() == actions.keys()


def test_a_missing_template_is_named() -> None:
    with pytest.raises(TemplateError, match=r"lacks the templates leeches, mercury$"):
        load_templates(["mercury", "calcium", "leeches"])


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_is_a_draft_order_that_names_no_patient(name: str) -> None:
    template = TEMPLATES[name]
    assert (template["status"], template["intent"]) == ("draft", "order")
    assert not {"id", "subject"} & template.keys()


def test_filling_in_leaves_the_template_as_it_was() -> None:
    template = {"resourceType": "ServiceRequest"}
    assert filled(template, "p1") == {"resourceType": "ServiceRequest", "subject": {"reference": "Patient/p1"}}
    assert template == {"resourceType": "ServiceRequest"}
