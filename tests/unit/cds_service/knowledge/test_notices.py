"""What is not shown, in words that nobody can take for "no risk"."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from cds_service.knowledge import (
    ALL,
    Asking,
    HeldBack,
    Knowledge,
    Reason,
    Switches,
    load_knowledge,
    notices_of,
    switched_in,
    why_held,
)
from cds_service.knowledge.critical_cards import critical_topics
from cds_service.knowledge.notices import Notice
from cds_service.knowledge.switches import CriticalOff, Shadow
from cds_service.settings import Settings
from hooks.card import Card, Indicator
from hooks.repeat_policy import RepeatPolicy

DAY = date(2026, 12, 1)


PACKAGED = load_knowledge(Settings(dev=True))


def known(switches: Switches) -> Knowledge:
    return replace(PACKAGED, tenant="north", switches=switches)


def said(switches: Switches, on: date = DAY) -> list[str]:
    return [notice.says for notice in notices_of(known(switches), on)]


def test_nothing_is_said_where_everything_is_on() -> None:
    assert said(Switches(indicators={}, card_limit=3)) == []


def test_what_the_default_policy_switches_is_told_with_those_for_whom_alone_it_is() -> None:
    pilot = Shadow(date(2026, 11, 1), "pilot")
    indicators = {("vitd-hypercalcaemia", "order-select"): Indicator.WARNING}
    switches = Switches(shadows=(pilot,), indicators=indicators, card_limit=3)
    default = replace(known(switches), tenant="default")
    whose = "for callers that are not known"
    shadow = f"All cards are worked out and recorded but not shown (shadow mode) {whose} since 2026-11-01: pilot."
    assert [notice.says for notice in notices_of(default, DAY)] == [shadow]
    assert switched_in(default, DAY) == [
        shadow,
        f"The card vitd-hypercalcaemia is warning at order-select {whose}, whatever the rule says.",
        f"An answer {whose} has at most 3 cards; cards that can be critical and those that tell what could not be "
        "read are never cut.",
    ]
    assert "callers" not in " ".join(switched_in(known(switches), DAY))


def test_each_switch_has_a_sentence_with_its_reason() -> None:
    switches = Switches(
        topics={"vka-cua": "minute 12."},
        hooks={"order-select": "minute 13"},
        services={"calciphylaxis-order-sign": ""},
        critical_off=CriticalOff(("Dr A", "Dr B"), "another system warns"),
        users=frozenset({"PractitionerRole", "Practitioner"}),
    )
    assert said(switches) == [
        "The service calciphylaxis-order-sign gives no cards, by the site policy.",
        "No cards are shown at order-select, by the site policy: minute 13.",
        "Cards on vka-cua are not shown, by the site policy: minute 12.",
        "Critical cards for vka-cua are switched off by Dr A and Dr B: another system warns.",
        f"Critical cards for {critical('order-select')} at order-select are switched off by Dr A and Dr B: another "
        "system warns.",
        f"Critical cards for {critical('order-sign')} of calciphylaxis-order-sign are switched off by Dr A and Dr B: "
        "another system warns.",
        "Users of other types than Practitioner, PractitionerRole get only cards that can be critical, and those that "
        "tell what could not be read. Users of these types get each card that is shown, by the site policy.",
    ]


def critical(hook: str) -> str:
    return ", ".join(sorted(critical_topics(PACKAGED.policy)[hook]))


BY_TWO = CriticalOff(("Dr A", "Dr B"), "another system warns")


def test_who_answers_is_told_of_critical_cards_alone() -> None:
    off = Switches(topics={"calcium-restrict": "minute 12"}, hooks={"encounter-start": ""}, critical_off=BY_TWO)
    assert not any(sentence.startswith("Critical") for sentence in said(off))


def test_critical_cards_that_are_less_urgent_or_in_shadow_mode_are_told_with_who_and_why() -> None:
    changed = Switches(
        indicators={("vka-cua", "order-select"): Indicator.WARNING, ("iron-cua", "order-sign"): Indicator.INFO},
        shadows=(
            Shadow(DAY, "pilot", topic="calcium-cua"),
            Shadow(DAY, "pilot", "order-sign", topic="iron-cua"),
            Shadow(DAY, "pilot", "order-sign", topic="vka-cua"),
            Shadow(date(2026, 12, 2), "later", topic="vka-cua"),
            Shadow(date(2026, 11, 1), "over", topic="vka-cua", until=date(2026, 11, 30)),
        ),
        critical_off=BY_TWO,
    )
    told = [sentence for sentence in said(changed) if sentence.startswith("Critical")]
    assert told == [
        "Critical cards for vka-cua at order-select are made less urgent (warning) by Dr A and Dr B: another system "
        "warns.",
        "Critical cards for calcium-cua are put into shadow mode by Dr A and Dr B: another system warns.",
        "Critical cards for vka-cua at order-sign are put into shadow mode by Dr A and Dr B: another system warns.",
    ]


def test_critical_cards_of_a_hook_or_service_in_shadow_mode_are_told_with_who_and_why() -> None:
    shadows = (
        Shadow(DAY, "pilot", hook="order-sign"),
        Shadow(DAY, "pilot", service="calciphylaxis-order-select"),
        Shadow(DAY, "pilot", hook="order-sign", topic="vka-past-cua"),
        Shadow(DAY, "pilot", hook="order-sign", topic="cua-suspected"),
        Shadow(DAY, "the whole tenant"),
        Shadow(date(2026, 11, 1), "over", hook="patient-view", until=date(2026, 11, 30)),
    )
    told = [one for one in said(Switches(shadows=shadows, critical_off=BY_TWO)) if one.startswith("Critical")]
    by = "are put into shadow mode by Dr A and Dr B: another system warns."
    assert told == [
        f"Critical cards for {critical('order-sign')} at order-sign {by}",
        f"Critical cards for {critical('order-select')} of calciphylaxis-order-select {by}",
        f"Critical cards for vka-past-cua at order-sign {by}",
    ]


def test_numbers_and_codes_by_which_fewer_get_a_critical_card_are_told_with_who_and_why() -> None:
    covers = ("vka-cua", "order-sign", "calciphylaxis-order-sign", "suspected_score", "transplant")
    answered = replace(BY_TWO, covers=covers)
    assert said(Switches(critical_off=answered)) == [
        "Fewer patients may get a critical card by suspected_score, transplant (responsible: Dr A and Dr B): another "
        "system warns."
    ]
    assert said(Switches(critical_off=replace(answered, covers=covers[:3]))) == []


def test_shadow_mode_is_told_from_its_day_on_with_all_that_narrows_it() -> None:
    switches = Switches(
        shadows=(
            Shadow(DAY, "pilot"),
            Shadow(DAY, "pilot", "order-select", "calciphylaxis-order-select", "vka-cua"),
            Shadow(date(2026, 12, 2), "later"),
        )
    )
    assert said(switches) == [
        "All cards are worked out and recorded but not shown (shadow mode) since 2026-12-01: pilot.",
        "Cards on vka-cua at order-select of calciphylaxis-order-select are worked out and recorded but not shown "
        "(shadow mode) since 2026-12-01: pilot.",
    ]


@pytest.mark.parametrize(
    ("days", "until", "how_long"),
    [
        (-1, None, None),
        (0, None, "shadow mode"),
        (90, None, "shadow mode"),
        (91, None, "shadow mode without an end, for 91 days now"),
        (9, 9, "shadow mode, last day 2026-12-10"),
        (91, 91, "shadow mode, last day 2027-03-02"),
        (10, 9, None),
    ],
)
def test_shadow_mode_is_told_until_its_last_day_and_without_one_how_long_it_has_been(
    days: int, until: int | None, how_long: str | None
) -> None:
    last = None if until is None else DAY + timedelta(days=until)
    told = said(Switches(shadows=(Shadow(DAY, "pilot", until=last),)), DAY + timedelta(days=days))
    sentence = f"All cards are worked out and recorded but not shown ({how_long}) since 2026-12-01: pilot."
    assert told == ([sentence] if how_long else [])


def test_what_is_shown_otherwise_is_told_beside_it() -> None:
    switches = Switches(topics={"a": "x"}, indicators={("vka-cua", "order-select"): Indicator.WARNING}, card_limit=3)
    assert switched_in(known(switches), DAY) == [
        "Cards on a are not shown, by the site policy: x.",
        "The card vka-cua is warning at order-select, whatever the rule says.",
        "An answer has at most 3 cards; cards that can be critical and those that tell what could not be read are "
        "never cut.",
    ]
    assert switched_in(known(Switches()), DAY) == []


def test_a_notice_is_about_the_services_that_it_narrows_to() -> None:
    sign, select = "calciphylaxis-order-sign", "calciphylaxis-order-select"
    whole, hook = Notice(Reason.SHADOW, "x"), Notice(Reason.HOOK_OFF, "x", hook="order-sign")
    service = Notice(Reason.SERVICE_OFF, "x", service=sign)
    assert [(one.concerns(sign), one.concerns(select)) for one in (whole, hook, service)] == [
        (True, True), (True, False), (True, False),
    ]  # fmt: skip


WARNING = Card("a", "a", Indicator.WARNING, "summary", "detail")
ASKING = Asking("order-select", "calciphylaxis-order-select", "Patient", DAY)


@pytest.mark.parametrize(
    ("switches", "why"),
    [
        (Switches(services={ASKING.service: "minute 1"}), "this service is switched off by the site policy: minute 1"),
        (Switches(hooks={ASKING.hook: "minute 2"}), "this hook is switched off by the site policy: minute 2"),
        (Switches(topics={"a": "minute 3"}), "switched off by the site policy: minute 3"),
        (Switches(killed=frozenset({ALL})), "switched off at once, by the kill switch"),
        (Switches(users=frozenset({"Practitioner"})), "by the site policy not for users of type Patient"),
        (Switches(shadows=(Shadow(DAY, "pilot"), Shadow(DAY, "other", topic="b"))), "shadow mode: pilot"),
    ],
)
def test_why_a_card_is_not_shown_is_said_in_words(switches: Switches, why: str) -> None:
    (back,) = switches.sort([WARNING], ASKING).held
    assert why_held(back, switches, ASKING) == why


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        (Reason.SHOWN, "was shown to the same user before"),
        (Reason.OVERRIDDEN, "was overridden by the same user before"),
        (Reason.ORDERED, "was shown to the same user when the order was picked"),
    ],
)
def test_why_advice_is_not_repeated_is_said_in_words(reason: Reason, why: str) -> None:
    assert why_held(HeldBack(WARNING, reason), Switches(), ASKING) == f"the same advice, on the same record, {why}"


def test_for_how_long_advice_is_not_repeated_is_told() -> None:
    again = "The same advice on the same record is not shown to the same login again"
    always = (
        "by the site policy: alert committee. "
        "Cards that can be critical and those that tell what could not be read are shown each time"
    )
    one, hours = timedelta(hours=1), timedelta(hours=72)
    assert said(Switches(repeat=RepeatPolicy(one, hours, one, "alert committee."))) == [
        f"{again} for 1 hour after it was shown, {always}.",
        f"{again} for 72 hours after it was overridden, {always}.",
        f"{again} at order-sign for 1 hour after it was shown at order-select, {always}.",
    ]
    assert said(Switches(repeat=RepeatPolicy(after_override=hours, reason="alert committee"))) == [
        f"{again} for 72 hours after it was overridden, {always}."
    ]


def test_a_card_over_the_limit_names_the_limit() -> None:
    switches = Switches(card_limit=1)
    (back,) = switches.sort([WARNING, WARNING], ASKING).held
    assert why_held(back, switches, ASKING) == "more urgent cards use up the limit of 1"
