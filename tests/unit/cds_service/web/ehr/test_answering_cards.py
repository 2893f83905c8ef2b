"""A card is answered: a suggestion accepted or the card overridden, done on the FHIR server and told the service."""

from __future__ import annotations

import re

from tests.unit.cds_service.web.ehr.clinic import Clinic, status_of
from tests.unit.cds_service.web.ehr.ehr_visitor import Visitor


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
