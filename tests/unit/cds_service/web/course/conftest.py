"""A service with the page of the course, and FHIR servers for it to read, whole and failing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from flask.testing import FlaskClient

from cds_service.app import create_app
from cds_service.demo.sandbox import Sandbox
from cds_service.settings import Settings
from tests.unit.cds_service.conftest import Connection, Loopback
from tests.unit.cds_service.web.course.course_pages import Browse
from tests.unit.cds_service.web.course.course_records import NOW, TWO_YEARS


@pytest.fixture
def browse(tmp_path: Path) -> Iterator[Browse]:
    """A browser at a service that reads this FHIR server."""
    opened = []

    def start(fhir: str, **more: object) -> FlaskClient:
        settings = Settings(
            database_url=f"sqlite:///{tmp_path}/x.sqlite3",
            pages_fhir_server=fhir,
            dev=True,
            **{"pages": frozenset({"course"}), **more},  # type: ignore[arg-type]  # settings by name
        )
        app = create_app(settings, lambda: NOW)
        opened.append(app)
        return app.test_client()

    yield start
    for app in opened:
        app.extensions["cds_fhir_client"].close()
        app.extensions["cds_database"].close()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(TWO_YEARS.resources) as server:
        yield server


@pytest.fixture
def half(serve: Callable[..., Loopback], sandbox: Sandbox) -> Callable[..., Loopback]:
    """A FHIR server that answers from the sandbox, and 500 wherever the address holds one of these words."""

    def start(*failing: str) -> Loopback:
        def answer(connection: Connection) -> None:
            path = connection.head.split(" ", 2)[1]
            if any(word in path for word in failing):
                connection.answer(b"", "500 Oops")
                return
            with requests.get(sandbox.base + path.removeprefix("/fhir"), timeout=30) as found:
                body = found.content.replace(sandbox.base.encode(), loopback.base.encode())
            connection.answer(body)

        loopback = serve(answer)
        return loopback

    return start
