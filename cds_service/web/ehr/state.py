"""What the EHR page remembers between two clicks: drafts, answers and what became of cards. The browser keeps it.

What may live here: the state. How it travels stands in `kept`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cds_service.ehr_client import Exchange, Resource, reference
from cds_service.web.ehr.explaining import Why, differs
from cds_service.web.ehr.rows import order_row

CHART, ORDER = "chart", "order"
"""Where an answer stands: beside the chart (patient-view) or beside the orders (order-select, order-sign)."""

_MOST_EVENTS = 12


class BadState(ValueError):
    """What the browser sent back is not a state of ours."""


@dataclass
class ServiceAnswer:
    """One call of one service, as shown. `outcomes` tells by card uuid what the clinician did with it.

    Without a `service` it stands for a look at the discovery document that found no service to ask. `stale`
    means that what is typed or drafted has moved on since.
    """

    place: str
    hook: str
    service: str
    exchange: Exchange
    outcomes: dict[str, dict[str, Any]] = field(default_factory=dict)
    stale: bool = False
    why: Why | None = None

    @property
    def instance(self) -> str:
        """The hookInstance of the call."""
        return str(self.exchange.request.get("hookInstance", ""))

    @property
    def cards(self) -> list[dict[str, Any]]:
        """The cards of the answer, none where it has none."""
        body = self.exchange.body
        cards = body.get("cards") if isinstance(body, dict) and self.exchange.status == 200 else None
        return [card for card in cards if isinstance(card, dict)] if isinstance(cards, list) else []

    @property
    def fault(self) -> str:
        """Why there is no advice at all, "" when there is an answer. No cards is an answer, too."""
        sent = self.exchange
        if sent.status == 412:
            return f"The service could not judge: {sent.diagnostics.removeprefix('cannot judge: ')}"
        if not sent.status:
            return f"The service {sent.diagnostics}."
        if sent.status != 200:
            return f"The service failed (status {sent.status}): {sent.diagnostics}"
        if not self.service:
            return _not_asked(self.hook, sent.body)
        cards = sent.body.get("cards") if isinstance(sent.body, dict) else None
        if not isinstance(cards, list):
            return "The service did not answer with cards."
        readable = all(isinstance(card, dict) for card in cards)
        return "" if readable else "The service did not answer with readable cards."

    @property
    def note(self) -> str:
        """What has to be said before the explanation."""
        if self.why is None or not differs(self.why, self.exchange):
            return ""
        return "The record has changed since the answer above: this explains what would be answered now."

    def accepted(self, uuid: str) -> list[str]:
        """The suggestions of this card that were accepted."""
        return list(self.outcomes.get(uuid, {}).get("accepted", ()))

    def was_overridden(self, uuid: str) -> bool:
        """Has the clinician set this card aside?"""
        return self.outcomes.get(uuid, {}).get("outcome") == "overridden"


@dataclass(frozen=True, slots=True)
class Ended:
    """An order of the FHIR server that was ended here: as it was `before`, and as it was `left`."""

    before: Resource = field(repr=False)
    left: Resource = field(repr=False)

    @property
    def what(self) -> str:
        """The order in a word or two."""
        return order_row(self.before).what

    @property
    def named(self) -> str:
        """The reference to it."""
        return reference(self.before)


@dataclass(frozen=True, slots=True)
class Question:
    """What has to be answered before a suggestion is done that ends active orders."""

    card: str
    suggestion: str
    words: str = field(repr=False)


@dataclass
class State:
    """Everything that differs between two clicks.

    `judged` are the ids of the drafts that order-sign has seen; `events` are (words, went well) of what happened,
    newest first, and `wire` the requests behind them; `ended` are orders that can be taken up again.
    """

    drafts: list[Resource] = field(default_factory=list)
    judged: list[str] | None = None
    answers: list[ServiceAnswer] = field(default_factory=list)
    events: list[tuple[str, bool]] = field(default_factory=list)
    wire: list[str] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)
    question: Question | None = None
    send_prefetch: bool = True
    offer_server: bool = True

    def at(self, place: str) -> list[ServiceAnswer]:
        """The answers that stand at this place."""
        return [answer for answer in self.answers if answer.place == place]

    def replace(self, place: str, answers: list[ServiceAnswer]) -> None:
        """These answers, and no older ones, stand at this place."""
        self.answers = [answer for answer in self.answers if answer.place != place] + answers

    def outdate(self) -> None:
        """What stands beside the orders no longer speaks of what is typed or drafted."""
        for answer in self.at(ORDER):
            answer.stale = True

    def card(self, uuid: str) -> tuple[ServiceAnswer, dict[str, Any]]:
        """The shown card with this uuid and the answer that it came with; BadState when there is none."""
        for answer in self.answers:
            for card in answer.cards:
                if uuid and card.get("uuid") == uuid:
                    return answer, card
        raise BadState("there is no such card")

    def say(self, words: str, *, well: bool = True) -> None:
        """Add what happened, as a sentence."""
        self.events = [(words[:1].upper() + words[1:], well), *self.events][:_MOST_EVENTS]

    def note(self, sent: Exchange) -> None:
        """Keep how a request went, for engineers."""
        line = f"{sent.method} {sent.url}: {sent.status or sent.diagnostics}, {sent.milliseconds:.0f} ms"
        self.wire = [line, *self.wire][:_MOST_EVENTS]

    def ended_order(self, named: str) -> Ended:
        """The order of this reference that was ended here; BadState when there is none."""
        found = next((one for one in self.ended if one.named == named), None)
        if found is None:
            raise BadState("there is no such ended order")
        return found

    @property
    def is_judged(self) -> bool:
        """Has order-sign seen exactly these drafts?"""
        return self.judged is not None and self.judged == [draft["id"] for draft in self.drafts]


def _not_asked(hook: str, discovery: Any) -> str:
    if isinstance(discovery, dict):
        return f"The service offers no service for {hook}: nobody was asked, nothing was judged."
    return "The service did not answer with a discovery document: nobody was asked, nothing was judged."
