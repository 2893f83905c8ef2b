"""From any shape to the body of a request: taken as it is, sorted into our searches, or refused in words."""

from __future__ import annotations

import json
import uuid
from contextlib import suppress
from typing import Any

import pytest

from cds_service.tryout import Maker, NotUnderstood
from cds_service.tryout.shapes import PREFETCH, RECORDS, REQUEST, SERVER_TAKEN_OUT
from tests.unit.cds_service.tryout.conftest import (
    DIALYSIS,
    HIGH_CALCIUM,
    ON_DIALYSIS,
    PATIENT,
    RECORD,
    Json,
    Judge,
    Make,
    bundle,
    order,
    topics,
)

INSTANCE = "5a1d8c3e-0a41-4c0f-9d0e-3a5b8a6f0a01"
SECRET = "s3cret-token"
SERVER = {"fhirServer": "https://ehr.example/fhir", "fhirAuthorization": {"access_token": SECRET}}
DRAFT = order("draft-1", "calcium acetate", status="draft")
CONTEXT = {"userId": "Practitioner/7", "patientId": "p1"}


def request(hook: str = "patient-view", context: Json | None = None, **members: Any) -> Json:
    sent = {"hook": hook, "hookInstance": INSTANCE, "context": {**CONTEXT, **(context or {})}}
    return {**sent, "prefetch": {"patient": PATIENT}, **members}


def drafted(body: Any) -> list[str]:
    entries = body["context"]["draftOrders"]["entry"]
    return [entry["resource"]["medicationCodeableConcept"]["text"] for entry in entries]


# ------------------------------------------------------------------ a request
@pytest.mark.parametrize("hook", ["order-select", "order-sign", "encounter-start"])
def test_a_request_is_taken_as_it_is(hook: str, make: Make) -> None:
    sent = request(
        hook, {"draftOrders": bundle(DRAFT), "selections": ["MedicationRequest/draft-1"]}, extension={"a": 1}
    )
    made = make(sent)
    assert (made.shape, made.body, made.remarks) == (REQUEST, sent, ())


def test_the_server_and_its_token_are_taken_out_and_it_is_said(make: Make) -> None:
    made = make(request() | SERVER)
    assert made.body == request()
    assert made.remarks == (SERVER_TAKEN_OUT,)
    assert SECRET not in json.dumps(made.body) + repr(made)


def test_an_instance_is_made_where_there_is_none(make: Make) -> None:
    sent = {name: value for name, value in request().items() if name != "hookInstance"}
    assert uuid.UUID(make(sent).body["hookInstance"]).version == 4
    assert make(request() | {"hookInstance": "odd"}).body["hookInstance"] == "odd"


@pytest.mark.parametrize(
    ("context", "hook"),
    [
        ({}, "patient-view"),
        ({"draftOrders": bundle(DRAFT)}, "order-sign"),
        ({"draftOrders": bundle(DRAFT), "selections": ["MedicationRequest/draft-1"]}, "order-select"),
    ],
)
def test_a_request_without_a_hook_is_one_that_its_context_looks_like(context: Json, hook: str, make: Make) -> None:
    sent = {name: value for name, value in request("", context).items() if name != "hook"}
    assert make(sent).body["hook"] == hook


def test_the_chosen_hook_counts_and_it_is_said(make: Make) -> None:
    orders = {"draftOrders": bundle(DRAFT, order("draft-2", "x", status="draft"))}
    select = make(request("order-sign", orders), hook="order-select")
    assert select.body["context"]["selections"] == ["MedicationRequest/draft-1", "MedicationRequest/draft-2"]
    assert any("order-select" in remark for remark in select.remarks)
    sign = make(request("order-select", {**orders, "selections": []}), hook="order-sign")
    assert sign.body["hook"] == "order-sign"
    assert "selections" not in sign.body["context"]
    assert make(request("order-sign", orders), hook="patient-view").body["hook"] == "patient-view"


def test_a_named_drug_is_drafted_and_selected_beside_what_came_along(make: Make) -> None:
    sent = request("order-select", {"draftOrders": bundle(DRAFT), "selections": ["MedicationRequest/draft-1"]})
    made = make(sent, drugs=("warfarin", "Blue pill"))
    assert drafted(made.body) == ["calcium acetate", "warfarin", "Blue pill"]
    entries = made.body["context"]["draftOrders"]["entry"]
    ids = [f"MedicationRequest/{entry['resource']['id']}" for entry in entries]
    assert made.body["context"]["selections"] == ids
    assert entries[1]["resource"]["medicationCodeableConcept"]["coding"][0]["code"] == "11289"
    assert entries[2]["resource"]["medicationCodeableConcept"] == {"text": "Blue pill"}
    assert entries[1]["resource"]["subject"] == {"reference": "Patient/p1"}
    assert any("warfarin (code 11289), Blue pill (no code)" in remark for remark in made.remarks)
    assert sent["context"]["draftOrders"] == bundle(DRAFT), "what was sent is not changed"


def test_naming_a_drug_is_picking_it_where_the_chart_was_opened(make: Make) -> None:
    made = make(request(), drugs=("warfarin",))
    assert made.body["hook"] == "order-select"
    assert len(made.body["context"]["selections"]) == 1
    assert "draftOrders" not in make(request(), hook="patient-view", drugs=("warfarin",)).body["context"]


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
@pytest.mark.parametrize("sent", [request(), bundle(*RECORD), {"patient": PATIENT}])
def test_an_order_hook_without_any_draft_is_told(hook: str, sent: Json, make: Make) -> None:
    with pytest.raises(NotUnderstood, match=f"{hook} needs a draft"):
        make(sent, hook=hook)


@pytest.mark.parametrize("orders", [[], "x", {"resourceType": "Bundle", "entry": "x"}])
def test_drafts_that_cannot_be_understood_are_left_for_the_service_to_name(
    orders: Any, make: Make, judged: Judge
) -> None:
    made = make(request("order-sign", {"draftOrders": orders}), drugs=("warfarin",))
    assert made.body["context"]["draftOrders"] == orders
    answer = judged(made)
    assert answer.refusal is not None
    assert answer.refusal.field.startswith("context.draftOrders")


def test_selections_that_are_no_list_are_left_for_the_service_to_name(make: Make, judged: Judge) -> None:
    context = {"draftOrders": bundle(DRAFT), "selections": "MedicationRequest/draft-1"}
    answer = judged(make(request("order-select", context), drugs=("warfarin",)))
    assert answer.refusal is not None
    assert answer.refusal.field == "context.selections"


def test_keys_that_are_not_ours_are_told(make: Make) -> None:
    made = make(request(prefetch={"patient": PATIENT, "meds": bundle(), "x" * 100: None}))
    assert any("meds" in remark and "x" * 61 not in remark for remark in made.remarks)


def test_the_patient_id_of_a_request_counts(make: Make) -> None:
    assert any("patient id" in remark for remark in make(request(), patient="p2").remarks)
    assert make(request(), patient="p1").remarks == ()


# ------------------------------------------------------------------ a prefetch
@pytest.mark.parametrize("wrap", [dict, lambda prefetch: {"prefetch": prefetch}])
def test_a_prefetch_with_our_keys_is_taken_as_it_is(wrap: Any, make: Make) -> None:
    prefetch = {"patient": PATIENT, "conditions": bundle(ON_DIALYSIS), "calcium": None}
    made = make(wrap(prefetch))
    assert made.shape == PREFETCH
    assert made.body["prefetch"] == prefetch
    assert (made.body["hook"], made.body["context"]["patientId"]) == ("patient-view", "p1")


def test_keys_that_are_not_there_count_as_not_had(make: Make, judged: Judge) -> None:
    answer = judged(make({"patient": PATIENT, "medications": None}))
    assert answer.refusal is not None
    assert (answer.refusal.status, answer.refusal.field) == (412, "conditions")


def test_a_failed_look_up_below_one_of_our_keys_is_judged_as_such(make: Make, judged: Judge) -> None:
    failed = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "security"}]}
    answer = judged(make({"patient": PATIENT, "medications": failed, "conditions": bundle(ON_DIALYSIS)}))
    assert answer.refusal is not None
    assert answer.refusal.status == 412


def test_a_prefetch_with_other_keys_is_sorted_into_our_searches(make: Make, judged: Judge) -> None:
    made = make({"pat": PATIENT, "probs": bundle(ON_DIALYSIS, DIALYSIS), "labs": bundle(HIGH_CALCIUM), "no": None})
    assert made.shape == PREFETCH
    assert made.body["prefetch"]["conditions"]["entry"][0]["resource"] == ON_DIALYSIS
    assert any("None of the keys" in remark for remark in made.remarks)
    with pytest.raises(NotUnderstood, match=r"labs\.entry\[0\] holds no resource"):
        make({"pat": PATIENT, "labs": bundle({})} | {"labs": {"resourceType": "Bundle", "entry": [{"resource": {}}]}})


def test_a_prefetch_can_be_ordered_for(make: Make, judged: Judge) -> None:
    made = make({"patient": PATIENT, "conditions": bundle(ON_DIALYSIS), "medications": None}, drugs=("warfarin",))
    assert topics(judged(made)) == ["vka-dialysis"]


# ------------------------------------------------------------------ records of a patient
@pytest.mark.parametrize("sent", [bundle(*RECORD), RECORD, {"resource": bundle(*RECORD)}])
def test_records_become_a_whole_request(sent: Any, make: Make, judged: Judge) -> None:
    made = make(sent)
    assert made.shape == RECORDS
    assert made.body["context"] == {"userId": "Practitioner/example", "patientId": "p1"}
    assert judged(made).refusal is None
    assert topics(judged(make(sent, drugs=("calcium acetate",)))) == ["calcium-hypercalcaemia"]


def test_a_single_patient_is_a_record_with_nothing_on_it(make: Make, judged: Judge) -> None:
    made = make(PATIENT)
    assert judged(made).refusal is None
    assert any("no Condition" in remark for remark in made.remarks)


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
def test_drafts_among_the_records_are_judged_at_order_hooks(hook: str, make: Make, judged: Judge) -> None:
    sent = bundle(*RECORD, DRAFT, order("m1", "warfarin", status="active"))
    made = make(sent, hook=hook)
    assert drafted(made.body) == ["calcium acetate"]
    assert topics(judged(made)) == ["calcium-hypercalcaemia"]
    held = [entry["resource"]["id"] for entry in made.body["prefetch"]["medications"]["entry"]]
    assert held == ["m1"]
    assert ("selections" in made.body["context"]) is (hook == "order-select")


def test_a_draft_without_an_id_and_with_its_drug_beside_it_is_judged(make: Make, judged: Judge) -> None:
    drug = {"resourceType": "Medication", "code": {"text": "calcium acetate"}}
    bare = {name: value for name, value in DRAFT.items() if name not in ("id", "medicationCodeableConcept")}
    draft = {**bare, "medicationReference": {"reference": "urn:uuid:9"}}
    for full_url in ("", "urn:uuid:d7"):
        entries = [{"resource": one} for one in RECORD] + [
            {"fullUrl": full_url, "resource": draft},
            {"fullUrl": "urn:uuid:9", "resource": drug},
        ]
        made = make({"resourceType": "Bundle", "entry": entries}, hook="order-select")
        assert topics(judged(made)) == ["calcium-hypercalcaemia"]
        assert made.body["context"]["selections"][0].startswith("MedicationRequest/")


def test_named_drugs_go_before_the_drafts_that_came_along_and_it_is_said(make: Make) -> None:
    made = make(bundle(*RECORD, DRAFT), drugs=("warfarin",))
    assert drafted(made.body) == ["warfarin"]
    assert any("drafts that came along are not judged" in remark for remark in made.remarks)


def test_what_was_left_out_or_did_not_come_along_is_said(make: Make) -> None:
    link = [{"relation": "next", "url": "https://ehr.example/2"}]
    sent = bundle(*RECORD, {**PATIENT, "id": "p2"}, {"resourceType": "Claim"}, link=link)
    remarks = " ".join(make(sent, patient="p1").remarks)
    assert "1 resources of other patients" in remarks
    assert "1 Claim" in remarks
    assert "further page" in remarks
    assert "no MedicationRequest in it" in remarks


def history(*entries: Json) -> Json:
    record = [{"resource": one} for one in RECORD]
    return {"resourceType": "Bundle", "type": "history", "entry": [*entries, *record]}


def test_what_a_history_tells_was_deleted_is_left_out_and_it_is_said(make: Make, judged: Judge) -> None:
    deletion = {"request": {"method": "DELETE", "url": "MedicationRequest/m1"}}
    written = {"request": {"method": "PUT", "url": "MedicationRequest/m1"}, "resource": order("m1", "warfarin")}
    assert topics(judged(make(history(written)))) == ["cua-risk-elevated"]
    made = make(history(deletion, written))
    assert topics(judged(made)) == []
    assert "Left out: 1 resource deleted, as the history says." in made.remarks
    assert topics(judged(make(history(written, deletion)))) == ["cua-risk-elevated"]
    both = make({"pat": PATIENT, "a": history(deletion, written), "b": history(deletion, written)})
    assert "Left out: 2 resources deleted, as the history says." in both.remarks


CUT = bundle(PATIENT, ON_DIALYSIS, type="searchset", total=120)


@pytest.mark.parametrize(
    "sent",
    [
        CUT,
        [CUT],
        [PATIENT, bundle(ON_DIALYSIS, total=2)],
        {"resourceType": "Bundle", "type": "batch-response", "entry": [{"resource": CUT}]},
        {"pat": PATIENT, "probs": bundle(ON_DIALYSIS, total=2)},
    ],
)
@pytest.mark.parametrize("drugs", [(), ("calcium acetate",)])
def test_what_a_cut_search_lacks_is_not_had_and_never_none(sent: Any, drugs: Any, make: Make, judged: Judge) -> None:
    made = make(sent, drugs=drugs)
    answer = judged(made)
    assert answer.refusal is not None or topics(answer) == ["calcium-data-gap"]
    remarks = " ".join(made.remarks)
    assert "A search in it counted more than came along" in remarks
    assert "whole record" not in remarks
    assert "none on record" not in remarks


def test_only_a_whole_record_counts_as_the_whole_record(make: Make, judged: Judge) -> None:
    whole, link = bundle(PATIENT, ON_DIALYSIS, total=2), [{"relation": "next", "url": "https://ehr.example/2"}]
    assert judged(make(whole)).refusal is None
    assert any(remark.startswith("It counts as the whole record.") for remark in make(whole).remarks)
    assert not any("whole record" in remark for remark in make({**whole, "link": link}).remarks)


@pytest.mark.parametrize("kind", ["MedicationOrder", "medicationrequest", "MEDICATIONREQUEST"])
def test_orders_of_a_type_that_cannot_be_read_are_no_empty_list(kind: str, make: Make, judged: Judge) -> None:
    answer = judged(make([*RECORD, {**order("m1", "warfarin"), "resourceType": kind}]))
    assert answer.refusal is not None
    assert (answer.refusal.status, answer.refusal.field) == (412, "active medications")


@pytest.mark.parametrize("kind", ["condition", "observation", "patient"])
def test_records_of_a_type_in_another_letter_case_are_never_passed_over(kind: str, make: Make, judged: Judge) -> None:
    sent = [
        {**one, "resourceType": one["resourceType"].lower()} if one["resourceType"].lower() == kind else one
        for one in RECORD
    ]
    silent = judged(make(RECORD, drugs=("calcium acetate",)))
    answer = judged(make(sent, drugs=("calcium acetate",)))
    assert topics(silent)
    assert answer.refusal is not None or topics(answer) == ["calcium-data-gap"]


# ------------------------------------------------------------------ drafts that are not judged
ONE = "1 draft order came along and is not judged at patient-view; choose order-select or order-sign."
TWO = "2 draft orders came along and are not judged at patient-view; choose order-select or order-sign."
WARFARIN_DRAFT = order("draft-2", "warfarin", status="draft")
OTHER_ORDER = {"resourceType": "ServiceRequest", "id": "s1", "status": "draft"}


@pytest.mark.parametrize("hook", ["", "patient-view"])
@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (bundle(*RECORD, DRAFT), ONE),
        (bundle(*RECORD, DRAFT, WARFARIN_DRAFT, OTHER_ORDER), TWO),
        ({"patient": PATIENT, "medications": bundle(DRAFT)}, ONE),
        ({"pat": PATIENT, "meds": bundle(DRAFT, WARFARIN_DRAFT)}, TWO),
        (request("patient-view", {"draftOrders": bundle(DRAFT, OTHER_ORDER)}), ONE),
        (request("patient-view", {"draftOrders": {"entry": [DRAFT, {"resource": WARFARIN_DRAFT}]}}), TWO),
    ],
)
def test_drafts_are_never_passed_over_without_a_word(hook: str, sent: Json, told: str, make: Make) -> None:
    assert told in make(sent, hook=hook).remarks


@pytest.mark.parametrize("sent", [bundle(*RECORD), {"patient": PATIENT}, request()])
def test_drugs_that_were_named_are_never_passed_over_without_a_word(sent: Json, make: Make) -> None:
    told = "What was named to be ordered is not judged at patient-view; choose order-select or order-sign."
    assert told in make(sent, hook="patient-view", drugs=("warfarin",)).remarks
    for remarks in (make(sent, drugs=("warfarin",)).remarks, make(sent).remarks):
        assert not any("not judged at" in remark for remark in remarks)


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
def test_drafts_below_our_prefetch_keys_are_judged_at_order_hooks(hook: str, make: Make, judged: Judge) -> None:
    by_reference = {key: value for key, value in WARFARIN_DRAFT.items() if key != "medicationCodeableConcept"}
    by_reference["medicationReference"] = {"reference": "Medication/w"}
    drug = {"resourceType": "Medication", "id": "w", "code": {"text": "warfarin"}}
    sent = {"patient": PATIENT, "conditions": bundle(ON_DIALYSIS)}
    for orders in (bundle(WARFARIN_DRAFT), bundle(by_reference, drug)):
        made = make({**sent, "medications": orders}, hook=hook)
        assert topics(judged(made)) == ["vka-dialysis"]
        assert made.body["prefetch"]["medications"] == orders
        assert not any("not judged" in remark for remark in made.remarks)
    made = make({**sent, "medications": bundle(WARFARIN_DRAFT)}, hook=hook, drugs=("calcium acetate",))
    assert drafted(made.body) == ["calcium acetate"]
    assert "The drafts that came along are not judged, since drugs were named." in made.remarks


# ------------------------------------------------------------------ what is none of these
@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (None, "no JSON object"),
        ("text", "no JSON object"),
        (5, "no JSON object"),
        ([], "no JSON object"),
        ({}, "no JSON object"),
        ({"cards": []}, "an answer of a service"),
        ({"services": []}, "a discovery document"),
        ({"feedback": []}, "feedback on cards"),
        ({"a": 1}, "no member of what was sent is known"),
        ({"a": {"b": 1}}, "a holds no resource"),
        ({"resourceType": "Parameters"}, "no Patient"),
        ({"hook": 5}, "hook must be a text"),
        ({"hook": ["x"], "context": {}}, "hook must be a text"),
    ],
)
def test_what_is_none_of_these_is_told_in_words(sent: Any, words: str, make: Make) -> None:
    with pytest.raises(NotUnderstood) as raised:
        make(sent)
    assert words in str(raised.value)


JUNK: list[Any] = [None, True, 0, -1.5, "", "x", [], [[]], [None], {}, {"a": None}, {"resourceType": 5}, {"entry": 5}]


@pytest.mark.parametrize("junk", JUNK, ids=repr)
@pytest.mark.parametrize("hook", ["", "patient-view", "order-select", "order-sign"])
def test_junk_in_any_place_is_judged_refused_or_told(junk: Any, hook: str, make: Make, judged: Judge) -> None:
    places: list[Any] = [
        *(request(hook or "order-select", {"draftOrders": bundle(DRAFT)}) | {name: junk} for name in request()),
        *(request("order-select", {name: junk}) for name in ("patientId", "userId", "draftOrders", "selections")),
        request(prefetch={"patient": junk, "medications": junk, "other": junk}),
        {"conditions": junk},
        {"patient": PATIENT, "calcium": junk},
        {"other": junk},
        bundle(PATIENT, DRAFT) | {"entry": junk},
        bundle(PATIENT, DRAFT) | {"link": junk},
        *([PATIENT, {**DRAFT, name: junk}] for name in DRAFT),
        *([PATIENT, {**HIGH_CALCIUM, name: junk}] for name in HIGH_CALCIUM),
        *(bundle({**PATIENT, name: junk}) for name in PATIENT),
        [PATIENT, {"resource": DRAFT, "fullUrl": junk, "response": junk, "request": junk}],
        [PATIENT, junk],
        junk,
    ]
    for sent in places:
        for drugs in ((), ("warfarin",)):
            with suppress(NotUnderstood):
                answer = judged(make(sent, hook=hook, drugs=drugs))
                assert answer.refusal is None or answer.refusal.status in (400, 412, 413)


def test_a_maker_brings_its_own_catalogue(maker: Maker) -> None:
    assert [drug.code for drug in maker.catalogue if drug.name == "warfarin"] == ["11289"]
