"""The page of the course: what it says, and what it never lets through."""

from __future__ import annotations

import json
import logging
import re

import pytest

from cds_service.demo.sandbox import Sandbox
from cds_service.fhir_client import FhirClient, FhirServer, Limits
from cds_service.knowledge import load_knowledge
from cds_service.settings import Settings
from cds_service.storage import Database
from cds_service.web import PageContext
from cds_service.web.course.page import course_answer
from tests.unit.cds_service.web.course.course_pages import ADDRESS, Browse, shown, table
from tests.unit.cds_service.web.course.course_records import NOW, TWO_YEARS, Json


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
