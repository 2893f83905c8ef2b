"""An address opens a chart with drafts, asks a hook and stores nothing; the page links to what it shows."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.unit.cds_service.web.ehr.clinic import HARD_SKIN, Clinic, topics
from tests.unit.cds_service.web.ehr.ehr_visitor import Visitor


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
