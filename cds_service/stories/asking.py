"""One hook request answered in this process: no HTTP, no network, nothing remembered of the cards.

What may live here: from a request body to what the service would answer. Who the request is about is of no interest.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cds_service.api import NO_SERVER, SERVICES, InvalidField, call, parse_hook_request
from cds_service.knowledge import Knowledge
from hooks.judgement import CannotJudge

Json = dict[str, Any]
_SERVICES = {service.HOOK: service for service in SERVICES}
HOOKS = tuple(_SERVICES)


@dataclass(frozen=True, slots=True)
class Answer:
    """The cards as JSON, most urgent first; or why there is none, where the service `refused` to judge."""

    cards: tuple[Json, ...] = ()
    refused: str = ""

    @property
    def said(self) -> tuple[tuple[str, str], ...]:
        """Topic and indicator of each card."""
        return tuple((topic(card), card["indicator"]) for card in self.cards)


def topic(card: Json) -> str:
    """The identity of a card."""
    return str(card["source"]["topic"]["code"])


def ask(body: Json, knowledge: Knowledge, now: datetime) -> Answer:
    """The answer to a request that brings all its data along, at a moment, by this knowledge."""
    hook = body["hook"]
    try:
        # The bounds on a body protect a server from strangers; here somebody asks about files of their own.
        request = parse_hook_request(body, hook, sys.maxsize)
        return Answer(tuple(call(_SERVICES[hook], request, knowledge, NO_SERVER, now).cards))
    except CannotJudge as gap:
        return Answer(refused=str(gap))
    except InvalidField as fault:
        return Answer(refused=str(fault))
