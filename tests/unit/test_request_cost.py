"""Once warm, a request reads no file, imports and compiles nothing, builds no class and opens no database.

What may live here: counts of what the interpreter does during requests. Nothing is timed and nothing is patched:
audit events tell of files, code and connections, a profile function of calls, the collector of classes.
"""

from __future__ import annotations

import gc
import json
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from bench.bodies import BYTES, RELEVANT, order_select_body, patient_view_body
from cds_service import create_app
from cds_service.api import validation
from cds_service.settings import Settings

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
AUDITED = frozenset({"open", "compile", "exec", "import", "sqlite3.connect"})
REQUESTS = 5

Json = dict[str, Any]


class Watch:
    """What happened in this thread while it was watched. An audit hook cannot be taken off, so there is one."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.thread: int | None = None
        sys.addaudithook(self._audit)

    def _audit(self, event: str, arguments: tuple[object, ...]) -> None:
        # At the end of the interpreter the modules are gone, and it still audits.
        if self.thread is not None and self.thread == threading.get_ident() and event in AUDITED:
            self.seen.append(f"{event} {arguments[:1]}")

    def _profile(self, frame: FrameType, event: str, argument: object) -> None:
        if event == "c_call" and getattr(argument, "__name__", "") == "__build_class__":
            self.seen.append("class statement")
        if event == "call":
            code = frame.f_code
            if code.co_name == "check_schema" or (code.co_name == "compile" and "compiler" in code.co_filename):
                self.seen.append(f"{code.co_name} in {Path(code.co_filename).parent.name}")

    @contextmanager
    def watching(self) -> Iterator[list[str]]:
        """A list that grows with every event inside the block."""
        self.seen = []
        # Whoever profiles the tests gets their function back.
        before, self.thread = sys.getprofile(), threading.get_ident()
        sys.setprofile(self._profile)
        try:
            yield self.seen
        finally:
            sys.setprofile(before)
            self.thread = None


def classes() -> int:
    """How many classes are alive."""
    gc.collect()
    return sum(isinstance(thing, type) for thing in gc.get_objects())


@pytest.fixture(scope="module")
def watch() -> Watch:
    return Watch()


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    app = create_app(Settings(database_url=f"sqlite:///{tmp_path}/cost.sqlite3", dev=True), lambda: NOW)
    # Whenever something was brought to the database the spool opens another file, with the next call.
    app.extensions["cds_event_log"].stop()
    return app.test_client()


def service_of(client: FlaskClient, hook: str) -> Json:
    services: list[Json] = client.get("/cds-services").get_json()["services"]
    return next(service for service in services if service["hook"] == hook)


def asking(client: FlaskClient, hook: str) -> Callable[[], int]:
    """A function that sends the realistic request of this hook and returns the number of cards."""
    service = service_of(client, hook)
    if hook == "patient-view":
        body = patient_view_body(service, NOW)
    else:
        request = json.loads(order_select_body(service, NOW))
        if hook == "order-sign":
            del request["context"]["selections"]
        body = json.dumps(request).encode()

    def ask() -> int:
        answer = client.post(f"/cds-services/{service['id']}", data=body, content_type="application/json")
        assert answer.status_code == 200
        return len(answer.get_json()["cards"])

    return ask


@pytest.mark.parametrize("hook", ["patient-view", "order-select", "order-sign"])
def test_a_warm_request_opens_imports_compiles_and_connects_nothing(
    hook: str, client: FlaskClient, watch: Watch
) -> None:
    ask = asking(client, hook)
    ask()
    with watch.watching() as seen:
        answered = [ask() for _ in range(REQUESTS)]
    assert seen == []
    assert min(answered) > 0


@pytest.mark.parametrize("hook", ["patient-view", "order-select", "order-sign"])
def test_a_warm_request_leaves_no_new_class_behind(hook: str, client: FlaskClient) -> None:
    ask = asking(client, hook)
    ask()
    before = classes()
    for _ in range(REQUESTS):
        ask()
    assert classes() == before


def test_the_schemas_are_compiled_once_and_stay_the_same_objects(client: FlaskClient) -> None:
    request, feedback = validation.REQUEST, validation.FEEDBACK
    schemas = json.dumps([request.schema, feedback.schema], sort_keys=True)
    asking(client, "patient-view")()
    assert validation.REQUEST is request
    assert validation.FEEDBACK is feedback
    assert json.dumps([request.schema, feedback.schema], sort_keys=True) == schemas


@pytest.mark.parametrize(
    ("what", "act", "told"),
    [
        ("a file", lambda: Path(__file__).read_bytes(), "open"),
        ("code", lambda: compile("1", "code", "eval"), "compile"),
        ("an import", lambda: exec("import there_is_no_such_module"), "import"),
        ("a schema", lambda: Draft202012Validator.check_schema({"type": "object"}), "check_schema"),
        ("an expression", lambda: re.compile(f"never seen {datetime.now(UTC)}"), "compile in re"),
        ("a class", lambda: exec("class Anything: pass"), "class statement"),
    ],
)
def test_the_watch_would_see_it(what: str, act: Callable[[], object], told: str, watch: Watch) -> None:
    with watch.watching() as seen:
        try:
            act()
        except ModuleNotFoundError:
            assert told == "import"
    assert any(event.startswith(told) for event in seen), (what, seen)


def test_the_count_of_classes_would_see_one_more() -> None:
    before = classes()
    made = type("Made", (), {})
    assert classes() == before + 1, made


def test_the_realistic_body_is_what_the_report_says(client: FlaskClient) -> None:
    body = patient_view_body(service_of(client, "patient-view"), NOW)
    found = [
        entry["resource"]["resourceType"]
        for value in json.loads(body)["prefetch"].values()
        if value is not None and "entry" in value
        for entry in value["entry"]
    ]
    assert [found.count(kind) for kind in ("Observation", "MedicationRequest", "Condition")] == [60, 8, 6]
    assert len(RELEVANT) == 20
    assert abs(len(body) - BYTES) < 2_000
