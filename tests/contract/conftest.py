"""One service and its EHR for all contract tests; a FHIR server faked at the HTTP seam."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import responses
from flask import Flask

from cds_service import create_app
from cds_service.settings import Settings
from tests.contract.ehr import Ehr, ehr_of
from tests.contract.fhir_fake import FakeFhir
from tests.contract.records import NOW

FHIR = "https://ehr.example/fhir"
TENANTS = "https://many.example/sites/"
MakeApp = Callable[..., Flask]


def close(app: Flask) -> None:
    app.extensions["cds_fhir_client"].close()
    app.extensions["cds_store"].close()


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    database = tmp_path_factory.mktemp("contract") / "cards.sqlite3"
    # A generous deadline: a busy machine is not what these tests are about.
    settings = Settings(
        dev=True, database_url=f"sqlite:///{database}", allowed_fhir_servers=(FHIR, TENANTS), fhir_deadline_seconds=20
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
    for one in made:
        close(one)


@pytest.fixture(scope="session")
def ehr(app: Flask) -> Ehr:
    return ehr_of(app)


@pytest.fixture
def mock(app: Flask) -> Iterator[responses.RequestsMock]:
    """No request leaves the process; one that nobody answers fails as a refused connection."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as faked:
        yield faked
    # The client starts its threads again when it needs them; none are left to later tests that count threads.
    app.extensions["cds_fhir_client"].close()


@pytest.fixture
def fhir(mock: responses.RequestsMock, ehr: Ehr) -> FakeFhir:
    """The EHR's FHIR server, with nothing on it but the patient until a test says so."""
    server = FakeFhir(FHIR, ehr.services["patient-view"]["prefetch"])
    server.serve(mock)
    return server
