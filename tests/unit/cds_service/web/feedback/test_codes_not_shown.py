"""The page of counts says that codes are not shown, on how many calls, and where they can be listed."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cds_service import create_app
from cds_service.settings import Settings
from cds_service.storage import UNMAPPED, Database, Event, EventLog, Kind, new_id

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
VIEW = Event("", NOW, Kind.ANSWERED, service="calciphylaxis-patient-view", hook="patient-view")
HIDDEN = ["lab", "urn:x", "(words in place of a code)", "mg/dL"]


@pytest.mark.parametrize(
    ("times", "said"), [(0, ""), (4, "calls with such codes: fewer than 5."), (6, "calls with such codes: 6.")]
)
def test_codes_that_are_not_shown_are_told_beside_those_that_are(times: int, said: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/cards.sqlite3"
    with closing(Database(url)) as database:
        codes = [[HIDDEN]] * times + [[["lab", "urn:x", "PO4", "mg/dL"]]] * 7
        EventLog(database).record([replace(VIEW, id=new_id(), content={UNMAPPED: one}) for one in codes])
    app = create_app(Settings(dev=True, pages=frozenset({"feedback"}), database_url=url), lambda: NOW)
    page, found = app.test_client().get("/feedback").text, app.test_client().get("/feedback.json").get_json()
    assert said in page
    assert ("doctor fhir --every-code" in page) == bool(times)
    assert found["calls_with_codes_that_are_not_shown"] == ("fewer than 5" if times == 4 else times)
    app.extensions["cds_database"].close()
    app.extensions["cds_fhir_client"].close()
