"""Threads that hang are noticed, can be dismissed, and hold up neither new ones nor the end of the process."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from cds_service.storage.crew import Crew
from tests.waiting import until

CLOCK_STARTS = 100.0


def threads_of(name: str) -> int:
    return sum(thread.name.startswith(name) for thread in threading.enumerate())


def test_what_is_done_brings_its_result_or_its_error() -> None:
    crew = Crew(1, "crew-of-results")
    assert crew.do(lambda: 7, 1).result(10) == 7
    with pytest.raises(ZeroDivisionError):
        crew.do(lambda: 1 // 0, 1).result(10)
    assert crew.do(lambda: 8, 1).result(10) == 8, "an error does not end a thread"
    crew.dismiss()


def test_what_was_cancelled_while_it_waited_is_not_done() -> None:
    crew, go, done = Crew(1, "crew-of-the-cancelled"), threading.Event(), []
    first = crew.do(lambda: go.wait(10), 1)
    until(first.running)
    assert crew.do(lambda: done.append("cancelled"), 1).cancel()
    go.set()
    crew.do(lambda: done.append("later"), 1).result(10)
    assert done == ["later"]
    crew.dismiss()


def test_a_crew_hangs_when_work_is_overdue_for_longer_than_is_granted() -> None:
    now, go = [CLOCK_STARTS], threading.Event()
    crew = Crew(2, "crew-that-hangs", lambda: now[0])
    assert not crew.hangs(0)
    hanging = crew.do(lambda: go.wait(10), 1.0)
    until(crew.is_at_work)
    assert crew.do(lambda: 7, 0.0).result(10) == 7, "another thread is free"
    now[0] = CLOCK_STARTS + 1.0 + 4.9
    assert not crew.hangs(5.0)
    now[0] = CLOCK_STARTS + 1.0 + 5.0
    assert crew.hangs(5.0)
    go.set()
    hanging.result(10)
    assert not crew.hangs(5.0)
    assert not crew.is_at_work()
    crew.dismiss()


def test_dismissed_threads_end_and_one_that_hangs_ends_when_it_comes_back() -> None:
    crew, go = Crew(3, "crew-dismissed"), threading.Event()
    hanging = crew.do(lambda: go.wait(10), 1)
    until(hanging.running)
    for _ in range(4):
        crew.do(lambda: None, 1).result(10)
    assert threads_of("crew-dismissed") == 3
    crew.dismiss()
    until(lambda: threads_of("crew-dismissed") == 1)
    go.set()
    until(lambda: threads_of("crew-dismissed") == 0)


def test_the_end_of_the_process_does_not_wait_for_work_that_hangs() -> None:
    script = (
        "import threading\nfrom cds_service.storage.crew import Crew\n"
        "begun = threading.Event()\nCrew(1, 'c').do(lambda: (begun.set(), threading.Event().wait()), 1)\nbegun.wait()\n"
    )
    assert subprocess.run([sys.executable, "-c", script], timeout=30, check=False).returncode == 0
