"""What an approver of a site policy should have seen is said before it goes live."""

from __future__ import annotations

from cds_service.knowledge import knowledge_of
from cds_service.knowledge.site_policy import parse_site_policy
from cds_service.policy_work.remarks import site_remarks
from cds_service.settings import Settings
from tests.unit.cds_service.knowledge.policies import policy_file


def remarks(more: str) -> list[str]:
    return site_remarks(knowledge_of(None, Settings(), parse_site_policy(policy_file(more=more), "north")))


def test_a_policy_that_switches_and_says_nothing_has_none() -> None:
    assert remarks("") == []
    assert site_remarks(knowledge_of(None, Settings())) == []


def test_what_is_not_shown_is_told() -> None:
    assert remarks("card_limit = 3\n[topics.vka-dialysis]\non = false\nreason = 'minute 12'\n") == [
        "Cards on vka-dialysis are not shown, by the site policy: minute 12.",
        "An answer has at most 3 cards; critical cards and those that tell what could not be read are never cut.",
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


def test_what_the_clinic_says_on_cards_that_can_be_critical_is_told() -> None:
    said = "[[wording]]\ntopic = '{}'\nadd = 'Call 1234.'\n"
    assert remarks(said.format("cua-suspected") + said.format("vka-dialysis")) == [
        "Cards on cua-suspected, which can be critical, also say: Call 1234."
    ]
