"""What the log keeps of a call: one event for the answer, and one for each card. Nothing that names the patient.

What may live here: events of calls, made from what the steps of a call know. Where they are kept is the business of
`storage`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from cds_service.api.advising import RefusedWithout
from cds_service.api.hook_request import HookRequest
from cds_service.api.same_advice import RULES
from cds_service.api.services import Advice, Service
from cds_service.knowledge import HeldBack, Reason
from cds_service.storage import ADVICE, UNMAPPED, Event, Kind, Pseudonyms, new_id
from hooks.judgement import CannotJudge

log = logging.getLogger("cds_service")


@dataclass(frozen=True)
class Happened:
    """One call as the log sees it. `client` and `tenant` are those of the caller, "" where callers are not known."""

    service: Service
    request: HookRequest
    client: str
    tenant: str
    now: datetime
    policy: str
    pseudonyms: Pseudonyms

    def answered(self, advice: Advice, *, is_sampled: bool = False, counts_as_shown: bool = True) -> list[Event]:
        """The answer with its cards, shown or held back; where none is, and something could not be read, that too.

        Apart from their kinds, the events of cards are the same whether they are shown or not: so in shadow mode a card
        that would have been shown breaks the silence. `is_sampled`: with the codes of labs and drugs that the
        vocabulary does not hold, an empty list for none, where there were records to look at. Without
        `counts_as_shown` nobody goes by these cards later: the EHR may have gone on without them.
        """
        gaps = advice.gaps and ", ".join(sorted(set(advice.gaps)))
        content: dict[str, Any] = {"cards": len(advice.cards)}
        if advice.held:
            content["held"] = len(advice.held)
        if gaps:
            content["gaps"] = gaps
        if is_sampled and (codes := _unmapped(advice)) is not None:
            content[UNMAPPED] = codes
        events = [self._of(Kind.ANSWERED, content=content)]
        if gaps and not advice.cards and not any(one.reason is Reason.SHADOW for one in advice.held):
            events.append(self._of(Kind.GAP, reason=gaps))
        names = (counts_as_shown and advice.names) or [None] * len(advice.cards)
        events += map(self._issued, advice.cards, advice.facts, names)
        return events + [self._held(one) for one in advice.held]

    def refused(self, gap: CannotJudge) -> list[Event]:
        """The refusal to judge, and the cards that would have come and are held back."""
        held = gap.held if isinstance(gap, RefusedWithout) else ()
        return [self._of(Kind.REFUSED, reason=gap.what), *map(self._held, held)]

    @property
    def whose(self) -> str:
        """Within what a record number and a user's id mean something: one EHR."""
        return self.client or (self.request.server.base if self.request.server else "")

    def _issued(self, card: dict[str, Any], facts: tuple[str, ...], name: str | None) -> Event:
        topic, indicator = card["source"]["topic"]["code"], card["indicator"]
        labels = [{"uuid": one["uuid"], "label": one["label"]} for one in card.get("suggestions", ())]
        return Event(
            f"card-{card['uuid']}",
            self.now,
            Kind.ISSUED,
            topic=topic,
            indicator=indicator,
            card_uuid=card["uuid"],
            facts=self.pseudonyms.of("facts", topic, indicator, *facts),
            content={"suggestions": labels, **({ADVICE: name} if name else {})},
            **self._shared,
        )

    def _held(self, one: HeldBack) -> Event:
        topic, indicator = one.card.topic, one.card.indicator.value
        facts = self.pseudonyms.of("facts", topic, indicator, *one.card.facts)
        return self._of(Kind.SUPPRESSED, topic=topic, indicator=indicator, facts=facts, reason=one.reason.value)

    def _of(self, kind: Kind, **more: Any) -> Event:
        return Event(new_id(), self.now, kind, **more, **self._shared)

    @cached_property
    def _shared(self) -> dict[str, Any]:
        """What all events of the call have in common."""
        request, whose = self.request, self.whose
        return {
            "client": self.client,
            "tenant": self.tenant,
            "service": self.service.ID,
            "hook": self.service.HOOK,
            "hook_instance": request.hook_instance,
            "policy": self.policy,
            "rules": RULES,
            "patient": self.pseudonyms.of("patient", whose, request.patient_id),
            "user": self.pseudonyms.of("user", whose, request.user_id),
        }


def _unmapped(advice: Advice) -> list[list[str]] | None:
    """None where nothing was looked at, or that failed: all else that happened is kept."""
    try:
        return None if advice.unmapped is None else [list(code) for code in advice.unmapped()]
    except Exception as error:
        # Whatever it is: what it says may hold data of the patient.
        log.error("codes that the vocabulary does not hold could not be recorded (%s)", type(error).__name__)
        return None
