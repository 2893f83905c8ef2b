"""Skin signs: which entries of the problem list point to calciphylaxis, and how strongly.

What may live here: which signs count, which explain each other away, how many different signs there are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property

from hooks.chart import Chart, Condition, Sign, Span
from hooks.thresholds import Thresholds

CALCIPHYLAXIS_PROVISIONAL = "calciphylaxis_provisional"
REFUTED = "calciphylaxis_refuted"
GANGRENE, GANGRENE_ACRAL, GANGRENE_PAD = "gangrene", "gangrene_acral", "gangrene_pad"
OLD_SIGN, ULCER, FOOT_ULCER = "old_sign", "skin_ulcer", "foot_ulcer"
EXPLAIN_INDURATION = ("nephrogenic_systemic_fibrosis", "systemic_sclerosis", "morphea")
EXPLAINED = frozenset({"skin_induration", "skin_texture"})


class Level(StrEnum):
    """How much one sign weighs."""

    WEAK = "weak"
    STRONG = "strong"
    NECROSIS = "necrosis"


LEVELS = {
    "skin_necrosis": Level.NECROSIS,
    GANGRENE: Level.NECROSIS,
    "skin_induration": Level.STRONG,
    "livedo": Level.STRONG,
    "painful_lesion": Level.STRONG,
    CALCIPHYLAXIS_PROVISIONAL: Level.STRONG,
    "skin_texture": Level.WEAK,
    ULCER: Level.WEAK,
    OLD_SIGN: Level.WEAK,
    "recurrent_cellulitis": Level.WEAK,
    "calcium_disorder_unspecific": Level.WEAK,
    GANGRENE_PAD: Level.WEAK,
    GANGRENE_ACRAL: Level.WEAK,
    "local_wound": Level.WEAK,
}
ORDER = (Level.NECROSIS, Level.STRONG, Level.WEAK)

LIMITED = frozenset(
    {"skin_texture", "calcium_disorder_unspecific", OLD_SIGN, GANGRENE_PAD, GANGRENE_ACRAL, "local_wound"}
)
"""Signs that never make more than a possible calciphylaxis, alone or together; an old ulcer is one of them."""

STAYS = frozenset({"skin_necrosis", GANGRENE, "livedo", "painful_lesion", "skin_induration"})
"""Signs that stay as one weak sign, `old_sign`, when the record still says that they are there."""

LIFT = frozenset({"painful_lesion", "livedo", "skin_necrosis", GANGRENE})
"""Beside one of these an acral gangrene or necrosis is no longer explained by its place."""

# An unspecific finding is not counted beside the finding that it may stand for.
OUTWEIGHED_BY = {
    "skin_texture": "skin_induration",
    "calcium_disorder_unspecific": CALCIPHYLAXIS_PROVISIONAL,
}


@dataclass(frozen=True, slots=True)
class SkinSign:
    """One sign by name with the condition that shows it and the words read from text.

    `since` is set for what stands on the list longer than a sign counts, and is still said to be there.
    """

    name: str
    level: Level
    condition: Condition
    words: str = ""
    since: date | None = None

    @property
    def on(self) -> date | None:
        """The later of recorded and onset date, as late as it can be; None when undated."""
        return last_day(self.condition)

    @property
    def limited(self) -> bool:
        """Does the sign never make more than a possible calciphylaxis?"""
        return self.name in LIMITED or self.since is not None


@dataclass(frozen=True, slots=True)
class SkinSigns:
    """The signs that count today, strongest first, each name once.

    `lowered_by` is the refuted entry of calciphylaxis that is as recent as every sign.
    """

    signs: tuple[SkinSign, ...] = ()
    lowered_by: Condition | None = None

    @property
    def necrosis(self) -> bool:
        """Skin necrosis, or gangrene that neither its place nor arteries nor diabetes explain."""
        return any(sign.level is Level.NECROSIS for sign in self.signs)

    @property
    def strong(self) -> bool:
        """At least one strong sign."""
        return any(sign.level is Level.STRONG for sign in self.signs)

    @property
    def grave(self) -> bool:
        """A strong sign, or one of necrosis level."""
        return self.strong or self.necrosis

    @property
    def different(self) -> int:
        """How many different signs: by name, with all signs of necrosis level counted as one."""
        return sum(sign.level is not Level.NECROSIS for sign in self.signs) + self.necrosis

    @property
    def limited(self) -> bool:
        """Only signs that never make more than a possible calciphylaxis."""
        return all(sign.limited for sign in self.signs)

    @property
    def provisional(self) -> str:
        """The recorded status of a provisional calciphylaxis entry, or "" without such an entry."""
        found = (sign.condition.verification for sign in self.signs if sign.name == CALCIPHYLAXIS_PROVISIONAL)
        return next(found, "")


def last_day(condition: Condition) -> date | None:
    """The later of the recorded and the onset date of a condition, at the latest day that they may mean."""
    return max((span.last for span in (condition.recorded, condition.onset) if span is not None), default=None)


def skin_signs(chart: Chart, on: date, limits: Thresholds) -> SkinSigns:
    """Every skin sign that counts on `on`, whether or not the patient is on dialysis (the tier decides on that)."""
    active = [condition for condition in chart.conditions if condition.active]
    reading = Reading(active, on, limits)
    found: dict[str, SkinSign] = {}
    for name, condition, words in (*reading.current(), *_recurrent_cellulitis(chart, on, limits)):
        found.setdefault(name, SkinSign(name, LEVELS[name], condition, words))
    for sign in reading.old(found):
        found.setdefault(sign.name, sign)
    for unspecific, specific in OUTWEIGHED_BY.items():
        if specific in found:
            found.pop(unspecific, None)
    signs = tuple(sorted(found.values(), key=lambda sign: ORDER.index(sign.level)))
    return SkinSigns(signs, _lowered_by(chart, signs, on))


def _lowered_by(chart: Chart, signs: Collection[SkinSign], on: date) -> Condition | None:
    """The newest refuted entry of calciphylaxis, when it was made on or after the day of every sign.

    An entry or a sign without a day cannot be shown to be the later one. A month that is not over counts until today.
    """
    entries = [entry for entry in chart.conditions if REFUTED in entry.concepts]
    refuted = [(entry.recorded.last, entry) for entry in entries if entry.recorded]
    if not refuted or not signs:
        return None
    day, newest = max(refuted, key=lambda pair: pair[0])
    return newest if all(sign.on is not None and min(sign.on, on) <= day for sign in signs) else None


Candidate = tuple[str, Condition, str]
"""Name of a sign, the entry that shows it, its words."""


@dataclass(frozen=True)
class Reading:
    """The active entries on a day, and what they say of each other."""

    active: list[Condition]
    on: date
    limits: Thresholds

    @cached_property
    def concepts(self) -> frozenset[str]:
        """Everything that the active entries stand for."""
        return frozenset(concept for condition in self.active for concept in condition.concepts)

    def current(self) -> Iterator[Candidate]:
        """The signs of entries that are not too old; provisional calciphylaxis has no window."""
        for condition in self.active:
            if CALCIPHYLAXIS_PROVISIONAL in condition.concepts:
                yield CALCIPHYLAXIS_PROVISIONAL, condition, _words(condition, CALCIPHYLAXIS_PROVISIONAL)
        if self.concepts.isdisjoint(LEVELS) and FOOT_ULCER not in self.concepts:
            return
        recent = [condition for condition in self.active if not self.is_old(condition)]
        companions = {concept for condition in recent for concept in condition.concepts}
        found = [
            (name, condition, sign)
            for condition in recent
            for concept, sign in condition.concepts.items()
            if (name := self._name(concept, sign, companions))
        ]
        names = {name for name, _, _ in found}
        for name, condition, sign in found:
            is_lifted = name == GANGRENE_ACRAL and not names.isdisjoint(LIFT)
            yield (sign.concept if is_lifted and sign.concept in LEVELS else name), condition, sign.words

    def _name(self, concept: str, sign: Sign, companions: Collection[str] = ()) -> str:
        """The sign that a concept stands for in this chart, or ""."""
        if concept in EXPLAINED and not self.concepts.isdisjoint(EXPLAIN_INDURATION):
            return ""
        if concept == GANGRENE and not sign.place:
            return self._gangrene()
        if concept == GANGRENE_ACRAL and "pad" in self.concepts:
            return GANGRENE_PAD
        if concept == FOOT_ULCER:
            # Foot and heel ulcers are mostly diabetic or from pressure; pain or necrosis beside them changes that.
            return ULCER if {"painful_lesion", "skin_necrosis"} & set(companions) else ""
        return concept if concept in LEVELS and concept != CALCIPHYLAXIS_PROVISIONAL else ""

    def _gangrene(self) -> str:
        """Gangrene whose place is not told: arteries, then diabetes explain it."""
        if "pad" in self.concepts:
            return GANGRENE_PAD
        return GANGRENE_ACRAL if "diabetes" in self.concepts else GANGRENE

    def is_old(self, condition: Condition) -> bool:
        """A dated sign has a window; an undated sign counts."""
        day = last_day(condition)
        return day is not None and (self.on - day).days > self.limits.sign_days

    def old(self, fresh: Mapping[str, SkinSign]) -> Iterator[SkinSign]:
        """What stands on the list for longer and is still said to be there, not beside the same sign of today."""
        for condition in self.active:
            if not condition.still_active or not self.is_old(condition):
                continue
            for concept, sign in condition.concepts.items():
                name = self._name(concept, sign)
                if name == ULCER:
                    yield SkinSign(ULCER, Level.WEAK, condition, sign.words, last_day(condition))
                elif name in STAYS and name not in fresh:
                    yield SkinSign(OLD_SIGN, Level.WEAK, condition, sign.words, last_day(condition))


def _words(condition: Condition, name: str) -> str:
    sign = condition.concepts.get(name)
    return sign.words if sign else ""


def _recurrent_cellulitis(chart: Chart, on: date, limits: Thresholds) -> Iterable[Candidate]:
    """Two or more episodes with different onset (else recorded) days inside the window; resolved ones count."""
    episodes: dict[Span, Condition] = {}
    for condition in chart.conditions:
        span = condition.onset or condition.recorded
        if "cellulitis" not in condition.concepts or span is None:
            continue
        # A month that is still running reaches beyond today: what counts is that the episode has begun.
        if span.first <= on and (on - span.last).days <= limits.cellulitis_days:
            episodes[span] = condition
    if len(episodes) > 1:
        yield "recurrent_cellulitis", max(episodes.values(), key=lambda condition: last_day(condition) or on), ""
