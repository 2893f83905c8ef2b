"""An explanation at a terminal and in a pipe: the order and words of the page, nothing else."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from cds_service.explaining.tree import WIDTH, print_explanation
from cds_service.stories import Vignette
from hooks.explain import as_data
from tests.explained_stories import explained, some_stories
from tests.unit.cds_service.explaining.explanations import GIVEN, SUSPECTED, Json, an_explanation

WHOLE = """\
One card comes: cua-risk.
On dialysis, without a sign.

Cards
└── INFO     cua-risk: Look at the skin

A chart was opened (patient-view), 2026-11-29
├── Patient: 70 years, male
├── Dialysis: on dialysis; seen on Monday
└── Judged as: no calciphylaxis, elevated risk

Risk points – 2 points; 1 of 3 factors cannot be told
├── Points say where to look; they are not validated. Elevated risk from 2 on;
│   high risk from 6 on.
├── ✓ counts: warfarin (2 points)
│   └── warfarin 5 mg
├── ✗ does not count: female sex (1 point)
└── ? cannot tell: low albumin (1 point)

Skin signs – none that counts today
└── no entry looks like one

Status cards – gave its card: cua-risk
├── Suspected (cua-suspected) – ✗ does not hold
│   ├── ✓ yes: the patient is on dialysis
│   │   └── dialysed on Monday
│   └── ✗ no: there is a skin sign <- this is why not
│       ├── a scar is none
│       ├── ✗ no: a sign is grave
│       └── ? cannot tell: a sign is weak
│           └── the problem list was not available
├── Possible (cua-possible) – ✗ does not hold
│   ├── ✓ yes: the patient is on dialysis (see above)
│   └── ✓ yes (must be no): calciphylaxis was excluded <- this is why not
│       └── excluded in May
├── Risk (cua-risk) – ✓ gave its card, as info
│   └── ✓ yes: the patient is on dialysis (see above)
├── Gap (cua-gap) – ? cannot tell whether it holds
│   ├── ✓ yes: the patient is on dialysis (see above)
│   └── ? cannot tell: all was read <- this is why not
└── 3 rules – ✗ do not hold: there is sepsis (or a fever): today: no
    └── cua-sepsis, 2 rules; cua-fever

Vitamin K antagonist – holds, but is not shown here: vka-dialysis
├── warfarin (RxNorm 1)
├── On dialysis (vka-dialysis) – ◐ holds, but is not shown here: the status card
│   names the drug
│   └── ✓ yes: the patient is on dialysis
│       └── dialysed on Monday
└── 3 rules – ○ not asked: a rule above ends the search
    └── vka-a, 2 rules; vka-b

Drug classes not asked – 2: no active drug is of this class
├── iron by mouth
└── calcium product

Drugs that no rule is about – 1
└── amlodipine

Problem list – 1 entry
└── “Gout” (undated): nothing that the rules look for

Results used – 1
└── calcium 9.4 mg/dL

Missing, too old or unreadable – no result: PTH; and 1 more
├── no result: PTH
└── no result: albumin

Where the data came from – of 3 look-ups 1 failed or is not whole
├── ! PTH results: not available: timed out
└── Sent along: the patient (1), conditions (7)
"""


def printed(data: Json, *, terminal: bool = False, width: int | None = None, no_color: bool = False) -> str:
    output = io.StringIO()
    console = Console(file=output, force_terminal=terminal, width=width, no_color=no_color, _environ={})
    print_explanation(console, data)
    return output.getvalue()


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]


def test_in_a_pipe_it_is_plain_text_in_the_order_of_the_page() -> None:
    assert lines(printed(an_explanation())) == lines(WHOLE)


def test_rules_of_one_topic_are_told_apart_beside_it() -> None:
    rows = [GIVEN, {**SUSPECTED, "topic": "cua-risk"}]
    assert "Suspected (cua-risk: there is a skin sign) – ✗ does not hold" in printed(an_explanation(status_rows=rows))


def test_at_a_terminal_it_has_colours_and_the_same_words() -> None:
    coloured = printed(an_explanation(), terminal=True, width=80)
    assert "\x1b[32m" in coloured
    assert "\x1b[3" not in printed(an_explanation(), terminal=True, width=80, no_color=True)


@pytest.mark.parametrize("width", [200, 40])
def test_lines_are_broken_at_the_width_of_the_terminal_and_never_longer_than_can_be_read(width: int) -> None:
    longest = max(map(len, lines(printed(an_explanation(), width=width))))
    assert longest <= min(width, WIDTH)
    assert longest > min(width, WIDTH) - 10


def test_a_call_without_cards_and_patient_is_its_headline() -> None:
    data = {"hook": "order-sign", "on": "2026-11-29", "headline": ["No card comes.", "No drug was ordered."]}
    assert lines(printed(data)) == [
        "No card comes.", "No drug was ordered.", "", "Orders were to be signed (order-sign), 2026-11-29",
    ]  # fmt: skip


def test_what_a_record_says_controls_no_terminal_and_is_no_markup() -> None:
    hostile = "\x1b[2Jwarfarin [bold]loud[/bold]\u202e\x07"
    rows = [{**SUSPECTED, "title": hostile, "why": hostile}]
    text = printed(an_explanation(results=[hostile], missing=[hostile], status_rows=rows, headline=[hostile]))
    assert not {"\x1b", "\x07", "\u202e"} & set(text)
    assert "warfarin [bold]loud[/bold]" in text


@pytest.mark.parametrize("story", some_stories()[::4], ids=lambda story: story.title)
def test_every_story_can_be_told(story: Vignette) -> None:
    data = as_data(explained(story).explanation)
    text = " ".join(printed(data).split())
    assert all(" ".join(sentence.split()) in text for sentence in data["headline"])
