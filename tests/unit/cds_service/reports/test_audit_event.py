"""An event as a FHIR AuditEvent: valid R4, in the shape of IHE BALP, and without what names a patient."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from fhir.resources.R4B.auditevent import AuditEvent
from hypothesis import given
from hypothesis import strategies as st

from cds_service.knowledge import REPEATS
from cds_service.reports.audit_event import EVENT_SYSTEM, PSEUDONYM_SYSTEM, as_audit_event
from cds_service.storage import Event, Kind

CARD = "4b5e6a52-3c0b-4d8e-9d0e-0a1b2c3d4e5f"
HOOK_INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
DICOM = "http://dicom.nema.org/resources/ontology/DCM"
ISSUED = Event(
    id=f"card-{CARD}",
    at=datetime(2026, 11, 30, 12, 0, 0, 250_000, tzinfo=UTC),
    kind=Kind.ISSUED,
    client="https://ehr.example",
    tenant="northern-dialysis",
    service="calciphylaxis-patient-view",
    hook="patient-view",
    hook_instance=HOOK_INSTANCE,
    topic="vka-cua",
    indicator="critical",
    card_uuid=CARD,
    policy="0123abcd",
    rules="0.3.0",
    facts="f" * 64,
    patient="0a1b2c3d:" + "1" * 64,
    user="0a1b2c3d:" + "2" * 64,
    content={"suggestions": [{"uuid": "s-1", "label": "Stop warfarin of Mrs Example"}]},
)
SUPPRESSED = replace(ISSUED, id="held", kind=Kind.SUPPRESSED, reason="shadow", card_uuid=None)
REFUSED = replace(
    ISSUED, id="refused", kind=Kind.REFUSED, reason="observations", card_uuid=None, topic="", indicator=""
)
FEEDBACK = Event(
    id="feedback-" + "9" * 64,
    at=ISSUED.at,
    kind=Kind.FEEDBACK,
    client=ISSUED.client,
    service=ISSUED.service,
    card_uuid=CARD,
    patient=ISSUED.patient,
    outcome="overridden",
    outcome_timestamp=ISSUED.at,
    override_reason_code="mechanical-valve",
    override_reason_system="urn:calciphylaxis-cds:override-reason",
    override_reason_display="Mechanical valve of Mrs Example",
    user_comment="Mrs Example, MRN 4711",
)
SWITCHED = Event(
    id="switched",
    at=ISSUED.at,
    kind=Kind.SWITCHED,
    tenant="northern-dialysis",
    topic="vka-cua",
    reason="step 3 names the wrong drug",
    content={"switched": "off", "by": "Dr  Silva"},
)
ALL = [ISSUED, SUPPRESSED, REFUSED, FEEDBACK]


def written(event: Event, address: str | None = "https://cds.example") -> dict[str, Any]:
    """As it leaves, read by the model once more: whatever is no FHIR R4 fails."""
    text = as_audit_event(event, address).model_dump_json()
    AuditEvent.model_validate_json(text)
    return dict(json.loads(text))


def agents(event: Event, address: str | None = "https://cds.example") -> dict[str, dict[str, Any]]:
    return {agent["type"]["coding"][0]["code"]: agent for agent in written(event, address)["agent"]}


def details(event: Event) -> dict[str, str]:
    return {one["type"]: one["valueString"] for one in written(event)["entity"][-1]["detail"]}


@pytest.mark.parametrize("event", ALL, ids=lambda event: event.kind)
def test_every_kind_is_valid_and_says_what_it_is(event: Event) -> None:
    told = written(event)
    assert told["type"]["code"] == "rest"
    assert [(one["system"], one["code"]) for one in told["subtype"]][1:] == [(EVENT_SYSTEM, event.kind)]
    assert told["recorded"] == "2026-11-30T12:00:00.250000Z"
    assert told["source"]["observer"]["display"] == "calciphylaxis-cds"
    assert len(told["id"]) <= 64


@pytest.mark.parametrize(
    ("event", "action", "interaction", "outcome", "words"),
    [
        (ISSUED, "E", "operation", "0", None),
        (SUPPRESSED, "E", "operation", "0", "worked out and not shown: shadow"),
        (REFUSED, "E", "operation", "4", "answered 412, could not judge: observations"),
        (FEEDBACK, "C", "create", "0", None),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
def test_what_was_done_and_how_it_ended(
    event: Event, action: str, interaction: str, outcome: str, words: str | None
) -> None:
    told = written(event)
    assert (told["action"], told["subtype"][0]["code"]) == (action, interaction)
    assert (told["outcome"], told.get("outcomeDesc")) == (outcome, words)


def test_a_switching_tells_who_switched_what_and_why() -> None:
    told = written(SWITCHED)
    assert (told["type"]["code"], told["action"], told["outcome"]) == ("110100", "U", "0")
    assert [one["code"] for one in told["subtype"]] == ["switched"]
    assert told["outcomeDesc"] == "cards on vka-cua switched off: step 3 names the wrong drug"
    assert told["source"]["site"] == "northern-dialysis"
    assert agents(SWITCHED).keys() == {"AUT", "110152"}
    assert (agents(SWITCHED)["AUT"]["who"], agents(SWITCHED)["AUT"]["requestor"]) == ({"display": "Dr Silva"}, True)
    (entity,) = told["entity"]
    assert entity["what"] == {"display": "kill switch"}
    assert details(SWITCHED) == {"topic": "vka-cua", "reason": "step 3 names the wrong drug"}
    every = written(replace(SWITCHED, topic="", content={"switched": "on"}))
    assert every["outcomeDesc"] == "all cards switched on: step 3 names the wrong drug"
    assert every["agent"][0]["who"] == {"display": "(not known)"}


POLICY = Event(
    id="policy-1",
    at=ISSUED.at,
    kind=Kind.POLICY_CHANGED,
    tenant="northern-dialysis",
    policy="0123abcd",
    content={
        "became": "changed",
        "file": "north.toml",
        "owner": "Dr Silva",
        "approver": "Dr  Okoro",
        "approved": "2026-11-20",
        "critical_off": {"people": ["Dr A", "Dr B"], "reason": "another system warns"},
    },
)


def test_a_change_of_a_policy_tells_who_answers_for_which_version() -> None:
    told = written(POLICY)
    assert (told["type"]["code"], told["action"], told["outcome"]) == ("110100", "U", "0")
    assert [one["code"] for one in told["subtype"]] == ["policy-changed"]
    assert told["outcomeDesc"] == "site policy changed, with critical cards off by Dr A and Dr B: another system warns"
    who = [(one["who"].get("display"), one["requestor"]) for one in told["agent"]]
    assert who == [("Dr Okoro", True), ("Dr Silva", False), ("calciphylaxis-cds", False)]
    assert told["entity"][0]["what"] == {"display": "site policy"}
    assert details(POLICY) == {"file": "north.toml", "approved": "2026-11-20", "policy": "0123abcd"}


def test_a_policy_that_was_refused_is_a_failure() -> None:
    told = written(replace(POLICY, reason="faulty", content={"became": "refused", "file": "north.toml"}))
    assert (told["outcome"], told["outcomeDesc"]) == ("4", "site policy refused: faulty")
    assert told["agent"][0]["who"] == {"display": "(not known)"}


REVIEWED = Event(
    id="reviewed-" + "7" * 64,
    at=ISSUED.at,
    kind=Kind.REVIEWED,
    client=ISSUED.client,
    tenant=ISSUED.tenant,
    service=ISSUED.service,
    hook=ISSUED.hook,
    topic=ISSUED.topic,
    indicator=ISSUED.indicator,
    card_uuid=CARD,
    policy=ISSUED.policy,
    patient=ISSUED.patient,
    content={
        "verdict": "appropriate",
        "reviewer": "Dr  Ana Silva",
        "drawn": "shown",
        "card": ISSUED.id,
        "given": "2026-11-03T12:00:00+00:00",
        "replaces": "",
    },
)


def test_a_verdict_tells_who_judged_which_card_of_which_patient_by_pseudonym() -> None:
    told = written(REVIEWED)
    assert (told["type"]["code"], told["action"], told["outcome"]) == ("110100", "C", "0")
    assert [one["code"] for one in told["subtype"]] == ["reviewed"]
    assert told["outcomeDesc"] == "reviewed: appropriate"
    assert agents(REVIEWED).keys() == {"AUT", "110152"}
    assert (agents(REVIEWED)["AUT"]["who"], agents(REVIEWED)["AUT"]["requestor"]) == ({"display": "Dr Ana Silva"}, True)
    patient, card = told["entity"]
    assert patient["what"]["identifier"]["value"] == ISSUED.patient
    assert card["what"]["identifier"]["value"] == f"urn:uuid:{CARD}"
    assert details(REVIEWED) == {
        "verdict": "appropriate",
        "drawn": "shown",
        "card": ISSUED.id,
        "given": "2026-11-03T12:00:00+00:00",
        "service": "calciphylaxis-patient-view",
        "hook": "patient-view",
        "topic": "vka-cua",
        "indicator": "critical",
        "policy": "0123abcd",
    }


def test_a_verdict_on_a_card_that_was_held_back_and_a_card_without_one_are_valid_too() -> None:
    held = replace(REVIEWED, card_uuid=None, reason="shown-before")
    assert written(held)["entity"][-1]["what"] == {"display": "card that was held back"}
    assert (written(held)["outcomeDesc"], details(held)["reason"]) == ("reviewed: appropriate", "shown-before")
    without = replace(REVIEWED, content={**REVIEWED.content, "verdict": "", "reviewer": ""})
    assert written(without)["outcomeDesc"] == "in a sample for review, without a verdict so far"
    assert agents(without).keys() == {"110152"}


@pytest.mark.parametrize("reason", sorted(REPEATS))
def test_a_card_that_was_the_same_advice_again_says_so(reason: str) -> None:
    told = written(replace(SUPPRESSED, reason=reason))
    assert (told["outcome"], told["outcomeDesc"]) == ("0", f"worked out and not shown: {reason}")


def test_client_and_service_have_the_roles_of_balp_and_the_user_is_a_pseudonym() -> None:
    told = agents(ISSUED)
    assert told["110153"]["who"] == {"identifier": {"value": "https://ehr.example"}}
    assert told["110153"]["network"] == {"address": "https://ehr.example", "type": "5"}
    assert told["110152"]["who"]["identifier"] == {"value": "https://cds.example"}
    assert told["IRCP"]["who"] == {"identifier": {"system": PSEUDONYM_SYSTEM, "value": ISSUED.user}}
    assert [told[code]["requestor"] for code in ("IRCP", "110153", "110152")] == [True, False, False]
    assert written(ISSUED)["source"]["site"] == "northern-dialysis"


def test_who_is_not_known_is_said_to_be_not_known() -> None:
    told = agents(replace(ISSUED, client="", user=None), address=None)
    assert told.keys() == {"110153", "110152"}
    assert told["110153"]["who"] == {"display": "not known"}
    assert told["110153"]["requestor"] is True
    assert "network" not in told["110153"] | told["110152"]


@pytest.mark.parametrize("event", ALL, ids=lambda event: event.kind)
def test_the_patient_is_a_pseudonym_or_nobody(event: Event) -> None:
    patient, *_ = written(event)["entity"]
    assert (patient["type"]["code"], patient["role"]["code"]) == ("1", "1")
    assert patient["what"] == {
        "type": "Patient",
        "identifier": {"system": PSEUDONYM_SYSTEM, "value": ISSUED.patient},
    }
    assert [one["type"]["code"] for one in written(replace(event, patient=None))["entity"]] == ["2"]


def test_the_card_is_named_with_what_decided_it() -> None:
    card = written(ISSUED)["entity"][1]
    assert card["what"]["identifier"] == {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{CARD}"}
    assert details(ISSUED) == {
        "service": "calciphylaxis-patient-view",
        "hook": "patient-view",
        "topic": "vka-cua",
        "indicator": "critical",
        "policy": "0123abcd",
        "rules": "0.3.0",
        "facts": "f" * 64,
        "hook_instance": HOOK_INSTANCE,
    }


def test_the_reason_of_an_override_is_a_code_and_no_text() -> None:
    told = details(FEEDBACK)
    assert (told["outcome"], told["override_reason_code"]) == ("overridden", "mechanical-valve")
    assert "override_reason_code" not in details(replace(FEEDBACK, override_reason_code="Mrs Example said no"))


@pytest.mark.parametrize("event", ALL, ids=lambda event: event.kind)
def test_nothing_that_somebody_may_have_written_freely_comes_along(event: Event) -> None:
    free = replace(event, hook_instance="MRN 4711", override_reason_system="see MRN 4711", user_comment="Mrs Example")
    odd = replace(free, card_uuid="card of Mrs Example") if event is FEEDBACK else free
    assert "Example" not in json.dumps(written(odd)) + json.dumps(written(event))
    assert "4711" not in json.dumps(written(odd)) + json.dumps(written(event))


def test_an_event_has_the_same_id_in_every_export_and_no_other_has_it() -> None:
    assert len({written(event)["id"] for event in [*ALL, *ALL]}) == len(ALL)


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_whatever_stands_in_an_event_its_form_is_valid(client: str, reason: str, code: str) -> None:
    written(replace(SUPPRESSED, client=client, reason=reason, override_reason_code=code), address=None)
