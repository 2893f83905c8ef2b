"""Each card of an answer is shown or held back with its reason; nothing is dropped, and no critical card is cut."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.knowledge.switches import ALL, EVERYTHING_ON, Asking, Reason, Shadow, Switches
from hooks.card import Card, Indicator

DAY, DAY_LONG = date(2026, 11, 22), timedelta(days=1)
ASKING = Asking("order-select", "calciphylaxis-order-select", "Practitioner", DAY)
INFO, WARNING, CRITICAL = Indicator


def card(topic: str, indicator: Indicator = INFO) -> Card:
    return Card(topic, topic, indicator, "summary", "detail")


def sorted_by(switches: Switches, *cards: Card, asking: Asking = ASKING) -> tuple[list[str], dict[str, str]]:
    """The topics that are shown, and the reason of each that is held back."""
    found = switches.sort(cards, asking)
    return [one.topic for one in found.shown], {one.card.topic: one.reason.value for one in found.held}


def test_without_a_site_policy_every_card_is_shown_as_it_came() -> None:
    cards = [card("a", CRITICAL), card("c", WARNING), card("b", WARNING), card("d")]
    assert EVERYTHING_ON.sort(cards, ASKING).shown == cards
    assert EVERYTHING_ON.sort(cards, ASKING).held == []


@pytest.mark.parametrize(
    ("switches", "reason"),
    [
        (Switches(topics={"a": "why"}), "topic-off"),
        (Switches(hooks={"order-select": "why"}), "hook-off"),
        (Switches(services={"calciphylaxis-order-select": "why"}), "service-off"),
        (Switches(users=frozenset({"Patient"})), "role"),
        (Switches(killed=frozenset({"a"})), "kill-switch"),
        (Switches(killed=frozenset({ALL})), "kill-switch"),
        (Switches(shadows=(Shadow(DAY, "pilot"),)), "shadow"),
        (Switches(shadows=(Shadow(DAY, "pilot", hook="order-select", topic="a"),)), "shadow"),
        (Switches(shadows=(Shadow(DAY - DAY_LONG, "its last day", until=DAY),)), "shadow"),
    ],
)
def test_a_card_that_is_not_shown_has_its_reason(switches: Switches, reason: str) -> None:
    assert sorted_by(switches, card("a", WARNING)) == ([], {"a": reason})


@pytest.mark.parametrize(
    "switches",
    [
        Switches(topics={"b": "why"}),
        Switches(hooks={"order-sign": "why"}),
        Switches(services={"calciphylaxis-order-sign": "why"}),
        Switches(users=frozenset({"Practitioner"})),
        Switches(killed=frozenset({"b"})),
        Switches(shadows=(Shadow(DAY + DAY_LONG, "from tomorrow on"),)),
        Switches(shadows=(Shadow(DAY - DAY_LONG, "until yesterday", until=DAY - DAY_LONG),)),
        Switches(shadows=(Shadow(DAY, "pilot", hook="order-sign"),)),
        Switches(shadows=(Shadow(DAY, "pilot", hook="order-select", topic="b"),)),
    ],
)
def test_what_is_switched_elsewhere_changes_nothing(switches: Switches) -> None:
    assert sorted_by(switches, card("a", WARNING)) == (["a"], {})


def test_the_limit_keeps_the_most_urgent_and_every_critical_card() -> None:
    cards = [card("a", CRITICAL), card("b", CRITICAL), card("c", WARNING), card("d", WARNING)]
    assert sorted_by(Switches(card_limit=3), *cards) == (["a", "b", "c"], {"d": "card-limit"})
    assert sorted_by(Switches(card_limit=1), *cards) == (["a", "b"], {"c": "card-limit", "d": "card-limit"})


def test_what_is_off_takes_no_place_of_the_limit() -> None:
    cards = [card("a", WARNING), card("b", WARNING), card("c")]
    off = Switches(topics={"a": "why"}, killed=frozenset({"b"}), card_limit=1)
    assert sorted_by(off, *cards) == (["c"], {"a": "topic-off", "b": "kill-switch"})


def test_shadow_mode_tells_which_cards_would_have_been_shown() -> None:
    cards = [card("a", WARNING), card("b", WARNING), card("c")]
    pilot = Switches(shadows=(Shadow(DAY, "pilot"),), card_limit=2)
    assert sorted_by(pilot, *cards) == ([], {"a": "shadow", "b": "shadow", "c": "card-limit"})
    one_topic = Switches(shadows=(Shadow(DAY, "pilot", topic="a"),), card_limit=2)
    assert sorted_by(one_topic, *cards) == (["b", "c"], {"a": "shadow"})


def test_another_indicator_puts_the_card_in_its_place() -> None:
    switches = Switches(indicators={("c", "order-select"): CRITICAL, ("a", "order-sign"): INFO})
    found = switches.sort([card("a", CRITICAL), card("b", WARNING), card("c")], ASKING)
    assert [(one.topic, one.indicator) for one in found.shown] == [("a", CRITICAL), ("c", CRITICAL), ("b", WARNING)]


def test_a_user_of_unknown_type_gets_every_card() -> None:
    unknown = replace(ASKING, user="")
    assert sorted_by(Switches(users=frozenset({"Patient"})), card("a"), asking=unknown) == (["a"], {})


def test_a_critical_card_is_for_everybody() -> None:
    patients = Switches(users=frozenset({"PractitionerRole"}))
    assert sorted_by(patients, card("a", CRITICAL), card("b", WARNING)) == (["a"], {"b": "role"})


@pytest.mark.parametrize("held", [Switches(users=frozenset({"Patient"})), Switches(card_limit=1)])
def test_a_card_that_tells_of_a_gap_is_for_everybody_and_never_over_the_limit(held: Switches) -> None:
    switches = replace(held, tell_of_gaps=frozenset({"gap"}))
    shown, back = sorted_by(switches, card("a", CRITICAL), card("b", WARNING), card("gap"), card("other"))
    assert shown == ["a", "gap"]
    assert back.keys() == {"b", "other"}


@pytest.mark.parametrize("held", [Switches(users=frozenset({"Patient"})), Switches(card_limit=1)])
def test_so_is_a_card_that_can_be_critical_in_its_milder_form(held: Switches) -> None:
    switches = replace(held, can_be_critical=frozenset({"cua-suspected"}))
    shown, back = sorted_by(switches, card("a", CRITICAL), card("cua-suspected", WARNING), card("other"))
    assert shown == ["a", "cua-suspected"]
    assert back.keys() == {"other"}


def test_by_themselves_switches_know_the_cards_of_gaps_that_no_rule_of_drugs_gives() -> None:
    assert sorted_by(Switches(card_limit=1), card("a", WARNING), card("cua-data-gap")) == (["a", "cua-data-gap"], {})


# ------------------------------------------------------------------ whatever is switched
TOPICS, HOOKS = "abcd", ("order-select", "order-sign")
SERVICES = ("calciphylaxis-order-select", "calciphylaxis-order-sign")
USERS = ("Practitioner", "Patient")
CARDS = st.lists(st.builds(card, st.sampled_from(TOPICS), st.sampled_from(Indicator)), max_size=6)


def off(names: tuple[str, ...] | str) -> st.SearchStrategy[dict[str, str]]:
    return st.dictionaries(st.sampled_from(names), st.just("why"), max_size=2)


def maybe(names: tuple[str, ...] | str) -> st.SearchStrategy[str | None]:
    return st.none() | st.sampled_from(names)


SHADOWS = st.builds(
    Shadow,
    since=st.dates(date(2026, 11, 21), date(2026, 11, 23)),
    reason=st.just("pilot"),
    hook=maybe(HOOKS),
    service=maybe(SERVICES),
    topic=maybe(TOPICS),
)
SWITCHES = st.builds(
    Switches,
    topics=off(TOPICS),
    hooks=off(HOOKS),
    services=off(SERVICES),
    indicators=st.dictionaries(
        st.tuples(st.sampled_from(TOPICS), st.sampled_from(HOOKS)), st.sampled_from(Indicator), max_size=3
    ),
    shadows=st.lists(SHADOWS, max_size=2).map(tuple),
    card_limit=st.none() | st.integers(1, 5),
    users=st.none() | st.frozensets(st.sampled_from(USERS)),
    killed=st.frozensets(st.sampled_from(TOPICS + ALL), max_size=2),
    tell_of_gaps=st.frozensets(st.sampled_from(TOPICS), max_size=2),
    can_be_critical=st.frozensets(st.sampled_from(TOPICS), max_size=1),
)


@settings(deadline=None)
@given(SWITCHES, CARDS)
def test_every_card_is_shown_or_held_back_for_a_reason_that_is_so(switches: Switches, cards: list[Card]) -> None:
    found = switches.sort(cards, ASKING)
    held = [back.card for back in found.held]
    assert Counter(one.topic for one in [*found.shown, *held]) == Counter(one.topic for one in cards)
    for one in [*found.shown, *held]:
        changed = switches.indicators.get((one.topic, ASKING.hook))
        assert changed in (None, one.indicator)
    urgency = [one.indicator.urgency for one in found.shown]
    assert urgency == sorted(urgency, reverse=True)
    for back in found.held:
        assert is_so(back.reason, back.card, switches, found.shown)
    for shown in found.shown:
        assert not any(is_so(reason, shown, switches, found.shown) for reason in SURE)


SURE = set(Reason) - {Reason.CARD_LIMIT}


def is_so(reason: Reason, one: Card, switches: Switches, shown: list[Card]) -> bool:
    """Does this keep the card from being shown?"""
    must_come = one.indicator is CRITICAL or one.topic in switches.tell_of_gaps | switches.can_be_critical
    match reason:
        case Reason.TOPIC_OFF:
            return one.topic in switches.topics
        case Reason.HOOK_OFF:
            return ASKING.hook in switches.hooks
        case Reason.SERVICE_OFF:
            return ASKING.service in switches.services
        case Reason.KILL_SWITCH:
            return bool(switches.killed & {one.topic, ALL})
        case Reason.ROLE:
            return switches.users is not None and ASKING.user not in switches.users and not must_come
        case Reason.SHADOW:
            return any(shadow.covers(one.topic, ASKING) for shadow in switches.shadows)
        case Reason.CARD_LIMIT:
            shadowed = any(shadow.covers(one.topic, ASKING) for shadow in switches.shadows)
            full = switches.card_limit is not None and (shadowed or len(shown) >= switches.card_limit)
            return full and not must_come
        case Reason.SHOWN | Reason.OVERRIDDEN | Reason.ORDERED:
            # What was shown before is known to the log alone.
            return False
