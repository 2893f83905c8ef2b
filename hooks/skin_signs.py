"""Skin signs: which entries of the problem list point to calciphylaxis, and how strongly.

What may live here: which signs count, which explain each other away, how many different signs there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from hooks.chart import Chart, Condition, Span
from hooks.thresholds import Thresholds

CALCIPHYLAXIS_PROVISIONAL = "calciphylaxis_provisional"
EXPLAIN_INDURATION = ("nephrogenic_systemic_fibrosis", "systemic_sclerosis", "morphea")


class Level(StrEnum):
    """How much one sign weighs."""

    WEAK = "weak"
    STRONG = "strong"
    NECROSIS = "necrosis"


LEVELS = {
    "skin_necrosis": Level.NECROSIS,
    "gangrene": Level.NECROSIS,
    "skin_induration": Level.STRONG,
    "livedo": Level.STRONG,
    "painful_lesion": Level.STRONG,
    CALCIPHYLAXIS_PROVISIONAL: Level.STRONG,
    "skin_texture": Level.WEAK,
    "skin_ulcer": Level.WEAK,
    "recurrent_cellulitis": Level.WEAK,
    "calcium_disorder_unspecific": Level.WEAK,
    "gangrene_pad": Level.WEAK,
}

# An unspecific finding is not counted beside the finding that it may stand for.
OUTWEIGHED_BY = {
    "skin_texture": "skin_induration",
    "calcium_disorder_unspecific": CALCIPHYLAXIS_PROVISIONAL,
}


@dataclass(frozen=True, slots=True)
class SkinSign:
    """One sign by name with the conditions that show it (the first is quoted) and the words read from text."""

    name: str
    level: Level
    condition: Condition
    words: str = ""

    @property
    def on(self) -> date | None:
        """The later of recorded and onset date, as late as it can be; None when undated."""
        return last_day(self.condition)


@dataclass(frozen=True, slots=True)
class SkinSigns:
    """The signs that count today, strongest first, each name once."""

    signs: tuple[SkinSign, ...] = ()

    @property
    def necrosis(self) -> bool:
        """Skin necrosis, or gangrene that no arterial disease explains."""
        return any(sign.level is Level.NECROSIS for sign in self.signs)

    @property
    def strong(self) -> bool:
        """At least one strong sign."""
        return any(sign.level is Level.STRONG for sign in self.signs)

    @property
    def different(self) -> int:
        """How many different signs: by name, with all signs of necrosis level counted as one."""
        return sum(sign.level is not Level.NECROSIS for sign in self.signs) + self.necrosis

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
    found: dict[str, SkinSign] = {}
    for name, condition in _candidates(chart, on, limits):
        found.setdefault(name, SkinSign(name, LEVELS[name], condition, _words(condition, name)))
    for unspecific, specific in OUTWEIGHED_BY.items():
        if specific in found:
            found.pop(unspecific, None)
    order = [Level.NECROSIS, Level.STRONG, Level.WEAK]
    return SkinSigns(tuple(sorted(found.values(), key=lambda sign: order.index(sign.level))))


def _words(condition: Condition, name: str) -> str:
    sign = condition.concepts.get(name)
    return sign.words if sign else ""


def _candidates(chart: Chart, on: date, limits: Thresholds) -> Iterator[tuple[str, Condition]]:
    active = [condition for condition in chart.conditions if condition.active]
    concepts = {concept for condition in active for concept in condition.concepts}
    induration_explained = any(explanation in concepts for explanation in EXPLAIN_INDURATION)
    current = [condition for condition in active if _is_current(condition, on, limits)]
    for condition in active:
        if CALCIPHYLAXIS_PROVISIONAL in condition.concepts:
            yield CALCIPHYLAXIS_PROVISIONAL, condition
    seen = {concept for condition in current for concept in condition.concepts}
    for condition in current:
        for concept in condition.concepts:
            name = _as_sign(concept, arterial_disease="pad" in concepts, companions=seen)
            if name is None or (name in ("skin_induration", "skin_texture") and induration_explained):
                continue
            yield name, condition
    yield from _recurrent_cellulitis(chart, on, limits)


def _as_sign(concept: str, *, arterial_disease: bool, companions: set[str]) -> str | None:
    """The sign that a concept stands for beside its companions, or None."""
    if concept == "gangrene" and arterial_disease:
        return "gangrene_pad"
    if concept == "foot_ulcer":
        # Foot and heel ulcers are mostly diabetic or from pressure; pain or necrosis beside them changes that.
        return "skin_ulcer" if companions & {"painful_lesion", "skin_necrosis"} else None
    if concept == CALCIPHYLAXIS_PROVISIONAL:
        return None
    return concept if concept in LEVELS else None


def _is_current(condition: Condition, on: date, limits: Thresholds) -> bool:
    """A dated sign has a window; an undated sign counts."""
    day = last_day(condition)
    return day is None or (on - day).days <= limits.sign_days


def _recurrent_cellulitis(chart: Chart, on: date, limits: Thresholds) -> Iterator[tuple[str, Condition]]:
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
        yield "recurrent_cellulitis", max(episodes.values(), key=lambda condition: last_day(condition) or on)
