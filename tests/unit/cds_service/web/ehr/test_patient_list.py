"""The patients to pick from: found by name and story, and no list that was cut or failed looks whole."""

from __future__ import annotations

import html
from pathlib import Path

import pytest

from tests.unit.cds_service.web.ehr.clinic import HARD_SKIN, HARMLESS, Clinic, client_of, running
from tests.unit.cds_service.web.ehr.ehr_visitor import Visitor


def test_the_synthetic_patients_are_offered_with_a_link_to_each_chart(clinic: Clinic) -> None:
    text = clinic.client.get("/ehr").get_data(as_text=True)
    assert "2 patients" in text
    assert f'href="/ehr?patient={HARD_SKIN}"' in text


def test_a_patient_is_found_by_the_beginning_of_a_name(clinic: Clinic) -> None:
    for address in ("/ehr", "/ehr/patients"):
        found = clinic.client.get(address, query_string={"name": "ottil"}).get_data(as_text=True)
        assert HARD_SKIN in found
        assert HARMLESS not in found
    none = clinic.client.get("/ehr?name=zzz").get_data(as_text=True)
    assert "No patient of that name" in none


def test_the_address_that_searches_is_a_page_for_a_bookmark_too(clinic: Clinic) -> None:
    answer = clinic.client.get("/ehr/patients")
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert "2 patients" in answer.get_data(as_text=True)
    posted = clinic.client.post("/ehr/patients", data={"name": "ottil"}).get_data(as_text=True)
    assert HARMLESS not in posted


def test_the_list_tells_each_story_and_what_to_try(clinic: Clinic) -> None:
    text = html.unescape(clinic.client.get("/ehr").get_data(as_text=True))
    assert "Hardening skin of the legs on warfarin and calcium acetate" in text
    assert "The skin of both lower legs has turned hard" in text
    assert "On opening the chart: 3 critical cards." in text
    assert f'href="/ehr?patient={HARD_SKIN}&hook=order-select&drug=calcium+acetate"' in text
    assert text.index(HARD_SKIN) < text.index(HARMLESS), "the telling ones first"


def test_a_patient_is_found_by_words_of_the_story(clinic: Clinic) -> None:
    found = clinic.client.get("/ehr?about=LEGS+warfarin").get_data(as_text=True)
    assert HARD_SKIN in found
    assert HARMLESS not in found
    none = clinic.client.get("/ehr/patients?name=ottil&about=livedo").get_data(as_text=True)
    assert "No patient of that name with such a story" in none


def test_a_list_that_was_cut_says_so_and_denies_nobody(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "There are more on the FHIR server" not in clinic.client.get("/ehr").get_data(as_text=True)
    monkeypatch.setattr("cds_service.web.ehr.person._MOST_PATIENTS", 1)
    cut = clinic.client.get("/ehr").get_data(as_text=True)
    assert "1 patient<" in cut
    assert "There are more on the FHIR server; search by name." in cut
    nobody = clinic.client.get("/ehr?about=no-such-story").get_data(as_text=True)
    assert "No patient with such a story is among the first that the FHIR server sent." in nobody
    assert "There are more on the FHIR server; search by name." in nobody


def test_a_patient_of_anybody_else_has_a_birth_date_and_no_story(clinic: Clinic) -> None:
    for key in (HARD_SKIN, HARMLESS):
        clinic.fhir.store.delete("Patient", key)
    real = {"resourceType": "Patient", "id": "p1", "name": [{"family": "Real"}], "gender": "male"}
    clinic.fhir.store.put("Patient", "p1", {**real, "birthDate": "1950-03-02", "identifier": [{"value": "K-77"}]})
    text = clinic.client.get("/ehr").get_data(as_text=True)
    for words in ("Real", "male, ", "born 1950-03-02", "K-77"):
        assert words in text
    assert "Story tells of" not in text
    assert "Try:" not in text
    assert 'class="story"' not in Visitor(clinic.client, "p1").open().text


def test_without_synthetic_patients_any_patient_is_offered(clinic: Clinic) -> None:
    for key in (HARD_SKIN, HARMLESS):
        clinic.fhir.store.delete("Patient", key)
    clinic.fhir.store.put("Patient", "p1", {"resourceType": "Patient", "id": "p1", "name": [{"family": "Real"}]})
    assert "Real" in clinic.client.get("/ehr").get_data(as_text=True)


def test_an_answer_in_place_of_the_patients_that_cannot_be_read_is_said(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cds_service.ehr_client.ehr.Ehr.read", lambda *_: {"resourceType": "OperationOutcome"})
    answer = clinic.client.get("/ehr")
    assert answer.status_code == 502
    assert "answered with something that cannot be read" in answer.get_data(as_text=True)


def test_a_fhir_server_that_does_not_answer_is_said(tmp_path: Path) -> None:
    with running(tmp_path, "http://127.0.0.1:9/fhir") as (app, base):
        answer = client_of(app, base).get("/ehr")
    assert answer.status_code == 502
    assert "did not answer" in answer.get_data(as_text=True)
