"""What the rules say, for the figure: one stretch of days for each evaluation.

What may live here: the height of each level. What a level is called stands in `words`.
"""

from __future__ import annotations

from datetime import date

from cds_service.web.course.figure import Stretch, Window, lines
from cds_service.web.course.words import NO_LEVEL, CourseWords
from hooks.assessment import Tier
from hooks.course import Course, Evaluation, Outcome

_TIERS = (Tier.NONE, Tier.ELEVATED_RISK, Tier.HIGH_RISK, Tier.POSSIBLE, Tier.SUSPECTED, Tier.CONFIRMED)
LEVELS = ("rules do not apply", NO_LEVEL, *(tier.value for tier in _TIERS[1:]))
"""From the bottom of the row to its top."""


def stretches(course: Course, window: Window, words: CourseWords) -> tuple[Stretch, ...]:
    """What holds on some day of the window, oldest first."""
    ends = [*(evaluation.on for evaluation in course.evaluations), course.today][1:]
    return tuple(
        _stretch(evaluation, end, window, words)
        for evaluation, end in zip(course.evaluations, ends, strict=True)
        if end > window.first or evaluation.on >= window.first
    )


def _stretch(evaluation: Evaluation, end: date, window: Window, words: CourseWords) -> Stretch:
    outcome, otherwise = evaluation.outcome, evaluation.otherwise or evaluation.outcome
    level = _level(outcome, outside=evaluation.outside)
    return Stretch(
        begin=window.clipped(evaluation.on),
        end=end,
        level=level,
        points=outcome.points,
        otherwise_level=_level(otherwise, outside=otherwise.outside) if evaluation.otherwise else level,
        otherwise_points=otherwise.points,
        outside=evaluation.outside,
        grave=outcome.tier in (Tier.SUSPECTED, Tier.CONFIRMED),
        level_open=evaluation.tier_open,
        points_open=evaluation.incomplete and not evaluation.outside,
        words=lines(words.evaluation(evaluation)),
        points_words=lines(words.points_lines(evaluation)),
    )


def _level(outcome: Outcome, *, outside: bool) -> int:
    return 0 if outside else 1 + _TIERS.index(outcome.tier)
