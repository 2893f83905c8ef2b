"""After three calls in a row without an answer a server is left alone for five seconds, then tried by single calls."""

from __future__ import annotations

import pytest

from cds_service.fhir_client.standing import (
    BAD_CALLS,
    CLOSED_SECONDS,
    FIRST_ANSWER_SECONDS,
    KNOWN_SECONDS,
    SILENT_SECONDS,
    Standing,
)
from cds_service.fhir_client.terms import LATE, UNREACHABLE

ALL = frozenset({"Condition", "Medication"})


def missed(times: int, at: float = 0.0) -> Standing:
    """A server that answered none of so many calls."""
    standing = Standing()
    for _ in range(times):
        standing.miss(UNREACHABLE, at, ALL, tried_it=False)
    return standing


@pytest.mark.parametrize(("times", "refusal"), [(0, ""), (BAD_CALLS - 1, ""), (BAD_CALLS, UNREACHABLE)])
def test_it_is_closed_by_bad_calls_in_a_row_and_refuses_in_the_words_of_the_last_one(times: int, refusal: str) -> None:
    assert missed(times).refusal(0.0, ALL) == refusal
    assert missed(times).is_due(CLOSED_SECONDS) == bool(refusal)


def test_only_the_call_that_closes_it_says_so() -> None:
    standing = Standing()
    said = [standing.miss(LATE, 0.0, ALL, tried_it=False) for _ in range(BAD_CALLS + 2)]
    assert said == [False] * (BAD_CALLS - 1) + [True, False, False]


def test_an_answer_in_between_begins_the_row_anew() -> None:
    standing = missed(BAD_CALLS - 1)
    standing.hear(0.0)
    for _ in range(BAD_CALLS - 1):
        standing.miss(LATE, 0.0, ALL, tried_it=False)
    assert standing.refusal(0.0, ALL) == ""


def test_calls_that_began_before_it_was_closed_and_end_after_it_do_not_keep_it_closed() -> None:
    standing = missed(BAD_CALLS)
    standing.miss(LATE, CLOSED_SECONDS - 0.1, ALL, tried_it=False)
    assert standing.refusal(CLOSED_SECONDS - 0.1, ALL) == UNREACHABLE
    assert standing.refusal(CLOSED_SECONDS, ALL) == ""


def test_one_call_tries_it_while_the_others_are_still_refused() -> None:
    standing = missed(BAD_CALLS)
    standing.begin(CLOSED_SECONDS)
    assert standing.refusal(CLOSED_SECONDS, ALL) == UNREACHABLE


@pytest.mark.parametrize("turn", range(5))
def test_after_a_try_that_failed_it_is_closed_for_as_long_again_and_never_longer(turn: int) -> None:
    standing, now = missed(BAD_CALLS), 0.0
    for _ in range(turn + 1):
        now += CLOSED_SECONDS
        assert standing.refusal(now, ALL) == ""
        standing.begin(now)
        now += 1.4
        standing.miss(LATE, now, ALL, tried_it=True)
        standing.end()
    assert standing.refusal(now + CLOSED_SECONDS - 0.01, ALL) == LATE
    assert standing.refusal(now + CLOSED_SECONDS, ALL) == ""


def test_a_try_that_never_ends_keeps_it_closed_no_longer_than_another_one() -> None:
    standing = missed(BAD_CALLS)
    standing.begin(CLOSED_SECONDS)
    assert standing.refusal(2 * CLOSED_SECONDS, ALL) == ""


def test_an_answer_opens_it_for_all_at_once_and_says_so_once() -> None:
    standing = missed(BAD_CALLS)
    assert [standing.hear(1.0), standing.hear(1.0)] == [True, False]
    assert (standing.refusal(1.0, ALL), standing.is_due(CLOSED_SECONDS)) == ("", False)


def test_it_is_known_for_some_minutes_after_an_answer_until_a_call_is_bad() -> None:
    standing = Standing()
    assert not standing.is_known(0.0)
    standing.hear(0.0)
    assert standing.is_known(KNOWN_SECONDS - 1)
    assert not standing.is_known(KNOWN_SECONDS)
    standing.miss(LATE, 1.0, ALL, tried_it=False)
    assert not standing.is_known(1.0)


def test_it_is_answering_unless_calls_wait_and_nobody_heard_of_it_for_a_moment() -> None:
    standing = Standing()
    assert not standing.is_answering(0.0), "nobody knows"
    standing.hear(0.0)
    assert standing.is_answering(100.0), "nobody asks it"
    standing.begin(100.0)
    assert standing.is_answering(100.0 + SILENT_SECONDS - 0.01)
    assert not standing.is_answering(100.0 + SILENT_SECONDS)
    standing.begin(100.0 + SILENT_SECONDS)
    assert not standing.is_answering(100.0 + SILENT_SECONDS), "another call is no sign of life"
    standing.hear(100.0 + SILENT_SECONDS)
    assert standing.is_answering(100.0 + SILENT_SECONDS)
    standing.end()
    standing.end()
    assert standing.is_answering(200.0)


def test_the_first_answer_of_a_new_server_is_waited_for_for_a_moment() -> None:
    standing = Standing()
    assert standing.first_answer_within(0.0) == 0.0, "nobody asks it"
    standing.begin(0.0)
    assert standing.first_answer_within(0.04) == pytest.approx(FIRST_ANSWER_SECONDS - 0.04)
    standing.begin(0.05)
    assert standing.first_answer_within(FIRST_ANSWER_SECONDS) == 0.0
    standing.end()
    standing.end()
    standing.miss(LATE, 1.0, ALL, tried_it=False)
    standing.begin(1.0)
    assert standing.first_answer_within(1.0) == 0.0, "it is not new"


def test_one_that_is_slow_by_its_nature_is_given_twice_the_time_it_took_lately() -> None:
    standing = Standing()
    standing.begin(0.0)
    standing.hear(0.4, 0.4)
    assert standing.is_answering(0.4 + 0.79)
    assert not standing.is_answering(0.4 + 0.8)
    for _ in range(30):
        standing.hear(10.0, 0.01)
    assert standing.is_answering(10.0 + SILENT_SECONDS - 0.01)
    assert not standing.is_answering(10.0 + SILENT_SECONDS), "what was once is forgotten"
