"""Spans reach a collector, and a collector that is away or wrong variables hold nobody up."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans

from cds_service.tracing import Exporting, begin, is_on, span
from tests.fuzz.bodies import HOOKS
from tests.fuzz.service_process import running_service
from tests.unit.cds_service.cds_client import PATH

ROOT = Path(__file__).parents[4]


class Collector:
    """An OTLP collector on loopback: what it was sent; `wait` holds its answers back."""

    def __init__(self) -> None:
        self.got: list[ResourceSpans] = []
        self.wait = threading.Event()
        self.wait.set()
        self.address = ""

    def names(self) -> list[str]:
        return [one.name for resource in self.got for scope in resource.scope_spans for one in scope.spans]


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.got += ExportTraceServiceRequest.FromString(body).resource_spans
            made.wait.wait(30)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        made.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield made
        made.wait.set()
        server.shutdown()
        thread.join()


@contextmanager
def exporting() -> Iterator[Exporting]:
    made = Exporting()
    made.begin()
    try:
        yield made
    finally:
        made.end(10)


@pytest.fixture
def variables(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address)
    return monkeypatch


@pytest.mark.usefixtures("variables")
def test_at_the_end_of_a_worker_what_waits_is_sent_and_nothing_is_recorded_any_more(collector: Collector) -> None:
    with exporting():
        with span("one"):
            begin("two").end()
        assert is_on()
    assert sorted(collector.names()) == ["one", "two"]
    assert not is_on()


@pytest.mark.parametrize(("name", "expected"), [(None, "calciphylaxis-cds"), ("cds-north", "cds-north")])
def test_the_service_has_its_name_or_the_one_that_the_operator_gives(
    name: str | None, expected: str, collector: Collector, variables: pytest.MonkeyPatch
) -> None:
    if name:
        variables.setenv("OTEL_SERVICE_NAME", name)
    with exporting(), span("one"):
        pass
    attributes = {one.key: one.value.string_value for one in collector.got[0].resource.attributes}
    assert attributes["service.name"] == expected


@pytest.mark.usefixtures("variables")
def test_a_collector_that_does_not_answer_does_not_hold_the_end_of_a_worker_up(collector: Collector) -> None:
    collector.wait.clear()
    made = Exporting()
    made.begin()
    with span("one"):
        pass
    began = time.monotonic()
    made.end(0.2)
    assert time.monotonic() - began < 5
    collector.wait.set()


def test_variables_that_cannot_be_used_cost_the_traces_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "1")
    with exporting(), span("one"):
        assert not is_on()
    assert "there are no traces, the OTEL_ variables cannot be used (ValueError)" in caplog.text


def test_the_workers_of_a_service_send_their_spans(collector: Collector, tmp_path: Path) -> None:
    settings = {"CDS_TRACING": "otlp", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address}
    body = json.dumps(HOOKS["patient-view"])
    with (
        running_service(tmp_path, 2, **settings) as service,
        closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)) as caller,
    ):
        caller.request("POST", PATH, body, {"Content-Type": "application/json"})
        assert caller.getresponse().status == 200
    assert {"call", "rules", "log"} <= set(collector.names())


def test_while_traces_are_off_the_library_is_not_even_loaded() -> None:
    program = (
        "import sys\nfrom cds_service.settings import Settings\nfrom cds_service import create_app\n"
        "create_app(Settings(dev=True, database_url='sqlite://'))\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "[]\n"
