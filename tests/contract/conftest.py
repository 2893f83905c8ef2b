"""One service and its EHR for all contract tests; its FHIR server is one on loopback."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest
import responses
from flask import Flask

from cds_service import create_app
from cds_service.knowledge import Knowledge, load_knowledge
from cds_service.settings import Settings
from cds_service.storage import StoreError, places, readiness
from tests.contract.authorization_server import SmartEhr
from tests.contract.ehr import Ehr, ehr_of
from tests.contract.fhir_fake import FakeFhir
from tests.contract.records import NOW
from tests.contract.smart_clinic import Browser, Clinic, course_stand_in, records
from tests.fhir_stand_in import EHR, FhirStandIn

FHIR = EHR.base
LISTED = "https://ehr.example/fhir"
SITES = f"{EHR.origin.replace('127.0.0.1', 'many.localhost')}/sites/"
"""A name for loopback that is not allowed unless it is listed."""
MakeApp = Callable[..., Flask]


def close(app: Flask) -> None:
    """As a worker ends."""
    with suppress(StoreError):
        app.extensions["cds_event_log"].write_what_waits(5)
    app.extensions["cds_fhir_client"].close()
    app.extensions["cds_database"].close()


class _NotRecorded(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if "could not be recorded" in record.getMessage():
            self.said.append(record.getMessage())


@pytest.fixture(autouse=True)
def not_recorded() -> Iterator[list[str]]:
    """What the log says of calls that could not be recorded: a fault, however right the answer is.

    A test that means such a fault empties the list.
    """
    handler, log = _NotRecorded(), logging.getLogger("cds_service")
    log.addHandler(handler)
    yield handler.said
    log.removeHandler(handler)
    assert handler.said == []


@pytest.fixture(autouse=True)
def health_has_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no fault of the database; how long it may take in use is held in the tests of `readiness`."""
    monkeypatch.setattr(readiness, "PATIENCE_SECONDS", 30.0)
    monkeypatch.setattr(readiness, "BRIEFLY_SECONDS", 30.0)


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    database = tmp_path_factory.mktemp("contract") / "cards.sqlite3"
    # A generous deadline: a busy machine is not what these tests are about.
    settings = Settings(
        dev=True, database_url=f"sqlite:///{database}", allowed_fhir_servers=(LISTED, SITES), fhir_deadline_seconds=20
    )
    made = create_app(settings, clock=lambda: NOW)
    yield made
    close(made)


@pytest.fixture
def make_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeApp]:
    """Services with other settings or another clock, closed after the test."""
    made: list[Flask] = []

    def make(**changed: object) -> Flask:
        clock = changed.pop("clock", lambda: NOW)
        folder = tmp_path_factory.mktemp("other")
        values: dict[str, object] = {"dev": True, "database_url": f"sqlite:///{folder}/cards.sqlite3", **changed}
        made.append(create_app(Settings(**values), clock=clock))  # type: ignore[arg-type]  # settings by name
        return made[-1]

    yield make
    for application in made:
        close(application)


@pytest.fixture
def slow_disk_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the database works, everybody waits for a place in it; for how long they do so in use is held elsewhere."""
    monkeypatch.setattr(places, "WAIT_SECONDS", 30.0)


@pytest.fixture(scope="session")
def ehr(app: Flask) -> Ehr:
    return ehr_of(app)


@pytest.fixture
def mock() -> Iterator[responses.RequestsMock]:
    """No request by `requests` leaves the process; a request that nobody answers fails as a refused connection."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as faked:
        yield faked


@pytest.fixture
def stand_in(app: Flask) -> Iterator[FhirStandIn]:
    """A FHIR server on loopback that nobody has told anything."""
    EHR.forget()
    yield EHR
    app.extensions["cds_fhir_client"].close()


@pytest.fixture
def fhir(stand_in: FhirStandIn, ehr: Ehr) -> FakeFhir:
    """The EHR's FHIR server, with nothing on it but the patient until a test says so."""
    server = FakeFhir(FHIR, ehr.services["patient-view"]["prefetch"])
    server.serve(stand_in)
    return server


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    """A clinic whose EHR may open the SMART app."""
    made = Clinic(tmp_path, SmartEhr(records()))
    yield made
    made.stop()


@pytest.fixture
def browser() -> Iterator[Browser]:
    with Browser() as made:
        yield made


@pytest.fixture
def _course_stand_in(monkeypatch: pytest.MonkeyPatch, _files_read_once: None) -> None:
    """A short page in place of the drawn course."""
    monkeypatch.setattr("cds_service.web.course.page.course_answer", course_stand_in)


@pytest.fixture
def _files_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the clinical files anew for each of so many services would take most of the time."""
    monkeypatch.setattr("cds_service.app.load_knowledge", lambda _: knowledge())


@cache
def knowledge() -> Knowledge:
    return load_knowledge(Settings())
