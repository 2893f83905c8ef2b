"""Cards and their sources. Matrix: S60 to S67, S80 to S82, S90, S91; CDS Hooks 3.0.0, section "Card Attributes"."""

from __future__ import annotations

import re

import pytest

from fhir_mappings.packaged import default_policy
from tests.contract.card_rules import URGENCY, check_answer, check_r4
from tests.contract.conftest import MakeApp
from tests.contract.ehr import HOOKS, Ehr, actions, ehr_of, topics
from tests.contract.records import (
    CALCITRIOL_DRAFT,
    CALCIUM_DRAFT,
    CONFIRMED,
    DIALYSIS,
    HIGH_CALCIUM,
    PATIENT_ID,
    WARFARIN,
    WARFARIN_DRAFT,
    Json,
    Record,
    condition,
    order,
)

SEVERAL: Record = CONFIRMED | {
    "medications": [
        WARFARIN,
        order("calcium-active", "359296", "calcium acetate 667 mg capsule"),
        order("calcitriol-active", "308867", "calcitriol 0.25 microgram capsule"),
    ],
    "calcium": [HIGH_CALCIUM],
}
ORDERS = (CALCITRIOL_DRAFT, CALCIUM_DRAFT, WARFARIN_DRAFT)
HOSTILE = "<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=y> **bold** `code` # head"


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("record", [SEVERAL, CONFIRMED, DIALYSIS])
def test_every_card_has_what_the_specification_asks_for_and_nothing_else(record: Record, hook: str, ehr: Ehr) -> None:
    check_answer(ehr.post(ehr.request(hook, record, ORDERS)), PATIENT_ID)


@pytest.mark.parametrize("hook", HOOKS)
def test_the_most_urgent_card_comes_first(hook: str, ehr: Ehr) -> None:
    indicators = [card["indicator"] for card in ehr.ask(hook, SEVERAL, *ORDERS)]
    assert len(indicators) > 1
    assert indicators == sorted(indicators, key=URGENCY.index)


@pytest.mark.parametrize("hook", HOOKS)
def test_there_is_one_card_per_topic(hook: str, ehr: Ehr) -> None:
    again = [{**order, "id": f"{order['id']}-again"} for order in ORDERS]
    found = topics(ehr.ask(hook, SEVERAL, *ORDERS, *again))
    assert len(found) == len(set(found))


def test_every_uuid_of_an_answer_is_its_own(ehr: Ehr) -> None:
    cards = ehr.ask("patient-view", SEVERAL)
    uuids = [card["uuid"] for card in cards]
    uuids += [suggestion["uuid"] for card in cards for suggestion in card.get("suggestions", ())]
    assert len(uuids) == len(set(uuids)) > len(cards)


def test_a_topic_is_a_coding_of_one_system(ehr: Ehr) -> None:
    cards = ehr.ask("patient-view", SEVERAL)
    assert len({card["source"]["topic"]["system"] for card in cards}) == 1


def test_a_source_has_no_url_unless_the_operator_gives_one(ehr: Ehr, make_app: MakeApp) -> None:
    assert "url" not in ehr.ask("patient-view", CONFIRMED)[0]["source"]
    app = make_app(public_url="https://cds.example/kidney")
    url = ehr_of(app).ask("patient-view", CONFIRMED)[0]["source"]["url"]
    assert url == "https://cds.example/kidney/reasons"
    assert app.test_client().get("/reasons").mimetype == "text/html"
    other = ehr_of(make_app(public_url="https://cds.example", pages=frozenset()))
    assert "url" not in other.ask("patient-view", CONFIRMED)[0]["source"]


def test_a_card_links_to_the_page_on_its_topic(make_app: MakeApp) -> None:
    app = make_app(public_url="https://cds.example/kidney")
    for card in ehr_of(app).ask("patient-view", SEVERAL):
        (link,) = card["links"]
        topic = card["source"]["topic"]
        assert (link["type"], link["url"]) == ("absolute", f"https://cds.example/kidney/reasons/{topic['code']}")
        page = app.test_client().get(f"/reasons/{topic['code']}")
        assert (page.status_code, page.mimetype) == (200, "text/html")
        assert topic["display"] in page.text


def test_cards_link_to_the_smart_app_where_it_is_on(ehr: Ehr, make_app: MakeApp) -> None:
    assert not [card for card in ehr.ask("patient-view", SEVERAL) if "links" in card]
    other = ehr_of(make_app(public_url="https://cds.example", pages=frozenset({"smart"})))
    for hook in HOOKS:
        for card in other.ask(hook, SEVERAL, order("d", "855332", "warfarin", status="draft")):
            (link,) = card["links"]
            assert (link["type"], link["url"]) == ("smart", "https://cds.example/smart/launch")
            assert link["label"]


def test_text_from_the_record_cannot_become_html_or_a_link(ehr: Ehr) -> None:
    record = CONFIRMED | {
        "conditions": [*CONFIRMED["conditions"], condition("h", f"calciphylaxis {HOSTILE}")],
        "medications": [order("m", "855332", f"warfarin {HOSTILE}")],
    }
    for hook in HOOKS:
        cards = ehr.ask(hook, record, order("d", "855332", f"warfarin {HOSTILE}", status="draft"))
        assert cards
        for card in cards:
            assert "<script" not in card["detail"] + card["summary"]
            assert "<img" not in card["detail"] + card["summary"]
            assert not re.search(r"(?<!\\)\]\(javascript", card["detail"])


@pytest.mark.parametrize("length", [1, 60, 139, 140, 5000])
def test_a_summary_stays_below_140_characters_however_long_the_drug_is_called(length: int, ehr: Ehr) -> None:
    cards = ehr.ask("order-sign", CONFIRMED, order("d", "855332", "w" * length, status="draft"))
    assert cards
    assert all(0 < len(card["summary"]) < 140 for card in cards)


def test_every_card_says_that_it_adds_to_clinical_judgement(ehr: Ehr) -> None:
    footer = default_policy().wording.footer
    assert footer
    assert all(footer in card["detail"] for card in ehr.ask("patient-view", SEVERAL))


@pytest.mark.parametrize("record", [SEVERAL, CONFIRMED, DIALYSIS])
def test_every_card_before_signing_offers_coded_reasons_to_override_it(record: Record, ehr: Ehr) -> None:
    cards = ehr.ask("order-sign", record, *ORDERS)
    assert cards
    for card in cards:
        codes = [reason["code"] for reason in card["overrideReasons"]]
        assert len(codes) == len(set(codes)) > 0
        assert all(set(reason) == {"code", "system", "display"} for reason in card["overrideReasons"])


@pytest.mark.parametrize("hook", HOOKS)
def test_there_are_no_system_actions_because_nothing_happens_without_a_clinician(hook: str, ehr: Ehr) -> None:
    assert set(ehr.post(ehr.request(hook, SEVERAL, ORDERS)).get_json()) == {"cards"}


def offered(ehr: Ehr, hook: str, kind: str) -> list[Json]:
    return [action for action in actions(ehr.ask(hook, SEVERAL, *ORDERS)) if action["type"] == kind]


@pytest.mark.parametrize("hook", HOOKS)
def test_a_suggested_new_order_is_valid_r4_a_draft_and_about_the_patient(hook: str, ehr: Ehr) -> None:
    created = [action["resource"] for action in offered(ehr, hook, "create")]
    assert created
    for resource in created:
        check_r4(resource)
        assert resource["status"] == "draft"
        assert resource["subject"] == {"reference": f"Patient/{PATIENT_ID}"}
        assert "id" not in resource


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
def test_a_draft_is_taken_away_by_a_delete_that_names_it(hook: str, ehr: Ehr) -> None:
    deleted = offered(ehr, hook, "delete")
    drafts = {f"MedicationRequest/{order['id']}" for order in ORDERS}
    assert {action["resourceId"] for action in deleted} == drafts
    assert all("resource" not in action for action in deleted)
    assert offered(ehr, hook, "update") == []


def test_an_active_prescription_is_stopped_by_an_update_and_never_deleted(ehr: Ehr) -> None:
    updated = offered(ehr, "patient-view", "update")
    assert {action["resource"]["id"] for action in updated} <= {order["id"] for order in SEVERAL["medications"]}
    assert updated
    assert offered(ehr, "patient-view", "delete") == []


def test_an_update_echoes_the_order_as_received_with_only_its_status_changed(ehr: Ehr) -> None:
    received = order("calcium-active", "359296", "calcium acetate 667 mg capsule") | {
        "meta": {"versionId": "7"},
        "extension": [{"url": "https://ehr.example/x", "valueString": "kept"}],
        "_status": {"extension": [{"url": "https://ehr.example/y", "valueBoolean": True}]},
        "unheardOf": {"deep": [1, 2.50, None, {"ü": "ß"}]},
        "dosageInstruction": [{"text": "3 x 1", "doseAndRate": [{"doseQuantity": {"value": 2.0}}]}],
    }
    updated = [
        action["resource"]
        for action in actions(ehr.ask("patient-view", CONFIRMED | {"medications": [received]}))
        if action["type"] == "update"
    ]
    assert updated
    assert all(resource == received | {"status": "stopped"} for resource in updated)


def test_an_update_never_echoes_another_patients_order_or_a_later_copy(ehr: Ehr) -> None:
    received = order("calcium-active", "359296", "calcium acetate 667 mg capsule")
    foreign = received | {"subject": {"reference": "Patient/somebody-else"}}
    later = received | {"note": [{"text": "a later copy"}]}
    cards = ehr.ask("patient-view", CONFIRMED | {"medications": [foreign, received, later]})
    updated = [action["resource"] for action in actions(cards) if action["type"] == "update"]
    assert updated
    assert all(resource == received | {"status": "stopped"} for resource in updated)


RECEIVED = order("calcium-active", "359296", "calcium acetate 667 mg capsule")


@pytest.mark.parametrize("is_reversed", [False, True])
@pytest.mark.parametrize(
    ("stale", "shown"),
    [
        ({"meta": {"versionId": "1"}}, {"meta": {"versionId": "2"}}),
        (
            {"meta": {"lastUpdated": "2026-01-01T00:00:00Z"}, "note": [{"text": "stale"}]},
            {"meta": {"lastUpdated": "2026-01-02T00:00:00Z"}},
        ),
        ({"status": "stopped"}, {"status": "active"}),
        ({"id": 7, "meta": {"versionId": "1"}}, {"id": 7, "meta": {"versionId": "2"}}),
    ],
)
def test_an_update_echoes_the_version_that_is_judged(stale: Json, shown: Json, is_reversed: bool, ehr: Ehr) -> None:
    copies = [RECEIVED | stale, RECEIVED | shown]
    cards = ehr.ask("patient-view", CONFIRMED | {"medications": copies[::-1] if is_reversed else copies})
    updated = [action["resource"] for action in actions(cards) if action["type"] == "update"]
    assert updated
    expected = RECEIVED | shown | {"status": "stopped"}
    assert all(resource == expected | {"id": str(expected["id"])} for resource in updated)


def test_every_suggestion_has_a_label_and_at_most_one_per_card_is_recommended(ehr: Ehr) -> None:
    for card in ehr.ask("patient-view", SEVERAL):
        assert all(suggestion["label"] for suggestion in card["suggestions"])
        assert sum("isRecommended" in suggestion for suggestion in card["suggestions"]) <= 1


def test_the_suggestions_of_a_drug_card_are_alternatives_and_those_of_a_status_card_are_not(ehr: Ehr) -> None:
    behaviour = {
        card["source"]["topic"]["code"].startswith("cua-"): card["selectionBehavior"]
        for card in ehr.ask("patient-view", SEVERAL)
    }
    assert behaviour == {True: "any", False: "at-most-one"}


def test_a_replacement_creates_the_other_drug_before_it_takes_the_first_away(ehr: Ehr) -> None:
    replacing = [
        [action["type"] for action in suggestion["actions"]]
        for hook in HOOKS
        for card in ehr.ask(hook, SEVERAL, *ORDERS)
        for suggestion in card.get("suggestions", ())
        if "in place of" in suggestion["label"]
    ]
    assert replacing
    for kinds in replacing:
        assert kinds[0] == "create"
        assert set(kinds) & {"delete", "update"}


def test_every_action_has_a_description(ehr: Ehr) -> None:
    assert all(action["description"] for hook in HOOKS for action in actions(ehr.ask(hook, SEVERAL, *ORDERS)))
