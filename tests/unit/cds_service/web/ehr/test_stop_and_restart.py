"""An active prescription is ended after a question only, and is taken up again only as it was."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.ehr_client import Ehr, EhrError
from tests.unit.cds_service.web.ehr.clinic import HARD_SKIN, Clinic, status_of, topics
from tests.unit.cds_service.web.ehr.ehr_visitor import Visitor


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


def test_the_question_before_an_end_names_the_patient(visitor: Visitor, clinic: Clinic) -> None:
    born = clinic.fhir.store.read("Patient", HARD_SKIN)["birthDate"]
    visitor.press(visitor.button("stop warfarin"))
    question = visitor.text.partition('id="question"')[2].partition("</div>")[0]
    assert f"Synthetic, Ottilie, born {born}" in question
