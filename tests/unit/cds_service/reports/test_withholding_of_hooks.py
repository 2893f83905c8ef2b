"""Cards of hooks beside cards of topics: from both nobody can work a small number out. All near numbers are tried."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from itertools import product

import pytest

from cds_service.reports import Number, Report, Withheld, named_by_code, report_of
from tests.unit.cds_service.reports.counting import WEEKS, count

HOOKS, INDICATORS, TOPICS = ("order-select", "patient-view"), ("critical", "warning"), ("a", "b")
Cell = tuple[str, str]


def some_report(seed: int) -> Report:
    """Cards of two topics, two indicators and two hooks, of which many are few."""
    numbers = random.Random(seed)
    return report_of(
        [
            replace(count(topic, indicator=indicator, times=times), hook=hook)
            for topic, indicator, hook in product(TOPICS, INDICATORS, HOOKS)
            if (times := numbers.choice([0, 0, 1, 2, 3, 4, 5, 6, 9, 20]))
        ],
        WEEKS,
        named_by_code,
    )


def worked_out(exact: Report, told: Report) -> set[tuple[str, Cell | str]]:
    """The small numbers that cannot be one more or one less, whatever the withheld ones are."""
    cards = {card: row.shown for card, row in exact.cards.items()}
    cards_told = {card: row.shown for card, row in told.cards.items()}
    by_cards = [(way, _by_indicator(way)) for way in _ways(cards, cards_told)]
    by_hooks = [(way, _by_indicator(way)) for way in _hook_ways(exact, told)]
    small: set[tuple[str, Cell | str]] = {("card", key) for key, number in cards_told.items() if number is Withheld.FEW}
    small |= {("at hook", key) for key, number in told.hook_indicators.items() if number is Withheld.FEW}
    small |= {("hook", key) for key, number in told.hooks.items() if number is Withheld.FEW}
    moved: set[tuple[str, Cell | str]] = set()
    for (of_cards, one), (of_hooks, other) in product(by_cards, by_hooks):
        if one == other and _fits(exact.total.shown, told.total.shown, sum(of_cards.values())):
            moved |= {("card", key) for key, by in of_cards.items() if by}
            moved |= {("at hook", key) for key, by in of_hooks.items() if by}
            moved |= {("hook", hook) for hook in told.hooks if _of_hook(of_hooks, hook)}
    return small - moved


def _hook_ways(exact: Report, told: Report) -> list[dict[Cell, int]]:
    ways = _ways(exact.hook_indicators, told.hook_indicators)
    return [
        way
        for way in ways
        if all(_fits(number, told.hooks[hook], _of_hook(way, hook)) for hook, number in exact.hooks.items())
    ]


def _ways(exact: Mapping[Cell, Number], told: Mapping[Cell, Number]) -> list[dict[Cell, int]]:
    changes = (dict(zip(exact, way, strict=True)) for way in product((-1, 0, 1), repeat=len(exact)))
    return [change for change in changes if all(_fits(exact[key], told[key], by) for key, by in change.items())]


def _fits(exact: Number, told: Number, by: int) -> bool:
    assert isinstance(exact, int)
    if told is Withheld.FEW:
        return 1 <= exact + by <= 4
    return exact + by >= 0 and (told is Withheld.BESIDE or by == 0) and (exact < 5 or exact + by >= 5)


def _by_indicator(way: Mapping[Cell, int]) -> tuple[int, ...]:
    return tuple(sum(by for (_, of), by in way.items() if of == indicator) for indicator in INDICATORS)


def _of_hook(way: Mapping[Cell, int], hook: str) -> int:
    return sum(by for (of, _), by in way.items() if of == hook)


@pytest.mark.parametrize("seed", range(60))
def test_no_small_number_of_a_card_or_a_hook_can_be_worked_out(seed: int) -> None:
    exact = some_report(seed)
    told = exact.without_small_numbers()
    assert worked_out(exact, told) == set()
    for number in (*told.hooks.values(), *told.hook_indicators.values(), *(row.shown for row in told.cards.values())):
        assert isinstance(number, Withheld) or not 0 < number < 5


def test_a_careless_report_is_found_out() -> None:
    exact = report_of(
        [replace(count("a", times=3), hook=HOOKS[0]), replace(count("b", times=20), hook=HOOKS[1])],
        WEEKS,
        named_by_code,
    )
    careless = replace(exact.without_small_numbers(), hooks={HOOKS[0]: Withheld.FEW, HOOKS[1]: 20})
    assert ("hook", HOOKS[0]) in worked_out(exact, careless)
