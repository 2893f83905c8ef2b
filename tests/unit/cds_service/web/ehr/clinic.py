"""A running service with the EHR page, the FHIR server that it reads, and what the tests ask of both."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from cds_service.app import create_app
from cds_service.clock import utc_now
from cds_service.demo.patients import load_patients
from cds_service.demo.sandbox import Sandbox
from cds_service.settings import Settings
from cds_service.storage.records import StoredFeedback
from tests.stored import answers_in

HARD_SKIN, HARMLESS = "cds-demo-hard-skin-on-warfarin", "cds-demo-harmless-names"


@dataclass(frozen=True)
class Clinic:
    """A running service with the EHR page, and the FHIR server that it reads."""

    app: Flask
    base: str
    fhir: Sandbox
    opened: datetime

    @property
    def client(self) -> FlaskClient:
        return client_of(self.app, self.base)

    @property
    def feedback(self) -> list[StoredFeedback]:
        """What came in since the test began."""
        return list(answers_in(self.app.extensions["cds_event_log"], since=self.opened))


class Here(FlaskClient):
    """A test client whose requests arrive where the service listens, so that the page can call its own service."""

    base: str

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        return super().open(*args, **{"base_url": self.base, **kwargs})


def client_of(app: Flask, base: str) -> FlaskClient:
    client = Here(app, app.response_class)
    client.base = base
    return client


@contextmanager
def running(folder: Path, fhir: str, **more: Any) -> Iterator[tuple[Flask, str]]:
    """The service in a thread of this process, and its address."""
    settings = Settings(
        dev=True,
        database_url=f"sqlite:///{folder}/cards.sqlite3",
        fhir_deadline_seconds=20,
        pages=frozenset({"ehr"}),
        pages_fhir_server=fhir,
        **more,
    )
    app = create_app(settings)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield app, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    app.extensions["cds_fhir_client"].close()
    app.extensions["cds_database"].close()


@cache
def two_patients() -> list[dict[str, Any]]:
    wanted = (HARD_SKIN, HARMLESS)
    return [resource for one in load_patients(utc_now()) if one.patient_id in wanted for resource in one.resources]


def topics(cards: list[dict[str, Any]]) -> list[str]:
    return [card["source"]["topic"]["code"] for card in cards]


def status_of(clinic: Clinic) -> str:
    return str(clinic.fhir.store.read("MedicationRequest", f"{HARD_SKIN}-mr-2")["status"])
