"""Every field of every request, removed or filled with what nobody expects there: no promise is broken.

Matrix: S38, S46, S55, S59. The bodies are those of `bodies`, the values those of `mutations`.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.bodies import FEEDBACK, HOOKS
from tests.fuzz.conftest import Sender
from tests.fuzz.mutations import REMOVED, VALUES, changed, has, named, nested, places, shown, value_at
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


@pytest.mark.parametrize("value", VALUES, ids=shown)
@pytest.mark.parametrize("name", BODIES)
def test_no_field_with_such_a_value_breaks_a_promise(name: str, value: Any, sender: Sender, log: Listener) -> None:
    hook, suffix, body = BODIES[name]
    path = sender.path(hook, suffix)
    broken: list[str] = []
    for place in places(body):
        if not place and value is REMOVED:
            continue
        try:
            sender.send(path, changed(body, place, value))
        except AssertionError as problem:
            broken.append(f"{named(place)}: {str(problem)[:300]}")
    assert not broken, f"{len(broken)} places, {shown(value)}: " + "\n".join(broken[:20])
    assert not log.leaks
