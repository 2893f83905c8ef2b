"""The patient of a course is picked from a list or asked for by id; no list that was cut looks whole."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from cds_service.demo.sandbox import Sandbox
from tests.unit.cds_service.conftest import Connection, Loopback
from tests.unit.cds_service.web.course.course_pages import ADDRESS, Browse, shown
from tests.unit.cds_service.web.course.course_records import TWO_YEARS


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
