"""Requests generated from the shipped description: the service answers as the description says, whatever is sent.

The description is read by a tool that knows nothing of this service (schemathesis): what it allows and what it
forbids, call by call; and the same service, running, is sent bytes that are no request at all.
"""

from __future__ import annotations

import copy
import gzip
import http.client
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from cds_service.services import SERVICES
from cds_service.validation import FEEDBACK, REQUEST
from tests.fuzz.bodies import FEEDBACK as FEEDBACK_BODY
from tests.fuzz.bodies import HOOKS
from tests.fuzz.promises import WITHIN_SECONDS, Reply, check_kept, check_silent, description
from tests.fuzz.service_process import Service, running_service

pytestmark = pytest.mark.fuzz

EXAMPLES = 60
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
SCHEMA = schemathesis.openapi.from_dict(description())
OPERATIONS: dict[str, APIOperation[Any]] = {
    found.ok().label: found.ok() for found in SCHEMA.get_all_operations()
}
POSTS = [label for label in OPERATIONS if label.startswith("POST")]


def call_often(operation: APIOperation[Any], mode: GenerationMode, app: Flask, checks: list[Any]) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(operation.as_strategy(generation_mode=mode))
    def check(case: Case) -> None:
        response = case.call(app=app)
        case.validate_response(response, checks=checks)
        assert response.elapsed < WITHIN_SECONDS
        check_silent(response.text)

    check()


def test_the_description_is_valid_openapi() -> None:
    SCHEMA.validate()


def test_the_description_names_every_service_and_no_other() -> None:
    services = {path.split("/")[2] for path in description()["paths"] if path.startswith("/cds-services/")}
    assert services == {service.ID for service in SERVICES}


@pytest.mark.parametrize("label", OPERATIONS)
def test_what_the_description_allows_is_answered_as_described(label: str, app: Flask) -> None:
    call_often(OPERATIONS[label], GenerationMode.POSITIVE, app, CHECKS)


@pytest.mark.parametrize("label", POSTS)
def test_what_the_description_forbids_is_refused_as_described(label: str, app: Flask) -> None:
    call_often(OPERATIONS[label], GenerationMode.NEGATIVE, app, [*CHECKS, negative_data_rejection])
