"""Each answer is explained in a fold: cards, silence, a refusal to judge, and a record that has changed since."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.cds_service.web.ehr.clinic import HARD_SKIN, HARMLESS, Clinic, client_of, running
from tests.unit.cds_service.web.ehr.ehr_visitor import Visitor


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
