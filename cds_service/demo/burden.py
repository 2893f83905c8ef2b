"""Alert burden: how often the rules in force would speak in a synthetic population.

What may live here: opening the charts of a population, ordering for them, and counting the cards. Who is in the
population is decided in `population`, what is said in `hooks`, how the counts are shown in `burden_report`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import ModuleType
from zoneinfo import ZoneInfo

from cds_service.demo.patients import Resource
from cds_service.demo.population import Facts, is_quiet
from cds_service.demo.population_resources import drafts, resources
from fhir_mappings.chart import ChartContext, Gathered, build_chart
from fhir_mappings.drafts import split_orders
from fhir_mappings.fhir_json import as_object, as_objects
from fhir_mappings.packaged import default_knowledge
from fhir_mappings.queries import Query, build_queries
from fhir_mappings.vocabulary import Vocabulary
from hooks import order_select, order_sign, patient_view
from hooks.card import Indicator
from hooks.judgement import CannotJudge
from hooks.policy import Policy

INTERRUPTIVE = frozenset({Indicator.WARNING, Indicator.CRITICAL})
"""A card of one of these indicators asks to be read before one goes on."""
OPENED = patient_view.HOOK
ZONE = ZoneInfo("UTC")

Said = tuple[str, Indicator]
"""Topic and indicator of a card."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one call said; `cards` is None where it was refused. `order` names the drug of the draft, or is ""."""

    hook: str
    cards: tuple[Said, ...] | None
    order: str = ""
    quiet: bool = False

    @property
    def interruptive(self) -> frozenset[str]:
        """The topics of the interruptive cards."""
        return frozenset(topic for topic, indicator in self.cards or () if indicator in INTERRUPTIVE)


# ------------------------------------------------------------------ asking
@dataclass(frozen=True)
class Clinic:
    """The rules in force on a day, asked without HTTP and without a FHIR server."""

    policy: Policy
    vocabulary: Vocabulary
    queries: tuple[Query, ...]
    on: date

    @classmethod
    def packaged(cls, on: date | None = None) -> Clinic:
        """The packaged rules, on the day from which the newest of their numbers hold, or on another."""
        policy, vocabulary = default_knowledge()
        day = on or policy.history.periods[-1][0]
        return cls(policy, vocabulary, build_queries(vocabulary, policy), day)

    def answers(self, facts: Facts) -> Iterator[Answer]:
        """The chart is opened; then each new order is picked, and signed, alone."""
        own, quiet = resources(facts, self.on), is_quiet(facts)
        yield self.opened(facts)
        for order, draft in drafts(facts, self.on).items():
            for service in (order_select, order_sign):
                yield self.answer(service, facts, self.gathered(service.HOOK, own), order, (draft,), quiet=quiet)

    def opened(self, facts: Facts) -> Answer:
        """The chart is opened, and nothing is ordered."""
        gathered = self.gathered(OPENED, resources(facts, self.on))
        return self.answer(patient_view, facts, gathered, quiet=is_quiet(facts))

    def answer(
        self,
        service: ModuleType,
        facts: Facts,
        gathered: Sequence[Gathered],
        order: str = "",
        orders: Sequence[Resource] = (),
        *,
        quiet: bool,
    ) -> Answer:
        """What a service of `hooks` says of what was gathered, and of the draft orders."""
        judged = split_orders({"entry": [{"resource": draft} for draft in orders]}, None).judged
        chart = build_chart(gathered, ChartContext(facts.patient_id, self.on, ZONE, judged), self.vocabulary)
        try:
            cards = tuple((card.topic, card.indicator) for card in service.advise(chart, self.on, self.policy))
        except CannotJudge:
            return Answer(service.HOOK, None, order, quiet)
        return Answer(service.HOOK, cards, order, quiet)

    def gathered(self, hook: str, own: Sequence[Resource]) -> list[Gathered]:
        """What a FHIR server that holds these resources would answer to the queries of a hook."""
        return [Gathered(query, [one for one in own if _is_asked_for(query, one)]) for query in self.queries_for(hook)]

    def queries_for(self, hook: str) -> tuple[Query, ...]:
        """The queries that this hook needs."""
        return tuple(query for query in self.queries if hook in query.hooks)


def _is_asked_for(query: Query, resource: Resource) -> bool:
    if resource["resourceType"] != query.resource_type:
        return False
    wanted = dict(query.params)
    if "status" in wanted and resource.get("status") not in wanted["status"].split(","):
        return False
    return "code" not in wanted or not _codes(resource).isdisjoint(_searched(wanted["code"]))


def _codes(resource: Resource) -> set[str]:
    return {str(coding.get("code")) for coding in as_objects(as_object(resource.get("code")).get("coding"))}


def _searched(param: str) -> set[str]:
    """The codes of a token search, with or without their systems."""
    return {token.rpartition("|")[2] for token in param.split(",")}


# ------------------------------------------------------------------ counting
@dataclass(frozen=True)
class Burden:
    """The counts. Keys of `cards` are (hook, order, topic, indicator); of `calls` and `refused` (hook, order).

    `opened_by` and `quiet_by` count charts, by the topic of an interruptive card; a chart may count for several.
    """

    calls: Mapping[tuple[str, str], int]
    refused: Mapping[tuple[str, str], int]
    cards: Mapping[tuple[str, str, str, Indicator], int]
    interrupted: int
    opened_by: Mapping[str, int]
    quiet: int
    quiet_interrupted: int
    quiet_by: Mapping[str, int]

    @property
    def charts(self) -> int:
        """How many charts were opened."""
        return self.calls.get((OPENED, ""), 0)


def counted(answers: Iterable[Answer]) -> Burden:
    """The counts of these answers."""
    calls: Counter[tuple[str, str]] = Counter()
    refused: Counter[tuple[str, str]] = Counter()
    cards: Counter[tuple[str, str, str, Indicator]] = Counter()
    opened_by: Counter[str] = Counter()
    quiet_by: Counter[str] = Counter()
    interrupted = quiet = quiet_interrupted = 0
    for answer in answers:
        call = (answer.hook, answer.order)
        calls[call] += 1
        refused[call] += answer.cards is None
        cards.update((*call, topic, indicator) for topic, indicator in answer.cards or ())
        if answer.hook != OPENED:
            continue
        interrupted += bool(answer.interruptive)
        opened_by.update(answer.interruptive)
        if answer.quiet:
            quiet += 1
            quiet_interrupted += bool(answer.interruptive)
            quiet_by.update(answer.interruptive)
    return Burden(calls, refused, cards, interrupted, opened_by, quiet, quiet_interrupted, quiet_by)
