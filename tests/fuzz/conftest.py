"""The service in this process and as a running gunicorn, and a listener for its log."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from cds_service import create_app
from cds_service.api.services import SERVICES
from cds_service.settings import Settings
from tests.contract.records import NOW
from tests.fuzz.promises import Listener, Reply, check_kept
from tests.thinning import mark_all_but_one_of


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    mark_all_but_one_of(3, items, Path(__file__).parent)


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    database = tmp_path_factory.mktemp("fuzz") / "cards.sqlite3"
    # Nobody listens at the FHIR server of the bodies: too short a deadline for the second try spares 50 ms each time.
    settings = Settings(dev=True, database_url=f"sqlite:///{database}", fhir_deadline_seconds=0.05)
    made = create_app(settings, clock=lambda: NOW)
    yield made
    made.extensions["cds_fhir_client"].close()
    made.extensions["cds_database"].close()


@pytest.fixture(scope="session")
def log() -> Iterator[Listener]:
    """Everything that is logged, the quietest level included."""
    listener, root = Listener(), logging.getLogger()
    level = root.level
    root.addHandler(listener)
    root.setLevel(logging.DEBUG)
    yield listener
    root.removeHandler(listener)
    root.setLevel(level)


@dataclass
class Sender:
    """Sends bodies to the service in this process, holds it to its promises and counts."""

    app: Flask
    sent: int = 0

    def __post_init__(self) -> None:
        self._client = self.app.test_client()
        self._paths = {service.HOOK: f"/cds-services/{service.ID}" for service in SERVICES}

    def path(self, hook: str, suffix: str = "") -> str:
        return self._paths[hook] + suffix

    def send(self, path: str, body: Any) -> Reply:
        """Post a JSON value or raw bytes; any broken promise fails."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        began = time.perf_counter()
        answer = self._client.post(path, data=raw, content_type="application/json")
        seconds = time.perf_counter() - began
        self.sent += 1
        reply = Reply(answer.status_code, answer.mimetype, answer.data, dict(answer.headers))
        check_kept(reply, path, seconds, _patient_id(body))
        return reply


def _patient_id(body: Any) -> str | None:
    """The patient of a body that was answered with cards."""
    try:
        named = body["context"]["patientId"]
    except (TypeError, KeyError, IndexError):
        return None
    return named if isinstance(named, str) else None


@pytest.fixture(scope="session")
def sender(app: Flask) -> Sender:
    return Sender(app)
