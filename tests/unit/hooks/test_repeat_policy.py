"""The same advice again: held back for its time, on both sides of each window, and never where it is critical."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hooks.card import Card, Indicator
from hooks.repeat_policy import AT_THE_LAST, CLOCKS_DIFFER, NEVER, Earlier, Repeated, RepeatPolicy, repeated

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
VIEW, SELECT, SIGN = "patient-view", "order-select", "order-sign"
INFO, WARNING, CRITICAL = Indicator
POLICY = RepeatPolicy(
    after_shown=timedelta(hours=8), after_override=timedelta(hours=72), at_order_sign=timedelta(hours=1)
)
CARD = Card("vka-dialysis", "Warfarin on dialysis", WARNING, "summary", "detail")
MOMENT = timedelta(microseconds=1)


def shown(ago: timedelta, hook: str = VIEW, **more: Any) -> Earlier:
    return replace(Earlier(hook, "vka-dialysis", WARNING, "advice", NOW - ago), **more)


def why(*earlier: Earlier, card: Card = CARD, hook: str = VIEW, policy: RepeatPolicy = POLICY) -> Repeated | None:
    return repeated(card, {"advice", "the same by an older key"}, hook, earlier, NOW, policy)


@pytest.mark.parametrize(
    ("ago", "held"),
    [
        (timedelta(), Repeated.SHOWN),
        (POLICY.after_shown - MOMENT, Repeated.SHOWN),
        (POLICY.after_shown, None),
        (-CLOCKS_DIFFER, Repeated.SHOWN),
        (-CLOCKS_DIFFER - MOMENT, None),
    ],
)
def test_what_was_shown_is_held_back_until_its_time_is_over(ago: timedelta, held: Repeated | None) -> None:
    assert why(shown(ago)) is held


def test_without_earlier_advice_everything_is_shown() -> None:
    assert why() is None


@pytest.mark.parametrize(
    ("ago", "held"), [(POLICY.after_override - MOMENT, Repeated.OVERRIDDEN), (POLICY.after_override, None)]
)
def test_what_was_overridden_is_held_back_from_then_on(ago: timedelta, held: Repeated | None) -> None:
    assert why(shown(timedelta(days=30), overridden=NOW - ago)) is held


def test_an_override_goes_before_a_showing() -> None:
    assert why(shown(timedelta(), overridden=NOW)) is Repeated.OVERRIDDEN


@pytest.mark.parametrize(
    ("ago", "held"), [(POLICY.at_order_sign - MOMENT, Repeated.ORDERED), (POLICY.at_order_sign, None)]
)
def test_what_was_seen_when_the_order_was_picked_is_not_repeated_when_it_is_signed(
    ago: timedelta, held: Repeated | None
) -> None:
    assert why(shown(ago, SELECT), hook=SIGN) is held


@pytest.mark.parametrize(("before", "now"), [(VIEW, SELECT), (VIEW, SIGN), (SELECT, VIEW), (SIGN, SELECT)])
def test_advice_at_another_moment_is_shown(before: str, now: str) -> None:
    assert why(shown(timedelta(), before, overridden=NOW), hook=now) is None


@pytest.mark.parametrize("hook", [VIEW, SELECT, SIGN])
def test_a_critical_card_is_shown_each_time(hook: str) -> None:
    critical = replace(CARD, indicator=CRITICAL)
    before = [shown(timedelta(), where, indicator=CRITICAL, overridden=NOW) for where in (hook, SELECT)]
    assert why(*before, card=critical, hook=hook) is None
    assert why(*before, hook=hook) is Repeated.OVERRIDDEN


@pytest.mark.parametrize(
    ("changed", "held"),
    [
        ({"advice": "other advice"}, None),
        ({"topic": "iron-cua"}, None),
        ({"advice": "the same by an older key"}, Repeated.SHOWN),
        ({"indicator": INFO}, None),
        ({"indicator": CRITICAL}, Repeated.SHOWN),
    ],
    ids=["other advice", "another topic", "an older key", "it was less urgent", "it was more urgent"],
)
def test_only_the_same_advice_of_the_same_urgency_counts(changed: dict[str, Any], held: Repeated | None) -> None:
    assert why(shown(timedelta(), **changed)) is held


def test_without_a_window_nothing_is_held_back() -> None:
    everything = [shown(timedelta(), hook, overridden=NOW) for hook in (VIEW, SELECT, SIGN)]
    assert RepeatPolicy().looks_back == NEVER
    assert [why(*everything, hook=hook, policy=RepeatPolicy()) for hook in (VIEW, SELECT, SIGN)] == [None] * 3


def test_the_longest_window_says_how_far_to_look_back() -> None:
    assert POLICY.looks_back == POLICY.after_override


@pytest.mark.parametrize(("ago", "held"), [(AT_THE_LAST - MOMENT, Repeated.OVERRIDDEN), (AT_THE_LAST, None)])
def test_a_day_later_signing_is_a_new_decision_however_long_the_window_is(
    ago: timedelta, held: Repeated | None
) -> None:
    long = RepeatPolicy(after_shown=timedelta(days=7), after_override=timedelta(days=7))
    assert why(shown(ago, SIGN, overridden=NOW - ago), hook=SIGN, policy=long) is held
    assert why(shown(ago, SIGN), hook=SIGN, policy=long) is (Repeated.SHOWN if held else None)
    assert why(shown(ago, VIEW), hook=VIEW, policy=long) is Repeated.SHOWN
