"""What the tests of several commands need."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from cds_service.app import create_app
from cds_service.clock import utc_now
from cds_service.demo.patients import SyntheticPatient, load_patients
from cds_service.demo.sandbox import Sandbox
from cds_service.settings import Settings
from cds_service.storage import Database, EventLog

KEY = "elevated-risk-on-warfarin"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database of a service lies, for a command that reads it."""
    return tmp_path / "cards.sqlite3"


@pytest.fixture
def store(path: Path) -> Iterator[EventLog]:
    """What fills it; without it there is none."""
    with closing(Database(f"sqlite:///{path}")) as database:
        yield EventLog(database)


@pytest.fixture(scope="module")
def patient() -> SyntheticPatient:
    """One of the synthetic patients: at elevated risk, on warfarin."""
    return next(one for one in load_patients(utc_now()) if one.key == KEY)


@pytest.fixture(scope="module")
def cds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running service on this machine."""
    database = tmp_path_factory.mktemp("cli") / "cards.sqlite3"
    app = create_app(Settings(dev=True, database_url=f"sqlite:///{database}", fhir_deadline_seconds=20))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    app.extensions["cds_fhir_client"].close()
    app.extensions["cds_database"].close()


@pytest.fixture(scope="module")
def fhir(patient: SyntheticPatient) -> Iterator[str]:
    """A FHIR server that holds this patient."""
    with Sandbox(patient.resources) as sandbox:
        yield sandbox.base
