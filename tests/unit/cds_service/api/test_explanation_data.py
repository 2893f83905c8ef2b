"""An explanation fits its schema, whatever the patient's story, and nothing else passes for one."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from cds_service.api import is_explanation
from cds_service.stories import Vignette
from hooks.explain import as_data
from tests.explained_stories import explained, some_stories

Json = dict[str, Any]


@pytest.mark.parametrize("story", some_stories(), ids=lambda story: story.title)
def test_the_explanation_of_a_story_fits(story: Vignette) -> None:
    data = as_data(explained(story).explanation)
    assert is_explanation(data)
    assert json.loads(json.dumps(data)) == data, "it is JSON"


@cache
def _told() -> str:
    """The explanation of a story that has a bit of everything."""
    found = [as_data(explained(story).explanation) for story in some_stories()]
    return json.dumps(next(data for data in found if {"cards", "signs", "score", "results"} <= data.keys()))


def whole() -> Json:
    return dict(json.loads(_told()))


def test_what_is_changed_below_fits_before_it_is_changed() -> None:
    assert is_explanation(whole())


def test_a_call_that_looked_at_nobody_has_an_explanation_too() -> None:
    assert is_explanation({"hook": "order-select", "on": "2026-11-29", "headline": ["No card comes."]})


@pytest.mark.parametrize("text", ["7", "null", "[]", '"explanation"', "{}", "[" * 500 + "]" * 500])
def test_what_is_no_explanation_at_all_is_none(text: str) -> None:
    assert not is_explanation(json.loads(text))


@pytest.mark.parametrize("name", ["hook", "on", "headline"])
def test_a_member_that_is_always_there_may_not_lack(name: str) -> None:
    data = whole()
    del data[name]
    assert not is_explanation(data)


def _row(data: Json) -> Json:
    row: Json = data["status_rows"][0]
    return row


SPOILT: dict[str, Callable[[Json], object]] = {
    "a member that nobody knows": lambda data: data.update(more=1),
    "a hook that nobody knows": lambda data: data.update(hook="order-dispense"),
    "a headline without words": lambda data: data.update(headline=[""]),
    "no headline": lambda data: data.update(headline=[]),
    "text where facts belong": lambda data: data.update(signs="livedo"),
    "an outcome that nobody knows": lambda data: _row(data).update(outcome="maybe"),
    "markup where the topic belongs": lambda data: _row(data).update(topic=["<b>"]),
    "a row with a member that nobody knows": lambda data: _row(data).update(html="<b>"),
    "a question that is not there": lambda data: _row(data).update(when=["nobody_asks_this"]),
    "a question kept by one that is not there": lambda data: _row(data).update(kept_by=["nobody_asks_this"]),
    "a part that is not there": lambda data: data["answers"]["child"].update(parts=["nobody_asks_this"]),
    "an answer that is neither yes nor no": lambda data: data["answers"]["child"].update(met="yes"),
    "points below nothing": lambda data: data["score"].update(points=-1),
    "a look-up that failed with words": lambda data: data["origins"][0].update(failed="yes"),
    "no answers": lambda data: data.pop("answers"),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_what_has_another_shape_is_none(spoil: Callable[[Json], object]) -> None:
    data = whole()
    spoil(data)
    assert not is_explanation(data)
