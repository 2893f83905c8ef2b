"""From any pasted JSON to the body of a CDS Hooks request, with remarks on what was done to it.

What may live here: telling the shapes apart (a request, a prefetch, the records of a patient) and making a request of
each. No FHIR server is ever named in what is made, and no token.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from cds_service.api import SERVICES
from cds_service.drug_orders import Catalogue, load_catalogue
from cds_service.knowledge import Knowledge
from cds_service.tryout.ordering import drafts_for, has_drafts, is_draft, named, not_judged, orders_in, with_drafts
from cds_service.tryout.reading import NotUnderstood
from cds_service.tryout.records import Entry, Records, only_of, patient_of, records_in, together
from cds_service.tryout.remarks import LONGEST_NAME, about, drafted, listed, on_orders, unconcerned
from cds_service.tryout.searchsets import prefetch_of, unused
from fhir_mappings.drug_places import DRUG_TYPES
from fhir_mappings.fhir_json import as_object, as_text

HOOKS = tuple(service.HOOK for service in SERVICES)
ORDER_HOOKS = HOOKS[1:]
USER = "Practitioner/example"
REQUEST, PREFETCH, RECORDS = "a CDS Hooks request", "a prefetch", "records of a patient"
EXPECTED = "expected: a CDS Hooks request, a prefetch, or a FHIR Bundle of a patient"
SERVER_TAKEN_OUT = (
    "The FHIR server and its token were taken out: no server is asked here. "
    "What was not sent along counts as not available."
)
_OTHERS = {
    "cards": "an answer of a service (cards)",
    "services": "a discovery document (services)",
    "feedback": "feedback on cards",
}
_SERVER = ("fhirServer", "fhirAuthorization")


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen beside what was sent: a hook ("" for what fits), names of drugs, the id of a patient."""

    hook: str = ""
    drugs: tuple[str, ...] = ()
    patient: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Made:
    """The request that was made of something in a `shape`, and in words what was done for it."""

    shape: str
    body: Mapping[str, Any] = field(repr=False)
    remarks: tuple[str, ...]


def shape_of(sent: object) -> str:
    """What was sent, by its looks.

    Raises:
        NotUnderstood: it looks like nothing that can be judged.
    """
    if isinstance(sent, list) and sent:
        return RECORDS
    if not isinstance(sent, dict) or not sent:
        raise NotUnderstood(f"what was sent is no JSON object with anything in it; {EXPECTED}")
    if "resourceType" in sent or ("resource" in sent and "hook" not in sent):
        return RECORDS
    if "hook" in sent or isinstance(sent.get("context"), dict):
        return REQUEST
    for name, what in _OTHERS.items():
        if name in sent:
            raise NotUnderstood(f"this is {what}; {EXPECTED}")
    if isinstance(sent.get("prefetch"), dict) or any(isinstance(value, dict | list) for value in sent.values()):
        return PREFETCH
    raise NotUnderstood(f"no member of what was sent is known here; {EXPECTED}")


class Maker:
    """Makes requests for the services of one `Knowledge`."""

    def __init__(self, knowledge: Knowledge, catalogue: Catalogue | None = None) -> None:
        self._knowledge = knowledge
        self.catalogue = catalogue or load_catalogue()

    def made(self, sent: object, choice: Choice, now: datetime) -> Made:
        """The request.

        Raises:
            NotUnderstood: it cannot be understood; the text says where and why.
        """
        shape = shape_of(sent)
        if shape == REQUEST:
            return self._of_request(as_object(sent), choice, now)
        if shape == PREFETCH:
            inside = as_object(sent)
            return self._of_prefetch(as_object(inside.get("prefetch")) or inside, choice, now)
        return self._of_records(records_in(sent), choice, now)

    def _of_request(self, sent: Mapping[str, Any], choice: Choice, now: datetime) -> Made:
        body = {name: value for name, value in sent.items() if name not in _SERVER}
        remarks = [SERVER_TAKEN_OUT] if any(sent.get(name) for name in _SERVER) else []
        context = as_object(body.get("context"))
        hook = body["hook"] = choice.hook or _own_hook(body.get("hook"), context, choice.drugs)
        if sent.get("hook") not in (None, hook):
            remarks.append(f"The request is for another hook; it is judged at {hook}.")
        if body.get("hookInstance") is None:
            body["hookInstance"] = str(uuid.uuid4())
        if choice.patient and choice.patient != context.get("patientId"):
            remarks.append("The patient id that the request names counts, not the one chosen.")
        if hook in ORDER_HOOKS and (choice.drugs or sent.get("hook") != hook):
            if not choice.drugs and not has_drafts(context):
                raise NotUnderstood(_needs_draft(hook))
            drafts = drafts_for(choice.drugs, as_text(context.get("patientId")), self.catalogue, now)
            body["context"] = with_drafts(context, hook, drafts)
            remarks += drafted(drafts)
        remarks += [*not_judged(hook, orders_in(context), choice.drugs)]
        remarks += self._other_keys(as_object(body.get("prefetch")))
        return Made(REQUEST, body, tuple(remarks))

    def _of_prefetch(self, prefetch: Mapping[str, Any], choice: Choice, now: datetime) -> Made:
        if not prefetch.keys() & {query.key for query in self._knowledge.queries}:
            parts = [records_in(value, key[:LONGEST_NAME]) for key, value in prefetch.items() if value is not None]
            made = self._of_records(together(parts), choice, now)
            told = "None of the keys is a prefetch key of ours: what stands below them was sorted into our searches."
            return Made(PREFETCH, made.body, (told, *made.remarks))
        found = Records(tuple(_readable(prefetch)))
        patient_id = patient_of(found, choice.patient)
        waiting = _waiting(found)
        hook, drafts = self._ordered(choice, patient_id, waiting, now)
        context = with_drafts({}, hook, drafts, _beside(found, choice)) if drafts else {}
        remarks = ["Keys that are not there count as not available.", *on_orders(drafts, waiting, hook, choice.drugs)]
        return Made(PREFETCH, _body(hook, patient_id, context, prefetch), (*remarks, *self._other_keys(prefetch)))

    def _of_records(self, found: Records, choice: Choice, now: datetime) -> Made:
        patient_id = patient_of(found, choice.patient)
        records = only_of(found, patient_id)
        waiting = _waiting(records)
        hook, drafts = self._ordered(choice, patient_id, waiting, now)
        queries = self._knowledge.queries_for(hook)
        kept = records
        if drafts and not choice.drugs:
            kept = replace(records, entries=tuple(entry for entry in records.entries if not is_draft(entry)))
        context = with_drafts({}, hook, drafts, _beside(records, choice)) if drafts else {}
        told = on_orders(drafts, waiting, hook, choice.drugs)
        remarks = (*told, *about(found, records), *unconcerned(unused(records, queries)))
        return Made(RECORDS, _body(hook, patient_id, context, prefetch_of(kept, queries)), remarks)

    def _ordered(
        self, choice: Choice, patient_id: str, waiting: Sequence[Entry], now: datetime
    ) -> tuple[str, list[Entry]]:
        """The hook, and the drafts for it: the drugs that were named, else the drafts that came along."""
        hook = choice.hook or ("order-select" if choice.drugs else "patient-view")
        if hook not in ORDER_HOOKS:
            return hook, []
        drafts = drafts_for(choice.drugs, patient_id, self.catalogue, now) or list(waiting)
        if not drafts:
            raise NotUnderstood(_needs_draft(hook))
        return hook, drafts

    def _other_keys(self, prefetch: Mapping[str, Any]) -> list[str]:
        strange = [key for key in prefetch if key not in {query.key for query in self._knowledge.queries}]
        if not strange:
            return []
        return [f"Not prefetch keys of ours: {listed(strange)}. Only a medication history below them is looked at."]


def _own_hook(hook: object, context: Mapping[str, Any], drugs: Sequence[str]) -> str:
    """The hook of a request: the one it names, else the one its context looks like; one that takes the drugs named."""
    if hook is not None and not isinstance(hook, str):
        raise NotUnderstood("hook must be a text")
    guess = "order-select" if "selections" in context else "order-sign" if "draftOrders" in context else HOOKS[0]
    found = hook or guess
    return "order-select" if drugs and found == HOOKS[0] else found


def _body(hook: str, patient_id: str, ordered: Mapping[str, Any], prefetch: Mapping[str, Any]) -> dict[str, Any]:
    context = {"userId": USER, "patientId": patient_id, **ordered}
    return {"hook": hook, "hookInstance": str(uuid.uuid4()), "context": context, "prefetch": dict(prefetch)}


def _readable(prefetch: Mapping[str, Any]) -> Iterator[Entry]:
    """The resources of the keys that can be read; what tells of a failed look-up is the service's to judge."""
    for value in prefetch.values():
        try:
            yield from records_in([] if value is None else [value]).entries
        except NotUnderstood:
            continue


def _waiting(records: Records) -> list[Entry]:
    """The drafts that came along."""
    return [named(entry) for entry in records.entries if is_draft(entry)]


def _beside(records: Records, choice: Choice) -> list[Entry]:
    """The drugs that drafts which came along may refer to; a draft of a named drug refers to none."""
    return [] if choice.drugs else [entry for kind in DRUG_TYPES for entry in records.of_kind(kind)]


def _needs_draft(hook: str) -> str:
    return f"{hook} needs a draft: name a drug, or send a MedicationRequest with the status draft along"
