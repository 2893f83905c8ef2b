"""What a clinician does on the EHR page, one function per deed: open, pick, accept, override, sign.

What may live here: how a CDS Hooks client behaves, over `Ehr`. Each deed changes the state and says what happened;
it gives back whether the chart on the FHIR server has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cds_service.drug_orders import Catalogue, DrugName, draft_order
from cds_service.ehr_client import Ehr, chart_context, order_context, reference
from cds_service.web.ehr.asking import ask, heard
from cds_service.web.ehr.explaining import Explainer
from cds_service.web.ehr.orders import do_actions, draft_of, fault_of, forget, title_of
from cds_service.web.ehr.signing import demo_tags, judgement, sign_draft, unjudged, waiting_cards
from cds_service.web.ehr.state import CHART, ORDER, BadState, ServiceAnswer, State
from fhir_mappings.fhir_json import as_object, as_objects, as_text

MOST_COMMENT = 2_000


@dataclass(frozen=True)
class Clinician:
    """The person at the page: the client that speaks for them, the patient, the catalogue and the clock.

    `explainer` explains the answers of the service, where that is our own.
    """

    ehr: Ehr
    patient_id: str
    catalogue: Catalogue
    clock: Callable[[], datetime]
    explainer: Explainer | None = None

    def open_chart(self, state: State) -> bool:
        """Call patient-view."""
        self._ask(state, CHART, "patient-view", chart_context(self.patient_id))
        words, well = heard(state.at(CHART))
        state.say(f"chart opened: {words}", well=well)
        return True

    def pick(self, state: State, name: str, route: str, dose: str) -> bool:
        """Draft the drug of this name and call order-select; where several drugs fit, none is drafted.

        What the catalogue does not hold is drafted as free text.
        """
        found = self.catalogue.matching(name)
        if len(found) > 1:
            state.outdate()
            state.say(f"{len(found)} drugs fit “{name}”: pick one", well=False)
            return False
        made = draft_order(self.patient_id, found[0] if found else DrugName(name), route, dose, self._now())
        state.drafts.append(made)
        state.judged = None
        self._ask(state, ORDER, "order-select", order_context(self.patient_id, state.drafts, [reference(made)]))
        words, well = heard(state.at(ORDER))
        state.say(f"{title_of(made)} drafted: {words}", well=well)
        return False

    def remove(self, state: State, draft_id: str) -> bool:
        """Take a draft out."""
        draft = draft_of(state, draft_id)
        if draft is None:
            raise BadState("there is no such draft")
        forget(state, draft)
        state.outdate()
        state.say(f"{title_of(draft)} is no longer in the drafts")
        return False

    def accept(self, state: State, card_uuid: str, suggestion_uuid: str) -> bool:
        """Do what a suggestion says, and tell the service; what could not be done is not reported as accepted."""
        answer, card = state.card(card_uuid)
        chosen = [
            offer for offer in as_objects(card.get("suggestions")) if as_text(offer.get("uuid")) == suggestion_uuid
        ]
        outcome = dict(answer.outcomes.get(card_uuid, {}))
        accepted = [*outcome.get("accepted", ()), suggestion_uuid]
        only_one = card.get("selectionBehavior") == "at-most-one"
        is_shut = answer.was_overridden(card_uuid) or (only_one and len(accepted) > 1)
        if not chosen or is_shut or len(set(accepted)) < len(accepted):
            raise BadState("there is no such suggestion to accept")
        label = as_text(chosen[0].get("label"))
        done = do_actions(self.ehr, state, as_objects(chosen[0].get("actions")))
        if done.server:
            # The chart that order-sign saw is no longer the chart.
            state.judged = None
        if done.fault:
            state.say(f"NOT done: {label}; {done.fault}", well=False)
            return done.server
        item = {
            "card": card_uuid,
            "outcome": "accepted",
            "acceptedSuggestions": [{"id": suggestion_uuid}],
            "outcomeTimestamp": self._now(),
        }
        sent = self._tell(state, answer, item, f"accepted: {label}")
        answer.outcomes[card_uuid] = {"outcome": "accepted", "accepted": accepted, **sent}
        return done.server

    def override(self, state: State, card_uuid: str, code: str, comment: str) -> bool:
        """Set a card aside with its reason, and tell the service; what was accepted of it stays accepted."""
        answer, card = state.card(card_uuid)
        if answer.was_overridden(card_uuid):
            raise BadState("the card is overridden already")
        reasons = as_objects(card.get("overrideReasons"))
        reason = next((offered for offered in reasons if code and offered.get("code") == code), None)
        if reasons and reason is None:
            state.say("choose a reason for overriding the card first", well=False)
            return False
        given: dict[str, Any] = {}
        if reason is not None:
            given["reason"] = dict(reason)
        if comment:
            given["userComment"] = comment[:MOST_COMMENT]
        item: dict[str, Any] = {"card": card_uuid, "outcome": "overridden", "outcomeTimestamp": self._now()}
        told = as_text(as_object(reason).get("display")) or "no reason given"
        if given:
            item["overrideReason"] = given
        sent = self._tell(state, answer, item, f"overridden: {told}")
        accepted = answer.outcomes.get(card_uuid, {}).get("accepted", [])
        outcome = {"outcome": "overridden", "reason": told, "comment": comment, "accepted": accepted}
        answer.outcomes[card_uuid] = {**outcome, **sent}
        return False

    def sign(self, state: State) -> bool:
        """Call order-sign; when it has nothing to say, or has been answered, write the orders to the FHIR server.

        A second click passes cards that ask for no reason, and a service that did not judge; never an objection that
        can be overridden and was not.
        """
        if not state.drafts:
            state.say("there is no draft to sign", well=False)
            return False
        if not judgement(state):
            state.judged = [draft["id"] for draft in state.drafts]
            self._ask(state, ORDER, "order-sign", order_context(self.patient_id, state.drafts))
            words, well = heard(state.at(ORDER))
            if not well or any(answer.cards for answer in state.at(ORDER)):
                state.say(f"not signed yet, order-sign says: {words}", well=False)
                return False
        waiting = waiting_cards(state)
        if waiting:
            told = "answer the card first: accept, or override with a reason"
            state.say(f"not signed, {told} ({'; '.join(waiting)})", well=False)
            return False
        return self._write_signed(state)

    def _write_signed(self, state: State) -> bool:
        tags = demo_tags(self.ehr, self.patient_id)
        if unjudged(state):
            state.say(f"signing although {unjudged(state)}: {heard(judgement(state))[0]}", well=False)
        wrote = [sign_draft(self.ehr, state, draft, tags, self._now()).server for draft in list(state.drafts)]
        state.judged = None
        if any(wrote):
            self._ask(state, CHART, "patient-view", chart_context(self.patient_id))
        return any(wrote)

    def _ask(self, state: State, place: str, hook: str, context: Mapping[str, Any]) -> None:
        ask(self.ehr, state, place, hook, context, self.explainer)

    def _tell(self, state: State, answer: ServiceAnswer, item: Mapping[str, Any], words: str) -> dict[str, Any]:
        sent = self.ehr.feedback(answer.service, [item])
        if sent.ok:
            state.say(f"{words} (feedback taken: {sent.status}, {sent.milliseconds:.0f} ms)")
        else:
            state.say(f"{words}; the service did not take the feedback ({fault_of(sent)})", well=False)
        spent = round(sent.milliseconds, 1)
        return {"sent": dict(sent.request), "status": sent.status, "answer": sent.body, "ms": spent}

    def _now(self) -> str:
        return self.clock().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
