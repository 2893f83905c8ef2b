"""One call explained: the same steps as those of a call, and then why these cards came and no others.

What may live here: where the data of a call came from, and the explanation as plain data. It is patient data: it goes
to pages and people of this machine, never into the answer to an EHR and never into a log.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from cds_service.api.advising import advised
from cds_service.api.card_json import to_json
from cds_service.api.gather import Collected
from cds_service.api.hook_request import HookRequest
from cds_service.api.services import Judged, Service, asking_of, look_at
from cds_service.fhir_client import FhirReader
from cds_service.knowledge import Asking, Knowledge, Switches, why_held
from fhir_mappings.conditions import is_set_aside
from fhir_mappings.drafts import not_judged
from fhir_mappings.fhir_json import as_object
from fhir_mappings.gathered import Gathered
from fhir_mappings.lab_codes import knows
from fhir_mappings.medications import is_active
from hooks.card import Card
from hooks.explain import Advise, Explanation, Origin, explain, nothing_to_judge
from hooks.judgement import CannotJudge
from hooks.reasons import Reasons

SENT, READ, BOTH = "sent along", "read from the FHIR server", "sent along, and read further from the FHIR server"
NULL = "sent along as null: nothing is recorded"
NO_DRAFT = "No drug was ordered that could be judged: "


@dataclass(frozen=True)
class Explained:
    """What a call would answer (`cards` as CDS Hooks JSON; none where it refuses), and its explanation.

    That also tells which cards are worked out and not shown.

    `judged` is what was looked at, None where nothing was ordered; `gap` is why it refuses, None where it answers.
    """

    cards: list[dict[str, Any]]
    explanation: Explanation
    judged: Judged | None
    gap: CannotJudge | None = None


def explained_call(
    service: Service, request: HookRequest, knowledge: Knowledge, reasons: Reasons, reader: FhirReader, now: datetime
) -> Explained:
    """The cards of one call with their explanation. Nothing is stored, and a refusal is told, not raised.

    `reasons` belong to the policy of `knowledge`.

    Raises:
        InvalidField: nothing is selected of drafts that name a drug.
    """
    judged = look_at(service, request, knowledge, reader, now)
    if judged is None:
        on = now.astimezone(knowledge.zone).date()
        return Explained([], nothing_to_judge(service.HOOK, on, f"{NO_DRAFT}{_left_out(request)}"), None)
    origins = tuple(_origins(judged.collected, request, knowledge))
    asking = asking_of(service, request, judged.on)
    sort = partial(_sorted, knowledge.switches, asking)
    explanation, cards = explain(service.HOOK, judged.chart, judged.on, knowledge.policy, reasons, origins, sort=sort)
    gap = _gap(service, judged, knowledge, asking) if explanation.refused else None
    return Explained([to_json(card, judged.rendering) for card in cards], explanation, judged, gap)


def _sorted(switches: Switches, asking: Asking, advise: Advise) -> tuple[list[Card], list[tuple[Card, str]]]:
    """The cards that are shown, and the others with the reason in words."""
    found = advised(advise, switches, asking)
    return found.shown, [(back.card, why_held(back, switches, asking)) for back in found.held]


def _left_out(request: HookRequest) -> str:
    """What became of the drafts that came along."""
    counted = not_judged(request.draft_orders)
    told = [f"{times} order{'s' if times > 1 else ''}: {why}" for why, times in counted.items()]
    return f"{'; '.join(told) or 'no draft order came along'}."


def _gap(service: Service, judged: Judged, knowledge: Knowledge, asking: Asking) -> CannotJudge | None:
    """What the rules refuse for. The explanation has its words alone, so the rules are asked once more."""
    try:
        advised(partial(service.advise, judged.chart, judged.on, knowledge.policy), knowledge.switches, asking)
    except CannotJudge as gap:
        return gap
    return None


def _origins(collected: Collected, request: HookRequest, knowledge: Knowledge) -> Iterator[Origin]:
    for entry in collected.queries:
        came, failed = _came(entry, collected, request, knowledge)
        yield Origin(entry.query.key, entry.query.what, came, len(entry.resources), failed)
    if collected.history:
        yield Origin("", "medication history under keys of the client's own", SENT, len(collected.history))
    if collected.lost:
        yield Origin("", "drugs that orders refer to", f"{len(collected.lost)} could not be had", 0, True)


def _aside(entry: Gathered, knowledge: Knowledge) -> str:
    """How many of the records no rule looks at, because of what they say of themselves."""
    records = [*map(as_object, entry.resources)]
    match entry.query.resource_type:
        case "Condition":
            told, aside = "refuted or entered in error", sum(map(is_set_aside, records))
        case "MedicationRequest":
            orders = [one for one in records if one.get("resourceType") == "MedicationRequest"]
            told, aside = "not active, or not to be given", sum(not is_active(order) for order in orders)
        case "Observation":
            told, aside = (
                "of a code that we do not know",
                sum(not knows(one, knowledge.vocabulary.labs) for one in records),
            )
        case _:
            return ""
    return f"; {aside} {told}" if aside else ""


def _came(entry: Gathered, collected: Collected, request: HookRequest, knowledge: Knowledge) -> tuple[str, bool]:
    """From where, in words, and whether anything is lacking."""
    key, prefetch = entry.query.key, request.prefetch
    if entry.failed:
        return f"not available: {entry.failed}", True
    if key in collected.asked:
        origin = BOTH if collected.asked[key] else READ
    else:
        origin = NULL if key in prefetch and prefetch[key] is None else SENT
    origin += _aside(entry, knowledge)
    return (origin, False) if entry.complete else (f"{origin}; not whole: {entry.reason}", True)
