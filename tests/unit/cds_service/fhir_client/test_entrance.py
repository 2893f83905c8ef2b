"""Half of a worker's threads may wait for FHIR servers, and half of these places are for servers that answer."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace

import pytest

from cds_service.fhir_client.answer import HttpAnswer
from cds_service.fhir_client.entrance import Entrance, Entrances
from cds_service.fhir_client.kept_connections import Owner
from cds_service.fhir_client.standing import BAD_CALLS, CLOSED_SECONDS, SILENT_SECONDS
from cds_service.fhir_client.terms import (
    CROWDED,
    LATE,
    NOT_SECURE,
    TOO_LARGE,
    TOO_LARGE_TOGETHER,
    UNREACHABLE,
    Deadline,
    FhirError,
    Limits,
)
from cds_service.fhir_client.transfer import Received
from tests.unit.cds_service.conftest import Clock
from tests.waiting import until

NO_TIME = Deadline(0.0, 0.0, lambda: 1.0)
"""A call that cannot wait for a place."""
A_MOMENT = Deadline(math.inf, 0.0, lambda: 0.0)
ALL = frozenset({"Condition", "Medication"})
HERE, THERE = Owner("a clinic", "https://ehr.example/fhir"), Owner("a clinic", "https://other.example/fhir")
ELSEWHERE = Owner("a clinic", "https://third.example/fhir")
ANSWER = Received(HttpAnswer(200, 0, b"{}"), on_kept=False, in_streams=False)
Make = Callable[..., Entrances]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make(clock: Clock) -> Make:
    return lambda threads=16, **how: Entrances(Limits(deadline_seconds=1.5, threads=threads), clock, **how)


@pytest.fixture
def patient(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Those who wait have all the time that a busy machine needs."""
    monkeypatch.setattr("cds_service.fhir_client.entrance.WAITING_SECONDS", 30.0)
    return lambda threads: Entrances(Limits(deadline_seconds=120.0, threads=threads), clock)


def failed(reason: str) -> Received:
    return Received(FhirError(reason), on_kept=False, in_streams=False)


def answered(status: int) -> Received:
    return Received(HttpAnswer(status, 0, b""), on_kept=False, in_streams=False)


def let_in(entrances: Entrances, owner: Owner, times: int) -> list[Entrance]:
    """So many calls at once that do not wait; those that got a place."""
    tried = [entrances.entrance(owner) for _ in range(times)]
    return [entrance for entrance in tried if not entrance.refusal(ALL, NO_TIME)]


def known(entrances: Entrances, *owners: Owner) -> None:
    """These servers have just answered a call."""
    for owner in owners:
        entrance = entrances.entrance(owner)
        assert entrance.refusal(ALL, NO_TIME) == ""
        entrance.hear(ANSWER)
        entrance.leave()


def bad_call(entrances: Entrances, owner: Owner = HERE, what: Received | None = None) -> str:
    """A call that gets no answer; why it was not let in, "" when it was."""
    entrance = entrances.entrance(owner)
    refusal = entrance.refusal(ALL, NO_TIME)
    if not refusal:
        entrance.hear(failed(UNREACHABLE) if what is None else what)
    entrance.leave()
    return refusal


MEDICATION, CONDITION = frozenset({"Medication"}), frozenset({"Condition"})


def asking(entrances: Entrances, kinds: frozenset[str], what: Received) -> str:
    """A call for these kinds alone that gets this; why it was not let in, "" when it was."""
    entrance = entrances.entrance(HERE)
    refusal = entrance.refusal(kinds, NO_TIME)
    if not refusal:
        entrance.hear(what)
    entrance.leave()
    return refusal


# Kinds


def test_a_server_that_fails_for_one_kind_is_asked_for_the_others_and_open_again_with_their_first_answer(
    make: Make,
) -> None:
    entrances = make(16)
    for _ in range(BAD_CALLS):
        assert asking(entrances, MEDICATION, failed(UNREACHABLE)) == ""
    assert asking(entrances, MEDICATION, ANSWER) == UNREACHABLE
    entrance = entrances.entrance(HERE)
    assert [entrance.refusal(kinds, NO_TIME) for kinds in (CONDITION, MEDICATION, ALL)] == ["", UNREACHABLE, ""]
    entrance.hear(ANSWER)
    entrance.leave()
    assert asking(entrances, MEDICATION, ANSWER) == ""


def test_where_another_kind_fails_as_well_it_is_not_asked_for_that_one_either(make: Make, clock: Clock) -> None:
    entrances = make(16)
    for _ in range(BAD_CALLS):
        asking(entrances, MEDICATION, failed(UNREACHABLE))
    clock.skipped += CLOSED_SECONDS - 1
    assert asking(entrances, CONDITION, failed(UNREACHABLE)) == ""
    assert asking(entrances, CONDITION, failed(UNREACHABLE)) == UNREACHABLE
    clock.skipped += 1
    assert asking(entrances, ALL, ANSWER) == "", "its time is over when it was said, whatever failed meanwhile"


def test_the_call_that_tries_it_asks_for_all_that_it_needs(make: Make, clock: Clock) -> None:
    entrances = make(16)
    for _ in range(BAD_CALLS):
        asking(entrances, ALL, failed(UNREACHABLE))
    clock.skipped += CLOSED_SECONDS
    entrance = entrances.entrance(HERE)
    assert [entrance.refusal(kinds, NO_TIME) for kinds in (CONDITION, MEDICATION)] == ["", ""]
    assert asking(entrances, MEDICATION, ANSWER) == UNREACHABLE
    entrance.leave()


# Places


@pytest.mark.parametrize(("threads", "places", "of_unknown"), [(16, 8, 4), (7, 3, 1), (2, 1, 1), (1, 1, 1)])
def test_half_of_the_threads_may_ask_and_half_of_these_where_no_server_has_answered_lately(
    threads: int, places: int, of_unknown: int, make: Make
) -> None:
    assert len(let_in(make(threads), HERE, threads)) == of_unknown
    entrances = make(threads)
    known(entrances, HERE)
    assert len(let_in(entrances, HERE, threads)) == places


def test_dead_servers_however_many_leave_half_of_the_places_to_those_that_answer(make: Make) -> None:
    entrances = make(16)
    known(entrances, HERE)
    dead = [Owner("a hostile clinic", f"https://ehr.example/{number}") for number in range(50)]
    assert sum(len(let_in(entrances, owner, 1)) for owner in dead) == 4
    assert len(let_in(entrances, HERE, 16)) == 4


def test_a_server_that_turns_bad_gets_no_more_than_one_that_is_not_known(make: Make) -> None:
    entrances = make(16)
    known(entrances, HERE)
    bad_call(entrances)
    assert len(let_in(entrances, HERE, 16)) == 4


def test_a_place_counts_as_that_of_a_server_that_answers_from_its_first_answer_on(make: Make) -> None:
    entrances = make(16)
    first = let_in(entrances, HERE, 16)
    for entrance in first:
        entrance.hear(ANSWER)
        entrance.hear(ANSWER)
    assert len(let_in(entrances, THERE, 16)) == 4
    for entrance in first:
        entrance.leave()
    assert len(let_in(entrances, HERE, 16)) == 4


def test_a_place_is_free_again_when_the_call_leaves_once_however_often(make: Make) -> None:
    entrances = make(4)
    known(entrances, HERE)
    for _ in range(3):
        (one, other) = let_in(entrances, HERE, 4)
        for entrance in (one, one, other):
            entrance.leave()


def test_a_call_that_was_not_let_in_gives_nothing_back(make: Make) -> None:
    entrances = make(2)
    (inside,) = let_in(entrances, HERE, 1)
    entrances.entrance(HERE).leave()
    refused = entrances.entrance(HERE)
    assert refused.refusal(ALL, NO_TIME) == CROWDED
    refused.leave()
    assert let_in(entrances, HERE, 1) == []
    inside.leave()
    assert len(let_in(entrances, HERE, 1)) == 1


# Waiting for a place


def waiting(entrances: Entrances, owner: Owner, times: int) -> tuple[list[str], list[threading.Thread]]:
    """So many calls that wait for a place, each in a thread; what they are told comes into the list."""
    told: list[str] = []

    def wait() -> None:
        entrance = entrances.entrance(owner)
        told.append(entrance.refusal(ALL, A_MOMENT))
        entrance.leave()

    threads = [threading.Thread(target=wait) for _ in range(times)]
    for thread in threads:
        thread.start()
    return told, threads


def has_come(told: list[str], times: int) -> bool:
    return len(told) == times


def all_wait(entrances: Entrances, times: int) -> bool:
    with entrances.changed:
        return entrances._waiting == times


def test_all_threads_but_two_ask_or_wait_and_those_get_a_place_as_soon_as_one_is_free(patient: Make) -> None:
    entrances = patient(16)
    for _ in range(2):
        bad_call(entrances)
        inside = let_in(entrances, HERE, 16)
        told, threads = waiting(entrances, HERE, 16)
        until(partial(has_come, told, 10))
        assert told == [CROWDED] * 10
        for entrance in inside:
            entrance.leave()
        for thread in threads:
            thread.join(30)
        assert told[10:] == [""] * 6


def told_when_all_leave(entrances: Entrances, inside: list[Entrance], calls: int) -> list[str]:
    """What so many more calls are told, which come while all places are taken, when those inside leave."""
    told, threads = waiting(entrances, HERE, calls)
    for entrance in inside:
        entrance.leave()
    for thread in threads:
        thread.join(30)
    return told


def test_where_the_server_answers_a_rush_of_calls_is_let_in_one_after_the_other(patient: Make) -> None:
    entrances = patient(16)
    known(entrances, HERE)
    inside = let_in(entrances, HERE, 8)
    assert told_when_all_leave(entrances, inside, 30) == [""] * 30


def test_a_server_that_nobody_has_asked_for_a_while_is_not_silent(patient: Make, clock: Clock) -> None:
    entrances = patient(16)
    known(entrances, HERE)
    clock.skipped += 10 * SILENT_SECONDS
    inside = let_in(entrances, HERE, 8)
    assert told_when_all_leave(entrances, inside, 8) == [""] * 8


def test_where_it_falls_silent_two_threads_stay_free(patient: Make, clock: Clock) -> None:
    entrances = patient(16)
    known(entrances, HERE)
    inside = let_in(entrances, HERE, 8)
    clock.skipped += SILENT_SECONDS
    told, threads = waiting(entrances, HERE, 30)
    until(lambda: len(told) == 24)
    for entrance in inside:
        entrance.leave()
    for thread in threads:
        thread.join(30)
    assert told == [CROWDED] * 24 + [""] * 6


def test_those_who_wait_for_a_server_that_is_closed_meanwhile_are_told_its_failure(patient: Make) -> None:
    entrances = patient(16)
    inside = let_in(entrances, HERE, 4)
    told, threads = waiting(entrances, HERE, 4)
    # In one moment: nobody gets a place before the server is closed.
    with entrances.changed:
        for entrance in inside[:BAD_CALLS]:
            entrance.hear(failed(UNREACHABLE))
            entrance.leave()
    for thread in threads:
        thread.join(30)
    assert told == [UNREACHABLE] * 4


def test_those_who_wait_for_it_are_told_so_where_others_have_taken_the_places_that_are_free(patient: Make) -> None:
    entrances = patient(16)
    known(entrances, HERE, THERE, ELSEWHERE)
    inside = let_in(entrances, HERE, BAD_CALLS)
    let_in(entrances, THERE, 5)
    told, threads = waiting(entrances, HERE, 1)
    with entrances.changed:
        for entrance in inside:
            entrance.hear(failed(UNREACHABLE))
            entrance.leave()
        assert len(let_in(entrances, ELSEWHERE, 8)) == BAD_CALLS
    for thread in threads:
        thread.join(20)
    assert told == [UNREACHABLE]


@pytest.mark.parametrize("answers", [True, False])
def test_a_rush_of_calls_to_a_new_server_is_let_in_when_it_answers_the_first_of_them(
    answers: bool, patient: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cds_service.fhir_client.standing.FIRST_ANSWER_SECONDS", 30.0 if answers else 0.05)
    entrances = patient(16)
    inside = let_in(entrances, HERE, 16)
    told, threads = waiting(entrances, HERE, 12)
    if answers:
        inside[0].hear(ANSWER)
        for thread in threads:
            thread.join(30)
        assert told == [""] * 12
    else:
        until(lambda: len(told) == 6)
        assert told == [CROWDED] * 6
    for entrance in inside:
        entrance.leave()
    for thread in threads:
        thread.join(30)


@pytest.fixture
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hardly any patience with servers of which nobody hears, and all the patience with others."""
    monkeypatch.setattr("cds_service.fhir_client.entrance.WAITING_SECONDS", 0.02)
    monkeypatch.setattr("cds_service.fhir_client.standing.SILENT_SECONDS", 60.0)


@pytest.mark.usefixtures("_hasty")
def test_where_the_server_answers_they_wait_for_longer(clock: Clock) -> None:
    entrances = Entrances(Limits(deadline_seconds=120.0), clock)
    known(entrances, HERE)
    inside = let_in(entrances, HERE, 8)
    told, threads = waiting(entrances, HERE, 8)
    until(partial(all_wait, entrances, 8))
    # Five times as long as those wait of whose server nothing is heard.
    threading.Event().wait(0.1)
    assert told == []
    for entrance in inside:
        entrance.leave()
    for thread in threads:
        thread.join(30)
    assert told == [""] * 8


@pytest.mark.usefixtures("_hasty")
def test_but_never_longer_than_half_of_the_deadline(clock: Clock) -> None:
    entrances = Entrances(Limits(deadline_seconds=0.1), clock)
    known(entrances, HERE)
    let_in(entrances, HERE, 8)
    assert entrances.entrance(HERE).refusal(ALL, A_MOMENT) == CROWDED


def test_so_is_a_server_of_which_nobody_has_heard(clock: Clock) -> None:
    entrances = Entrances(Limits(deadline_seconds=0.1, threads=2), clock)
    let_in(entrances, HERE, 1)
    assert entrances.entrance(HERE).refusal(ALL, A_MOMENT) == CROWDED


def test_nobody_waits_beyond_the_deadline(clock: Clock) -> None:
    entrances = Entrances(Limits(deadline_seconds=120.0), clock)
    known(entrances, HERE)
    let_in(entrances, HERE, 8)
    ends = clock() + 0.1
    assert entrances.entrance(HERE).refusal(ALL, Deadline(ends, 0.0, clock)) == CROWDED


# The judgement of a call


@pytest.mark.parametrize("reason", [UNREACHABLE, NOT_SECURE])
def test_a_server_is_closed_by_calls_that_get_no_answer(reason: str, make: Make, clock: Clock) -> None:
    entrances = make()
    assert [bad_call(entrances, what=failed(reason)) for _ in range(BAD_CALLS + 1)] == [""] * BAD_CALLS + [reason]
    clock.skipped += CLOSED_SECONDS
    assert bad_call(entrances) == ""
    assert bad_call(entrances) == UNREACHABLE


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateway_with_nobody_behind_it_is_no_answer(status: int, make: Make) -> None:
    entrances = make()
    told = [bad_call(entrances, what=answered(status)) for _ in range(BAD_CALLS + 1)]
    assert told == [""] * BAD_CALLS + [f"the FHIR server answered {status}"]


@pytest.mark.parametrize("status", [200, 204, 302, 400, 401, 403, 404, 410, 412, 429, 500, 501])
def test_whatever_else_the_server_says_it_answers(status: int, make: Make) -> None:
    entrances = make()
    assert [bad_call(entrances, what=answered(status)) for _ in range(3 * BAD_CALLS)] == [""] * 3 * BAD_CALLS


@pytest.mark.parametrize("reason", [TOO_LARGE, TOO_LARGE_TOGETHER])
def test_an_answer_that_is_too_large_is_one(reason: str, make: Make) -> None:
    entrances = make()
    assert [bad_call(entrances, what=failed(reason)) for _ in range(3 * BAD_CALLS)] == [""] * 3 * BAD_CALLS


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("reason", [LATE, UNREACHABLE])
def test_a_slow_call_that_got_one_answer_is_not_bad(reason: str, first: bool, make: Make, clock: Clock) -> None:
    entrances = make(16)
    for _ in range(3 * BAD_CALLS):
        entrance = entrances.entrance(HERE)
        assert entrance.refusal(ALL, NO_TIME) == ""
        for what in (ANSWER, failed(reason)) if first else (failed(reason), ANSWER):
            entrance.hear(what)
        clock.skipped += 1.4
        entrance.leave()
    assert len(let_in(entrances, HERE, 16)) == 8, "it is a server that answers"


@pytest.mark.parametrize(("waited", "told"), [(0.75, LATE), (0.7, "")])
@pytest.mark.parametrize("said", [True, False], ids=["libcurl said it was late", "nobody said anything"])
def test_a_server_that_was_given_little_time_has_not_been_late(waited: float, told: str, said: bool) -> None:
    now = [0.0]
    entrances = Entrances(Limits(deadline_seconds=1.5), lambda: now[0])
    for _ in range(BAD_CALLS):
        entrance = entrances.entrance(HERE)
        assert entrance.refusal(ALL, NO_TIME) == ""
        if said:
            entrance.hear(failed(LATE))
        now[0] += waited
        entrance.leave()
    assert entrances.entrance(HERE).refusal(ALL, NO_TIME) == told


def test_a_call_that_asked_nothing_gives_no_verdict(make: Make, clock: Clock) -> None:
    entrances = make()
    for _ in range(BAD_CALLS):
        entrance = entrances.entrance(HERE)
        clock.skipped += 10.0
        entrance.leave()
    bad_call(entrances)
    assert len(let_in(entrances, HERE, 1)) == 1


def test_another_base_and_another_client_are_judged_by_their_own_calls(make: Make) -> None:
    entrances = make()
    for _ in range(BAD_CALLS):
        bad_call(entrances)
    assert bad_call(entrances) == UNREACHABLE
    assert bad_call(entrances, THERE) == ""
    assert bad_call(entrances, Owner("another clinic", HERE.base)) == ""


def test_an_answer_to_another_call_at_the_same_time_opens_the_way(make: Make) -> None:
    entrances = make()
    known(entrances, HERE)
    (slow,) = let_in(entrances, HERE, 1)
    for _ in range(BAD_CALLS):
        bad_call(entrances)
    assert bad_call(entrances) == UNREACHABLE
    slow.hear(ANSWER)
    assert bad_call(entrances) == ""


def test_many_calls_that_fail_at_once_close_it_once_and_for_no_longer(make: Make, clock: Clock) -> None:
    entrances = make(16)
    known(entrances, HERE)
    inside = let_in(entrances, HERE, 8)
    for entrance in inside:
        entrance.hear(failed(UNREACHABLE))
        entrance.leave()
        clock.skipped += 1.0
    assert bad_call(entrances) == "", "the third of them was over five seconds ago"


def test_one_who_examines_a_server_may_ask_it_however_often_it_fails(make: Make) -> None:
    entrances = make(asks_always=True)
    assert [bad_call(entrances) for _ in range(10)] == [""] * 10


def test_of_very_many_servers_the_first_are_forgotten(make: Make) -> None:
    entrances = make()
    for _ in range(BAD_CALLS):
        bad_call(entrances)
    for number in range(10_000):
        entrances.entrance(Owner("a hostile clinic", str(number)))
    assert len(entrances._standings) <= 4_096
    assert bad_call(entrances) == ""


# The log


def test_the_log_has_one_line_for_each_change_and_no_address(
    make: Make, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    entrances = make()
    for _ in range(BAD_CALLS + 3):
        bad_call(entrances)
    clock.skipped += CLOSED_SECONDS
    bad_call(entrances)
    clock.skipped += CLOSED_SECONDS
    known(entrances, HERE)
    known(entrances, HERE)
    assert [record.getMessage() for record in caplog.records] == [
        "a FHIR server does not answer; it is not asked for 5 seconds",
        "a FHIR server answers again",
    ]


# The metrics
@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What was counted, in its order."""
    seen: list[tuple[str, ...]] = []
    for metric in ("FHIR_ANSWERS", "FHIR_BREAKER", "FHIR_NOT_ASKED"):
        stands_in = SimpleNamespace(count=lambda *labels, name=metric: seen.append((name, *labels)))
        monkeypatch.setattr(f"cds_service.fhir_client.entrance.{metric}", stands_in)
    return seen


def test_that_a_server_is_left_alone_and_asked_again_is_counted_once_each(
    make: Make, clock: Clock, counted: list[tuple[str, ...]]
) -> None:
    entrances = make()
    for _ in range(BAD_CALLS + 3):
        bad_call(entrances)
    clock.skipped += CLOSED_SECONDS
    known(entrances, HERE)
    assert [one for one in counted if one[0] != "FHIR_ANSWERS"] == [
        ("FHIR_BREAKER", "left-alone"),
        *[("FHIR_NOT_ASKED", "breaker")] * 3,
        ("FHIR_BREAKER", "asked-again"),
    ]


def test_calls_for_which_there_is_no_place_are_counted(make: Make, counted: list[tuple[str, ...]]) -> None:
    entrances = make(4)
    places = let_in(entrances, HERE, 10)
    assert counted == [("FHIR_NOT_ASKED", "crowded")] * (10 - len(places))


@pytest.mark.parametrize(
    ("received", "outcome"),
    [
        (ANSWER, "2xx"),
        (answered(404), "4xx"),
        (answered(503), "5xx"),
        (failed(LATE), "late"),
        (failed(UNREACHABLE), "unreachable"),
        (failed(NOT_SECURE), "not-secure"),
        (failed(TOO_LARGE), "unusable"),
    ],
)
def test_what_became_of_a_request_is_counted_in_a_word(
    received: Received, outcome: str, make: Make, counted: list[tuple[str, ...]]
) -> None:
    entrance = make().entrance(HERE)
    assert entrance.refusal(ALL, A_MOMENT) == ""
    entrance.hear(received)
    assert counted == [("FHIR_ANSWERS", outcome)]
