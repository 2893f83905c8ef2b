"""The orders that suggestions create: every one that is needed is there, and filling one in changes only that copy."""

from __future__ import annotations

import pytest

from cds_service.knowledge import load_knowledge
from cds_service.knowledge.order_templates import TemplateError, filled, load_templates
from cds_service.settings import LOCALES, Settings
from fhir_mappings.packaged import default_policy, default_spelling
from tests.spelling import of_the_other_side

TEMPLATES = load_templates(())


def test_every_action_of_the_wording_has_a_template_and_every_template_is_used() -> None:
    actions = default_policy().wording.actions
    assert load_templates(actions).keys() == actions.keys()


@pytest.mark.parametrize("locale", LOCALES)
def test_the_words_of_an_order_follow_the_setting_and_its_codes_do_not(locale: str) -> None:
    templates = load_knowledge(Settings(locale=locale)).templates
    assert templates == load_templates((), default_spelling(locale))
    assert [
        template["code"]["text"]
        for template in templates.values()
        if "code" in template and of_the_other_side(template["code"]["text"], locale)
    ] == []
    for name, template in templates.items():
        same = TEMPLATES[name]
        assert {**template, "code": None} == {**same, "code": None}
        assert template.get("code", {}).get("coding") == same.get("code", {}).get("coding")


def test_an_ionised_calcium_is_ordered_in_both_spellings_by_one_code() -> None:
    texts = {load_templates((), default_spelling(locale))["ionised_calcium"]["code"]["text"] for locale in LOCALES}
    assert texts == {"Ionised calcium", "Ionized calcium"}
    assert TEMPLATES["ionised_calcium"]["code"]["coding"][0]["display"].startswith("Calcium.ionized")


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
