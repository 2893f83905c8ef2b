"""Every field of every request, removed or filled with what nobody expects there: no promise is broken.

Matrix: S38, S46, S55, S59. The bodies are those of `bodies`, the values those of `mutations`.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.bodies import FEEDBACK, HOOKS, PLANTED
from tests.fuzz.conftest import Sender
from tests.fuzz.mutations import REMOVED, VALUES, changed, named, places, places_for, shown, value_at
from tests.fuzz.promises import Listener

pytestmark = pytest.mark.fuzz

BODIES: dict[str, tuple[str, str, Any]] = {
    **{hook: (hook, "", body) for hook, body in HOOKS.items()},
    **{f"{hook} feedback": (hook, "/feedback", FEEDBACK) for hook in ("patient-view", "order-sign")},
}


@pytest.mark.parametrize("name", BODIES)
def test_the_body_that_is_mutated_is_itself_answered_with_200(name: str, sender: Sender) -> None:
    hook, suffix, body = BODIES[name]
    reply = sender.send(sender.path(hook, suffix), body)
    assert reply.status_code == 200
    assert suffix or len(reply.get_json()["cards"]) > 1


@pytest.mark.parametrize("number", range(len(VALUES)), ids=lambda number: shown(VALUES[number]))
@pytest.mark.parametrize("name", BODIES)
def test_no_field_with_such_a_value_breaks_a_promise(name: str, number: int, sender: Sender, log: Listener) -> None:
    hook, suffix, body = BODIES[name]
    broken: list[str] = []
    for place in places_for(number, body):
        # The readers of prefetch do not know the hook: once through every place of it is enough.
        if hook != "patient-view" and place[:1] == ("prefetch",):
            continue
        if not place and VALUES[number] is REMOVED:
            continue
        try:
            sender.send(sender.path(hook, suffix), changed(body, place, VALUES[number]))
        except AssertionError as problem:
            broken.append(f"{named(place)}: {str(problem)[:300]}")
    assert not broken, f"{len(broken)} places, {shown(VALUES[number])}: " + "\n".join(broken[:20])
    assert not log.leaks


Steps = list[tuple[int, int]]
STEPS = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)), min_size=2, max_size=12)


def after(body: Any, steps: Steps) -> Any:
    """The body after several mutations: a hostile value, or what stands in another place of it."""
    for where, what in steps:
        found = list(places(body))[1:]
        if not found:
            return body
        moved = value_at(body, found[what % len(found)])
        # What is planted stays where it is: a name that the EHR itself puts into a drug's name may be shown.
        value = VALUES[what % len(VALUES)] if what % 2 or holds_planted(moved) else moved
        body = changed(body, found[where % len(found)], value)
    return body


def holds_planted(value: Any) -> bool:
    return any(secret in json.dumps(value) for secret in PLANTED)


@pytest.mark.parametrize("name", BODIES)
def test_no_mixture_of_such_values_breaks_a_promise(name: str, sender: Sender, log: Listener) -> None:
    hook, suffix, body = BODIES[name]

    @settings(max_examples=700, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(STEPS)
    def check(steps: Steps) -> None:
        sender.send(sender.path(hook, suffix), after(body, steps))

    check()
    assert not log.leaks


def test_the_log_is_heard(sender: Sender, log: Listener) -> None:
    """Without this, a deaf listener would pass for a discreet service."""
    before = log.heard
    sender.send(sender.path("patient-view"), HOOKS["patient-view"])
    assert log.heard > before
