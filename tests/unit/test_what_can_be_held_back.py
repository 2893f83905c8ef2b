"""The table of docs/switches.md has each topic that can be held back as the same advice again, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from cds_service.knowledge.critical_cards import topics_of
from cds_service.knowledge.switch_reading import read_switches
from fhir_mappings.packaged import default_policy
from hooks.card import Card, Indicator

TEXT = (Path(__file__).parents[2] / "docs" / "switches.md").read_text(encoding="utf-8")
SECTION = TEXT.partition("\n## The same advice again\n")[2].partition("\n## ")[0]
TABLE = SECTION.partition("| Can be held back |")[2].partition("\n\n")[0]
CELLS = [line.split(" | ")[0] for line in TABLE.splitlines() if line.startswith("| `")]
TOLD = [topic for cell in CELLS for topic in re.findall(r"`([^`]+)`", cell)]
POLICY = default_policy()
REPEAT = {"repeat": {"reason": "the committee", "after_shown_hours": 8}}


def can_be_held_back() -> set[str]:
    """By the switches of a clinic that asks for it; each topic as mild as a card can be."""
    switches = read_switches(REPEAT, POLICY)
    mild = [Card(topic, topic, Indicator.INFO, "summary", "detail") for topic in topics_of(POLICY)]
    return {card.topic for card in mild if switches.may_be_repeated(card)}


def test_the_table_names_all_topics_that_can_be_held_back_and_no_other() -> None:
    assert set(TOLD) == can_be_held_back()
    assert len(TOLD) == len(set(TOLD)), "each once"


def test_those_that_the_text_says_are_shown_each_time_are_not_among_them() -> None:
    bullets = [line for line in SECTION.splitlines() if line.startswith("- **") and "each time**" in line]
    named = {topic for line in bullets for topic in re.findall(r"`([^`]+)`", line)}
    assert named >= {"cua-possible", "iron-cua", "calcium-cua-hypocalcaemia"}
    assert named <= topics_of(POLICY) - can_be_held_back()
