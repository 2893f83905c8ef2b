"""Who waits for a thread does not wait for ever, and a thread that cannot be started costs one answer, not a worker."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from cds_service.clock import ARRIVED, seconds_with_us
from tests.unit.cds_service.serving.loop import (
    GET,
    LAST,
    WITHIN_SECONDS,
    Asked,
    Loop,
    everything,
    outcome,
    running_loop,
    status,
)

SOON = 0.2


@contextmanager
def busy_loop(**bounds: Any) -> Iterator[Loop]:
    """A loop whose only thread is with the application, until the gate is opened."""
    asked = Asked()
    asked.gate.clear()
    with running_loop(asked, threads=1, **bounds) as loop, loop.connect() as first:
        first.sendall(GET)
        loop.until(lambda: len(asked.environments) == 1)
        yield loop


def waiting(loop: Loop, stack: ExitStack, sent: bytes = LAST) -> socket.socket:
    """A caller whose whole request waits for a thread."""
    served = loop.listener.served
    caller = stack.enter_context(loop.connect())
    caller.sendall(sent)
    loop.until(lambda: loop.listener.served == served + 1)
    return caller


def reset(caller: socket.socket) -> None:
    """Hang up so that the other side is told at once."""
    caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    caller.close()


# ------------------------------------------------------------------ waiting
def test_a_request_that_has_waited_too_long_for_a_thread_is_503_and_the_application_is_not_asked(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    with busy_loop(wait_seconds=SOON) as loop, ExitStack() as stack:
        callers = [stack.enter_context(loop.connect()) for _ in range(4)]
        for caller in callers:
            caller.sendall(LAST)
        answers = [everything(caller) for caller in callers]
        assert loop.listener.served == 1, "the call that is being answered is not disturbed"
        loop.asked.gate.set()
        assert status(loop.ask(LAST)) == 200
        loop.until(lambda: loop.listener.served == 0 and loop.listener.held.bytes == 0)
        assert len(loop.asked.environments) == 2
    for answer in answers:
        assert (status(answer), outcome(answer)["code"]) == (503, "transient")
        assert "too many calls wait for an answer" in outcome(answer)["diagnostics"]
        assert b"\r\nRetry-After: 1\r\n" in answer
    assert caplog.text.count("waited too long for a thread") == 1, "said once a minute, not for each"
    assert "answered 503" not in caplog.text


def test_a_request_that_gets_a_thread_in_time_is_answered() -> None:
    with busy_loop(wait_seconds=WITHIN_SECONDS) as loop, ExitStack() as stack:
        caller = waiting(loop, stack)
        loop.do(lambda: setattr(loop.listener, "_next_sweep", 0.0))
        loop.do(loop.listener.sweep)
        loop.asked.gate.set()
        assert status(everything(caller)) == 200


def test_how_long_a_request_has_been_with_us_includes_its_wait_for_a_thread() -> None:
    with busy_loop(wait_seconds=WITHIN_SECONDS) as loop, ExitStack() as stack:
        caller = waiting(loop, stack)
        time.sleep(SOON)
        first, *_ = loop.asked.environments
        loop.asked.gate.set()
        everything(caller)
        second = loop.asked.environments[1]
        assert second[ARRIVED] > first[ARRIVED]
        assert seconds_with_us(second) >= SOON
        assert seconds_with_us({}) == 0.0, "another server does not say"


def test_a_call_that_takes_longer_than_others_may_wait_is_answered() -> None:
    with busy_loop(wait_seconds=SOON) as loop, ExitStack() as stack:
        late = waiting(loop, stack)
        (being_answered,) = [one for one in loop.listener.active_channels.values() if one.addr != late.getsockname()]
        assert status(everything(late)) == 503
        assert being_answered.due is None
        loop.asked.gate.set()
        loop.until(lambda: loop.listener.served == 0)
        assert being_answered.is_idle


def test_those_who_hung_up_while_they_waited_are_not_worked_for() -> None:
    with busy_loop() as loop, ExitStack() as stack:
        gone = waiting(loop, stack)
        reset(gone)
        loop.asked.gate.set()
        assert status(loop.ask(LAST)) == 200
        loop.until(lambda: loop.listener.served == 0)
        assert len(loop.asked.environments) == 2, "the first one and the last one"
        assert loop.listener.held.bytes == 0


def test_who_has_ended_its_own_half_while_it_waited_may_still_listen() -> None:
    with busy_loop() as loop, ExitStack() as stack:
        caller = waiting(loop, stack)
        caller.shutdown(socket.SHUT_WR)
        loop.do(lambda: None)
        loop.asked.gate.set()
        assert status(everything(caller)) == 200


# ------------------------------------------------------------------ threads
Allow = Callable[[bool], None]


@pytest.fixture
def allow(monkeypatch: pytest.MonkeyPatch) -> Allow:
    """Does the system let a thread for answers be started? At first not."""
    start, allowed = threading.Thread.start, [False]

    def started(thread: threading.Thread) -> None:
        if thread.name.startswith("answers-") and not allowed[0]:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", started)
    return lambda may: allowed.__setitem__(0, may)


def test_without_any_thread_each_request_is_503_and_when_there_is_one_again_all_goes_on(
    allow: Allow, caplog: pytest.LogCaptureFixture
) -> None:
    with running_loop(threads=2) as loop:
        for _ in range(5):
            answer = loop.ask(GET)
            assert (status(answer), outcome(answer)["code"]) == (503, "transient")
            assert b"\r\nRetry-After: 1\r\n" in answer
        loop.until(lambda: not loop.listener.active_channels)
        assert (loop.listener.served, loop.listener.held.bytes) == (0, 0)
        assert loop.listener.readable()
        assert loop.asked.environments == []
        allow(True)
        assert status(loop.ask(LAST)) == 200
    assert [record.levelname for record in caplog.records if "thread" in record.message] == ["ERROR", "ERROR"]


def test_where_no_more_threads_can_be_started_those_that_there_are_answer(
    allow: Allow, caplog: pytest.LogCaptureFixture
) -> None:
    with running_loop(threads=4) as loop:
        allow(True)
        assert status(loop.ask(LAST)) == 200
        allow(False)
        assert [status(loop.ask(LAST)) for _ in range(8)] == [200] * 8
        loop.until(lambda: loop.listener.served == 0)
        assert loop.listener.held.bytes == 0
        assert not caplog.text.count("refused with 503")
        allow(True)
        assert [status(loop.ask(LAST)) for _ in range(8)] == [200] * 8
    assert caplog.text.count("no more threads can be started") == 1, "said once a minute, not for each"
