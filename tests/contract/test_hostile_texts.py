"""Every text of every answer, whatever the record, the drafts or the request say: shown, and nothing but shown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.ehr import HOOKS, Ehr
from tests.contract.fhir_fake import FakeFhir
from tests.contract.records import (
    CALCIUM_DRAFT,
    CONFIRMED,
    DIALYSIS,
    HAEMODIALYSIS,
    HIGH_CALCIUM,
    PATIENT,
    WARFARIN_DRAFT,
    Json,
    condition,
    failure,
)
from tests.hostile_texts import CHARACTERS, HTML, LINKS, MARKUP, PAYLOADS, check_answer_texts, spoilt

RECORD = CONFIRMED | {
    "conditions": [*CONFIRMED["conditions"], condition("sign", "painful livedo and necrotic ulcer, calf")],
    "dialysis_procedures": [HAEMODIALYSIS],
    "calcium": [HIGH_CALCIUM],
}
DRAFTS = [WARFARIN_DRAFT, CALCIUM_DRAFT]
WORDS = ["evil", "com", "example", "//", "http", "www", "mailto", "#46;", "lt;", "1.", "\x1b[31m", "рф"]
SIGNS = st.sampled_from(
    [*WORDS, *"./\\@:<>[]()!&#`*_~|\"'-+= \n\t\x00\x9b\u00ad\u200b\u200d\u202e\u2028\U000e0041\ufe0fém"]
)
TEXTS = st.lists(SIGNS, max_size=20).map("".join) | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def hostile(ehr: Ehr, hook: str, payload: str) -> Json:
    drafts = [] if hook == "patient-view" else spoilt(DRAFTS, payload)
    return ehr.request(hook, spoilt(RECORD, payload), drafts, spoilt(PATIENT, payload))


def check(ehr: Ehr, body: Any, hook: str) -> list[str]:
    answer = ehr.post(body, hook)
    assert answer.status_code < 500
    return list(check_answer_texts(answer.get_json()))


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
@pytest.mark.parametrize("hook", HOOKS)
def test_a_text_of_the_record_is_shown_and_nothing_else(hook: str, payload: str, ehr: Ehr) -> None:
    body = hostile(ehr, hook, payload)
    without = ehr.cards(hostile(ehr, hook, "harmless"))
    assert [len(card["detail"].splitlines()) for card in ehr.cards(body)] == [
        len(card["detail"].splitlines()) for card in without
    ]
    check(ehr, body, hook)


@pytest.mark.parametrize("payloads", [CHARACTERS, LINKS[::3], LINKS[1::3], LINKS[2::3], HTML, MARKUP])
@pytest.mark.parametrize("hook", HOOKS)
def test_a_text_of_a_fhir_server_is_shown_and_nothing_else(
    hook: str, payloads: tuple[str, ...], ehr: Ehr, fhir: FakeFhir
) -> None:
    payload = " ".join(payloads[:6])
    body = hostile(ehr, hook, payload)
    fhir.record = spoilt(RECORD, payload)
    told = check(ehr, body | {"prefetch": {}, "fhirServer": fhir.base}, hook)
    assert any("evil" in text or "script" in text for text in told)


@pytest.mark.parametrize("hook", HOOKS)
def test_what_stands_in_the_record_is_there_to_be_read(hook: str, ehr: Ehr) -> None:
    told = check(ehr, hostile(ehr, hook, "zz evil.com"), hook)
    assert any(text.endswith("zz evil. com") for text in told), "in a description"
    assert any("zz evil. com (" in text for text in told), "in a detail"


@pytest.mark.thorough
@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hook=st.sampled_from(HOOKS), payload=TEXTS)
def test_any_text_in_the_record(hook: str, payload: str, ehr: Ehr) -> None:
    check(ehr, hostile(ehr, hook, payload), hook)


# ------------------------------------------------------------------ refusals
@pytest.mark.parametrize("payload", ["".join(CHARACTERS), " ".join([*LINKS[:9], *HTML, *MARKUP])])
@pytest.mark.parametrize("hook", HOOKS)
def test_what_is_wrong_is_told_in_our_words(hook: str, payload: str, ehr: Ehr) -> None:
    """Names and values of members, and what an EHR says of a failed look-up."""
    outcome = failure()
    outcome["issue"][0] |= {"diagnostics": payload, "details": {"text": payload}, "expression": [payload]}
    usual = ehr.request(hook, DIALYSIS, DRAFTS)
    for changed in (
        {payload: payload},
        {"hook": payload},
        {"hookInstance": payload},
        {"prefetch": payload},
        {"prefetch": usual["prefetch"] | {payload: payload}},
        {"prefetch": usual["prefetch"] | {"conditions": outcome}},
        {"prefetch": usual["prefetch"] | {"medications": outcome}},
        {"prefetch": usual["prefetch"] | {"calcium": outcome}},
        {"prefetch": usual["prefetch"] | {"conditions": {"resourceType": payload}}},
        {"fhirServer": f"https://evil.example/{payload}", "prefetch": {}},
        {"fhirAuthorization": {"access_token": payload, payload: payload}},
        {"extension": payload},
        {"context": usual["context"] | {payload: payload}},
        *({"context": usual["context"] | {name: payload}} for name in usual["context"]),
        {"context": usual["context"] | {"selections": [payload]}},
    ):
        check(ehr, usual | changed, hook)


@pytest.mark.parametrize("payload", ["".join(CHARACTERS), " ".join([*LINKS[:9], *HTML, *MARKUP])])
def test_what_is_wrong_with_feedback_is_told_in_our_words(payload: str, ehr: Ehr) -> None:
    item = {"card": payload, "outcome": payload, payload: payload}
    for sent in ({payload: payload}, {"feedback": payload}, {"feedback": [payload]}, {"feedback": [item]}):
        answer = ehr.client.post(ehr.url("patient-view", "/feedback"), json=sent)
        assert answer.status_code == 400
        assert list(check_answer_texts(answer.get_json()))
