"""An address from which a trusted client called lately stays open; others are shut when they were refused too often."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.exceptions import TooManyRequests

from cds_service.access.rate_limit import RateLimit
from cds_service.access.trusted_clients import TrustedClient

APP = Flask("bare")


class Exhausted:
    """Counts by which everybody is above the rate."""

    def spend(self, who: str) -> int:
        return 9

    def over(self, who: str) -> int:
        return 9

    def faults(self) -> list[str]:
        return []


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def is_shut(limit: RateLimit, address: str) -> bool:
    with APP.test_request_context(environ_base={"REMOTE_ADDR": address}):
        try:
            limit.insist_before_the_gate()
        except TooManyRequests:
            return True
    return False


def accept(limit: RateLimit, address: str) -> None:
    with APP.test_request_context(environ_base={"REMOTE_ADDR": address}):
        limit.accepted()


def test_an_address_stays_open_for_ten_minutes_after_a_good_call() -> None:
    clock = Clock()
    limit = RateLimit(Exhausted(), clock)
    assert is_shut(limit, "198.51.100.7")
    accept(limit, "198.51.100.7")
    clock.now = 599
    assert not is_shut(limit, "198.51.100.7")
    assert is_shut(limit, "198.51.100.8")
    clock.now = 600
    assert is_shut(limit, "198.51.100.7")


def test_of_very_many_good_addresses_those_that_called_last_stay_open() -> None:
    limit = RateLimit(Exhausted(), Clock())
    addresses = [f"198.51.{number // 250}.{number % 250}" for number in range(1_001)]
    for address in [*addresses[:1_000], addresses[0], addresses[1_000]]:
        accept(limit, address)
    assert not is_shut(limit, addresses[0])
    assert is_shut(limit, addresses[1])
    assert not is_shut(limit, addresses[1_000])


def test_a_call_above_the_rate_is_not_let_in() -> None:
    limit = RateLimit(Exhausted(), Clock())
    with APP.test_request_context(), pytest.raises(TooManyRequests) as refusal:
        limit.count(None)
    assert ("Retry-After", "9") in refusal.value.get_headers()
    assert refusal.value.description == "more calls than CDS_RATE_LIMIT allows; try again in 9 s"


def test_the_log_says_it_once_a_minute_of_each_client(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    limit = RateLimit(Exhausted(), clock)

    def calls(*tenants: str) -> list[str]:
        """The tenants that the log names when these call."""
        caplog.clear()
        with APP.test_request_context():
            for tenant in tenants:
                with pytest.raises(TooManyRequests):
                    limit.count(TrustedClient(tenant, f"urn:{tenant}"))
        return [message.split()[3] for message in caplog.messages]

    assert calls("north", "north", "south", "north") == ["north", "south"]
    clock.now = 59
    assert calls("north", "south") == []
    clock.now = 60
    assert calls("north", "north") == ["north"]
