"""Requests generated from the shipped description: the service answers as the description says, whatever is sent.

The description is read by a tool that knows nothing of this service (schemathesis): what it allows and what it
forbids, call by call; and the same service, running, is sent bytes that are no request at all.
"""

from __future__ import annotations

import copy
import gzip
import http.client
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from cds_service.api.services import SERVICES
from tests.fuzz.bodies import FEEDBACK as FEEDBACK_BODY
from tests.fuzz.bodies import HOOKS
from tests.fuzz.promises import WITHIN_SECONDS, Reply, check_kept, check_silent, description
from tests.fuzz.service_process import Service, running_service

pytestmark = pytest.mark.fuzz

EXAMPLES = 60
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
SCHEMA = schemathesis.openapi.from_dict(description())
OPERATIONS: dict[str, APIOperation[Any, Any, Any, Any]] = {
    found.ok().label: found.ok() for found in SCHEMA.get_all_operations() if isinstance(found, Ok)
}
POSTS = [label for label in OPERATIONS if label.startswith("POST")]


def call_often(
    operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode, app: Flask, checks: list[Any]
) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(operation.as_strategy(generation_mode=mode))
    def check(case: Case[Any]) -> None:
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


RAW: dict[str, tuple[bytes, dict[str, str]]] = {
    "nothing": (b"", {}),
    "half a body": (json.dumps(HOOKS["patient-view"]).encode()[:-40], {}),
    "another media type": (b"{}", {"Content-Type": "text/xml"}),
    "a broken media type": (b"{}", {"Content-Type": "application/json; charset=\x00"[:-1] + '"'}),
    "packed and cut short": (
        gzip.compress(json.dumps(HOOKS["patient-view"]).encode())[:-9],
        {"Content-Encoding": "gzip"},
    ),
    "not packed at all": (b"{}", {"Content-Encoding": "deflate"}),
    "a bomb": (gzip.compress(b" " * 200_000_000), {"Content-Encoding": "gzip"}),
    "another coding": (b"{}", {"Content-Encoding": "br, gzip"}),
    "UTF-16": (json.dumps(HOOKS["patient-view"]).encode("utf-16"), {}),
    "a mark before half a body": (b"\xef\xbb\xbf" + json.dumps(HOOKS["patient-view"]).encode()[:-40], {}),
    "NaN": (b'{"hook": NaN}', {}),
    "endless numbers": (b'{"hook": ' + b"9" * 100_000 + b"}", {}),
    "the same name twice": (b'{"hook": "patient-view", "hook": 7}', {}),
    "lists as deep as the parser goes": (b"[" * 1_000 + b"]" * 1_000, {}),
    "lists deeper than the parser goes": (b"[" * 100_000 + b"]" * 100_000, {}),
    "a deep member": (b'{"hook": ' + b"[" * 1_000 + b"]" * 1_000 + b"}", {}),
    "deep objects": (b'{"prefetch": ' * 1_000 + b"1" + b"}" * 1_000, {}),
    "very many names": (json.dumps({f"name-{number}": number for number in range(200_000)}).encode(), {}),
    "a long address in a header": (b"{}", {"Origin": "https://" + "a" * 4_000}),
    "hostile header": (b"{}", {"Authorization": "Bearer ../../%0d%0a<script>", "X-Forwarded-For": "1,2,,;"}),
    "more than the limit": (b" " * 11_000_000, {}),
}


@pytest.mark.parametrize("suffix", ["", "/feedback"], ids=["service", "feedback"])
@pytest.mark.parametrize("name", RAW)
def test_what_is_hardly_a_request_is_refused(name: str, suffix: str, app: Flask) -> None:
    body, headers = RAW[name]
    path = f"/cds-services/{SERVICES[0].ID}{suffix}"
    began = time.perf_counter()
    answer = app.test_client().post(path, data=body, headers={"Content-Type": "application/json", **headers})
    reply = Reply(answer.status_code, answer.mimetype, answer.data, dict(answer.headers))
    check_kept(reply, path, time.perf_counter() - began)
    assert 400 <= reply.status_code < 500


CALENDAR_ENDS = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]


@pytest.mark.parametrize("moment", CALENDAR_ENDS)
def test_feedback_at_either_end_of_the_calendar_is_no_fault_of_ours(moment: str, app: Flask) -> None:
    body = copy.deepcopy(FEEDBACK_BODY)
    body["feedback"][0]["outcomeTimestamp"] = moment
    answer = app.test_client().post(f"/cds-services/{SERVICES[0].ID}/feedback", json=body)
    assert answer.status_code in (200, 400)


@pytest.mark.parametrize("field", ["hookInstance", "patientId", "userId"])
def test_a_line_break_after_an_id_is_no_part_of_it(field: str, app: Flask) -> None:
    body = copy.deepcopy(HOOKS["patient-view"])
    holder = body if field in body else body["context"]
    holder[field] += "\n"
    answer = app.test_client().post(f"/cds-services/{SERVICES[0].ID}", json=body)
    assert answer.status_code == 400


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running_service(tmp_path_factory.mktemp("running"), 1) as running:
        yield running


BYTES: dict[str, bytes] = {
    "no HTTP": b"\x16\x03\x01\x00\xff hello\r\n\r\n",
    "a path that climbs": b"POST /cds-services/../../etc/passwd HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
    "two lengths": b"POST /cds-services/x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 9\r\n\r\n{}",
    "length and chunks": b"POST /health HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a length below zero": b"POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "a chunk without end": b"POST /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n{",
    "a header without end": b"GET /health HTTP/1.1\r\nHost: " + b"x" * 20_000 + b"\r\n\r\n",
    "a NUL in a header": b"GET /health HTTP/1.1\r\nHost: x\x00y\r\n\r\n",
}


@pytest.mark.parametrize("name", BYTES)
def test_bytes_that_are_no_request_leave_the_service_running(name: str, service: Service) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=WITHIN_SECONDS) as connection:
        connection.sendall(BYTES[name])
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert not answer.startswith(b"HTTP/1.1 5")
    check_silent(answer.decode("latin-1"))
    health = http.client.HTTPConnection("127.0.0.1", service.port, timeout=WITHIN_SECONDS)
    health.request("GET", "/health")
    assert health.getresponse().status == 200
    health.close()
