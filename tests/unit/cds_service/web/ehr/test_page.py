"""The EHR page plays a CDS Hooks client over HTTP: a real service and a real FHIR server answer it here."""

from __future__ import annotations

import html
import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from cds_service.app import create_app
from cds_service.clock import utc_now
from cds_service.demo.loader import clean
from cds_service.demo.patients import load_patients
from cds_service.demo.sandbox import Sandbox
from cds_service.ehr_client import Ehr, EhrError
from cds_service.settings import Settings
from cds_service.storage.records import StoredFeedback
from cds_service.web.ehr.chart import ChartSection, ShownChart
from tests.stored import answers_in
from tests.unit.cds_service.web.ehr.ehr_visitor import Visitor

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
        return list(answers_in(self.app.extensions["cds_store"], since=self.opened))


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


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, str, Sandbox]]:
    with Sandbox(()) as fhir, running(tmp_path_factory.mktemp("ehr"), fhir.base) as (app, base):
        yield app, base, fhir


@cache
def two_patients() -> list[dict[str, Any]]:
    wanted = (HARD_SKIN, HARMLESS)
    return [resource for one in load_patients(utc_now()) if one.patient_id in wanted for resource in one.resources]


@pytest.fixture
def clinic(services: tuple[Flask, str, Sandbox]) -> Clinic:
    """The same service for every test, with two patients whom no test before has touched."""
    app, base, fhir = services
    for kind in ("Patient", "Condition", "Observation", "MedicationRequest", "Procedure", "ServiceRequest"):
        for resource in fhir.store.all(kind):
            fhir.store.delete(kind, resource["id"])
    for resource in two_patients():
        fhir.store.put(resource["resourceType"], resource["id"], resource)
    return Clinic(app, base, fhir, utc_now())


@pytest.fixture
def visitor(clinic: Clinic) -> Visitor:
    return Visitor(clinic.client, HARD_SKIN).open()


def topics(cards: list[dict[str, Any]]) -> list[str]:
    return [card["source"]["topic"]["code"] for card in cards]


# ------------------------------------------------------------------ patients and charts
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


def test_the_story_stands_at_the_head_of_the_chart_with_all_that_can_be_tried(visitor: Visitor) -> None:
    story = html.unescape(visitor.text.partition('class="story"')[2].partition("</section>")[0])
    assert "Hardening skin of the legs on warfarin and calcium acetate" in story
    for drug in ("calcium+acetate", "calcitriol", "iron+sucrose"):
        assert f'href="/ehr?patient={HARD_SKIN}&hook=order-select&drug={drug}"' in story
    assert "A synthetic patient of the demonstration" in story


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


def test_an_answer_in_place_of_the_patients_that_cannot_be_read_is_said(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cds_service.ehr_client.ehr.Ehr.read", lambda *_: {"resourceType": "OperationOutcome"})
    answer = clinic.client.get("/ehr")
    assert answer.status_code == 502
    assert "answered with something that cannot be read" in answer.get_data(as_text=True)


@pytest.mark.parametrize("patient", ["nobody", "..", "a/b", "x" * 65, "%00"])
def test_a_patient_who_is_not_there_is_said(patient: str, clinic: Clinic) -> None:
    answer = clinic.client.get("/ehr", query_string={"patient": patient})
    assert answer.status_code == 404
    assert "No such patient" in answer.get_data(as_text=True)


def test_a_fhir_server_that_does_not_answer_is_said(tmp_path: Path) -> None:
    with running(tmp_path, "http://127.0.0.1:9/fhir") as (app, base):
        answer = client_of(app, base).get("/ehr")
    assert answer.status_code == 502
    assert "did not answer" in answer.get_data(as_text=True)


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


# ------------------------------------------------------------------ ordering
def test_a_drug_that_is_picked_is_drafted_and_order_select_called(visitor: Visitor) -> None:
    visitor.press("pick:calcium acetate", part=True, drug="calcium ace")
    assert "On picking calcium acetate <small>" in visitor.text
    assert visitor.drafts == ["calcium acetate"]
    assert topics(visitor.cards("order-select")) == ["calcium-cua"]
    assert visitor.said == "Calcium acetate drafted: 1 critical card"
    assert 'name="drug" value=""' in visitor.text, "the field is free for the next drug"


def test_the_drugs_that_a_text_may_mean_are_found_without_drafting_any(clinic: Clinic) -> None:
    found = clinic.client.get("/ehr/drugs?name=calci").get_json()["drugs"]
    assert len(found) > 2
    assert "calcitriol" in found
    assert clinic.client.get("/ehr/drugs?name=warf").get_json() == {"drugs": ["warfarin"]}
    for nothing in ("", "zzz", "x" * 5_000):
        assert clinic.client.get("/ehr/drugs", query_string={"name": nothing}).get_json() == {"drugs": []}


def test_a_text_that_means_several_drugs_drafts_none_and_offers_them_as_buttons(visitor: Visitor) -> None:
    visitor.press("pick", drug="calci")
    assert visitor.drafts == []
    assert 'name="drug" value="calci"' in visitor.text
    visitor.press(visitor.button("calcitriol"), drug="calci")
    assert visitor.drafts == ["calcitriol"]
    assert 'class="matches"' not in visitor.text


def test_what_is_typed_and_not_yet_added_stays_when_another_button_is_pressed(visitor: Visitor) -> None:
    visitor.press("pick", drug="amlodipine")
    visitor.press(f"remove:{visitor.state['drafts'][0]['id']}", drug="calci", dose="one", route="oral")
    assert 'name="drug" value="calci"' in visitor.text
    assert 'name="dose" value="one"' in visitor.text
    assert 'value="oral" selected' in visitor.text
    assert 'class="matches"' not in visitor.text


def test_only_the_draft_just_picked_is_selected(visitor: Visitor) -> None:
    visitor.press("pick", drug="warfarin")
    visitor.press("pick", drug="calcium acetate")
    (answer,) = [answer for answer in visitor.state["answers"] if answer["place"] == "order"]
    context = answer["request"]["context"]
    assert len(context["draftOrders"]["entry"]) == 2
    assert context["selections"] == [f"MedicationRequest/{visitor.state['drafts'][1]['id']}"]


def test_an_unknown_name_is_ordered_as_free_text_with_its_route_and_dose(visitor: Visitor) -> None:
    visitor.press("pick", drug="Marcumar-like syrup", route="oral", dose="5 ml at night")
    (draft,) = visitor.state["drafts"]
    assert draft["medicationCodeableConcept"] == {"text": "Marcumar-like syrup"}
    (dosage,) = draft["dosageInstruction"]
    assert (dosage["text"], dosage["route"]["coding"][0]["code"]) == ("5 ml at night", "26643006")


@pytest.mark.parametrize(("typed", "words"), [("", "Type the name"), ("calci", "pick one")])
def test_adding_needs_one_name(typed: str, words: str, visitor: Visitor) -> None:
    visitor.press("pick", drug=typed)
    assert words in visitor.said
    assert visitor.drafts == []


def test_a_draft_can_be_taken_out(visitor: Visitor) -> None:
    visitor.press("pick", drug="warfarin")
    visitor.press(f"remove:{visitor.state['drafts'][0]['id']}")
    assert visitor.drafts == []


def test_an_answer_on_an_earlier_drug_is_not_taken_for_one_on_what_is_typed(visitor: Visitor) -> None:
    visitor.press("pick", drug="warfarin")
    assert "has changed since this answer" not in visitor.text
    visitor.press("pick", drug="calci")
    assert "On picking warfarin <small>" in visitor.text
    assert "What is typed, drafted or on the chart has changed since this answer." in visitor.text
    visitor.press("pick", drug="calcitriol")
    assert "has changed since this answer" not in visitor.text


# ------------------------------------------------------------------ permalinks
def everything(clinic: Clinic) -> list[dict[str, Any]]:
    return [one for kind in ("MedicationRequest", "ServiceRequest", "Patient") for one in clinic.fhir.store.all(kind)]


@pytest.mark.parametrize(
    ("hook", "heading"), [("order-select", "On picking"), ("order-sign", "On signing"), ("patient-view", "")]
)
def test_an_address_opens_the_chart_with_drafts_asks_the_hook_and_stores_nothing(
    hook: str, heading: str, clinic: Clinic
) -> None:
    before = everything(clinic)
    link = f"&hook={hook}&drug=calcium%20acetate&drug=warfarin"
    visitor = Visitor(clinic.client, HARD_SKIN).open(link)
    assert visitor.status == 200
    assert visitor.drafts == ["calcium acetate", "warfarin"]
    assert len(visitor.cards("patient-view")) == 3
    if heading:
        assert f"{heading} calcium acetate, warfarin" in visitor.text
        assert set(topics(visitor.cards(hook))) == {"calcium-cua", "vka-cua"}
        assert visitor.said.startswith("Calcium acetate, warfarin drafted: ")
    assert visitor.link == link, "a reload, and whoever is sent the link, sees the same"
    assert everything(clinic) == before


def test_the_link_follows_the_drafts(visitor: Visitor) -> None:
    assert visitor.link == ""
    visitor.press("pick", drug="calcium acetate", route="oral", dose="2 with meals")
    assert visitor.link == "&hook=order-select&drug=calcium%20acetate&route=oral&dose=2%20with%20meals"
    again = Visitor(visitor.client, HARD_SKIN).open(visitor.link)
    assert again.state["drafts"][0]["dosageInstruction"] == visitor.state["drafts"][0]["dosageInstruction"]
    visitor.press(f"remove:{visitor.state['drafts'][0]['id']}")
    assert visitor.link == ""


def test_an_order_that_was_asked_about_by_an_address_is_signed_by_the_next_click_if_nothing_objects(
    clinic: Clinic,
) -> None:
    visitor = Visitor(clinic.client, HARD_SKIN).open("&hook=order-sign&drug=amlodipine")
    assert visitor.button("Sign 1 order") == "sign"
    assert visitor.press("sign").said == "Amlodipine: signed"
    objected = Visitor(clinic.client, HARD_SKIN).open("&hook=order-sign&drug=warfarin")
    assert "answer the card first" in objected.press("sign").said


@pytest.mark.parametrize(
    "link", ["&hook=order-dispatch", "&hook=order-select", "&drug=", "&hook=order-sign&drug=calci"]
)
def test_an_address_that_cannot_be_followed_is_refused_in_words(link: str, clinic: Clinic) -> None:
    visitor = Visitor(clinic.client, HARD_SKIN).open(link)
    assert visitor.status == 400
    assert "This address cannot be followed" in visitor.text
    assert "Nothing was asked." in visitor.text


def test_what_the_link_leaves_out_is_named(visitor: Visitor) -> None:
    visitor.press(visitor.button("Refer urgently"))
    assert re.search(r"Link to this</a> <small>without [^<]+</small>", visitor.text)


# ------------------------------------------------------------------ suggestions and feedback
def test_accepting_the_alternative_changes_the_drafts_and_is_told_to_the_service(
    visitor: Visitor, clinic: Clinic
) -> None:
    visitor.press("pick", drug="calcium acetate")
    visitor.press(visitor.button("Draft sevelamer in place of calcium acetate"))
    assert visitor.drafts[0] == "sevelamer carbonate"
    assert "calcium acetate" not in " ".join(visitor.drafts)
    assert visitor.said.endswith("(your answer was sent)")
    assert "Your answer was sent." in visitor.text
    assert re.search(r"POST \S+/feedback: 200, \d+ ms", visitor.text), "how it went is for engineers, in a fold"
    stored = clinic.feedback
    assert [(one.item.outcome, one.topic, one.known) for one in stored] == [("accepted", "calcium-cua", True)]


def test_a_suggestion_that_was_accepted_cannot_be_accepted_again(visitor: Visitor) -> None:
    visitor.press("pick", drug="calcium acetate")
    again = visitor.button("Draft sevelamer in place of calcium acetate")
    visitor.press(again)
    assert "Draft sevelamer in place of calcium acetate" in visitor.text
    assert ": accepted" in visitor.text
    assert visitor.press(again).status == 400


def test_stopping_an_active_order_is_written_to_the_fhir_server_and_the_chart_read_again(
    visitor: Visitor, clinic: Clinic
) -> None:
    visitor.press(visitor.button("Remove calcium acetate"), part=True)
    visitor.press(visitor.button("Yes, end it"), part=True)
    assert status_of(clinic) == "stopped"
    assert 'id="chart"' in visitor.text
    assert "2 capsules three times a day" not in visitor.text.partition('id="chart"')[2]


# ------------------------------------------------------------------ ending and taking up again
def status_of(clinic: Clinic) -> str:
    return str(clinic.fhir.store.read("MedicationRequest", f"{HARD_SKIN}-mr-2")["status"])


def ended(visitor: Visitor) -> Visitor:
    visitor.press(visitor.button("Remove calcium acetate"))
    return visitor.press(visitor.button("Yes, end it"))


def test_before_an_active_prescription_is_ended_the_page_asks(visitor: Visitor, clinic: Clinic) -> None:
    visitor.press(visitor.button("Remove calcium acetate"))
    assert "End the active prescription of calcium acetate" in visitor.text
    assert 'id="decline" autofocus' in visitor.text, "without a script the focus is on the answer that changes nothing"
    assert (status_of(clinic), clinic.feedback) == ("active", [])
    visitor.press(visitor.button("No, leave it"))
    assert "End the active prescription" not in visitor.text
    assert (status_of(clinic), clinic.feedback) == ("active", [])


def test_a_question_is_answered_once_and_by_the_next_click(visitor: Visitor, clinic: Clinic) -> None:
    visitor.press(visitor.button("Remove calcium acetate"))
    yes = visitor.button("Yes, end it")
    visitor.press("pick", drug="amlodipine")
    assert "End the active prescription" not in visitor.text
    assert visitor.press(yes).status == 400
    assert status_of(clinic) == "active"


def test_no_card_contradicts_the_chart_beside_it_after_a_stop(visitor: Visitor) -> None:
    assert "calcium-cua" in topics(visitor.cards("patient-view"))
    ended(visitor)
    assert topics(visitor.cards("patient-view")) == ["cua-suspected", "vka-cua"]
    cards = visitor.text.partition('id="advice"')[2].partition('class="why"')[0]
    assert "calcium acetate" not in cards
    assert "asked again about the changed chart: 2 critical cards (your answer was sent)" in visitor.said


def test_an_order_that_was_ended_here_is_taken_up_again_as_it_was(visitor: Visitor, clinic: Clinic) -> None:
    before = clinic.fhir.store.read("MedicationRequest", f"{HARD_SKIN}-mr-2")
    ended(visitor)
    visitor.press(visitor.button("Restart"))
    now = clinic.fhir.store.read("MedicationRequest", f"{HARD_SKIN}-mr-2")
    assert {**now, "meta": 0} == {**before, "meta": 0}
    assert now["meta"].get("tag") == before["meta"].get("tag")
    assert "restarted; asked again about the changed chart: 3 critical cards" in visitor.said
    assert "calcium-cua" in topics(visitor.cards("patient-view"))
    assert "Ended on this page" not in visitor.text


@pytest.mark.parametrize("status", [0, 404, 500])
def test_a_deed_that_was_done_is_told_as_done_where_the_patient_cannot_be_read_afterwards(
    status: int, visitor: Visitor, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = Ehr.read

    def read(ehr: Ehr, path: str) -> dict[str, Any]:
        if path == f"Patient/{HARD_SKIN}":
            raise EhrError("no answer", status)
        return really(ehr, path)

    monkeypatch.setattr(Ehr, "read", read)
    ended(visitor)
    assert (visitor.status, status_of(clinic)) == (200, "stopped")
    assert f"<h1>{HARD_SKIN} (the name could not be read)</h1>" in visitor.text
    visitor.press(visitor.button("Restart"))
    assert (visitor.status, status_of(clinic)) == (200, "active")


@pytest.mark.parametrize("change", [{"status": "completed"}, {"priority": "urgent"}, {"status": "active"}])
def test_an_order_that_somebody_changed_since_is_not_taken_up_again(
    change: dict[str, str], visitor: Visitor, clinic: Clinic
) -> None:
    ended(visitor)
    key = f"{HARD_SKIN}-mr-2"
    changed = {**clinic.fhir.store.read("MedicationRequest", key), **change}
    clinic.fhir.store.put("MedicationRequest", key, changed)
    visitor.press(visitor.button("Restart"))
    assert "NOT restarted" in visitor.said
    assert f"was changed on the FHIR server since (it is {changed['status']} now)" in visitor.said
    assert status_of(clinic) == changed["status"]


def test_an_order_that_is_gone_is_not_taken_up_again(visitor: Visitor, clinic: Clinic) -> None:
    ended(visitor)
    clinic.fhir.store.delete("MedicationRequest", f"{HARD_SKIN}-mr-2")
    visitor.press(visitor.button("Restart"))
    assert "could not be read on the FHIR server, so it was left alone" in visitor.said


def test_what_was_never_ended_here_cannot_be_restarted(visitor: Visitor) -> None:
    assert visitor.press(f"restart:MedicationRequest/{HARD_SKIN}-mr-2").status == 400


def test_overriding_a_card_sends_its_reason_and_comment_to_the_service(visitor: Visitor, clinic: Clinic) -> None:
    card = visitor.cards("patient-view")[1]["uuid"]
    visitor.press(f"override:{card}", {f"reason:{card}": "mechanical-valve", f"comment:{card}": "metal mitral valve"})
    assert "Overridden: Mechanical heart valve" in visitor.text
    (stored,) = clinic.feedback
    assert (stored.topic, stored.item.override_reason_code) == ("vka-cua", "mechanical-valve")
    assert stored.item.user_comment == "metal mitral valve"


def test_overriding_needs_one_of_the_reasons(visitor: Visitor, clinic: Clinic) -> None:
    card = visitor.cards("patient-view")[1]["uuid"]
    for reason in ("", "made-up"):
        visitor.press(f"override:{card}", {f"reason:{card}": reason})
        assert visitor.said == "Choose a reason for overriding the card first"
    assert clinic.feedback == []


# ------------------------------------------------------------------ signing
def test_an_order_without_objection_is_signed_at_once_and_the_chart_read_again(
    visitor: Visitor, clinic: Clinic
) -> None:
    visitor.press("pick", drug="amlodipine")
    visitor.press("sign", part=True)
    assert visitor.drafts == []
    (signed,) = [one for one in clinic.fhir.store.all("MedicationRequest") if "cds-demo-signed-" in one["id"]]
    assert (signed["status"], signed["medicationCodeableConcept"]["text"]) == ("active", "amlodipine")
    assert visitor.said == "Amlodipine: signed"
    assert ">amlodipine" in visitor.text.partition('id="chart"')[2]


def test_an_objection_is_read_before_the_order_is_signed_all_the_same(visitor: Visitor, clinic: Clinic) -> None:
    visitor.press("pick", drug="warfarin")
    before = len(clinic.fhir.store.all("MedicationRequest"))
    visitor.press("sign")
    assert topics(visitor.cards("order-sign")) == ["vka-cua"]
    assert "Not signed yet: 1 critical card" in visitor.said
    assert len(clinic.fhir.store.all("MedicationRequest")) == before
    assert visitor.button("Sign all the same") == "sign"
    assert "1 card below must be answered first" in visitor.text
    visitor.press("sign")
    assert "answer the card first: accept, or override with a reason" in visitor.said
    assert len(clinic.fhir.store.all("MedicationRequest")) == before
    card = visitor.cards("order-sign")[0]["uuid"]
    visitor.press(f"override:{card}", {f"reason:{card}": "mechanical-valve"})
    visitor.press("sign")
    assert len(clinic.fhir.store.all("MedicationRequest")) == before + 1


def test_what_was_signed_for_a_synthetic_patient_is_cleaned_away_with_the_patient(
    visitor: Visitor, clinic: Clinic
) -> None:
    visitor.press("pick", drug="amlodipine")
    visitor.press("sign")
    (signed,) = [one for one in clinic.fhir.store.all("MedicationRequest") if "-signed-" in one["id"]]
    clean(clinic.fhir.base)
    assert signed["id"] not in [one["id"] for one in clinic.fhir.store.all("MedicationRequest")]


def test_what_was_signed_for_anybody_else_is_not_marked_as_synthetic(clinic: Clinic) -> None:
    for key in ("cds-demo-not", "p1"):
        clinic.fhir.store.put("Patient", key, {"resourceType": "Patient", "id": key})
        visitor = Visitor(clinic.client, key).open()
        visitor.press("pick", drug="amlodipine")
        visitor.press("sign")
        visitor.press("sign")
    mine = ("Patient/cds-demo-not", "Patient/p1")
    signed = [one for one in clinic.fhir.store.all("MedicationRequest") if one["subject"]["reference"] in mine]
    assert len(signed) == 2
    assert not any("tag" in one["meta"] or one["id"].startswith("cds-demo") for one in signed)


def test_drafts_that_order_sign_has_not_seen_are_not_signed_all_the_same(visitor: Visitor, clinic: Clinic) -> None:
    visitor.press("pick", drug="warfarin")
    visitor.press("sign")
    visitor.press("pick", drug="calcium acetate")
    visitor.press("sign")
    assert topics(visitor.cards("order-sign")) == ["vka-cua", "calcium-cua"]
    assert visitor.drafts == ["warfarin", "calcium acetate"]


def test_orders_that_are_no_drugs_are_signed_too(visitor: Visitor, clinic: Clinic) -> None:
    visitor.press(visitor.button("Refer urgently"))
    assert len(visitor.state["drafts"]) == 4
    visitor.press("sign")
    assert {one["status"] for one in clinic.fhir.store.all("ServiceRequest")} == {"active"}
    assert "Signed service orders" in visitor.text


def test_signing_nothing_is_said(visitor: Visitor) -> None:
    assert visitor.press("sign").said == "There is no draft to sign"


# ------------------------------------------------------------------ what comes from elsewhere
@pytest.mark.parametrize(
    "state",
    ["{", "[]", "null", '{"drafts": 7}', '{"drafts": [{"id": "x"}]}', '{"drafts":[],"judged":7}'],
)
def test_a_state_that_is_none_of_ours_is_refused(state: str, clinic: Clinic) -> None:
    answer = clinic.client.post(f"/ehr?patient={HARD_SKIN}", data={"state": state, "do": "sign"})
    assert answer.status_code == 400
    assert "out of date" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "do", ["", "nonsense", "accept:x:y", "accept", "override:x", "remove:x", "confirm:x:y", "restart:x", "settle"]
)
def test_a_button_that_is_none_of_ours_is_refused(do: str, visitor: Visitor) -> None:
    assert visitor.press(do).status == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "evil.example"},
    ],
)
def test_another_site_can_send_nothing(headers: dict[str, str], clinic: Clinic) -> None:
    data = {"state": "", "do": "sign"}
    answer = clinic.client.post(f"/ehr?patient={HARD_SKIN}", data=data, headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}, 200),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "empty"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe"}, 403),
        ({"Sec-Fetch-Site": "none", "Sec-Fetch-Dest": "document"}, 200),
        ({"Host": "rebound.example"}, 403),
    ],
)
def test_another_site_can_link_to_the_page_and_cannot_read_it(
    headers: dict[str, str], status: int, clinic: Clinic
) -> None:
    answer = clinic.client.get("/ehr", headers=headers)
    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] != "*"


def test_the_page_runs_no_script_but_its_own(visitor: Visitor, clinic: Clinic) -> None:
    answer = clinic.client.get("/ehr")
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    for inline in ("style=", "onclick", "javascript:"):
        assert inline not in visitor.text


def test_text_of_the_fhir_server_is_shown_and_never_run(clinic: Clinic) -> None:
    hostile = "<script>alert(1)</script>'\"><img src=x onerror=alert(1)>"
    clinic.fhir.store.put(
        "Patient", "p1", {"resourceType": "Patient", "id": "p1", "name": [{"text": hostile}], "text": {"div": hostile}}
    )
    condition = {
        "resourceType": "Condition",
        "id": "c1",
        "code": {"text": hostile},
        "subject": {"reference": "Patient/p1"},
    }
    clinic.fhir.store.put("Condition", "c1", condition)
    visitor = Visitor(clinic.client, "p1").open()
    visitor.press("pick", drug=hostile)
    assert "&lt;script&gt;" in visitor.text
    assert "<script>alert" not in visitor.text
    assert "<img" not in visitor.text


def test_nothing_of_a_patient_is_logged(visitor: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="cds_service"):
        visitor.press("pick", drug="warfarin")
        visitor.press("sign")
    assert "order-sign answered 1 cards" in caplog.text
    assert "hard-skin" not in caplog.text
    assert "Ottilie" not in caplog.text


def test_a_fault_of_the_page_is_a_page_that_tells_nothing_of_the_patient(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> None:
        raise KeyError("Ottilie")

    monkeypatch.setattr("cds_service.web.ehr.page.read_chart", fails)
    answer = clinic.client.get(f"/ehr?patient={HARD_SKIN}")
    assert (answer.status_code, answer.mimetype) == (500, "text/html")
    assert "unexpected KeyError on the EHR page" in caplog.text
    assert "Ottilie" not in answer.get_data(as_text=True) + caplog.text


def test_a_form_that_is_too_large_is_refused_with_a_page(clinic: Clinic) -> None:
    answer = clinic.client.post(f"/ehr?patient={HARD_SKIN}", data={"state": "x" * 11_000_000})
    assert (answer.status_code, answer.mimetype) == (413, "text/html")


# ------------------------------------------------------------------ why, and why not
def whys(text: str) -> list[str]:
    """The folds that explain, in the order of the page, as HTML."""
    fold = r'<details class="why" id="why-[0-9a-f-]+"(?: open)?>.*?(?=<details class="wire">)'
    found = re.findall(fold, text, re.DOTALL)
    return list(map(str, found))


def test_every_answer_is_explained_in_a_fold(visitor: Visitor) -> None:
    (of_chart,) = whys(visitor.text)
    assert not of_chart.partition(">")[0].endswith(" open")
    assert "3 cards come: cua-suspected, vka-cua and calcium-cua." in of_chart
    visitor.press("pick", drug="calcium acetate")
    kept, of_order = whys(visitor.text)
    assert kept == of_chart, "it stays with its answer, in the browser"
    assert "calcium-cua" in of_order
    assert "An order was picked (order-select)" in of_order
    visitor.press("sign")
    assert "Orders were to be signed (order-sign)" in whys(visitor.text)[1]


def test_silence_is_explained_too_and_no_browser_or_proxy_keeps_the_page(clinic: Clinic) -> None:
    answer = clinic.client.get(f"/ehr?patient={HARMLESS}")
    assert answer.headers["Cache-Control"] == "no-store"
    (why,) = whys(answer.get_data(as_text=True))
    assert "No card comes." in why
    assert why.partition(">")[0].endswith(" open")
    assert "Drugs that no rule is about" in why


def test_a_refusal_to_judge_is_explained_and_is_no_all_clear(visitor: Visitor) -> None:
    data = {"state": "", "do": "call"}
    (why,) = whys(visitor.client.post(f"/ehr?patient={HARD_SKIN}", data=data).get_data(as_text=True))
    assert "This is not an all-clear." in why
    assert "not judged: the patient could not be read" in why


def test_what_was_read_from_the_server_is_told_as_that(visitor: Visitor) -> None:
    data = {"state": "", "do": "call", "server": "on"}
    (why,) = whys(visitor.client.post(f"/ehr?patient={HARD_SKIN}", data=data).get_data(as_text=True))
    assert "Read from the FHIR server: the patient (1)" in why
    assert "Sent along" in whys(visitor.text)[0]


def test_a_refused_request_is_explained_by_the_fault_alone(clinic: Clinic, tmp_path: Path) -> None:
    with running(tmp_path, clinic.fhir.base, max_body_bytes=2_000) as (app, base):
        text = client_of(app, base).get(f"/ehr?patient={HARD_SKIN}").get_data(as_text=True)
    assert "The service failed (status 413)" in text
    (why,) = whys(text)
    assert "the fault above is the whole explanation" in why
    assert why.partition(">")[0].endswith(" open")


def test_an_explanation_that_cannot_be_made_leaves_the_page_as_it_is(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> None:
        raise KeyError("Ottilie")

    monkeypatch.setattr("cds_service.web.ehr.explaining.explained_call", fails)
    visitor = Visitor(clinic.client, HARD_SKIN).open()
    assert (visitor.status, len(visitor.cards("patient-view"))) == (200, 3)
    (why,) = whys(visitor.text)
    assert "The explanation could not be made." in why
    assert "Ottilie" not in why + caplog.text


def test_the_answers_of_another_service_are_not_ours_to_explain(clinic: Clinic, tmp_path: Path) -> None:
    with running(tmp_path, clinic.fhir.base, pages_service=clinic.base) as (app, base):
        visitor = Visitor(client_of(app, base), HARD_SKIN).open()
        assert len(visitor.cards("patient-view")) == 3
        assert "Why, and why not" not in visitor.press("pick", drug="warfarin").text


def test_a_record_that_changed_between_answer_and_explanation_is_noticed(visitor: Visitor) -> None:
    assert "The record has changed" not in visitor.text
    del visitor.state["answers"][0]["body"]["cards"][0]
    visitor.press("pick", drug="")
    assert "The record has changed since the answer above" in whys(visitor.text)[0]


def test_the_state_stays_small_enough_for_a_form(visitor: Visitor) -> None:
    visitor.press("pick", drug="calcium acetate")
    whole = sum(len(answer["why"]) for answer in visitor.state["answers"])
    assert 0 < whole < 20_000


def test_a_name_that_the_list_does_not_hold_is_said_to_be_unknown_where_no_card_comes(clinic: Clinic) -> None:
    visitor = Visitor(clinic.client, HARMLESS).open()
    visitor.press("pick", drug="warfarine")
    assert "No card for what was ordered" in visitor.text
    assert "“warfarine” is not in the list of drugs" in visitor.text
    visitor.press(f"remove:{visitor.state['drafts'][0]['id']}")
    visitor.press("pick", drug="amlodipine")
    assert "is not in the list of drugs" not in visitor.text


def test_a_part_of_a_name_that_means_one_drug_is_said_to_be_taken_for_it(clinic: Clinic) -> None:
    visitor = Visitor(clinic.client, HARMLESS).open()
    visitor.press("pick", drug="binder")
    assert visitor.said.startswith("“binder” taken as potassium binder drafted")
    visitor.press("pick", drug="Amlodipine")
    assert visitor.said.startswith("Amlodipine drafted")


def test_an_answer_on_one_draft_names_the_drafts_that_it_says_nothing_about(visitor: Visitor) -> None:
    visitor.press("pick", drug="calcium acetate")
    assert "Asked about" not in visitor.text
    visitor.press("pick", drug="amlodipine")
    assert "Asked about amlodipine alone. Signing asks about all drafts, with calcium acetate." in visitor.text


def test_the_question_before_an_end_names_the_patient(visitor: Visitor) -> None:
    visitor.press(visitor.button("stop warfarin"))
    question = visitor.text.partition('id="question"')[2].partition("</div>")[0]
    assert "Synthetic, Ottilie, born 1952-08-02" in question


def test_what_nobody_sees_in_a_record_comes_back_as_it_was(visitor: Visitor) -> None:
    odd = "Marcumar\u00a03 mg so\u00adft"
    visitor.state["drafts"] = [{"resourceType": "ServiceRequest", "id": "d1", "status": "draft", "code": {"text": odd}}]
    visitor.press("call")
    assert visitor.drafts == [odd]
