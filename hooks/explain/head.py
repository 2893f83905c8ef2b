"""The head of an explanation: the sentences to read first.

What may live here: which sentences, and in which order: what came, what could not be read, whom the rules see, and for
each drug class without a card what keeps its rules. Everything that is said stands in the explanation below.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hooks.cards import listed
from hooks.explain.explanation import Answer, DrugClassRows, Fact, GivenCard, HeldCard, Outcome, Row
from hooks.tiers import Tier

MOST_FACTS, MOST_QUESTIONS = 4, 8
_VERDICTS = {True: "yes", False: "no", None: "cannot tell"}
_BESIDE_THE_POINT = {
    "valve_unread",
    "minerals_unread",
    "calcium_look_up_failed",
    "vitamin_k_antagonist_standard",
    "calcium_very_high",
    "calcium_missing",
    "phosphate_missing",
}
"""Questions of exceptions and of failed look-ups: a reader who asks why nothing came does not mean them."""


@dataclass(frozen=True)
class Head:
    """What the sentences are made of. `unread` is what could not be read, in words; `draft` where orders are judged;
    `no_drug` why no class was asked, where none was.
    """

    cards: Sequence[GivenCard]
    held: Sequence[HeldCard]
    refused: str
    answers: Mapping[str, Answer]
    status_rows: Sequence[Row]
    drug_classes: Collection[DrugClassRows]
    others: Sequence[Fact]
    unread: Sequence[str]
    tier: Tier
    draft: bool
    no_drug: str

    def sentences(self) -> Iterator[str]:
        """The sentences, in their order."""
        if self.refused:
            yield f"The service would not judge: {self.refused}. This is not an all-clear."
            return
        yield _came(self.cards)
        if self.held:
            told = "; ".join(f"{card.topic}, {card.indicator.value} ({card.why})" for card in self.held)
            yield f"Worked out and not shown: {told}. No card does not mean no risk."
        if self.unread:
            yield f"Could not be read: {_some(self.unread)}. What it would have shown is not known."
        seen = self.answers["on_dialysis"].met or self.answers["calciphylaxis"].met
        if self.draft and seen and not self.answers["child"].met:
            # Whoever orders a drug asks for the drug first.
            yield from self._drugs()
            yield from self._scope()
            return
        yield from self._scope()
        if not self.answers["child"].met:
            yield from self._drugs()

    def _drugs(self) -> Iterator[str]:
        """A sentence for each class without a card, or that there is no drug of any."""
        asked = [group for group in self.drug_classes if not group.not_asked]
        if asked:
            yield from (self._of_class(group) for group in asked if not _fires(group))
        elif not any(row.outcome is Outcome.FIRED for row in self.status_rows):
            yield self._no_drug()

    def _scope(self) -> Iterator[str]:
        """Whom the rules see, where no status card says it."""
        if any(row.outcome in (Outcome.FIRED, Outcome.WITHHELD) for row in self.status_rows):
            return
        child, dialysis, known = (self.answers[name] for name in ("child", "on_dialysis", "calciphylaxis"))
        if child.met:
            yield f"The patient is a child ({child.facts[0].says}): no rule is asked."
        elif known.met:
            yield f"Calciphylaxis is confirmed or suspected: {_facts(known)}."
        elif not dialysis.met:
            verdict = "is not on dialysis" if dialysis.met is False else "may be on dialysis, which cannot be told"
            facts = _facts(dialysis)
            yield f"As far as the record shows the patient {verdict} ({facts}). Nearly every rule asks for it."
        else:
            yield from self._risk()

    def _risk(self) -> Iterator[str]:
        """On dialysis, without calciphylaxis: sign and points."""
        sign, score = self.answers["skin_sign"], self.answers["score_elevated"]
        if sign.met:
            yield f"Calciphylaxis may be possible, no more is shown: {_facts(sign)}."
            return
        near = f" ({_facts(sign)})" if sign.facts else ""
        signs = "without a skin sign of calciphylaxis" if sign.met is False else "a skin sign cannot be told"
        if self.draft:
            risk = f"; {self.tier.value}" if self.tier in (Tier.HIGH_RISK, Tier.ELEVATED_RISK) else ""
            yield f"On dialysis, {signs}{near}{risk}; status cards come only when a chart is opened."
            return
        yield f"On dialysis, {signs}{near}; {_facts(score)}{self._beside_the_points()}."

    def _beside_the_points(self) -> str:
        """What a card asks for beside the points: that it is not there, or cannot be told."""
        beside, enough = self.answers["vitamin_k_antagonist_or_minerals_high"], self.answers["score_elevated"].met
        if beside.met is False:
            return f"; beside the points a card asks for one of these, and there is none: {beside.says}"
        if beside.met is None and enough:
            return f"; whether there is what a card asks for beside the points cannot be told: {beside.says}"
        return ""

    def _of_class(self, group: DrugClassRows) -> str:
        """One sentence on a class without a card: what is open, what holds and is not shown, what keeps its rules."""
        drugs = listed(fact.says.split(" (")[0] for fact in group.drugs)
        about = f"{group.name}, {drugs}"
        exceptions = [row for row in group.rows if row.kept_by and set(row.kept_by) <= set(row.unless)]
        spared = "".join(map(self._spared, exceptions))
        open_rows = [row for row in group.rows if row.outcome is Outcome.CANNOT_TELL]
        asked = dict.fromkeys(name for row in _nearest(group.rows) if row not in exceptions for name in row.kept_by)
        told = {name for row in open_rows for name in row.kept_by}
        named = [self._short(name) for name in asked if name not in _BESIDE_THE_POINT and name not in told]
        kept = "".join(f"; {words}" for words in named[:MOST_QUESTIONS])
        unsure = ""
        if open_rows:
            topics = listed(row.topic for row in open_rows)
            why = "; ".join(dict.fromkeys(self._short(name) for row in open_rows for name in row.kept_by))
            unsure = f". Whether {topics} holds cannot be told: {why}"
        for row in group.rows:
            if row.outcome is Outcome.DROPPED:
                held = f"{about}: {row.topic} holds{self._because(row)}, but {row.why}"
                return f"{held}{spared}{unsure}{f'. No other rule holds{kept}' if kept else ''}."
            if row.outcome is Outcome.SILENT:
                return f"{about}: a rule holds that says nothing by intent{self._because(row)}{spared}{unsure}."
        return f"{about}: no rule holds{spared}{unsure}{kept}."

    def _because(self, row: Row) -> str:
        """What a row rests on beside dialysis and calciphylaxis, which are told apart."""
        why = "; ".join(self._short(name) for name in row.when if name not in ("on_dialysis", "calciphylaxis"))
        return f" ({why})" if why else ""

    def _spared(self, row: Row) -> str:
        """A rule that an exception alone keeps: a reader may have waited for it."""
        return f"; {row.topic} would hold, but for this: {'; '.join(map(self._short, row.kept_by))}"

    def _short(self, name: str) -> str:
        """'calcium is high: no, corrected calcium 9.0 mg/dL (1.2 mg/dL below 10.2)'."""
        answer = self.answers[name]
        asked = answer.says.split(":")[0].split(" (")[0].split(", or")[0]
        facts = f", {_facts(answer)}" if answer.facts and answer.name != "on_dialysis" else ""
        return f"{asked}: {_VERDICTS[answer.met]}{facts}"

    def _no_drug(self) -> str:
        """No drug of the call is of a class with a rule: which are there?"""
        named = _some([fact.brief for fact in self.others])
        return f"No drug rule was asked: {self.no_drug}" + (f"; there are: {named}." if named else ".")


def said(answer: Answer) -> str:
    """'calcium is high: above 10.2 mg/dL …: no (calcium 9.4 mg/dL …)'."""
    return f"{answer.says}: {_VERDICTS[answer.met]}" + (f" ({_facts(answer)})" if answer.facts else "")


def _came(cards: Sequence[GivenCard]) -> str:
    if not cards:
        return "No card comes."
    number = "One card comes" if len(cards) == 1 else f"{len(cards)} cards come"
    return f"{number}: {listed(card.topic for card in cards)}."


def _facts(answer: Answer) -> str:
    more = len(answer.facts) - MOST_FACTS
    told = [fact.brief for fact in answer.facts[:MOST_FACTS]]
    return "; ".join([*told, f"{more} more"] if more > 0 else told)


def _some(words: Sequence[str]) -> str:
    """The first few, and how many more."""
    more = [f"{len(words) - MOST_FACTS} more"] if len(words) > MOST_FACTS else []
    return listed([*words[:MOST_FACTS], *more])


def _nearest(rows: Sequence[Row]) -> list[Row]:
    """The rows that few questions keep: those of one question, and where there are none all others."""
    kept = [row for row in rows if row.kept_by]
    return [row for row in kept if len(row.kept_by) == 1] or kept


def _fires(group: DrugClassRows) -> bool:
    return any(row.outcome is Outcome.FIRED for row in group.rows)
