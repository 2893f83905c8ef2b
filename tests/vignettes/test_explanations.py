"""Every patient story explained: the cards that came are told, and of a silent story what kept it silent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cds_service.stories import Vignette, load_vignettes
from hooks.explain import Explanation
from hooks.explain.explanation import Outcome, Row
from tests.explained_stories import explained

VIGNETTES = load_vignettes()


def rows_of(explanation: Explanation) -> Iterator[Row]:
    yield from explanation.status_rows
    for group in explanation.drug_classes:
        yield from group.rows


@pytest.mark.parametrize("story", VIGNETTES, ids=lambda story: story.title)
def test_the_rows_that_are_told_to_give_cards_are_those_of_the_story(story: Vignette) -> None:
    found = explained(story, turn=-1)
    told = sorted(
        {
            (row.topic, row.indicator.value)
            for row in rows_of(found.explanation)
            if row.outcome is Outcome.FIRED and row.indicator
        }
    )
    assert told == sorted(story.expect or ())
    assert bool(found.explanation.refused) is (story.expect is None)
    assert len(found.explanation.headline) > 1 or found.explanation.refused or found.cards


SILENT = [story for story in VIGNETTES if story.expect == ()]


@pytest.mark.parametrize("story", SILENT, ids=lambda story: story.title)
def test_a_silent_story_is_told_by_row_and_question_or_by_what_was_not_shown(story: Vignette) -> None:
    found = explained(story)
    if found.judged is None:
        assert found.explanation.headline[1].startswith("No drug was ordered that could be judged: ")
        return
    if found.explanation.answers["child"].met:
        assert "is a child" in found.explanation.headline[1]
        return
    assert found.explanation.silence
    for one in found.explanation.silence:
        assert one.rows
        assert one.question in found.explanation.answers or "holds; " in one.says


def the(title: str) -> Explanation:
    (story,) = (story for story in VIGNETTES if story.title == title)
    return explained(story).explanation


@pytest.mark.parametrize(
    ("title", "head"),
    [
        (
            "Hard skin that is explained: by systemic sclerosis",
            "explained by “Systemic sclerosis",
        ),
        ("Dialysis shown: not by a haemodialysis 91 days ago", "91 days ago); sessions count from 2026-08-31 on"),
        ("One strong sign: livedo, resolved", "livedo; not active"),
        ("Kidney transplant: haemodialysis 31 days ago", "sessions count from 2026-10-30 on"),
        (
            "Calcium acetate is signed: all in range: info is not shown",
            "calcium-restrict holds, but it is information only",
        ),
        ("Dabigatran and edoxaban on dialysis: apixaban", "no draft is of a class with a rule; there are: apixaban"),
        ("Age: 18 tomorrow", "The patient is a child (17 years)"),
    ],
)
def test_the_head_names_the_reason(title: str, head: str) -> None:
    assert head in " ".join(the(title).headline)
