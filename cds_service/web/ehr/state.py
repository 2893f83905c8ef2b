"""What the EHR page remembers between two clicks: drafts, answers and what became of cards. The browser keeps it.

What may live here: the state and its JSON form. It comes back from a browser, so nothing in it is trusted to have the
right shape; what has not is refused as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cds_service.ehr_client import Exchange, Resource
from cds_service.web.ehr.explaining import Why, differs, packed, unpacked

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

    def was_overridden(self, uuid: str) -> bool:
        """Has the clinician set this card aside?"""
        return self.outcomes.get(uuid, {}).get("outcome") == "overridden"


@dataclass
class State:
    """Everything that differs between two clicks.

    `judged` are the ids of the drafts that order-sign has seen; `events` are (words, went well) of what happened,
    newest first.
    """

    drafts: list[Resource] = field(default_factory=list)
    judged: list[str] | None = None
    answers: list[ServiceAnswer] = field(default_factory=list)
    events: list[tuple[str, bool]] = field(default_factory=list)
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

    @property
    def is_judged(self) -> bool:
        """Has order-sign seen exactly these drafts?"""
        return self.judged is not None and self.judged == [draft["id"] for draft in self.drafts]


def dump(state: State) -> str:
    """The state as compact JSON; prefetched data are left out, as they can be large and are shown only once."""
    data = {
        "drafts": state.drafts,
        "judged": state.judged,
        "answers": [_dumped(answer) for answer in state.answers],
        "events": state.events,
        "prefetch": state.send_prefetch,
        "server": state.offer_server,
    }
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def load(text: str) -> State:
    """The state of such JSON; BadState when it is something else."""
    if not text:
        return State()
    try:
        data = json.loads(text)
        state = State(
            drafts=[_draft(draft) for draft in data["drafts"]],
            judged=None if data["judged"] is None else [_text(id_) for id_ in data["judged"]],
            answers=[_loaded(answer) for answer in data["answers"]],
            events=[(_text(words), bool(well)) for words, well in data["events"]],
            send_prefetch=bool(data["prefetch"]),
            offer_server=bool(data["server"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        raise BadState("the state of the page cannot be read") from None
    return state


def _dumped(answer: ServiceAnswer) -> dict[str, Any]:
    sent = answer.exchange
    return {
        "place": answer.place,
        "hook": answer.hook,
        "service": answer.service,
        "method": sent.method,
        "url": sent.url,
        "request": dict(_without_prefetch(sent.request)),
        "status": sent.status,
        "body": sent.body,
        "ms": round(sent.milliseconds, 1),
        "failure": sent.failure,
        "outcomes": answer.outcomes,
        "stale": answer.stale,
        "why": packed(answer.why),
    }


def _loaded(data: Mapping[str, Any]) -> ServiceAnswer:
    sent = Exchange(
        method=_text(data["method"]),
        url=_text(data["url"]),
        request=_object(data["request"]),
        status=int(data["status"]),
        body=data["body"],
        milliseconds=float(data["ms"]),
        failure=_text(data["failure"]),
    )
    outcomes = {_text(uuid): _object(outcome) for uuid, outcome in data["outcomes"].items()}
    place, hook, service = (_text(data[name]) for name in ("place", "hook", "service"))
    return ServiceAnswer(place, hook, service, sent, outcomes, bool(data["stale"]), unpacked(data["why"]))


def _not_asked(hook: str, discovery: Any) -> str:
    if isinstance(discovery, dict):
        return f"The service offers no service for {hook}: nobody was asked, nothing was judged."
    return "The service did not answer with a discovery document: nobody was asked, nothing was judged."


def _without_prefetch(request: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in request.items():
        if name == "prefetch" and isinstance(value, Mapping):
            size = len(json.dumps(value, ensure_ascii=False))
            yield name, f"({size} characters, shown when the call was made)"
        else:
            yield name, value


def _draft(data: Any) -> Resource:
    draft = _object(data)
    _text(draft["resourceType"]), _text(draft["id"])
    return draft


def _object(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise TypeError
    return data


def _text(data: Any) -> str:
    if not isinstance(data, str):
        raise TypeError
    return data
