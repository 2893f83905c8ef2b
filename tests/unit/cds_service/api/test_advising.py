"""Rules and switches together: what is held back for what it is about is left out when the rules are asked again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import pytest

from cds_service.api.advising import RefusedWithout, advised
from cds_service.api.answering import refused_for
from cds_service.api.repeating import Repeats
from cds_service.knowledge import ALL, Asking, Reason, Sorted, Switches
from cds_service.knowledge.switches import Shadow
from hooks.card import Card, Indicator
from hooks.explain import Advise
from hooks.judgement import CannotJudge

DAY = date(2026, 11, 22)
ASKING = Asking("patient-view", "calciphylaxis-patient-view", "Practitioner", DAY)


def card(topic: str, indicator: Indicator = Indicator.WARNING) -> Card:
    return Card(topic, topic, indicator, "summary", "detail")


class Rules:
    """They give a card, another one where it is held back, and one on what is missing where both are."""

    def __init__(self) -> None:
        self.asked: list[set[str]] = []

    def __call__(self, untold: Collection[str]) -> list[Card]:
        self.asked.append(set(untold))
        cards = [card("a")] if "a" not in untold else [card("b")] if "b" not in untold else []
        return cards or [card("cua-data-gap", Indicator.INFO)]


def topics(switches: Switches) -> tuple[list[str], list[tuple[str, str]], int]:
    """The topics shown, those held back with the reason, and how often the rules were asked."""
    rules = Rules()
    found = advised(rules, switches, ASKING)
    return [one.topic for one in found.shown], [(one.card.topic, one.reason) for one in found.held], len(rules.asked)


@pytest.mark.parametrize(
    ("switches", "shown", "held", "asked"),
    [
        (Switches(), ["a"], [], 1),
        (Switches(topics={"b": "why"}), ["a"], [], 1),
        (Switches(topics={"a": "why"}), ["b"], [("a", "topic-off")], 2),
        (
            Switches(topics={"a": "why"}, killed=frozenset({"b"})),
            ["cua-data-gap"],
            [("a", "topic-off"), ("b", "kill-switch")],
            3,
        ),
        (Switches(users=frozenset({"Patient"})), ["cua-data-gap"], [("a", "role"), ("b", "role")], 3),
        (
            Switches(shadows=(Shadow(DAY, "pilot", topic="a"), Shadow(DAY, "pilot", topic="b"))),
            ["cua-data-gap"],
            [("a", "shadow"), ("b", "shadow")],
            3,
        ),
    ],
)
def test_a_card_that_is_held_back_for_what_it_is_about_leaves_its_place_to_the_next(
    switches: Switches, shown: list[str], held: list[tuple[str, str]], asked: int
) -> None:
    assert topics(switches) == (shown, held, asked)


@pytest.mark.parametrize(
    ("switches", "reason"),
    [
        (Switches(hooks={"patient-view": "why"}), "hook-off"),
        (Switches(services={"calciphylaxis-patient-view": "why"}), "service-off"),
        (Switches(killed=frozenset({ALL})), "kill-switch"),
        (Switches(shadows=(Shadow(DAY, "pilot"),)), "shadow"),
        (Switches(shadows=(Shadow(DAY, "pilot", hook="patient-view"),)), "shadow"),
        (Switches(shadows=(Shadow(DAY, "pilot"), Shadow(DAY, "pilot", topic="a"))), "shadow"),
        (Switches(topics={"a": "why"}, killed=frozenset({ALL})), "topic-off"),
        (Switches(topics={"a": "why"}, shadows=(Shadow(DAY, "pilot"),)), "topic-off"),
        (Switches(topics={"a": "why"}, shadows=(Shadow(DAY, "pilot", hook="patient-view"),)), "topic-off"),
        (Switches(users=frozenset({"Patient"}), shadows=(Shadow(DAY, "pilot"),)), "role"),
    ],
)
def test_where_nothing_at_all_is_shown_that_is_what_is_told(switches: Switches, reason: str) -> None:
    assert topics(switches) == ([], [("a", reason)], 1)


def test_a_card_over_the_limit_is_no_reason_to_ask_again() -> None:
    found = advised(lambda _: [card("a"), card("b")], Switches(card_limit=1), ASKING)
    assert [one.topic for one in found.shown] == ["a"]
    assert [(one.card.topic, one.reason) for one in found.held] == [("b", "card-limit")]


def test_a_card_keeps_the_reason_that_it_had_first() -> None:
    def rules(untold: Collection[str]) -> list[Card]:
        return [card(topic) for topic in "abc" if topic not in untold]

    shadows = (Shadow(DAY, "pilot", topic="a"), Shadow(DAY, "pilot", topic="b"))
    for switches in (Switches(shadows=shadows, card_limit=1), Switches(topics={"c": "why"}, shadows=shadows)):
        first = {back.card.topic: back.reason for back in switches.sort(rules(()), ASKING).held}
        found = advised(rules, switches, ASKING)
        assert {back.card.topic: back.reason for back in found.held} == first
        assert sorted([*(one.topic for one in found.shown), *first]) == ["a", "b", "c"]


@pytest.mark.parametrize("killed", [frozenset({"cua-data-gap"}), frozenset({"a", "b", "cua-data-gap"})])
def test_a_card_that_comes_however_often_the_rules_are_asked_is_held_back_once(killed: frozenset[str]) -> None:
    gap = card("cua-data-gap", Indicator.INFO)
    found = advised(lambda untold: [gap, *([card("a")] if "a" not in untold else [])], Switches(killed=killed), ASKING)
    assert [one.topic for one in found.shown] == ([] if "a" in killed else ["a"])
    assert sorted(one.card.topic for one in found.held) == sorted({"cua-data-gap"} | (killed & {"a"}))


def test_a_refusal_without_the_card_is_a_refusal_and_names_it() -> None:
    def rules(untold: Collection[str]) -> list[Card]:
        if untold:
            raise CannotJudge("conditions", "cut")
        return [card("a")]

    assert [one.topic for one in advised(rules, Switches(), ASKING).shown] == ["a"]
    with pytest.raises(RefusedWithout, match="cut; what was read gives a, which this clinic does not show") as refused:
        advised(rules, Switches(topics={"a": "why"}), ASKING)
    assert refused.value.what == "conditions"
    assert [(back.card.topic, back.reason) for back in refused.value.held] == [("a", "topic-off")]
    answer = refused_for(refused.value)
    assert answer.message == f"cannot judge: conditions could not be read ({refused.value.reason})"
    assert answer.logged == "cannot judge: conditions could not be read (cut)"


@pytest.mark.parametrize(
    ("switches", "told"),
    [
        (Switches(shadows=(Shadow(DAY, "pilot", topic="a"),)), ""),
        (Switches(users=frozenset({"Patient"})), ""),
        (Switches(shadows=(Shadow(DAY, "pilot", topic="a"),), killed=frozenset({"b"})),
         "; what was read gives b, which this clinic does not show"),
    ],
)  # fmt: skip
def test_a_refusal_names_no_card_that_is_on_trial_or_for_others(switches: Switches, told: str) -> None:
    def rules(untold: Collection[str]) -> list[Card]:
        if untold:
            raise CannotJudge("conditions", "cut")
        return [card("a"), card("b")]

    with pytest.raises(RefusedWithout) as refused:
        advised(rules, switches, ASKING)
    assert refused.value.reason == f"cut{told}"
    assert len(refused.value.held) == 1 + bool(told) or switches.users


# ------------------------------------------------------------------ the same advice again
def repeating(*topics: str) -> Repeats:
    """These are the same advice again."""
    return lambda cards, hook, policy: {card.topic: Reason.SHOWN for card in cards if card.topic in topics}


def told(found: Sorted) -> tuple[list[str], list[tuple[str, str]]]:
    return [card.topic for card in found.shown], [(back.card.topic, back.reason) for back in found.held]


def rules_of(*cards: Card) -> Advise:
    return lambda untold: [card for card in cards if card.topic not in untold]


def test_what_was_shown_before_is_held_back_and_nothing_comes_in_its_place_but_what_tells_of_a_gap() -> None:
    assert told(advised(Rules(), Switches(), ASKING, repeating("a"))) == ([], [("a", "shown-before")])
    gap = card("cua-data-gap", Indicator.INFO)
    rules: Advise = lambda untold: [gap] if "a" in untold else [card("a")]  # noqa: E731 (a rule in a line)
    assert told(advised(rules, Switches(), ASKING, repeating("a"))) == (["cua-data-gap"], [("a", "shown-before")])


def test_where_a_chart_could_not_be_judged_without_a_repeated_card_it_is_shown() -> None:
    def rules(untold: Collection[str]) -> list[Card]:
        if "a" in untold:
            raise CannotJudge("conditions", "the server did not answer")
        return [card("a"), card("b")]

    assert told(advised(rules, Switches(), ASKING, repeating("a"))) == (["a", "b"], [])


def test_a_repeated_card_takes_no_place_of_the_card_limit() -> None:
    rules = rules_of(card("a"), card("b"), card("c"))
    limited = Switches(card_limit=1)
    assert told(advised(rules, limited, ASKING)) == (["a"], [("b", "card-limit"), ("c", "card-limit")])
    found = told(advised(rules, limited, ASKING, repeating("a")))
    assert found == (["b"], [("c", "card-limit"), ("a", "shown-before")])
    found = told(advised(rules, limited, ASKING, repeating("a", "b", "c")))
    assert found == ([], [("a", "shown-before"), ("b", "shown-before"), ("c", "shown-before")])


def test_what_the_clinic_holds_back_for_other_reasons_keeps_them() -> None:
    off = Switches(topics={"b": "why"})
    found = told(advised(rules_of(card("a"), card("b"), card("c")), off, ASKING, repeating("a", "b")))
    assert found == (["c"], [("b", "topic-off"), ("a", "shown-before")])


@pytest.mark.parametrize(
    "switches",
    [
        Switches(tell_of_gaps=frozenset({"a"})),
        Switches(can_be_critical=frozenset({"a"})),
    ],
    ids=["it tells of a gap", "it can be critical"],
)
def test_what_must_come_each_time_is_not_even_asked_about(switches: Switches) -> None:
    assert told(advised(rules_of(card("a")), switches, ASKING, repeating("a"))) == (["a"], [])
