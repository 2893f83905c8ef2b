"""What the rules make of a chart: whom they see, and what a call would be answered, in codes and fixed words.

What may live here: asking the rules. Words of the record stay out: what dialysis rests on is told by code.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from cds_service.api import SERVICES
from cds_service.fhir_doctor.findings import Call, Draft, Scope
from hooks.assessment import Assessment, Tier
from hooks.card import Card
from hooks.chart import BY_NAME, Chart, DrugMatch, Medication
from hooks.dialysis_status import ACUTE, BY_ESRD, BY_GRAFT, BY_WORDS, PERITONEAL_DIALYSIS_FLUID
from hooks.judgement import CannotJudge
from hooks.policy import Policy

OPENED = "patient-view"
REFUSAL = "the service would answer 412"
TIERS = {
    Tier.CHILD: "none (child)",
    Tier.CONFIRMED: "T4",
    Tier.SUSPECTED: "T3",
    Tier.POSSIBLE: "possible",
    Tier.HIGH_RISK: "T2",
    Tier.ELEVATED_RISK: "T1",
    Tier.NONE: "T0",
}
_FIXED = frozenset(
    {ACUTE, BY_ESRD, BY_GRAFT, BY_WORDS, "kidney transplant", "end-stage renal disease recorded as untreated"}
)


def scope_of(chart: Chart, on: date, policy: Policy) -> Scope:
    """Whom the rules see. What could not be read may change it: see the gaps."""
    patient = Assessment(chart, on, policy.thresholds(on))
    age = "child" if patient.is_child else "adult" if chart.born else "adult (no date of birth)"
    status = patient.dialysis
    dialysis = "unknown" if patient.dialysis_unknown else str(status.status)
    return Scope(age, dialysis, _rests_on(chart, status.evidence), TIERS[patient.tier])


def calls(hooks: Sequence[str], chart: Chart, on: date, policy: Policy) -> tuple[tuple[Call, ...], tuple[Draft, ...]]:
    """What each of these hooks would be answered, and what drafts would raise, one of each drug class of the rules."""
    answers: list[Call] = []
    drafts: list[Draft] = []
    for hook in hooks:
        if hook == OPENED:
            answers.append(_opened(chart, on, policy))
        else:
            call, found = _ordered(hook, chart, on, policy)
            answers.append(call)
            drafts += found
    return tuple(answers), tuple(drafts)


def _opened(chart: Chart, on: date, policy: Policy) -> Call:
    try:
        cards = _advise(OPENED, chart, on, policy)
    except CannotJudge as gap:
        return Call(OPENED, 412, (), f"{REFUSAL}: {gap}")
    told = tuple((card.topic, str(card.indicator.value)) for card in cards)
    if told:
        number = "1 card" if len(told) == 1 else f"{len(told)} cards"
        return Call(OPENED, 200, told, f"{number}: {', '.join(topic for topic, _ in told)}")
    return Call(OPENED, 200, (), f"no cards: {_why_none(Assessment(chart, on, policy.thresholds(on)))}")


def _ordered(hook: str, chart: Chart, on: date, policy: Policy) -> tuple[Call, list[Draft]]:
    drafts = [_tried(hook, drug_class, chart, on, policy) for drug_class in policy.rules]
    refused = [draft for draft in drafts if draft.refused]
    telling = [draft for draft in drafts if draft.topics]
    cards = f"cards for a draft of {_classes(telling)}" if telling else "no card for a draft of any drug class"
    if not refused:
        return Call(hook, 200, (), cards), drafts
    if len(refused) == len(drafts):
        return Call(hook, 412, (), f"{REFUSAL}: {refused[0].refused}"), drafts
    which = f"{REFUSAL} for a draft of {_classes(refused)}: {refused[0].refused}"
    return Call(hook, 412, (), f"{which}; {cards}" if telling else which), drafts


def _tried(hook: str, drug_class: str, chart: Chart, on: date, policy: Policy) -> Draft:
    try:
        cards = _advise(hook, replace(chart, drafts=(_draft(drug_class, policy),)), on, policy)
    except CannotJudge as gap:
        return Draft(hook, drug_class, (), str(gap))
    return Draft(hook, drug_class, tuple(card.topic for card in cards))


def _classes(drafts: Sequence[Draft]) -> str:
    return ", ".join(sorted(draft.drug_class for draft in drafts))


def _advise(hook: str, chart: Chart, on: date, policy: Policy) -> list[Card]:
    service = next(service for service in SERVICES if hook == service.HOOK)
    return service.advise(chart, on, policy)


def _draft(drug_class: str, policy: Policy) -> Medication:
    known = policy.drug_classes.get(drug_class)
    name = known.name if known else drug_class
    return Medication("MedicationRequest/draft", name, (DrugMatch(drug_class, name, BY_NAME),))


def _why_none(patient: Assessment) -> str:
    if patient.is_child:
        return "the patient is a child"
    if not patient.dialysis:
        return "not on dialysis, and nothing recorded shows calciphylaxis"
    return "on dialysis, without a sign of calciphylaxis, and too little risk or drugs that feed it"


def _rests_on(chart: Chart, evidence: str) -> str:
    """What the dialysis status rests on, by code: the words of the evidence may be those of the record."""
    if not evidence or evidence in _FIXED:
        return evidence
    return next(_codes_of(chart, evidence), "the record")


def _codes_of(chart: Chart, evidence: str) -> Iterator[str]:
    for condition in chart.active("dialysis_status"):
        if condition.text == evidence:
            yield f"a condition ({condition.concepts['dialysis_status'].how})"
    for procedure in chart.procedures:
        if procedure.concepts and evidence.startswith(f"{procedure.text}, "):
            yield f"a procedure ({next(iter(procedure.concepts.values())).how})"
    # It is neither: then it is the fluid of peritoneal dialysis.
    drugs = (match for medication in chart.medications for match in medication.matches)
    yield from (f"an order ({one.how})" for one in drugs if one.drug_class == PERITONEAL_DIALYSIS_FLUID)
