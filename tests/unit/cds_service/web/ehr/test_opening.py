"""Opening a chart: who it is, what is known, and what the service says or could not judge."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
import requests

from cds_service.web.ehr.chart import ChartSection, ShownChart
from tests.unit.cds_service.web.ehr.clinic import HARD_SKIN, HARMLESS, Clinic, client_of, running, topics
from tests.unit.cds_service.web.ehr.ehr_visitor import Visitor


def test_the_story_stands_at_the_head_of_the_chart_with_all_that_can_be_tried(visitor: Visitor) -> None:
    story = html.unescape(visitor.text.partition('class="story"')[2].partition("</section>")[0])
    assert "Hardening skin of the legs on warfarin and calcium acetate" in story
    for drug in ("calcium+acetate", "calcitriol", "iron+sucrose"):
        assert f'href="/ehr?patient={HARD_SKIN}&hook=order-select&drug={drug}"' in story
    assert "A synthetic patient of the demonstration" in story


def test_opening_a_chart_shows_who_it_is_what_is_known_and_what_the_service_says(visitor: Visitor) -> None:
    assert visitor.status == 200
    for words in ("Synthetic, Ottilie", "End-stage renal disease", "warfarin sodium 5 MG", "1 tablet in the evening"):
        assert words in visitor.text
    assert "9.8 mg/dL" in visitor.text
    assert topics(visitor.cards("patient-view")) == ["cua-suspected", "vka-cua", "calcium-cua"]
    assert "Critical" in visitor.text
    assert visitor.said == "Chart opened: 3 critical cards"


def test_request_response_and_milliseconds_stand_beside_the_cards(visitor: Visitor) -> None:
    assert '"hookInstance"' in visitor.text
    assert '"prefetch"' in visitor.text
    assert '"cards"' in visitor.text
    assert re.search(r"200 · \d+ ms · calciphylaxis-patient-view", visitor.text)


def test_no_cards_is_said_plainly(clinic: Clinic) -> None:
    visitor = Visitor(clinic.client, HARMLESS).open()
    assert "No card for this chart." in visitor.text
    assert '"hookInstance"' in visitor.text


def test_what_was_searched_and_not_found_is_named(clinic: Clinic) -> None:
    clinic.fhir.store.put("Patient", "p1", {"resourceType": "Patient", "id": "p1"})
    text = Visitor(clinic.client, "p1").open().text
    for words in ("No active prescriptions", "No conditions", "No laboratory results (this category only)"):
        assert words in text


def test_an_empty_first_page_with_more_behind_it_is_not_nothing(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    chart = ShownChart(*[ChartSection(more=True) for _ in range(4)])
    monkeypatch.setattr("cds_service.web.ehr.page.read_chart", lambda *_: chart)
    text = Visitor(clinic.client, HARD_SKIN).open().text
    assert text.count("None on the first page; there are more on the FHIR server") == 4
    for words in ("No active prescriptions", "No conditions", "No laboratory results"):
        assert words not in text


def test_orders_that_could_not_be_read_are_not_left_out(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    chart = ShownChart(*[ChartSection(fault=f"fault {number}") for number in range(4)])
    monkeypatch.setattr("cds_service.web.ehr.page.read_chart", lambda *_: chart)
    text = Visitor(clinic.client, HARD_SKIN).open().text
    for words in ("fault 0", "fault 1", "fault 2", "fault 3"):
        assert words in text
    assert "No active prescriptions" not in text
    assert "No laboratory results" not in text


@pytest.mark.parametrize("patient", ["nobody", "..", "a/b", "x" * 65, "%00"])
def test_a_patient_who_is_not_there_is_said(patient: str, clinic: Clinic) -> None:
    answer = clinic.client.get("/ehr", query_string={"patient": patient})
    assert answer.status_code == 404
    assert "No such patient" in answer.get_data(as_text=True)


def test_a_fhir_server_that_refuses_is_said_with_its_status(clinic: Clinic, tmp_path: Path) -> None:
    with running(tmp_path, f"{clinic.base}/nowhere") as (app, base):
        assert "No such patient" in client_of(app, base).get("/ehr?patient=p1").get_data(as_text=True)


def test_a_service_that_could_not_judge_is_never_shown_as_no_cards(visitor: Visitor) -> None:
    data = {"state": "", "do": "call"}
    text = visitor.client.post(f"/ehr?patient={HARD_SKIN}", data=data).get_data(as_text=True)
    assert "The service could not judge: the patient could not be read" in text
    assert "This is not an all-clear" in text
    assert "No card for" not in text


def test_without_prefetch_the_service_reads_the_fhir_server_itself(visitor: Visitor) -> None:
    data = {"state": "", "do": "call", "server": "on"}
    text = visitor.client.post(f"/ehr?patient={HARD_SKIN}", data=data).get_data(as_text=True)
    assert "3 critical cards" in text


def test_a_service_that_is_not_there_is_said(clinic: Clinic, tmp_path: Path) -> None:
    with running(tmp_path, clinic.fhir.base, pages_service="http://127.0.0.1:9") as (app, base):
        text = client_of(app, base).get(f"/ehr?patient={HARD_SKIN}").get_data(as_text=True)
    assert "The service did not answer" in text
    assert "No card for" not in text


def test_the_page_calls_the_service_that_it_is_part_of(clinic: Clinic) -> None:
    answer = requests.get(f"{clinic.base}/ehr?patient={HARD_SKIN}", timeout=30)
    assert answer.status_code == 200
    assert f"Service <code>{clinic.base}</code>" in answer.text
    assert "3 critical cards" in answer.text
