"""The service refuses to listen where strangers could call, and gunicorn gets exactly our options."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from flask import Flask

from cds_service.server import Server, UnsafeStart, check_start, freeze, in_container, relax

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
    relax(None)
    assert gc.get_threshold()[0] > before
