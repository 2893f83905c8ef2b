"""The pages that show a record show no character of it that nobody sees, and run nothing of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from markupsafe import Markup

from cds_service.app import create_app
from cds_service.demo.sandbox import Sandbox
from cds_service.settings import Settings
from cds_service.web.page import shown
from tests.hostile_texts import CHARACTERS, HTML, hidden, spoilt
from tests.unit.cds_service.web.course.course_records import NOW, TWO_YEARS

PAYLOADS = {"characters": "".join(CHARACTERS), "html": " ".join(HTML)}
PLACES = [f"/course/{TWO_YEARS.patient_id}", "/course", f"/ehr?patient={TWO_YEARS.patient_id}", "/ehr"]


@pytest.fixture(params=list(PAYLOADS.values()), ids=list(PAYLOADS))
def browser(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FlaskClient]:
    with Sandbox(spoilt(list(TWO_YEARS.resources), request.param)) as fhir:
        settings = Settings(
            database_url=f"sqlite:///{tmp_path}/x.sqlite3",
            pages=frozenset({"course", "ehr", "try"}),
            pages_fhir_server=fhir.base,
            dev=True,
            fhir_deadline_seconds=20,
        )
        app = create_app(settings, lambda: NOW)
        yield app.test_client()
        app.extensions["cds_fhir_client"].close()
        app.extensions["cds_database"].close()


@pytest.mark.parametrize("place", PLACES)
def test_a_page_shows_what_is_seen_and_runs_nothing(place: str, browser: FlaskClient) -> None:
    answer = browser.get(place, follow_redirects=True)
    assert answer.status_code == 200
    page = answer.get_data(as_text=True)
    assert "evil" in page or "script" in page
    assert hidden(page) <= {"\n"}
    assert not re.search(r"<script>alert|<img src=x|<b>|<!-- x", page)


@pytest.mark.parametrize("hook", ["patient-view", "order-select"])
def test_the_try_page_shows_what_is_seen_and_runs_nothing(hook: str, browser: FlaskClient) -> None:
    payload = " ".join(PAYLOADS.values())
    sent = json.dumps(spoilt(list(TWO_YEARS.resources), payload))
    answer = browser.post("/try", data={"do": "judge", "sent": sent, "drugs": payload, "hook": hook})
    assert answer.status_code == 200
    page = answer.get_data(as_text=True)
    assert "evil" in page
    assert "Judged:" in page
    assert hidden(page) <= {"\n"}
    assert not re.search(r"<script>alert|<img src=x|<b>|<!-- x", page)


def test_what_is_html_stays_html_and_what_is_text_stays_text() -> None:
    assert shown("a\u202e<b>\u00ad\nc") == "a<b>\nc"
    assert not isinstance(shown("a\u202e"), Markup)
    assert isinstance(shown(Markup("<b>a\u202e</b>\n")), Markup)
    assert shown(Markup("<b>a\u202e</b>\n")) == "<b>a</b>\n"
    assert shown(7) == 7
    assert shown(None) is None
