"""The SMART app against a real HAPI FHIR server, which asks for no authorization and says so in its own way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from cds_service.bounded_get import Web
from cds_service.clock import utc_now
from cds_service.demo.patients import load_patients
from cds_service.web.smart.discovery import discover
from tests.contract.smart_clinic import Browser, RunningApp

pytestmark = pytest.mark.real

KEY = "hard-skin-on-warfarin"


@pytest.fixture(scope="module")
def patient(hapi: str, http: requests.Session) -> Iterator[str]:
    """The id of a synthetic patient who is on the server as long as these tests run."""
    (synthetic,) = [one for one in load_patients(utc_now()) if one.key == KEY]
    addresses = [f"{hapi}/{resource['resourceType']}/{resource['id']}" for resource in synthetic.resources]
    for address, resource in zip(addresses, synthetic.resources, strict=True):
        assert http.put(address, json=resource, timeout=60).status_code in (200, 201), address
    yield synthetic.patient_id
    for address in reversed(addresses):
        http.delete(address, timeout=60)


@pytest.fixture(scope="module")
def app(hapi: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    database: Path = tmp_path_factory.mktemp("smart-on-hapi") / "cards.sqlite3"
    settings = {
        "dev": True,
        "database_url": f"sqlite:///{database}",
        "pages": frozenset({"smart"}),
        "pages_fhir_server": hapi,
        "allowed_fhir_servers": (hapi,),
        # A server that has just started is slow at its first searches.
        "fhir_deadline_seconds": 20.0,
    }
    made = RunningApp(settings, utc_now)
    yield made
    made.stop()


@pytest.fixture
def browser() -> Iterator[Browser]:
    with Browser() as made:
        yield made


def test_hapi_is_understood_to_ask_for_no_authorization(hapi: str) -> None:
    assert discover(hapi, Web(seconds=30.0)) is None


def test_the_course_of_a_patient_chosen_by_name_is_shown(
    hapi: str, patient: str, app: RunningApp, browser: Browser
) -> None:
    assert hapi in browser.open(f"{app.base}/smart").text
    chooser = browser.open(f"{app.base}/smart", iss=hapi).text
    assert f'value="{patient}">Synthetic, Ottilie' in chooser
    course = browser.post(f"{app.base}/smart", data={"iss": hapi, "patient": patient}, timeout=60)
    assert course.status_code == 200
    assert "Synthetic, Ottilie</h1>" in course.text
    assert "Not everything could be read" not in course.text
    assert "suspected" in course.text
    assert patient not in course.url


def test_a_card_that_links_to_the_app_leads_to_the_choice_of_a_patient(
    hapi: str, patient: str, app: RunningApp, browser: Browser
) -> None:
    answer = browser.open(f"{app.base}/smart/launch", iss=hapi, launch="anything")
    assert answer.status_code == 200
    assert patient in answer.text


def test_a_patient_who_is_not_there_is_said_not_to_be_there(hapi: str, app: RunningApp, browser: Browser) -> None:
    answer = browser.post(f"{app.base}/smart", data={"iss": hapi, "patient": "nobody-7"}, timeout=60)
    assert answer.status_code == 404
    assert "The FHIR server has no patient with this id." in answer.text
