"""Why these cards came, and no others: the explanation of one call.

What may live here: from a chart to an explanation, by the rules' own functions. It decides nothing, costs nothing where
nobody asks for it, and holds patient data: it is for the people who look at this patient, never for a log.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import date
from functools import partial

from hooks import order_select, order_sign, patient_view
from hooks.assessment import SEPSIS_RESULTS, Assessment
from hooks.card import Card
from hooks.cards import listed, plain, unescaped
from hooks.chart import Chart, Medication
from hooks.explain.answers import Answers, age_in_words
from hooks.explain.explanation import Explanation, Fact, Origin, Patient, as_data, given, held_back
from hooks.explain.facts import FactTeller, bounded
from hooks.explain.head import Head
from hooks.explain.openness import dialysis_is_open
from hooks.explain.rows import RowTeller
from hooks.explain.score import score
from hooks.explain.silence import silence
from hooks.judgement import CannotJudge
from hooks.medication_history import with_history
from hooks.offending_drugs import Moment
from hooks.policy import Policy
from hooks.reasons import Reasons

__all__ = ["Advise", "Explanation", "Fact", "Origin", "as_data", "explain", "nothing_to_judge"]

Advise = Callable[[Collection[str]], list[Card]]
"""The cards of the rules without those on some topics. Raises CannotJudge."""
_Advise = Callable[[Chart, date, Policy, Collection[str]], list[Card]]
_HOOKS: dict[str, tuple[Moment, _Advise]] = {
    patient_view.HOOK: (Moment.PATIENT_VIEW, patient_view.advise),
    order_select.HOOK: (Moment.ORDER_SELECT, order_select.advise),
    order_sign.HOOK: (Moment.ORDER_SIGN, order_sign.advise),
}
ALWAYS = (
    "child",
    "on_dialysis",
    "calciphylaxis",
    "calciphylaxis_confirmed",
    "skin_sign",
    "score_elevated",
    "vitamin_k_antagonist_or_minerals_high",
)
"""Questions that are answered in every explanation."""

Sort = Callable[[Advise], tuple[list[Card], list[tuple[Card, str]]]]
"""The cards that are shown, and those held back with the reason in words. Raises CannotJudge."""


def everything_shown(advise: Advise) -> tuple[list[Card], list[tuple[Card, str]]]:
    """Nothing is held back."""
    return advise(()), []


_UNKNOWN = "no code or word of it is one that the rules know"
_WORDLESS = "its code is not known, and it has no words: not understood"
MOST_CONDITIONS = 40
"""So many entries of the problem list are told."""


def explain(
    hook: str,
    chart: Chart,
    on: date,
    policy: Policy,
    reasons: Reasons,
    origins: Sequence[Origin] = (),
    *,
    sort: Sort = everything_shown,
) -> tuple[Explanation, list[Card]]:
    """The explanation of a call of this hook for a chart on a calendar day of the clinic, and the cards that it shows.

    `reasons` belong to the policy: they have the words of its situations. `origins` tell where the data came from.
    `sort` asks the rules, and tells the cards that are shown from those that are not.
    """
    moment, rules = _HOOKS[hook]
    advise = partial(rules, chart, on, policy)
    (shown, back), refused = _answered(advise, sort)
    worked_out = [*shown, *(card for card, _ in back)]
    limits = policy.thresholds(on)
    patient = Assessment(with_history(chart, on, limits), on, limits)
    teller = FactTeller(patient, policy)
    answers = Answers(teller, reasons, on)
    for name in ALWAYS:
        answers.to(name)
    orders = patient.chart.drafts if moment.draft else patient.chart.medications
    rows = RowTeller(answers, policy, moment, orders, worked_out, bool(refused))
    status_rows, drug_classes = tuple(rows.status_rows()), tuple(rows.drug_classes())
    kept = silence(status_rows, drug_classes, answers.known)
    told, held, others = given(shown), held_back(back), tuple(_other_drugs(patient.chart, orders, moment, policy))
    needs = tuple(_needs(policy, moment))
    unread = tuple(dict.fromkeys(_unread(teller, needs)))
    head = Head(
        cards=told,
        held=held,
        refused=refused,
        answers=answers.known,
        status_rows=status_rows,
        drug_classes=drug_classes,
        others=others,
        unread=unread,
        tier=patient.tier,
        draft=moment.draft,
        no_drug=rows.no_drug("a class with a rule"),
    )
    explanation = Explanation(
        hook=hook,
        on=on,
        headline=tuple(head.sentences()),
        cards=told,
        held=held,
        refused=refused,
        silence=kept,
        patient=_patient(teller),
        tier=patient.tier.value,
        score=score(teller),
        signs=bounded(teller.facts(patient.signs.signs)),
        conditions=tuple(_conditions(teller, reasons)),
        status_rows=status_rows,
        drug_classes=drug_classes,
        other_drugs=bounded(others),
        answers=dict(answers.known),
        results=tuple(fact.says for need in needs for fact in teller.newest(need)),
        missing=tuple(map(unescaped, teller.words.missing(needs))),
        unused=bool(unread or teller.words.unused(needs)),
        origins=tuple(origins),
    )
    return explanation, shown


def _needs(policy: Policy, moment: Moment) -> Iterator[str]:
    """The results that this hook asks for: those of the sepsis watch when a chart is opened only."""
    for name, need in policy.wording.needs.items():
        if not moment.draft or not SEPSIS_RESULTS.issuperset(need.analytes):
            yield name


def _unread(teller: FactTeller, needs: Iterable[str]) -> Iterator[str]:
    """What could not be read, in few words: look-ups, drugs and entries, results that are newer than those in use."""
    chart, words = teller.patient.chart, teller.policy.wording.needs
    yield from (f"{gap.what} ({plain(gap.reason)})" for gap in chart.gaps)
    entries = teller.words.unread_entries()
    if entries:
        yield entries
    if chart.unread_drafts:
        yield f"the drug of {chart.unread_drafts} draft{'s' if chart.unread_drafts > 1 else ''}"
    for need in dict.fromkeys(needs):
        for item in teller.patient.labs.unreadable_newer(*words[need].named):
            day = f" of {item.on.isoformat()}" if item.on else ""
            yield f"{words[need].name}{day} ({plain(item.reason)})"


def _other_drugs(chart: Chart, orders: Iterable[Medication], moment: Moment, policy: Policy) -> Iterator[Fact]:
    """The drugs of no class with a rule, each once, and whether we know such a drug; how many could not be read."""
    for order in _without_rules(orders, policy):
        unknown = "" if order.matches else " (no rule is about it, or its name is not one that we know)"
        yield Fact(f"{plain(order.display)}{unknown}", short=plain(order.display))
    unread = chart.unread_drafts if moment.draft else chart.unread_drugs
    if unread:
        yield Fact(f"{unread} more could not be read")


def _without_rules(orders: Iterable[Medication], policy: Policy) -> Iterator[Medication]:
    """The drugs of no class with a rule, each once."""
    for order in dict.fromkeys(orders):
        if policy.rules.keys().isdisjoint(match.drug_class for match in order.matches):
            yield order


def nothing_to_judge(hook: str, on: date, why: str, origins: Sequence[Origin] = ()) -> Explanation:
    """The explanation of a call that looked at no patient, because nothing was ordered that could be judged."""
    return Explanation(hook, on, ("No card comes.", why), origins=tuple(origins))


def _answered(advise: Advise, sort: Sort) -> tuple[tuple[list[Card], list[tuple[Card, str]]], str]:
    try:
        return sort(advise), ""
    except CannotJudge as refusal:
        return ([], []), str(refusal)


def _conditions(teller: FactTeller, reasons: Reasons) -> Iterator[Fact]:
    """The entries of the problem list with what they stand for; of many those first that stand for something."""
    entries = sorted(teller.patient.chart.conditions, key=lambda entry: not entry.concepts)
    for entry in entries[:MOST_CONDITIONS]:
        (told,) = teller.facts(entry)
        names = listed(reasons.concepts.get(name, name.replace("_", " ")) for name in entry.concepts)
        stands = f"stands for {names}" if names else _UNKNOWN if entry.text else _WORDLESS
        yield Fact(f"{told.says}: {stands}{'' if entry.active else '; not active'}", told.how)
    if len(entries) > MOST_CONDITIONS:
        yield Fact(f"and {len(entries) - MOST_CONDITIONS} more")


def _patient(teller: FactTeller) -> Patient:
    patient = teller.patient
    status = "cannot be told" if dialysis_is_open(patient) else patient.dialysis.status.value
    return Patient(age_in_words(patient), patient.chart.sex, status, bounded(tuple(teller.dialysis())))
