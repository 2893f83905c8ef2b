"""The page of the course: what it says, what it says when the FHIR server fails, and what it never lets through."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
import requests
from flask.testing import FlaskClient

from cds_service.app import create_app
from cds_service.demo.sandbox import Sandbox
from cds_service.fhir_client import FhirClient, FhirServer, Limits
from cds_service.knowledge import load_knowledge
from cds_service.settings import Settings
from cds_service.storage import Database
from cds_service.web import PageContext, course
from cds_service.web.course.page import course_answer
from cds_service.web.course.words import NO_LEVEL
from tests.unit.cds_service.conftest import Connection, Loopback
from tests.unit.cds_service.web.course.course_records import NOW, TWO_YEARS, Json

Browse = Callable[..., FlaskClient]
ADDRESS = f"/course/{TWO_YEARS.patient_id}"


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


def shown(client: FlaskClient, address: str = ADDRESS, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return answer.get_data(as_text=True)


def table(page: str, title: str) -> str:
    """The table of this title as text."""
    found = re.search(rf"<summary>{re.escape(title)}.*?</details>", page, re.DOTALL)
    assert found, title
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[0]))


# ------------------------------------------------------------------ what it says
def test_the_page_shows_patient_tier_picture_and_tables(browse: Browse, sandbox: Sandbox) -> None:
    page = shown(browse(sandbox.base))
    assert "<h1>Synthetic, Ariadne</h1>" in page
    assert re.search(r"born 196\d-\d\d-\d\d \(6\d years\)", page)
    assert f"read 2026-03-02 09:30 UTC from {sandbox.base}" in page
    assert 'class="course-tier">confirmed calciphylaxis<' in page
    assert page.count('id="course-svg"') == 1
    titles = ["Calcium, corrected (mg/dL)", "Phosphate", "Calcium × phosphate", "Intact PTH", "Kt/V"]
    for title in [*titles, "Drugs that the rules look at", "Other prescriptions", "Findings"]:
        assert table(page, title)


def test_the_tables_say_value_side_origin_and_code(browse: Browse, sandbox: Sandbox) -> None:
    page = shown(browse(sandbox.base))
    assert (
        "2026-02-26 9.3 mg/dL in range corrected for albumin: calcium 8.7 mg/dL (2.17 mmol/L); "
        "albumin 3.2 g/dL LOINC 2000-8, LOINC 1751-7" in table(page, "Calcium, corrected")
    )
    assert "could not be used no unit" in table(page, "Phosphate (mg/dL)")
    drugs = table(page, "Drugs that the rules look at")
    assert "to a day that is not recorded completed" in drugs
    assert "(end of the dosage period)" in drugs
    assert "RxNorm 855332" in drugs
    assert "livedo Livedo of both thighs" in table(page, "Findings")
    assert "if also counted:" in table(page, "Risk level and points by the rules")


def test_everything_on_a_mark_stands_in_a_table_too(browse: Browse, sandbox: Sandbox) -> None:
    page = shown(browse(sandbox.base))
    days = set(
        re.findall(r'aria-label="(?:Calcium, corrected|Phosphate|Intact PTH|Kt/V) [^"]*?(\d{4}-\d\d-\d\d)', page)
    )
    cells = set(re.findall(r'<th scope="row">(\d{4}-\d\d-\d\d)</th>', page))
    assert days <= cells
    assert len(days) > 30


def test_a_patient_without_any_record_is_a_page_that_says_so(browse: Browse) -> None:
    with Sandbox([{"resourceType": "Patient", "id": "cds-demo-empty"}]) as server:
        page = shown(browse(server.base), "/course/cds-demo-empty")
    assert "patient without a name" in page
    assert 'class="course-tier">the rules do not apply: no maintenance dialysis on record today<' in page
    assert "<dt>Dialysis</dt><dd>none on record</dd>" in page
    assert '<dd>not counted<span class="course-factors">the rules do not apply</span></dd>' in page
    assert "none on record in these two years" in page
    assert "Not everything could be read" not in page


# ------------------------------------------------------------------ what it never lets through
def test_the_page_keeps_its_own_content_security_policy(browse: Browse, sandbox: Sandbox) -> None:
    answer = browse(sandbox.base).get(ADDRESS)
    page = answer.get_data(as_text=True)
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert not re.search(r"<style|\sstyle=|\son\w+=", page)
    assert not re.search(r"<script(?! src=\"/pages/(course/)?static/)", page)


def test_words_of_a_record_are_text_whatever_they_look_like(browse: Browse) -> None:
    evil = '<img src=x onerror="x()">"\'&\x1b\x00'
    resources: list[Json] = json.loads(json.dumps(list(TWO_YEARS.resources)))
    resources[0]["name"] = [{"text": evil}]
    for one in resources:
        if one["resourceType"] in ("Condition", "MedicationRequest"):
            concept = one.get("code") or one["medicationCodeableConcept"]
            concept["text"] = evil
    with Sandbox(resources) as server:
        page = shown(browse(server.base))
    assert "<img" not in page
    assert page.count("&lt;img src=x onerror=") > 20
    assert page.count('id="course-svg"') == 1


def test_the_log_names_no_patient(browse: Browse, sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "cds_service")
    shown(browse(sandbox.base))
    assert TWO_YEARS.patient_id not in caplog.text
    assert "Ariadne" not in caplog.text


@pytest.mark.parametrize("patient_id", ["a b", "x" * 65, "a?b=c", "ä", "..%2Fmetadata"])
def test_what_is_no_fhir_id_is_not_asked_for(browse: Browse, patient_id: str) -> None:
    page = shown(browse("http://127.0.0.1:9/fhir"), f"/course/{patient_id.replace('?', '%3F')}", 404)
    assert patient_id not in page


# ------------------------------------------------------------------ a FHIR server that fails
def test_a_server_that_cannot_be_reached_is_a_page_that_says_so(browse: Browse) -> None:
    page = shown(browse("http://127.0.0.1:9/fhir"), ADDRESS, 502)
    assert "The patient could not be read: the FHIR server could not be reached." in page
    assert TWO_YEARS.patient_id not in page


def test_a_server_that_is_not_allowed_is_not_asked(browse: Browse) -> None:
    assert "not on the allow-list" in shown(browse("http://192.0.2.1/fhir"), ADDRESS, 502)


def test_a_patient_that_does_not_exist_is_a_page_that_says_so_and_leads_on(browse: Browse, sandbox: Sandbox) -> None:
    page = shown(browse(sandbox.base), "/course/nobody", 404)
    assert "No such patient" in page
    assert '<a href="/course">' in page
    assert "nobody" not in page


def test_a_patient_that_was_deleted_is_not_there_either(browse: Browse, serve: Callable[..., Loopback]) -> None:
    gone = serve(lambda connection: connection.answer(b"", "410 Gone"))
    assert "No such patient" in shown(browse(gone.base), "/course/nobody", 404)


def test_after_a_failure_one_can_try_again_or_choose_another_patient(browse: Browse) -> None:
    page = shown(browse("http://127.0.0.1:9/fhir"), f"{ADDRESS}?months=3&rows=drugs", 502)
    assert '<a href="">Try again</a>' in page
    assert '<a href="/course">' in page


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


def test_results_that_could_not_be_read_never_look_like_none(browse: Browse, half: Callable[..., Loopback]) -> None:
    page = shown(browse(half("2731-8").base))
    assert "Not everything could be read" in page
    assert "PTH and alkaline phosphatase results: the FHIR server answered 500" in page
    assert "the FHIR server answered 500" in table(page, "Intact PTH")
    assert ">could not be read</text>" in page
    assert 'data-none="could not be read"' in page
    assert "no results" not in page


@pytest.mark.parametrize("failing", ["/Condition?", "/MedicationRequest?"])
def test_without_conditions_or_drugs_no_tier_is_told(
    browse: Browse, half: Callable[..., Loopback], failing: str
) -> None:
    page = shown(browse(half(failing).base))
    assert "course-tier" not in page
    assert "the rules cannot say anything" in page
    assert NO_LEVEL not in page.partition('id="course-notes"')[0]
    assert "not told: what they need could not be read" in table(page, "Risk level and points by the rules")


def test_unread_dialysis_procedures_show_what_may_have_been(browse: Browse, half: Callable[..., Loopback]) -> None:
    page = shown(browse(half("302497006").base))
    assert "Dialysis procedures: the FHIR server answered 500" in page


def test_where_the_services_would_refuse_no_level_is_told(
    browse: Browse, serve: Callable[..., Loopback], half: Callable[..., Loopback], sandbox: Sandbox
) -> None:
    kept = ("Patient", "MedicationRequest")
    necrosis: Json = {
        "resourceType": "Condition",
        "id": "necrosis",
        "subject": {"reference": f"Patient/{TWO_YEARS.patient_id}"},
        "code": {"text": "Skin necrosis of the thigh"},
        "recordedDate": "2026-02-20",
    }
    with Sandbox([*(one for one in TWO_YEARS.resources if one["resourceType"] in kept), necrosis]) as few:
        sandbox.base = few.base
        page = shown(browse(half("302497006").base))
    assert 'class="course-tier">cannot be told: no level from what could be read; suspected calciphylaxis' in page
    assert "<dt>Dialysis</dt><dd>cannot be told: the procedures could not be read</dd>" in page
    assert "<dd>at least " in page


def test_results_that_could_not_be_read_leave_points_open(browse: Browse, half: Callable[..., Loopback]) -> None:
    page = shown(browse(half("2731-8").base))
    assert re.search(r"<dt>Risk points .*?</dt><dd>at least \d", page)
    assert "confirmed calciphylaxis, at least" in table(page, "Risk level and points by the rules")


# ------------------------------------------------------------------ the picture, and for other pages
def test_the_keyboard_enters_the_picture_at_one_mark_and_every_mark_says_what_it_is(
    browse: Browse, sandbox: Sandbox
) -> None:
    picture = ElementTree.fromstring(re.findall(r'<svg id="course-svg".*?</svg>', shown(browse(sandbox.base)), re.S)[0])
    marks = [mark for mark in picture.iter("path") if mark.get("role") == "img"]
    assert len(marks) > 200
    assert all(mark.get("aria-label") and mark.get("data-on") for mark in marks)
    assert [mark.get("aria-label", "").split("\n")[0] for mark in marks if mark.get("tabindex") == "0"] == [
        marks[-1].get("aria-label", "").split("\n")[0]
    ]
    assert "fill" not in {name for element in picture.iter() for name in element.attrib}


def test_axes_and_words_are_hidden_from_a_screen_reader(browse: Browse, sandbox: Sandbox) -> None:
    picture = ElementTree.fromstring(re.findall(r'<svg id="course-svg".*?</svg>', shown(browse(sandbox.base)), re.S)[0])
    hidden = {text for group in picture.iter() if group.get("aria-hidden") == "true" for text in group.iter("text")}
    assert hidden == set(picture.iter("text")) != set()


def test_every_ink_of_the_picture_is_in_the_style_sheet(browse: Browse, sandbox: Sandbox) -> None:
    page = shown(browse(sandbox.base))
    css = (Path(course.__file__).parent / "static" / "picture.css").read_text(encoding="utf-8")
    inks = set(re.findall(r"\b(?:fill|stroke)-[a-z]+\b", " ".join(re.findall(r'class="([^"]*)"', page))))
    assert inks >= {"fill-series", "fill-high", "fill-low", "fill-moderate", "fill-points", "fill-feeding"}
    assert {ink for ink in inks if f".{ink} {{" not in css} <= {"fill-line", "stroke-ground"}


def test_limits_lead_to_the_page_that_explains_them_where_that_is_on(browse: Browse, sandbox: Sandbox) -> None:
    assert "/reasons/" not in shown(browse(sandbox.base))
    page = shown(browse(sandbox.base, pages=frozenset({"course", "reasons"})))
    assert '<a href="/reasons/cua-risk-elevated#numbers">low below 8.4, moderate above 9.5, high above 10.2' in page
    assert page.count('<a href="/reasons/cua-risk-elevated#numbers" tabindex="-1">') > 5


def test_another_page_can_show_a_course_in_a_frame(browse: Browse, sandbox: Sandbox) -> None:
    app, origins = browse(sandbox.base).application, ["https://ehr.example"]
    settings = Settings(dev=True)
    client = FhirClient(Limits(), settings.is_allowed_fhir_server)
    around = PageContext(settings, load_knowledge(settings), client, lambda: NOW, Database(settings.database_url))
    with app.test_request_context():
        found = course_answer(around, FhirServer(sandbox.base), TWO_YEARS.patient_id, framed_by=origins)
        refused = course_answer(around, FhirServer("http://127.0.0.1:9/x"), "p", framed_by=origins)
        no_id = course_answer(around, FhirServer(sandbox.base), "no id", framed_by=origins)
    client.close()
    assert [one.status_code for one in (found, refused, no_id)] == [200, 502, 404]
    for one in (found, refused, no_id):
        assert "frame-ancestors https://ehr.example" in one.headers["Content-Security-Policy"]


# ------------------------------------------------------------------ picking a patient
def test_patients_can_be_picked_from_a_list(browse: Browse, sandbox: Sandbox) -> None:
    page = shown(browse(sandbox.base), "/course")
    assert f'<a href="{ADDRESS}">Synthetic, Ariadne</a>' in page
    assert "Two years of a course that ends in calciphylaxis" in page, "its story in one line"


@pytest.mark.parametrize("most", [1, 2])
def test_a_list_of_patients_that_was_cut_says_so(most: int, browse: Browse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cds_service.web.course.page.MOST_PATIENTS", most)
    with Sandbox([{"resourceType": "Patient", "id": f"cds-demo-{one}"} for one in "ab"]) as server:
        page = shown(browse(server.base), "/course")
    assert ("There are more on the FHIR server; ask for a patient who is not listed by id." in page) is (most == 1)


def test_an_empty_first_page_of_patients_is_not_a_server_without_any(
    browse: Browse, serve: Callable[..., Loopback]
) -> None:
    def answer(connection: Connection) -> None:
        link = [{"relation": "next", "url": f"{server.base}/Patient?page=2"}]
        connection.answer(json.dumps({"resourceType": "Bundle", "type": "searchset", "link": link}).encode())

    server = serve(answer)
    page = shown(browse(server.base), "/course")
    assert "The FHIR server has no patients" not in page
    assert "There are more on the FHIR server than its first page, which names none" in page


def test_a_patient_can_be_asked_for_by_id(browse: Browse, sandbox: Sandbox) -> None:
    client = browse(sandbox.base)
    answer = client.get(f"/course?patient={TWO_YEARS.patient_id}")
    assert (answer.status_code, answer.headers["Location"]) == (303, ADDRESS)
    assert client.get("/course?patient=a b").status_code == 404


def test_a_list_that_cannot_be_read_and_an_empty_one_look_different(browse: Browse) -> None:
    assert "could not be read" in shown(browse("http://127.0.0.1:9/fhir"), "/course")
    with Sandbox([]) as empty:
        assert "The FHIR server has no patients." in shown(browse(empty.base), "/course")
