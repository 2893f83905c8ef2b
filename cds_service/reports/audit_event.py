"""An event as a FHIR R4 AuditEvent, in the shape of IHE's Basic Audit Log Patterns (BALP).

What may live here: which element says what. The client is the source, this service the destination; who was cared for
and who looked are named by their pseudonyms. No comment of a clinician, and no text that an EHR wrote freely.

BALP's profiles are for FHIR's own interactions, a call of CDS Hooks is none: so no profile is claimed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from cds_service.storage import Event, Kind

if TYPE_CHECKING:
    from fhir.resources.R4B.auditevent import AuditEvent

NAME = "calciphylaxis-cds"
EVENT_SYSTEM, PSEUDONYM_SYSTEM = f"urn:{NAME}:event", f"urn:{NAME}:pseudonym"
_IDS = UUID("6f1c5b1e-6d0c-5c7e-9a55-0d0b3c2f6e11")
"""What our ids are made from: the same event has the same id in every export."""
_HL7, _DICOM = "http://terminology.hl7.org/CodeSystem", "http://dicom.nema.org/resources/ontology/DCM"
_IN_CLEAR = ("service", "hook", "topic", "indicator", "reason", "policy", "rules", "facts", "outcome")
_CODE, _UUID = re.compile("[!-~]{1,100}"), re.compile("[0-9a-fA-F-]{36}")
_OF_THE_EHR = {"hook_instance": _UUID, "override_reason_system": _CODE, "override_reason_code": _CODE}
"""What an EHR writes is passed on where it has the form that it should have: else it may be a sentence."""
_URI = "5"
_ACTIONS: Mapping[str, str] = {Kind.FEEDBACK: "C", Kind.SWITCHED: "U", Kind.POLICY_CHANGED: "U", Kind.REVIEWED: "C"}
_OF_NO_CALL: Mapping[str, str] = {
    Kind.SWITCHED: "kill switch",
    Kind.POLICY_CHANGED: "site policy",
    Kind.REVIEWED: "card that was held back",
}
"""What an event is about that came without a call."""
_SUCCESS, _MINOR_FAILURE = "0", "4"


def as_audit_event(event: Event, address: str | None = None) -> AuditEvent:
    """The event as others read it; `address` is where the service is called."""
    # The models take a second to load: nobody but an export needs them.
    from fhir.resources.R4B.auditevent import AuditEvent

    event = _in_one_line(event)
    return AuditEvent.model_validate({
        "id": str(uuid5(_IDS, event.id)),
        "type": _type(event),
        "subtype": list(_subtypes(event)),
        "action": _ACTIONS.get(event.kind, "E"),
        "recorded": event.at.isoformat(),
        "outcome": _MINOR_FAILURE if event.kind == Kind.REFUSED or _is_refused(event) else _SUCCESS,
        **_told(event),
        "agent": list(_agents(event, address)),
        "source": {
            **({"site": event.tenant} if event.tenant else {}),
            "observer": _service(address),
            "type": [_coding(f"{_HL7}/security-source-type", "4", "Application Server")],
        },
        "entity": list(_entities(event)),
    })  # fmt: skip


def _is_refused(event: Event) -> bool:
    return event.kind == Kind.POLICY_CHANGED and event.content.get("became") == "refused"


def _type(event: Event) -> dict[str, Any]:
    """Cards are switched and reviewed on the command line and policies changed in a folder, everything else is called
    over HTTP.
    """
    if event.kind in _OF_NO_CALL:
        return _coding(_DICOM, "110100", "Application Activity")
    return _coding(f"{_HL7}/audit-event-type", "rest", "Restful Operation")


def _subtypes(event: Event) -> Iterator[dict[str, Any]]:
    if event.kind not in _OF_NO_CALL:
        interaction = "create" if event.kind == Kind.FEEDBACK else "operation"
        yield _coding("http://hl7.org/fhir/restful-interaction", interaction, interaction)
    yield _coding(EVENT_SYSTEM, event.kind, event.kind)


def _told(event: Event) -> dict[str, str]:
    """Why a card was not shown, the call refused, cards switched, what became of a site policy, or what was judged of a
    card, in words.
    """
    if event.kind == Kind.REVIEWED:
        return {"outcomeDesc": f"reviewed: {_said(event, 'verdict')}"} if event.content.get("verdict") else _IN_A_SAMPLE
    cards = f"cards on {event.topic}" if event.topic else "all cards"
    words = {
        Kind.SUPPRESSED: "worked out and not shown",
        Kind.REFUSED: "answered 412, could not judge",
        Kind.SWITCHED: f"{cards} switched {_said(event, 'switched')}",
        Kind.POLICY_CHANGED: f"site policy {_said(event, 'became')}{_critical_off(event)}",
    }
    said = words.get(Kind(event.kind))
    return {"outcomeDesc": f"{said}: {event.reason}" if event.reason else said} if said else {}


_IN_A_SAMPLE = {"outcomeDesc": "in a sample for review, without a verdict so far"}


def _critical_off(event: Event) -> str:
    off = event.content.get("critical_off")
    if not isinstance(off, Mapping):
        return ""
    said = f", with critical cards off by {' and '.join(map(str, off.get('people', ())))}: {off.get('reason', '')}"
    return " ".join(said.split())


def _said(event: Event, name: str) -> str:
    """What the content of a switching, a change of a policy or a verdict says under this name."""
    return " ".join(str(event.content.get(name, "")).split()) or "(not known)"


def _agents(event: Event, address: str | None) -> Iterator[dict[str, Any]]:
    if event.kind == Kind.REVIEWED:
        # Who entered a file is not known; who judged is.
        if event.content.get("reviewer"):
            who = {"display": _said(event, "reviewer")}
            yield _agent(f"{_HL7}/v3-ParticipationType", "AUT", "author (originator)", who, requestor=True)
        yield _agent(_DICOM, "110152", "Destination Role ID", _service(address), address)
        return
    if event.kind == Kind.SWITCHED:
        by = {"display": _said(event, "by")}
        yield _agent(f"{_HL7}/v3-ParticipationType", "AUT", "author (originator)", by, requestor=True)
        yield _agent(_DICOM, "110152", "Destination Role ID", _service(address), address)
        return
    if event.kind == Kind.POLICY_CHANGED:
        for requestor, name in ((True, "approver"), (False, "owner")):
            who = {"display": _said(event, name)}
            yield _agent(f"{_HL7}/v3-ParticipationType", "RESP", "responsible party", who, requestor=requestor)
        yield _agent(_DICOM, "110152", "Destination Role ID", _service(address), address)
        return
    if event.user:
        user = {"identifier": _pseudonym(event.user)}
        yield _agent(f"{_HL7}/v3-ParticipationType", "IRCP", "information recipient", user, requestor=True)
    client: dict[str, Any] = {"identifier": {"value": event.client}} if event.client else {"display": "not known"}
    yield _agent(_DICOM, "110153", "Source Role ID", client, event.client, requestor=not event.user)
    yield _agent(_DICOM, "110152", "Destination Role ID", _service(address), address)


def _agent(
    system: str, code: str, display: str, who: dict[str, Any], address: str | None = None, *, requestor: bool = False
) -> dict[str, Any]:
    network = {"network": {"address": address, "type": _URI}} if address else {}
    kind = {"coding": [_coding(system, code, display)]}
    return {"type": kind, "who": who, "requestor": requestor, **network}


def _service(address: str | None) -> dict[str, Any]:
    named: dict[str, Any] = {"display": NAME}
    return named | ({"identifier": {"value": address}} if address else {})


def _entities(event: Event) -> Iterator[dict[str, Any]]:
    if event.patient:
        yield {
            "what": {"type": "Patient", "identifier": _pseudonym(event.patient)},
            "type": _coding(f"{_HL7}/audit-entity-type", "1", "Person"),
            "role": _coding(f"{_HL7}/object-role", "1", "Patient"),
        }
    named = _OF_NO_CALL.get(event.kind, "call")
    card = event.card_uuid if _UUID.fullmatch(event.card_uuid or "") else None
    what = {"identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{card}"}} if card else {"display": named}
    yield {
        "what": what,
        "type": _coding(f"{_HL7}/audit-entity-type", "2", "System Object"),
        "role": _coding(f"{_HL7}/object-role", "4", "Domain Resource"),
        "detail": [{"type": name, "valueString": value} for name, value in _details(event)],
    }


def _details(event: Event) -> Iterator[tuple[str, str]]:
    if event.kind == Kind.POLICY_CHANGED:
        for name in ("file", "before", "approved", "effective"):
            if name in event.content:
                yield name, _said(event, name)
    if event.kind == Kind.REVIEWED:
        for name in ("verdict", "drawn", "card", "given"):
            if event.content.get(name):
                yield name, _said(event, name)
    for name in _IN_CLEAR:
        if value := getattr(event, name):
            yield name, value
    for name, form in _OF_THE_EHR.items():
        if form.fullmatch(value := getattr(event, name) or ""):
            yield name, value


def _in_one_line(event: Event) -> Event:
    """The same with plain blanks: FHIR's strings have no other ones."""
    texts = {name: getattr(event, name) or "" for name in ("client", "tenant", *_IN_CLEAR)}
    plain: dict[str, Any] = {name: " ".join(text.split()) for name, text in texts.items()}
    return replace(event, **plain)


def _pseudonym(pseudonym: str) -> dict[str, str]:
    return {"system": PSEUDONYM_SYSTEM, "value": pseudonym}


def _coding(system: str, code: str, display: str) -> dict[str, str]:
    return {"system": system, "code": code, "display": display}
