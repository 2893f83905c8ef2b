"""Discovery. Matrix: S01 to S09, S11, S12; CDS Hooks 3.0.0, section "Discovery"."""

from __future__ import annotations

import re

import pytest

from tests.contract.card_rules import assert_nothing_empty
from tests.contract.ehr import HOOKS, Ehr


def test_discovery_answers_get_with_200_and_an_array_of_services(ehr: Ehr) -> None:
    answer = ehr.client.get("/cds-services")
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    assert set(answer.get_json()) == {"services"}
    assert isinstance(answer.get_json()["services"], list)


def test_discovery_says_the_same_every_time(ehr: Ehr) -> None:
    assert ehr.client.get("/cds-services").data == ehr.client.get("/cds-services").data


def test_discovery_can_be_found_with_a_slash_at_the_end(ehr: Ehr) -> None:
    assert ehr.client.get("/cds-services/").data == ehr.client.get("/cds-services").data


def test_the_three_hooks_have_one_service_each(ehr: Ehr) -> None:
    services = ehr.client.get("/cds-services").get_json()["services"]
    assert [service["hook"] for service in services] == list(HOOKS)
    assert len({service["id"] for service in services}) == len(services)


@pytest.mark.parametrize("hook", HOOKS)
def test_a_service_has_everything_that_the_specification_asks_for_and_nothing_unknown(hook: str, ehr: Ehr) -> None:
    assert set(ehr.services[hook]) == {
        "id", "hook", "title", "description", "version", "usageRequirements", "prefetch",
    }  # fmt: skip


@pytest.mark.parametrize("hook", HOOKS)
def test_no_member_of_a_service_is_null_or_empty(hook: str, ehr: Ehr) -> None:
    assert_nothing_empty(ehr.services[hook])


@pytest.mark.parametrize("hook", HOOKS)
def test_an_id_is_the_last_segment_of_a_url_that_takes_calls(hook: str, ehr: Ehr) -> None:
    assert re.fullmatch("[a-z0-9-]+", ehr.services[hook]["id"])
    assert ehr.post(ehr.request(hook, {})).status_code == 200


@pytest.mark.parametrize("hook", HOOKS)
def test_the_version_is_a_semantic_one(hook: str, ehr: Ehr) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", ehr.services[hook]["version"])


@pytest.mark.parametrize("hook", HOOKS)
def test_the_usage_requirements_name_every_resource_type_that_is_read(hook: str, ehr: Ehr) -> None:
    service = ehr.services[hook]
    types = {re.split("[/?]", template)[0] for template in service["prefetch"].values()} | {"Medication"}
    assert [name for name in sorted(types) if not re.search(rf"\b{name}\b", service["usageRequirements"])] == []
