"""What a signal must not interrupt: it is heard as soon as that is done."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from cds_service.serving import InboundWorker
from cds_service.serving import worker as worker_module
from cds_service.serving.bounds import Bounds
from cds_service.serving.worker import undisturbed

ENDING = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)


@pytest.fixture
def heard() -> Iterator[list[int]]:
    """The signals that were heard."""
    found: list[int] = []
    before = {one: signal.signal(one, lambda number, _: found.append(number)) for one in ENDING}
    yield found
    for one, handler in before.items():
        signal.signal(one, handler)


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_waits_for_the_end_of_the_block(number: int, heard: list[int]) -> None:
    with undisturbed():
        os.kill(os.getpid(), number)
        assert heard == []
    assert heard == [number]


def test_a_block_that_fails_leaves_the_signals_as_they_were(heard: list[int]) -> None:
    with pytest.raises(ValueError, match="x"), undisturbed():
        raise ValueError("x")
    os.kill(os.getpid(), signal.SIGINT)
    assert heard == [signal.SIGINT]


def test_a_worker_that_makes_what_listens_is_not_interrupted(heard: list[int], monkeypatch: Any) -> None:
    """Half a trigger of waitress would be told of by Python with a trace."""
    made: list[list[int]] = []

    def listener(*_: object) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        made.append(list(heard))
        return SimpleNamespace(close=lambda: None)

    monkeypatch.setattr(worker_module, "Listener", listener)
    worker: Any = InboundWorker.__new__(InboundWorker)
    worker.app, worker.wsgi = SimpleNamespace(bounds=Bounds(), refusal_headers=None), None
    worker.PIPE, worker.sockets, worker.alive = os.pipe(), [SimpleNamespace(sock=None)], False
    worker._is_in_a_hurry = True
    monkeypatch.setattr(logging.getLogger("waitress"), "level", logging.NOTSET)
    worker.run()
    for descriptor in worker.PIPE:
        os.close(descriptor)
    assert (made, heard) == ([[]], [signal.SIGINT])
