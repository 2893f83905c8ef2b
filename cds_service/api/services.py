"""The services by id, and one call of one of them.

What may live here: the order of the steps from a request to its cards; each step lives in its own module.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, Protocol

from cds_service.api.advising import advised
from cds_service.api.card_json import Rendering, to_json
from cds_service.api.gather import Collected, gathering
from cds_service.api.hook_request import HookRequest
from cds_service.api.repeating import Repeating
from cds_service.api.same_advice import SameAdvice
from cds_service.api.stopped_orders import with_stopped_orders
from cds_service.api.validation import InvalidField
from cds_service.fhir_client import FhirReader
from cds_service.knowledge import REPEATS, Asking, HeldBack, Knowledge
from cds_service.tracing import span
from cds_service.unknown_codes import Patient, Unmapped
from fhir_mappings.chart import ChartContext, build_chart
from fhir_mappings.drafts import Orders, split_orders
from fhir_mappings.drug_places import drugs_beside
from fhir_mappings.fhir_json import as_object, as_objects, resource_key
from fhir_mappings.medications import is_active
from fhir_mappings.queries import STATEMENTS
from fhir_mappings.subjects import is_about
from fhir_mappings.versions import versions
from hooks import order_select, order_sign, patient_view
from hooks.card import Card
from hooks.chart import Chart
from hooks.medication_history import stands_alone
from hooks.policy import Policy


class Service(Protocol):
    """What every hook module of `hooks` offers."""

    @property
    def ID(self) -> str: ...  # noqa: D102
    @property
    def HOOK(self) -> str: ...  # noqa: D102
    @property
    def TITLE(self) -> str: ...  # noqa: D102
    @property
    def DESCRIPTION(self) -> str: ...  # noqa: D102

    def advise(self, chart: Chart, on: date, policy: Policy, untold: Collection[str] = ()) -> list[Card]:
        """The cards for a chart on a day, without those on the topics `untold`."""
        ...


SERVICES: tuple[Service, ...] = (patient_view, order_select, order_sign)


NOTHING_SELECTED = "must not be empty while there are drafts: it names the drafts just picked, as MedicationRequest/123"


UNREAD = "unreadable_entries"


_COMPARED = ("conditions", "medications", STATEMENTS)
"""What else of the record makes advice the same: not what is new each session, as administrations are."""


@dataclass(frozen=True)
class Judged:
    """What one call looks at: the chart on the clinic's day, and what its cards are made with."""

    chart: Chart
    on: date
    collected: Collected
    rendering: Rendering


@dataclass(frozen=True)
class Advice:
    """What one call brought: the cards as JSON, what decided each of them, the cards that were worked out and are not
    shown, and what could not be read.

    `names` stand for the cards in the log, where a clinic does not want the same advice again; `unrepeated` works the
    answer out as if it did not matter what was shown before, with what was read for this one.
    `gaps` are the keys of the queries that failed or were incomplete, and `UNREAD` where a drug or an entry of the
    problem list could not be read. `unmapped` works out, when it is asked, codes of labs and drugs that the vocabulary
    does not hold; None where no records were looked at.
    """

    cards: list[dict[str, Any]]
    facts: list[tuple[str, ...]]
    gaps: tuple[str, ...] = ()
    held: Sequence[HeldBack] = ()
    unmapped: Callable[[], Sequence[tuple[str, ...]]] | None = None
    names: Sequence[str | None] = ()
    unrepeated: Callable[[], Advice] | None = None

    @property
    def is_repeated(self) -> bool:
        """Is a card held back because it was shown before?"""
        return any(one.reason in REPEATS for one in self.held)


NOTHING_TO_JUDGE = Advice([], [])
"""Nothing was ordered that could be judged."""


def call(
    service: Service,
    request: HookRequest,
    knowledge: Knowledge,
    reader: FhirReader,
    now: datetime,
    repeating: Repeating | None = None,
) -> Advice:
    """The cards of one call, with what the log keeps of how they came about.

    `repeating` says which cards are the same advice again, where the clinic wants to know.

    Raises:
        CannotJudge: data are missing without which an answer could hide a risk.
        InvalidField: nothing is selected of drafts that name a drug; silence could be taken for no risk.
    """
    judged = look_at(service, request, knowledge, reader, now)
    if judged is None:
        return NOTHING_TO_JUDGE
    return _advice(service, request, knowledge, judged, repeating if knowledge.switches.repeat.looks_back else None)


def _advice(
    service: Service, request: HookRequest, knowledge: Knowledge, judged: Judged, repeating: Repeating | None
) -> Advice:
    chart, asking = judged.chart, asking_of(service, request, judged.on)
    advise = partial(service.advise, chart, judged.on, knowledge.policy)
    # Not worked out where nobody wants to know.
    same = _same_advice(judged, request, knowledge) if repeating else None
    repeats = partial(repeating.among, same) if repeating and same else None
    with span("rules") as step:
        sorted_cards = advised(advise, knowledge.switches, asking, repeats)
        step.set("cds.cards", len(sorted_cards.shown))
    return Advice(
        [to_json(card, judged.rendering) for card in sorted_cards.shown],
        [card.facts for card in sorted_cards.shown],
        (*(gap.query for gap in (*chart.gaps, *chart.optional_gaps)), *([UNREAD] if chart.unread_entries else [])),
        sorted_cards.held,
        partial(_unmapped, judged, knowledge, request),
        [repeating.name(same, card) for card in sorted_cards.shown] if repeating and same else (),
        partial(_advice, service, request, knowledge, judged, None) if repeating else None,
    )


def _same_advice(judged: Judged, request: HookRequest, knowledge: Knowledge) -> SameAdvice:
    found, entries = judged.collected, as_objects(as_object(request.draft_orders).get("entry"))
    record = [one for key in _COMPARED for one in found.resources(key)]
    record += [one for one in found.history if one.get("resourceType") == "MedicationStatement"]
    drafts = [as_object(entry.get("resource", entry)) for entry in entries]
    return SameAdvice(judged.chart, knowledge.version, record, drafts)


def asking_of(service: Service, request: HookRequest, on: date) -> Asking:
    """For whom the cards of this call are, on a calendar day of the clinic."""
    # "Practitioner/3", and as some send it with an address before that.
    user = request.user_id.rpartition("/")[0].rpartition("/")[2]
    return Asking(service.HOOK, service.ID, user, on)


def _unmapped(judged: Judged, knowledge: Knowledge, request: HookRequest) -> Sequence[tuple[str, ...]]:
    found, words = judged.collected, knowledge.vocabulary
    patient = Patient(knowledge.tenant, request.server.base if request.server else "", request.patient_id)
    return Unmapped(words, found.queries, found.medications, found.bases, judged.on, knowledge.zone, patient).codes()


def look_at(
    service: Service, request: HookRequest, knowledge: Knowledge, reader: FhirReader, now: datetime
) -> Judged | None:
    """Everything that one call looks at; None where nothing was ordered that could be judged.

    Raises:
        InvalidField: nothing is selected of drafts that name a drug.
    """
    on = now.astimezone(knowledge.zone).date()
    on_drafts = service.HOOK != patient_view.HOOK
    orders = split_orders(request.draft_orders, request.selections if on_drafts else ())
    if request.selections == () and orders.others:
        raise InvalidField("context.selections", NOTHING_SELECTED)
    if on_drafts and not orders.judged:
        return None
    beside = drugs_beside(request.draft_orders)
    with gathering(reader, request, on, knowledge.zone, reader.deadline()) as gatherer:
        collected = gatherer.collect(knowledge.queries_for(service.HOOK), orders.judged, beside)
        chart = _chart(collected, request, orders, on, knowledge)
        if stands_alone(chart, on, knowledge.policy.thresholds(on)):
            collected = with_stopped_orders(gatherer, collected)
            chart = _chart(collected, request, orders, on, knowledge)
    rendering = Rendering(
        request.patient_id,
        _by_reference(collected, request.patient_id),
        knowledge.templates,
        knowledge.reasons_url,
        knowledge.launch_url,
        knowledge.version if knowledge.site else "",
    )
    return Judged(chart, on, collected, rendering)


def _chart(
    collected: Collected,
    request: HookRequest,
    orders: Orders,
    on: date,
    knowledge: Knowledge,
) -> Chart:
    context = ChartContext(
        patient_id=request.patient_id,
        on=on,
        zone=knowledge.zone,
        drafts=orders.judged,
        other_drafts=orders.others,
        medications=collected.medications,
        lost=collected.lost,
        bases=collected.bases,
        history=collected.history,
    )
    return build_chart(collected.queries, context, knowledge.vocabulary)


def _by_reference(collected: Collected, patient_id: str) -> dict[str, Mapping[str, Any]]:
    """The patient's active orders as received, for suggestions that update them: the version that the chart shows.

    Of versions of which nobody knows the latest, the first active one.
    """
    received: dict[str, Mapping[str, Any]] = {}
    found = collected.resources("medications")
    requests = [resource for resource in found if resource.get("resourceType") == "MedicationRequest"]
    for order in (copy for copies in versions(requests) for copy in copies):
        if is_active(order) and is_about(order, patient_id, collected.bases):
            received.setdefault(resource_key(order), order)
    return received
