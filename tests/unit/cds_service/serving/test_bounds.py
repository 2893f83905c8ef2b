"""The bounds follow from the settings; a port that cannot be had is told in words."""

from __future__ import annotations

import resource
import socket

import pytest

from cds_service.serving import Bounds, PortTaken, bounds_of, insist_on_free_port
from cds_service.serving.bounds import MOST_DESCRIPTORS
from cds_service.settings import Settings, from_environment


def allow(files: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (files, files))


@pytest.mark.parametrize("files", [resource.RLIM_INFINITY, 1_000_000, 1_024])
def test_with_the_usual_settings_all_that_may_be_open_at_once_stays_below_what_libcurl_knows(
    files: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(files, monkeypatch)
    usual = Settings()
    bounds = bounds_of(usual)
    assert bounds.connections == usual.max_connections == 400
    assert bounds.connections + usual.fhir_pool_size + 13 * usual.threads < MOST_DESCRIPTORS


def test_where_the_system_allows_few_files_there_are_fewer_connections_but_more_than_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    allow(600, monkeypatch)
    assert 16 < bounds_of(Settings()).connections < 300
    assert bounds_of(Settings(threads=1_000)).connections > 1_000


def test_bodies_and_threads_are_those_of_the_settings_and_some_of_the_largest_bodies_fit_at_once() -> None:
    assert (bounds_of(Settings()).body_bytes, bounds_of(Settings()).threads) == (10_000_000, 16)
    large = bounds_of(Settings(max_body_bytes=100_000_000, threads=3))
    assert (large.body_bytes, large.threads, large.held_bytes) == (100_000_000, 3, 400_000_000)
    assert bounds_of(Settings(max_body_bytes=1_000)).held_bytes == Bounds().held_bytes


def test_the_usual_settings_are_the_usual_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    allow(1_024, monkeypatch)
    assert bounds_of(Settings()) == Bounds()


def test_what_an_operator_sets_is_what_callers_are_granted(monkeypatch: pytest.MonkeyPatch) -> None:
    allow(1_024, monkeypatch)
    times = {"silent": 31, "request": 32, "idle": 33, "wait": 34, "send": 35, "drain": 4}
    numbers = {f"CDS_{name.upper()}_SECONDS": str(seconds) for name, seconds in times.items()}
    bounds = bounds_of(from_environment(numbers | {"CDS_MAX_CONNECTIONS": "48"}))
    assert {name: getattr(bounds, f"{name}_seconds") for name in times} == times
    assert bounds.connections == 48


def test_more_connections_than_there_are_files_for_are_not_granted_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "cds_service")
    allow(1_000_000, monkeypatch)
    assert bounds_of(Settings(max_connections=500)).connections == 500
    assert caplog.text == ""
    granted = bounds_of(Settings(max_connections=900)).connections
    assert 500 < granted < 900
    assert f"{granted} connections of callers for each worker, as files allow; 900 are set" in caplog.text


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_a_free_port_is_found_free_and_stays_so(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    insist_on_free_port(host, port)
    insist_on_free_port(host, port)


def test_a_port_is_free_although_connections_of_an_earlier_service_are_still_ending() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        caller = socket.create_connection(("127.0.0.1", port))
        # Who hangs up first keeps the port for a while.
        listening.accept()[0].close()
    caller.close()
    insist_on_free_port("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("192.0.2.1", "cannot assign requested address"),
        ("a" * 300, "there is no such address"),
    ],
)
def test_an_address_that_cannot_be_had_is_named_with_the_reason(host: str, said: str) -> None:
    with pytest.raises(PortTaken, match=said):
        insist_on_free_port(host, 1)
