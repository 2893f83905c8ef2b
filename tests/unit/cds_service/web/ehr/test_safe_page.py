"""The page takes nothing from elsewhere, runs no script but its own, and tells nothing of a patient in logs."""

from __future__ import annotations

import logging

import pytest

from tests.unit.cds_service.web.ehr.clinic import HARD_SKIN, Clinic
from tests.unit.cds_service.web.ehr.ehr_visitor import Visitor


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
