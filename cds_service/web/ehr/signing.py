"""Signing on the EHR page: what must be answered first, and the orders as they are written to the FHIR server.

What may live here: when a second click may pass what order-sign said, and the signed form of a draft.
"""

from __future__ import annotations

from cds_service.ehr_client import Ehr, Resource
from cds_service.web.ehr.orders import Done, write
from cds_service.web.ehr.state import ORDER, ServiceAnswer, State
from cds_service.web.stories import ID_PREFIX, our_tags
from fhir_mappings.fhir_json import as_objects, as_text

_SIGNED_AS = {"Task": "requested", "Appointment": "proposed"}
"""The status of a signed order where it is not "active"."""

_OBJECTIONS = ("critical", "warning")


def judgement(state: State) -> list[ServiceAnswer]:
    """The answers of order-sign to exactly these drafts; none where it has yet to be asked."""
    return [answer for answer in state.at(ORDER) if answer.hook == "order-sign"] if state.is_judged else []


def waiting_cards(state: State) -> list[str]:
    """The summaries of the objections of order-sign that a second click must not pass: a reason can be given first."""
    return [
        as_text(card.get("summary"))
        for answer in judgement(state)
        for card in answer.cards
        if card.get("indicator") in _OBJECTIONS
        and as_objects(card.get("overrideReasons"))
        and as_text(card.get("uuid"))
        and not answer.was_overridden(as_text(card.get("uuid")))
    ]


def unjudged(state: State) -> str:
    """How much of order-sign is missing, in words that follow "although"; "" where every service has judged."""
    faulty = [bool(answer.fault) for answer in judgement(state)]
    if not any(faulty):
        return ""
    return "nothing was judged" if all(faulty) else "not everything was judged"


def sign_words(state: State) -> str:
    """What the button says."""
    if not any(answer.cards or answer.fault for answer in judgement(state)):
        return f"Sign {len(state.drafts)} order{'' if len(state.drafts) == 1 else 's'}"
    return f"Sign although {unjudged(state)}" if unjudged(state) else "Sign all the same"


def demo_tags(ehr: Ehr, patient_id: str) -> list[Resource]:
    """The tags that mark a synthetic patient, none for anybody else; EhrError when the patient cannot be read."""
    return our_tags(ehr.read(f"Patient/{patient_id}")) if patient_id.startswith(ID_PREFIX) else []


def sign_draft(ehr: Ehr, state: State, draft: Resource, tags: list[Resource], now: str) -> Done:
    """Write the order to the FHIR server, no longer a draft; it stays a draft where the server does not take it."""
    done = write(ehr, state, _signed(draft, tags, now), "signed")
    if done.fault:
        state.say(done.fault, well=False)
    else:
        state.drafts.remove(draft)
    return done


def _signed(draft: Resource, tags: list[Resource], now: str) -> Resource:
    """The order as it is written: under the server's id or, for a synthetic patient, marked and named to be cleaned."""
    kind = draft["resourceType"]
    signed = {name: value for name, value in draft.items() if name not in ("id", "meta")}
    signed["status"] = _SIGNED_AS.get(kind, "active")
    if kind != "Appointment":
        signed["authoredOn"] = now
    if tags:
        # The draft's own id keeps a second try from making a second order.
        own = str(draft["id"]).removeprefix("draft-")
        signed |= {"id": f"{ID_PREFIX}signed-{own}", "meta": {"tag": tags}}
    return signed
