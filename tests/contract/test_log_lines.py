"""Each answer has a request id, the lines of its call have the same one, and none holds anything of what was sent."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from cds_service.logs import HEADER, JsonLines
from tests.contract.conftest import FHIR, MakeApp
from tests.contract.ehr import HOOKS, Ehr, ehr_of
from tests.contract.fhir_fake import FakeFhir
from tests.contract.records import CONFIRMED, PATIENT_ID, WARFARIN_DRAFT, Json
from tests.contract.test_privacy import PLANTED, failing, full, leaks

ID = "0b4f1f0e-6b1e-4d8a-9d0e-0a0c3b9f7d11"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
MARK = "Zephyrine"
MARKED_HEADERS = {
    HEADER: MARK,
    "Traceparent": f"00-{MARK}-00f067aa0ba902b7-01",
    "Tracestate": MARK,
    "Authorization": f"Bearer {MARK}",
    "User-Agent": MARK,
    "Referer": f"https://ehr.example/{MARK}",
    "Origin": f"https://{MARK}.example",
    "Cookie": f"a={MARK}",
    "X-Forwarded-For": MARK,
    "X-Correlation-Id": MARK,
}


class Lines:
    """What a log collector gets."""

    def __init__(self) -> None:
        self._stream = io.StringIO()
        self.handler = logging.StreamHandler(self._stream)
        self.handler.setFormatter(JsonLines())

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    def read(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def of(self, request_id: str) -> list[dict[str, Any]]:
        return [line for line in self.read() if line.get("request_id") == request_id]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """All lines of this process, of every level."""
    heard, root = Lines(), logging.getLogger()
    before = root.level
    root.addHandler(heard.handler)
    root.setLevel(logging.DEBUG)
    yield heard
    root.removeHandler(heard.handler)
    root.setLevel(before)


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(log_format="json")


@pytest.fixture
def ehr(app: Flask) -> Ehr:
    return ehr_of(app)


@pytest.mark.parametrize(
    ("headers", "id"), [({HEADER: ID}, ID), ({"Traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}, TRACE)]
)
def test_the_id_of_the_caller_comes_back_and_stands_in_every_line_of_its_call(
    headers: dict[str, str], id: str, ehr: Ehr, lines: Lines
) -> None:
    body = ehr.request("patient-view", CONFIRMED)
    answer = ehr.client.post(ehr.url("patient-view"), json=body, headers=headers)
    assert (answer.status_code, answer.headers.getlist(HEADER)) == (200, [id])
    assert [line["logger"] for line in lines.of(id)] == ["cds_service", "cds_service.calls"]
    assert [line for line in lines.read() if line["logger"].startswith("cds_service")] == lines.of(id)
    call = lines.of(id)[-1]
    assert (call["endpoint"], call["method"], call["status"]) == ("cds.call_service", "POST", 200)


@pytest.mark.parametrize(
    ("method", "path", "status", "endpoint"),
    [
        ("GET", "/cds-services", 200, "cds.discover"),
        ("GET", "/health/live", 200, "cds.live"),
        ("OPTIONS", "/cds-services", 204, "cds.discover"),
        ("GET", "/nowhere", 404, None),
        ("POST", "/cds-services/none", 404, "cds.call_service"),
        ("DELETE", "/cds-services", 405, None),
        ("POST", "/cds-services/calciphylaxis-patient-view", 415, "cds.call_service"),
    ],
)
def test_whatever_the_answer_is_it_has_an_id_of_its_own_and_one_line_of_its_call(
    method: str, path: str, status: int, endpoint: str | None, ehr: Ehr, lines: Lines
) -> None:
    answer = ehr.client.open(path, method=method)
    assert answer.status_code == status
    id = answer.headers[HEADER]
    assert re.fullmatch("[0-9a-f]{32}", id)
    (call,) = [line for line in lines.of(id) if "endpoint" in line]
    assert (call["endpoint"], call["method"], call["status"]) == (endpoint, method, status)
    assert call.keys() == {
        *("time", "level", "logger", "message", "pid", "request_id"),
        *("endpoint", "method", "status", "milliseconds"),
    }


def test_scripts_of_other_origins_may_read_the_id_and_send_one(ehr: Ehr) -> None:
    headers = ehr.client.options("/cds-services", headers={"Origin": "https://ehr.example"}).headers
    assert HEADER in headers["Access-Control-Expose-Headers"].split(", ")
    assert HEADER in headers["Access-Control-Allow-Headers"].split(", ")


@pytest.mark.parametrize("hook", HOOKS)
def test_nothing_that_is_sent_in_any_place_stands_in_any_line(
    hook: str, ehr: Ehr, fhir: FakeFhir, lines: Lines
) -> None:
    fhir.record = CONFIRMED
    body = full(ehr, hook)
    fetched = {name: value for name, value in body.items() if name != "prefetch"}
    asked: list[tuple[str, str, Any]] = [
        ("POST", ehr.url(hook), body),
        ("POST", ehr.url(hook), fetched),
        ("POST", ehr.url(hook), {MARK: MARK}),
        ("POST", ehr.url(hook), MARK),
        ("POST", f"/cds-services/{MARK}", body),
        ("POST", ehr.url(hook, "/feedback"), {"feedback": [{"card": MARK, "outcome": MARK}]}),
        ("GET", f"/{MARK}", None),
        ("GET", "/health/ready", None),
        ("ZEPHYRINE", "/cds-services", None),
        ("DELETE", f"/cds-services/{MARK}", None),
    ]
    answers = [
        ehr.client.open(f"{path}?name={MARK}", method=method, json=sent, headers=MARKED_HEADERS)
        for method, path, sent in asked
    ]
    assert {answer.status_code for answer in answers} == {200, 400, 404, 405}
    failing(ehr, hook)
    assert leaks("".join(answer.headers[HEADER] for answer in answers)) == []
    logging.getLogger("cds_service").debug("the log is heard")
    assert "the log is heard" in lines.text
    assert len([line for line in lines.read() if "endpoint" in line]) == len(asked) + 10
    assert leaks(lines.text, (*PLANTED, FHIR, "127.0.0.1", "name=")) == []


def test_a_fault_of_ours_and_a_call_that_cannot_be_judged_have_their_id_and_none_of_their_words(
    make_app: MakeApp, ehr: Ehr, fhir: FakeFhir, lines: Lines
) -> None:
    def clock() -> Any:
        raise RuntimeError(f"{MARK} was born on 1956-04-17")

    faulty = make_app(log_format="json", clock=clock).test_client()
    failed = faulty.post(ehr.url("patient-view"), json=full(ehr, "patient-view"))
    fhir.told = dict.fromkeys(ehr.keys("patient-view"), (500, {"resourceType": "OperationOutcome"}))
    unread: Json = full(ehr, "patient-view") | {"prefetch": {}}
    refused = ehr.post(unread)
    assert (failed.status_code, refused.status_code) == (500, 412)
    for answer, words in ((failed, "unexpected RuntimeError"), (refused, "answered 412")):
        told = lines.of(answer.headers[HEADER])
        assert words in told[0]["message"] or words in told[-2]["message"]
        assert told[-1]["status"] == answer.status_code
    assert leaks(lines.text) == []


def test_a_record_number_of_digits_alone_is_no_id(ehr: Ehr, lines: Lines) -> None:
    number = "1234567890123456"
    answer = ehr.client.get("/cds-services", headers={HEADER: number})
    assert answer.headers[HEADER] != number
    assert number not in lines.text
    assert PATIENT_ID not in lines.text


def test_lines_for_people_stay_as_they_were(make_app: MakeApp, lines: Lines) -> None:
    ehr = ehr_of(make_app())
    assert ehr.post(ehr.request("order-sign", CONFIRMED, [WARFARIN_DRAFT])).status_code == 200
    assert [line for line in lines.read() if line["logger"] == "cds_service.calls"] == []
