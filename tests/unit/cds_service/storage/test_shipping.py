"""What waits in the spool is carried away soon, again after a failure, and said once."""

import gc
import threading
from collections.abc import Callable

import pytest

from cds_service.storage.shipping import Shipping
from cds_service.storage.store_error import StoreError
from tests.waiting import until


class Carrier:
    """Something that carries away, and fails as it is told."""

    def __init__(self, *faults: Exception) -> None:
        self.faults, self.times = list(faults), 0

    def ship(self) -> None:
        """Once more."""
        self.times += 1
        if self.faults:
            raise self.faults.pop(0)


@pytest.fixture
def at_work() -> Callable[[], int]:
    before = set(threading.enumerate())
    return lambda: len([one for one in threading.enumerate() if one.name == "spool" and one not in before])


def test_what_an_earlier_process_left_is_carried_away_at_once(at_work: Callable[[], int]) -> None:
    carrier = Carrier()
    shipping = Shipping(carrier.ship, 3600)
    shipping.begin()
    until(lambda: carrier.times == 1)
    shipping.begin()
    assert at_work() == 1
    shipping.close()
    until(lambda: at_work() == 0)


def test_many_events_that_come_together_are_carried_away_together() -> None:
    carrier = Carrier()
    shipping = Shipping(carrier.ship, 3600)
    for _ in range(1000):
        shipping.there_is_something()
    until(lambda: carrier.times >= 1)
    assert carrier.times <= 3
    shipping.close()


def test_after_any_failure_it_is_tried_again_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    carrier = Carrier(StoreError("locked"), RuntimeError("Mrs Example"), StoreError("locked"))
    shipping = Shipping(carrier.ship, 0.01)
    shipping.begin()
    until(lambda: "again" in caplog.text)
    shipping.close()
    assert caplog.messages == [
        "events cannot be brought to the database, they wait in the spool: locked",
        "events are brought to the database again",
    ]


def test_what_an_unforeseen_error_says_stays_out_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    carrier = Carrier(RuntimeError("Mrs Example"))
    shipping = Shipping(carrier.ship, 3600)
    shipping.begin()
    until(lambda: bool(caplog.messages))
    shipping.close()
    assert caplog.messages == ["events cannot be brought to the database, they wait in the spool: RuntimeError"]


def test_nobody_carries_for_an_owner_that_is_gone(at_work: Callable[[], int]) -> None:
    carriers = [Carrier()]
    shipping = Shipping(carriers[0].ship, 3600)
    shipping.begin()
    until(lambda: carriers[0].times == 1)
    carriers.clear()
    gc.collect()
    shipping.there_is_something()
    until(lambda: at_work() == 0)


def test_without_a_thread_the_next_event_tries_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no_thread(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    carrier = Carrier()
    shipping = Shipping(carrier.ship, 3600)
    with monkeypatch.context() as without_threads:
        without_threads.setattr(threading.Thread, "start", no_thread)
        shipping.there_is_something()
    assert "the spool cannot be shipped now" in caplog.text
    shipping.there_is_something()
    until(lambda: carrier.times == 1)
    shipping.close()


def test_a_closed_one_carries_nothing_any_more(at_work: Callable[[], int]) -> None:
    carrier = Carrier()
    shipping = Shipping(carrier.ship, 3600)
    shipping.close()
    shipping.begin()
    shipping.there_is_something()
    assert at_work() == 0
    assert carrier.times == 0
