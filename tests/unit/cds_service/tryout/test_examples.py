"""Each example is what its index says: made up, of today, valid as its EHR writes it, and answered as promised."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from cds_service.api import SERVICES, checked
from cds_service.tryout import Example, load_examples, read_sent
from cds_service.tryout.shapes import HOOKS, REQUEST, shape_of
from tests.unit.cds_service.tryout.conftest import MOST, NOW, Judge, Make, topics

EXAMPLES = load_examples()
each = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)


def resources(value: Any) -> Iterator[dict[str, Any]]:
    """Every resource in a document that stands in no other but a Bundle."""
    if isinstance(value, list):
        for item in value:
            yield from resources(item)
    elif isinstance(value, dict):
        if "resourceType" in value and value["resourceType"] != "Bundle":
            yield value
        else:
            for item in value.values():
                yield from resources(item)


def test_every_file_stands_in_the_index_and_every_hook_has_examples() -> None:
    stored = {file.name for file in files("cds_service.tryout.examples").iterdir() if file.name.endswith(".json")}
    assert {f"{example.name}.json" for example in EXAMPLES} == stored - {"index.json"}
    assert {example.answer["hook"] for example in EXAMPLES} == set(HOOKS)
    assert {example.answer["status"] for example in EXAMPLES} == {200, 412}
    assert any(example.answer.get("topics") == [] for example in EXAMPLES)
    assert len({example.title for example in EXAMPLES}) == len(EXAMPLES)


@each
def test_it_is_answered_as_the_index_promises(example: Example, make: Make, judged: Judge) -> None:
    made = make(read_sent(example.text(NOW).encode(), NOW), hook=example.hook, drugs=example.drugs)
    answer = judged(made)
    expected = example.answer
    assert made.body["hook"] == expected["hook"]
    if expected["status"] == 200:
        assert answer.refusal is None
        assert topics(answer) == expected["topics"]
    else:
        assert answer.refusal is not None
        assert (answer.refusal.status, answer.refusal.field) == (expected["status"], expected["field"])


@each
def test_a_request_is_valid_as_it_stands(example: Example) -> None:
    sent = json.loads(example.text(NOW))
    if shape_of(sent) == REQUEST:
        (service,) = [service for service in SERVICES if sent["hook"] == service.HOOK]
        assert checked(sent, service, MOST).patient_id


@each
def test_its_resources_are_valid_but_for_the_habits_that_the_index_names(example: Example) -> None:
    found = list(resources(json.loads(example.text(NOW))))
    assert found
    odd = set()
    for resource in found:
        try:
            get_fhir_model_class(resource["resourceType"]).model_validate(resource)
        except ValueError:
            odd.add(resource["resourceType"])
    assert odd == set(example.habits)


@each
def test_nobody_real_is_in_it_and_no_address_leads_anywhere(example: Example) -> None:
    text = example.text(NOW)
    patients = [one for one in resources(json.loads(text)) if one["resourceType"] == "Patient"]
    assert all(name["family"].lower() == "example" for patient in patients for name in patient["name"])
    hosts = set(re.findall(r'://([^/"]+)', text))
    vocabulary = {"hl7.org", "terminology.hl7.org", "snomed.info", "loinc.org", "unitsofmeasure.org", "www.nlm.nih.gov"}
    assert {host for host in hosts if not host.endswith(".example")} <= vocabulary


@each
def test_its_dates_are_those_of_today(example: Example) -> None:
    stored = files("cds_service.tryout.examples").joinpath(f"{example.name}.json").read_text(encoding="utf-8")
    assert "{{day-" in stored
    assert "{{" not in example.text(NOW)
    assert "2026-0" in example.text(NOW)
