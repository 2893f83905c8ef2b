"""The patient's course read from a real FHIR server: the same page as from the sandbox, pages of a search included."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from cds_service import create_app
from cds_service.demo.patients import SyntheticPatient, load_patients
from cds_service.demo.sandbox import Sandbox
from cds_service.settings import Settings
from cds_service.web.course import fetch as course_fetch

pytestmark = pytest.mark.real

NOW = datetime.now(UTC)
KEYS = ("two-years-to-calciphylaxis", "hard-skin-on-warfarin", "skin-necrosis-on-phenprocoumon")


@pytest.fixture(scope="module")
def patients(hapi: str, http: requests.Session) -> Iterator[list[SyntheticPatient]]:
    """A few synthetic patients, on the server as long as the tests of this module run."""
    found = [patient for patient in load_patients(NOW) if patient.key in KEYS]
    assert len(found) == len(KEYS)
    addresses = [(f"{hapi}/{one['resourceType']}/{one['id']}", one) for patient in found for one in _ordered(patient)]
    for address, resource in addresses:
        http.put(address, json=resource, timeout=60).raise_for_status()
    yield found
    for address, _ in reversed(addresses):
        http.delete(address, timeout=60).raise_for_status()


def _ordered(patient: SyntheticPatient) -> list[dict[str, object]]:
    """What is referred to comes first."""
    order = ["Patient", "Medication"]
    return sorted(
        patient.resources,
        key=lambda one: order.index(one["resourceType"]) if one["resourceType"] in order else len(order),
    )


def course(fhir: str, patient: SyntheticPatient, folder: Path) -> str:
    """The text of the page without its markup."""
    settings = Settings(
        database_url=f"sqlite:///{folder}/course.sqlite3",
        pages=frozenset({"course"}),
        pages_fhir_server=fhir,
        dev=True,
    )
    app = create_app(settings, lambda: NOW)
    try:
        answer = app.test_client().get(f"/course/{patient.patient_id}")
        assert answer.status_code == 200
        text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)))
        assert fhir in text
        return text.replace(fhir, "the server")
    finally:
        app.extensions["cds_fhir_client"].close()
        app.extensions["cds_database"].close()


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that has just started is slow at its first searches; the page is tested here, not the deadline."""
    monkeypatch.setattr(course_fetch, "DEADLINE_SECONDS", 60.0)


@pytest.mark.parametrize("key", KEYS)
def test_the_course_from_the_server_is_that_from_the_sandbox(
    key: str, hapi: str, patients: list[SyntheticPatient], tmp_path: Path
) -> None:
    (patient,) = [one for one in patients if one.key == key]
    from_server = course(hapi, patient, tmp_path)
    with Sandbox(patient.resources) as sandbox:
        assert from_server == course(sandbox.base, patient, tmp_path)
    assert "Not everything could be read" not in from_server


def test_small_pages_lead_to_the_same_course(
    hapi: str, patients: list[SyntheticPatient], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = patients[-1]
    whole = course(hapi, patient, tmp_path)
    monkeypatch.setattr("fhir_mappings.course.history._PAGE", "20")
    assert course(hapi, patient, tmp_path) == whole


def test_a_patient_that_the_server_does_not_have_is_said(hapi: str, tmp_path: Path) -> None:
    settings = Settings(
        database_url=f"sqlite:///{tmp_path}/x.sqlite3", pages=frozenset({"course"}), pages_fhir_server=hapi, dev=True
    )
    app = create_app(settings, lambda: NOW)
    answer = app.test_client().get("/course/nobody-of-that-name")
    app.extensions["cds_fhir_client"].close()
    app.extensions["cds_database"].close()
    assert answer.status_code == 404
    assert "No such patient" in answer.get_data(as_text=True)
