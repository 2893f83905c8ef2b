"""What an approver of a site policy should have seen is said before it goes live."""

from __future__ import annotations

from datetime import date

import pytest

from cds_service.knowledge import HOOK_OF, InForce, critical_topics, knowledge_of
from cds_service.knowledge.site_policy import parse_site_policy
from cds_service.policy_work.remarks import critical_not_shown, site_remarks
from cds_service.settings import Settings
from tests.unit.cds_service.knowledge.policies import policy_file

TODAY = date(2026, 1, 12)


def known(more: str) -> InForce:
    return knowledge_of(None, Settings(), parse_site_policy(policy_file(more=more), "north"))


def remarks(more: str, today: date = TODAY) -> list[str]:
    return site_remarks(known(more), today)


def test_a_policy_that_switches_and_says_nothing_has_none() -> None:
    assert remarks("") == []
    assert site_remarks(knowledge_of(None, Settings()), TODAY) == []


def test_what_is_not_shown_is_told() -> None:
    assert remarks("card_limit = 3\n[topics.vka-dialysis]\non = false\nreason = 'minute 12'\n") == [
        "Cards on vka-dialysis are not shown, by the site policy: minute 12.",
        "An answer has at most 3 cards; cards that can be critical and those that tell what could not be read are "
        "never cut.",
    ]


def test_shadow_mode_without_a_last_day_is_told() -> None:
    shadow = "[[shadow]]\nsince = 2026-01-15\nreason = 'pilot'\n"
    shown = "All cards are worked out and recorded but not shown"
    assert remarks(shadow) == [
        f"{shown} (shadow mode) since 2026-01-15: pilot.",
        "Shadow mode (pilot) since 2026-01-15 has no last day: write until = …",
    ]
    assert remarks(f"{shadow}until = 2026-03-31\n") == [
        f"{shown} (shadow mode, last day 2026-03-31) since 2026-01-15: pilot."
    ]


def test_shadow_mode_that_does_not_hold_on_the_first_day_is_told() -> None:
    later = "[[shadow]]\nsince = 2026-02-01\nreason = 'pilot'\n"
    assert remarks(f"{later}until = 2026-03-31\n") == [
        "Shadow mode (pilot) holds from 2026-02-01 to 2026-03-31, and not on 2026-01-15, the first day of this policy."
    ]
    assert remarks(later)[1:] == [
        "Shadow mode (pilot) holds from 2026-02-01 on, and not on 2026-01-15, the first day of this policy."
    ]


def test_codes_that_nobody_has_who_is_played_are_told() -> None:
    assert remarks("[[drug]]\ndrug_class='vitamin_k_antagonist'\nsystem='urn:drugs'\ncode='W5'\nname='warfarin'\n") == [
        "Codes of your own are on no story and no synthetic patient: diff shows what they bring only with --bundles."
    ]


def test_what_the_clinic_says_on_cards_that_can_be_critical_is_told() -> None:
    said = "[[wording]]\ntopic = '{}'\nadd = 'Call 1234.'\n"
    assert remarks(said.format("cua-suspected") + said.format("vka-dialysis")) == [
        "Cards on cua-suspected, which can be critical, also say: Call 1234."
    ]


def test_a_policy_that_should_have_been_reviewed_is_told() -> None:
    assert remarks("", date(2027, 1, 10)) == []
    assert remarks("", date(2027, 1, 11)) == [
        "It was to be reviewed by 2027-01-10, and today is 2027-01-11: who has looked at it since?"
    ]


# ------------------------------------------------------------------ critical cards that are not shown
HOOKS = ["patient-view", "order-select", "order-sign"]
OFF = "on = false\nreason = 'minute 12'\n"


def hidden(more: str, covers: str = "", on: date | None = None) -> dict[str, list[str]]:
    answered = f"[critical_off]\npeople = ['Ana Silva', 'Ben Okoro']\ncovers = ['{covers}']\nreason = 'another warns'\n"
    return critical_not_shown(known(more + (answered if covers else "")), on)


def all_at(*hooks: str) -> dict[str, list[str]]:
    found = {hook: topics for hook, topics in critical_topics(known("").knowledge.policy).items() if hook in hooks}
    topics = sorted({topic for names in found.values() for topic in names})
    return {topic: [hook for hook in HOOKS if topic in found.get(hook, ())] for topic in topics}


def test_where_nothing_critical_is_off_there_is_none() -> None:
    assert hidden("card_limit = 1\n") == hidden(f"[topics.vka-dialysis]\n{OFF}") == {}
    assert hidden("[topics.vka-cua.indicator]\norder-sign = 'warning'\n", "vka-cua") == {}
    assert critical_not_shown(knowledge_of(None, Settings())) == {}


def test_what_is_off_is_told_by_topic_with_the_hooks_where() -> None:
    assert hidden(f"[topics.vka-cua]\n{OFF}", "vka-cua") == {"vka-cua": HOOKS}
    assert hidden(f"[hooks.order-sign]\n{OFF}", "order-sign") == all_at("order-sign")
    for service, hook in HOOK_OF.items():
        assert hidden(f"[services.{service}]\n{OFF}", service) == all_at(hook)


SHADOW = "[[shadow]]\nsince = 2026-02-01\nuntil = 2026-02-28\nreason = 'pilot'\n"


@pytest.mark.parametrize(("day", "told"), [(None, True), (date(2026, 1, 31), False), (date(2026, 2, 28), True)])
def test_shadow_mode_hides_them_on_its_days(day: date | None, told: bool) -> None:
    assert hidden(SHADOW, on=day) == (all_at(*HOOKS) if told else {})
    one = hidden(f"{SHADOW}hook = 'order-sign'\ntopic = 'vka-past-cua'\n", "vka-past-cua", on=day)
    assert one == ({"vka-past-cua": ["order-sign"]} if told else {})


def test_shadow_mode_that_was_over_before_the_first_day_hides_nothing() -> None:
    assert hidden(SHADOW.replace("2026-02", "2026-01").replace("01-28", "01-14")) == {}
