"""An address opens the page with drafts and asks a hook, and the page gives the address of what it shows."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.datastructures import MultiDict
from werkzeug.urls import iri_to_uri

from cds_service.drug_orders import Catalogue, DrugName, draft_order, load_catalogue
from cds_service.ehr_client import Exchange
from cds_service.web.ehr.permalinks import BadLink, Wanted, WantedOrder, permalink, read_link
from cds_service.web.ehr.state import ORDER, ServiceAnswer, State

CATALOGUE = load_catalogue()
WARFARIN = CATALOGUE.matching("warfarin")[0]


def read(query: str, catalogue: Catalogue = CATALOGUE) -> Wanted:
    pairs = [(name, value) for name, values in parse_qs(query, keep_blank_values=True).items() for value in values]
    return read_link(MultiDict(pairs), catalogue)


def test_an_address_of_a_patient_alone_opens_the_chart() -> None:
    assert read("patient=p1") == Wanted("patient-view", ())


def test_drugs_are_read_with_the_route_and_dose_of_their_place() -> None:
    wanted = read("hook=order-sign&drug=calcium%20acetate&route=oral&dose=2&drug=warfarin&route=&dose=5%20mg")
    assert wanted.hook == "order-sign"
    assert [(one.drug.name, one.route, one.dose) for one in wanted.orders] == [
        ("calcium acetate", "oral", "2"),
        ("warfarin", "", "5 mg"),
    ]


def test_a_brand_name_is_its_drug_and_a_name_of_no_drug_is_free_text() -> None:
    assert read("drug=Coumadin").orders == (WantedOrder(WARFARIN),)
    assert read("drug=Marcumar-like%20syrup").orders == (WantedOrder(DrugName("Marcumar-like syrup")),)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("hook=order-dispatch", "“order-dispatch” is no hook of this page. It asks patient-view, order-select"),
        ("hook=", "is no hook of this page"),
        ("hook=order-select", "order-select is asked about drugs: add drug=NAME"),
        ("hook=order-sign", "order-sign is asked about drugs: add drug=NAME"),
        ("drug=", "names no drug"),
        ("drug=%20%2D%3F", "names no drug"),
        (f"drug={'x' * 201}", "names no drug"),
        ("hook=order-select&drug=calci", "“calci” may mean several drugs: calcifediol, "),
        ("drug=warfarin&route=smoke", "“smoke” is no route of this page. It knows oral, iv"),
        ("&".join(["drug=warfarin"] * 21), "names 21 drugs; this page takes 20 at most"),
    ],
)
def test_what_is_not_plain_is_said(query: str, words: str) -> None:
    with pytest.raises(BadLink, match=re.escape(words)):
        read(query)


def at(hook: str) -> ServiceAnswer:
    return ServiceAnswer(ORDER, hook, "one", Exchange("POST", "https://x", {}, 200, {"cards": []}, 1.0))


def link_of(*drafts: dict[str, Any], hook: str = "") -> str:
    state = State(drafts=list(drafts), answers=[at(hook)] if hook else [])
    return permalink("p1", state, CATALOGUE).query


def test_the_address_holds_patient_hook_and_drugs() -> None:
    assert link_of() == "patient=p1"
    assert link_of(draft_order("p1", WARFARIN)) == "patient=p1&hook=patient-view&drug=warfarin"
    acetate = draft_order("p1", CATALOGUE.matching("calcium acetate")[0])
    assert link_of(acetate, hook="order-select") == "patient=p1&hook=order-select&drug=calcium%20acetate"
    assert link_of(hook="order-sign") == "patient=p1", "nothing is drafted any more"


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
def test_what_an_address_opens_has_that_address(hook: str) -> None:
    orders = [
        ("warfarin", "", ""),
        ("Ärztliche & süße #1 Mischung+", "oral", "2 × 5 ml; \n night"),
        ("sevelamer", "", "x"),
    ]
    made = [draft_order("p1", CATALOGUE.ordered(name), route, dose.strip()) for name, route, dose in orders]
    query = link_of(*made, hook=hook)
    assert iri_to_uri(f"/ehr?{query}") == f"/ehr?{query}"
    again = read(urlsplit(f"/ehr?{query}").query)
    assert again.hook == hook
    assert [(one.drug.name, one.route, one.dose) for one in again.orders] == [
        (CATALOGUE.ordered(name).name, route, dose) for name, route, dose in orders
    ]


def test_what_an_address_cannot_carry_is_named() -> None:
    test = {"resourceType": "ServiceRequest", "id": "s", "code": {"text": "INR"}}
    nameless = {"resourceType": "MedicationRequest", "id": "m"}
    several = draft_order("p1", DrugName("calci"))
    made = permalink("p1", State(drafts=[test, nameless, several, draft_order("p1", WARFARIN)]), CATALOGUE)
    assert made.query == "patient=p1&hook=patient-view&drug=warfarin"
    assert made.without == ("INR", "MedicationRequest", "calci")


def test_an_address_that_would_be_too_long_is_none() -> None:
    made = [draft_order("p1", DrugName("x" * 150)) for _ in range(20)]
    assert link_of(*made) == ""
