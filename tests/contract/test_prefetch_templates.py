"""Prefetch templates. Matrix: S07, S20 to S25; CDS Hooks 3.0.0, section "Prefetch Template"."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

import pytest

from tests.contract.ehr import HOOKS, Ehr

SUPPORTED = {"patient", "code", "status", "date", "_sort", "_count"}


def templates(ehr: Ehr, hook: str) -> dict[str, str]:
    found: dict[str, str] = ehr.services[hook]["prefetch"]
    return found


@pytest.mark.parametrize("hook", HOOKS)
def test_every_template_is_a_string_under_a_key_that_reads_as_a_name(hook: str, ehr: Ehr) -> None:
    for key, template in templates(ehr, hook).items():
        assert re.fullmatch("[a-z][a-z_]*", key)
        assert isinstance(template, str)


@pytest.mark.parametrize("hook", HOOKS)
def test_the_patient_in_context_is_the_only_token_so_that_clients_of_1_x_can_fill_it_in(hook: str, ehr: Ehr) -> None:
    for template in templates(ehr, hook).values():
        assert re.findall(r"\{\{.*?\}\}", template) == ["{{context.patientId}}"]
        assert not re.search(r"[{}]", template.replace("{{context.patientId}}", ""))


@pytest.mark.parametrize("hook", HOOKS)
def test_every_template_is_a_relative_read_or_a_search_on_a_type(hook: str, ehr: Ehr) -> None:
    for template in templates(ehr, hook).values():
        assert re.fullmatch(r"[A-Z][A-Za-z]+(/\{\{context\.patientId\}\}|\?.+)", template)


@pytest.mark.parametrize("hook", HOOKS)
def test_every_search_is_limited_to_the_patient_in_context(hook: str, ehr: Ehr) -> None:
    for template in templates(ehr, hook).values():
        if "?" in template:
            assert parse_qsl(template.partition("?")[2])[0] == ("patient", "{{context.patientId}}")


@pytest.mark.parametrize("hook", HOOKS)
def test_searches_use_widely_supported_parameters_each_once_and_without_modifiers(hook: str, ehr: Ehr) -> None:
    for template in templates(ehr, hook).values():
        names = [name for name, _ in parse_qsl(template.partition("?")[2])]
        assert set(names) <= SUPPORTED
        assert len(names) == len(set(names))


@pytest.mark.parametrize("hook", HOOKS)
def test_every_search_for_results_names_its_codes_because_strict_servers_refuse_it_otherwise(
    hook: str, ehr: Ehr
) -> None:
    for template in templates(ehr, hook).values():
        if template.startswith("Observation"):
            assert "&code=" in template


@pytest.mark.parametrize("hook", HOOKS)
def test_every_template_fits_into_a_field_of_500_characters(hook: str, ehr: Ehr) -> None:
    assert max(map(len, templates(ehr, hook).values())) < 500


def test_the_order_hooks_ask_for_no_more_than_patient_view(ehr: Ehr) -> None:
    everything = templates(ehr, "patient-view").items()
    assert templates(ehr, "order-select").items() < everything
    assert templates(ehr, "order-sign") == templates(ehr, "order-select")
