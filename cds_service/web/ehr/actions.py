"""What a clinician does on the EHR page, one function per deed: open, pick, accept, restart, override, sign.

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
from cds_service.web.ehr.ending import before_ending, ending, question_of, remember, take_up
from cds_service.web.ehr.explaining import Explainer
from cds_service.web.ehr.orders import do_actions, draft_of, forget, title_of
from cds_service.web.ehr.permalinks import Wanted
from cds_service.web.ehr.signing import demo_tags, judgement, sign_draft, unjudged, waiting_cards
from cds_service.web.ehr.state import CHART, ORDER, BadState, Question, ServiceAnswer, State
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

    def open_with(self, state: State, wanted: Wanted) -> bool:
        """Call patient-view, draft what is wanted and, where another hook is, ask that about all drafts."""
        self.open_chart(state)
        state.drafts = [
            draft_order(self.patient_id, one.drug, one.route, one.dose, self._now()) for one in wanted.orders
        ]
        if wanted.hook == "patient-view":
            return True
        every = [reference(draft) for draft in state.drafts]
        selected = every if wanted.hook == "order-select" else None
        self._ask(state, ORDER, wanted.hook, order_context(self.patient_id, state.drafts, selected))
        if wanted.hook == "order-sign":
            state.judged = [draft["id"] for draft in state.drafts]
        words, well = heard(state.at(ORDER))
        state.say(f"{', '.join(map(title_of, state.drafts))} drafted: {words}", well=well)
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
        taken = "" if not found or found[0].is_named(name) else f"“{name}” taken as "
        state.say(f"{taken}{title_of(made)} drafted: {words}", well=well)
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

    def accept(self, state: State, card_uuid: str, suggestion_uuid: str, *, confirmed: bool = False) -> bool:
        """Do what a suggestion says, and tell the service; what could not be done is not reported as accepted.

        What ends an active order is asked about first, unless that was `confirmed`.
        """
        answer, suggestion = self._offered(state, card_uuid, suggestion_uuid)
        label, actions = as_text(suggestion.get("label")), as_objects(suggestion.get("actions"))
        ends = ending(state, actions)
        if ends and not confirmed:
            state.question = Question(card_uuid, suggestion_uuid, question_of(ends))
            return False
        before, drafts = before_ending(self.ehr, ends), list(state.drafts)
        done = do_actions(self.ehr, state, actions)
        lost = remember(state, before, done.written)
        if state.drafts != drafts:
            state.outdate()
        again, well = self._asked_again(state) if done.server else ("", True)
        if done.fault:
            state.say(f"NOT done: {label}; {done.fault}{lost}{again}", well=False)
            return done.server
        item = {
            "card": card_uuid,
            "outcome": "accepted",
            "acceptedSuggestions": [{"id": suggestion_uuid}],
            "outcomeTimestamp": self._now(),
        }
        sent = self._tell(state, answer, item, f"accepted: {label}{lost}{again}", well=well and not lost)
        accepted = [*answer.accepted(card_uuid), suggestion_uuid]
        answer.outcomes[card_uuid] = {"outcome": "accepted", "accepted": accepted, **sent}
        return done.server

    def restart(self, state: State, named: str) -> bool:
        """Take up again an order that was ended here."""
        what = state.ended_order(named).what
        done = take_up(self.ehr, state, named)
        again, well = self._asked_again(state) if done.server else ("", True)
        if done.fault:
            state.say(f"NOT restarted: {done.fault}{again}", well=False)
        else:
            state.say(f"{what}: restarted{again}", well=well)
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
        accepted = answer.accepted(card_uuid)
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
                state.say(f"not signed yet: {words}", well=False)
                return False
        waiting = waiting_cards(state)
        if waiting:
            told = "answer the card first: accept, or override with a reason"
            state.say(f"not signed, {told} ({'; '.join(waiting)})", well=False)
            return False
        return self._write_signed(state)

    def _offered(self, state: State, card_uuid: str, suggestion_uuid: str) -> tuple[ServiceAnswer, Mapping[str, Any]]:
        """The suggestion with the answer that it came with; BadState where it cannot be accepted (any more)."""
        answer, card = state.card(card_uuid)
        offers = as_objects(card.get("suggestions"))
        chosen = next((offer for offer in offers if as_text(offer.get("uuid")) == suggestion_uuid), None)
        accepted = answer.accepted(card_uuid)
        only_one = card.get("selectionBehavior") == "at-most-one"
        is_shut = answer.was_overridden(card_uuid) or (only_one and accepted) or suggestion_uuid in accepted
        if chosen is None or is_shut:
            raise BadState("there is no such suggestion to accept")
        return answer, chosen

    def _asked_again(self, state: State) -> tuple[str, bool]:
        """The chart has changed: patient-view is called again, and what was said of orders is out of date.

        Returns the end of a sentence on it, and whether every service asked has answered.
        """
        state.judged = None
        state.outdate()
        self._ask(state, CHART, "patient-view", chart_context(self.patient_id))
        words, well = heard(state.at(CHART))
        return f"; asked again about the changed chart: {words}", well

    def _write_signed(self, state: State) -> bool:
        tags = demo_tags(self.ehr, self.patient_id)
        if unjudged(state):
            state.say(f"signing although {unjudged(state)}: {heard(judgement(state))[0]}", well=False)
        wrote = [sign_draft(self.ehr, state, draft, tags, self._now()).server for draft in list(state.drafts)]
        state.judged = None
        if any(wrote):
            self._ask(state, CHART, "patient-view", chart_context(self.patient_id))
            words, well = heard(state.at(CHART))
            if not well:
                state.say(f"asked again about the changed chart: {words}", well=False)
        return any(wrote)

    def _ask(self, state: State, place: str, hook: str, context: Mapping[str, Any]) -> None:
        ask(self.ehr, state, place, hook, context, self.explainer)

    def _tell(
        self, state: State, answer: ServiceAnswer, item: Mapping[str, Any], words: str, *, well: bool = True
    ) -> dict[str, Any]:
        sent = self.ehr.feedback(answer.service, [item])
        state.note(sent)
        told = "your answer was sent" if sent.ok else "the service did not take your answer"
        state.say(f"{words} ({told})", well=well and sent.ok)
        spent = round(sent.milliseconds, 1)
        return {"sent": dict(sent.request), "status": sent.status, "answer": sent.body, "ms": spent}

    def _now(self) -> str:
        return self.clock().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
