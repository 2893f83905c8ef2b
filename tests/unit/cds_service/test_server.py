"""The service refuses to listen where strangers could call, and gunicorn gets exactly our options."""

from __future__ import annotations

import gc
import logging
import socket
import struct
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from gunicorn.sock import create_sockets

from cds_service.access import TrustedClientsError
from cds_service.server import Server, UnsafeStart, check_start, freeze, in_container, options, relax
from cds_service.serving import Bounds, InboundWorker, JsonLogger
from cds_service.settings import ENDING_SECONDS, Settings, from_environment
from cds_service.storage import SecretError, StoreError

DOCKER = Path("/.dockerenv").exists()
CONTAINER = {"CDS_IN_CONTAINER": "1"}


@pytest.mark.parametrize(
    ("host", "dev", "container", "environment", "authenticated"),
    [
        ("127.0.0.1", True, False, {}, False),
        ("::1", True, False, {}, False),
        ("0.0.0.0", True, True, CONTAINER, False),
        ("127.0.0.1", False, False, {}, True),
        ("0.0.0.0", False, False, {}, True),
    ],
)
def test_a_safe_start_is_let_through(
    host: str, dev: bool, container: bool, environment: dict[str, str], authenticated: bool
) -> None:
    check_start(host, dev=dev, container=container, environment=environment, authenticated=authenticated)


@pytest.mark.parametrize(
    ("host", "dev", "authenticated", "reason"),
    [
        ("127.0.0.1", False, False, "no trusted clients are configured"),
        ("0.0.0.0", False, False, "no trusted clients are configured"),
        ("0.0.0.0", True, False, "--dev serves without client authentication"),
        ("0.0.0.0", True, True, "--dev serves without client authentication"),
        ("::", True, False, "--dev serves without client authentication"),
    ],
)
def test_an_unsafe_start_is_refused_with_the_reason(host: str, dev: bool, authenticated: bool, reason: str) -> None:
    with pytest.raises(UnsafeStart, match=reason):
        check_start(host, dev=dev, container=False, environment=CONTAINER, authenticated=authenticated)


@pytest.mark.parametrize("value", ["", "0", "true"])
def test_a_container_says_so_with_1_and_nothing_else_or_has_the_file_of_docker(value: str) -> None:
    environment = {"CDS_IN_CONTAINER": value}
    assert in_container(environment) is DOCKER
    refused = nullcontext() if DOCKER else pytest.raises(UnsafeStart, match="--container is for containers")
    with refused:
        check_start("0.0.0.0", dev=True, container=True, environment=environment)


def test_a_container_is_recognised_by_its_variable() -> None:
    assert in_container(CONTAINER)


def test_gunicorn_gets_the_options_and_the_application() -> None:
    app = Flask(__name__)
    server = Server(app, {"bind": "127.0.0.1:5055", "workers": 3, "timeout": 60, "preload_app": True})
    assert server.cfg.address == [("127.0.0.1", 5055)]
    assert (server.cfg.workers, server.cfg.timeout, server.cfg.preload_app) == (3, 60, True)
    assert server.load() == app.wsgi_app


@pytest.mark.parametrize(("host", "address"), [("127.0.0.1", ("127.0.0.1", 5055)), ("::1", ("::1", 5055))])
def test_all_options_are_such_that_gunicorn_knows_and_the_workers_are_ours(host: str, address: tuple[str, int]) -> None:
    server = Server(Flask(__name__), options(Settings(workers=3), host, 5055), Bounds(threads=7))
    assert server.cfg.address == [address]
    assert (server.cfg.workers, server.cfg.worker_class, server.bounds.threads) == (3, InboundWorker, 7)


def served(server: Server) -> Any:
    """What gunicorn's master hands to its workers."""
    return server.wsgi()


def test_a_reload_takes_the_application_that_is_made_anew() -> None:
    old, new = Flask("old"), Flask("new")
    server = Server(old, {}, make_anew=lambda: new)
    assert served(server) == old.wsgi_app
    server.reload()
    assert served(server) == new.wsgi_app


def test_a_reload_keeps_the_application_where_nothing_can_be_read_again() -> None:
    app = Flask("old")
    server = Server(app, {})
    server.reload()
    assert served(server) == app.wsgi_app


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            TrustedClientsError("clients.toml: client 1: issuer: is missing"),
            "clients.toml: client 1: issuer: is missing",
        ),
        (SecretError("secret: line 2 is no key of 64 digits"), "secret: line 2 is no key of 64 digits"),
        (RuntimeError("Anna Example"), "RuntimeError"),
    ],
)
def test_a_reload_that_fails_keeps_the_application_and_says_so(
    error: Exception, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    def make() -> Flask:
        raise error

    app = Flask("old")
    server = Server(app, {}, make_anew=make)
    server.reload()
    assert served(server) == app.wsgi_app
    assert f"stay as they were: {said}\n" in caplog.text


@pytest.fixture
def collector() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


@pytest.mark.usefixtures("collector")
def test_start_up_objects_are_not_looked_at_again_and_collections_become_rare() -> None:
    freeze(None)
    assert gc.get_freeze_count() > 0
    before = gc.get_threshold()[0]
    relax()
    assert gc.get_threshold()[0] > before


@pytest.mark.usefixtures("collector")
def test_a_worker_looks_at_the_kill_switch_before_all_else_and_then_has_keys_fetched_and_the_spool_stored() -> None:
    app, asked = Flask(__name__), []
    app.extensions["cds_kill_switch"] = SimpleNamespace(begin=lambda: asked.append("kill switch"))
    app.extensions["cds_event_log"] = SimpleNamespace(begin=lambda: asked.append("spool"))
    app.extensions["cds_authentication"] = SimpleNamespace(begin=lambda: asked.append("keys"))
    server = Server(app, options(Settings(), "127.0.0.1", 5055))
    server.cfg.post_worker_init(SimpleNamespace(app=server))
    assert asked == ["kill switch", "spool", "keys"]
    Server(Flask("without clients"), {}).begin()


@pytest.mark.parametrize("problem", [None, StoreError("the database could not be used")])
def test_a_worker_that_ends_has_what_waits_written_and_its_end_does_not_fail(
    problem: StoreError | None, caplog: pytest.LogCaptureFixture
) -> None:
    app, asked = Flask(__name__), []

    class Waiting:
        def write_what_waits(self, seconds: float) -> None:
            asked.append(seconds)
            if problem:
                raise problem

    app.extensions |= {"cds_event_log": Waiting(), "cds_token_log": Waiting()}
    server = Server(app, options(Settings(), "127.0.0.1", 5055))
    server.cfg.worker_exit(None, SimpleNamespace(app=server))
    assert len(asked) == 2
    assert sum(asked) < server.leaving_seconds < server.cfg.graceful_timeout / 2, "its master kills it then"
    assert [record.levelname for record in caplog.records] == ["ERROR"] * 2 * bool(problem)
    assert "events in the spool" in caplog.text or not problem, "they are not lost"


def test_a_worker_without_tokens_ends_as_well() -> None:
    Server(Flask(__name__), {}).leave()


def test_what_an_operator_sets_for_the_server_is_what_gunicorn_gets() -> None:
    names = {"CDS_WORKER_TIMEOUT_SECONDS": "30", "CDS_GRACEFUL_SECONDS": "40", "CDS_BACKLOG": "128"}
    usual, chosen = (
        Server(Flask(__name__), options(from_environment(variables), "127.0.0.1", 5055)).cfg
        for variables in ({}, names)
    )
    assert (usual.timeout, usual.graceful_timeout, usual.backlog) == (60, 10, 2_048)
    assert (chosen.timeout, chosen.graceful_timeout, chosen.backlog) == (30, 40, 128)


def test_so_many_callers_may_wait_to_be_let_in_as_are_set() -> None:
    chosen = options(Settings(backlog=17), "127.0.0.1", 0)
    log: Any = logging.getLogger("gunicorn")
    (made,) = create_sockets(Server(Flask(__name__), chosen).cfg, log)
    try:
        told = made.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 32)
    finally:
        made.close()
    # Of a socket that listens Linux tells it in the place of `tcpi_sacked`.
    assert struct.unpack_from("=I", told, 28) == (17,)


def test_the_shortest_end_that_can_be_set_has_time_for_callers_and_for_what_waits() -> None:
    server = Server(Flask(__name__), options(from_environment({"CDS_GRACEFUL_SECONDS": "3"}), "127.0.0.1", 5055))
    worker: Any = SimpleNamespace(app=server, cfg=server.cfg)
    assert InboundWorker._drain_seconds(worker) == 3 - ENDING_SECONDS == 1


def test_the_log_of_gunicorn_is_json_where_ours_is() -> None:
    text, form = (options(Settings(log_format=form), "127.0.0.1", 5055) for form in ("text", "json"))
    assert Server(Flask(__name__), form).cfg.logger_class is JsonLogger
    assert "logger_class" not in text
