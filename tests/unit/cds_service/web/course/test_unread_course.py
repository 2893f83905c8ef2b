"""What the page of the course says when the FHIR server fails, wholly or in part."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from cds_service.demo.sandbox import Sandbox
from cds_service.web.course.words import NO_LEVEL
from tests.unit.cds_service.conftest import Loopback
from tests.unit.cds_service.web.course.course_pages import ADDRESS, Browse, shown, table
from tests.unit.cds_service.web.course.course_records import TWO_YEARS, Json


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
