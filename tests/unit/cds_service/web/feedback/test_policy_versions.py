"""The page of counts says by which versions of the policy calls were answered, and no small number of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from cds_service import create_app
from cds_service.settings import Settings
from cds_service.storage import Database, Event, EventLog, Kind, new_id

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
VIEW = Event("", NOW, Kind.ANSWERED, service="calciphylaxis-patient-view", hook="patient-view", rules="0.6.0")


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[FlaskClient]:
    """A log with two versions, one of them with few calls, and the page of it."""
    url = f"sqlite:///{tmp_path}/cards.sqlite3"
    with closing(Database(url)) as database:
        store = EventLog(database)
        for policy, times, days in (("a1b2", 20, 7), ("c3d4", 3, 0)):
            at = NOW - timedelta(days=days)
            store.record([replace(VIEW, id=new_id(), policy=policy, at=at) for _ in range(times)])
    app = create_app(Settings(dev=True, pages=frozenset({"feedback"}), database_url=url), lambda: NOW)
    yield app.test_client()
    app.extensions["cds_database"].close()
    app.extensions["cds_fhir_client"].close()


def test_each_version_is_told_in_every_form_without_small_numbers(visitor: FlaskClient) -> None:
    told = ["a1b2,0.6.0,2026-W48,2026-W48,withheld,", "c3d4,0.6.0,2026-W49,2026-W49,fewer than 5,"]
    assert visitor.get("/feedback.csv?table=policy").text.splitlines()[1:] == told
    (before, after) = visitor.get("/feedback.json").get_json()["policy"]
    assert (before["policy"], before["calls_answered"]) == ("a1b2", "withheld")
    assert (after["rules"], after["last_in"], after["calls_answered"]) == ("0.6.0", "2026-W49", "fewer than 5")
    page = visitor.get("/feedback").text
    assert "Versions of the policy" in page
    assert "c3d4" in page
