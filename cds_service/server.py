"""Running the service under gunicorn.

What may live here: the server's options and the refusal to start unsafely.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from cds_service.addresses import is_loopback
from cds_service.app import create_app
from cds_service.knowledge import insist_on_valid_templates, load_templates
from cds_service.settings import Settings

_M_ARENA_MAX = -8
"""The number of this option in glibc's malloc.h."""


class UnsafeStart(Exception):
    """The service would be reachable by others without knowing who calls; the text says what to do instead."""


def in_container(environment: Mapping[str, str]) -> bool:
    """Do we run in a container, whose ports are published by its operator?"""
    return environment.get("CDS_IN_CONTAINER") == "1" or Path("/.dockerenv").exists()


def check_start(
    host: str, *, dev: bool, container: bool, environment: Mapping[str, str], authenticated: bool = False
) -> None:
    """Refuse to listen where strangers could call. `authenticated` is True with trusted clients configured.

    Raises:
        UnsafeStart: with the reason.
    """
    if not dev and not authenticated:
        raise UnsafeStart(
            "no trusted clients are configured, so anybody could call: set CDS_TRUSTED_CLIENTS and CDS_PUBLIC_URL, or "
            "use --dev on a loopback address to try things out"
        )
    if authenticated and not dev:
        return
    if container and not in_container(environment):
        raise UnsafeStart("--container is for containers: there is no /.dockerenv and CDS_IN_CONTAINER is not 1")
    if not container and not is_loopback(host):
        raise UnsafeStart(
            f"--dev serves without client authentication and refuses to bind {host}: use a loopback address"
        )


class Server(BaseApplication):
    """gunicorn with our application, loaded once before the fork."""

    def __init__(self, app: Flask, options: Mapping[str, Any]) -> None:
        self._app, self._options = app, options
        super().__init__()

    def load_config(self) -> None:
        """Hand our options to gunicorn."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The application every worker serves."""
        return self._app.wsgi_app


def freeze(_: object) -> None:
    """Start-up objects live as long as the worker: the collector need not look at them again."""
    gc.collect()
    gc.freeze()


def relax(_: object) -> None:
    """Requests leave little cyclic garbage; collecting less often costs little memory and saves much time.

    The oldest generation holds nothing of the start-up, so looking at it is cheap; left for long it would grow.
    """
    gc.set_threshold(20_000, 20, 5)


def share_arenas() -> None:
    """Let all threads of a process share two memory arenas where the C library is glibc; called before any thread.

    With an arena for each thread, no thread can use what another has freed, and a worker keeps growing for hours.
    MALLOC_ARENA_MAX in the environment overrides this.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None and "MALLOC_ARENA_MAX" not in os.environ:
        mallopt(_M_ARENA_MAX, 2)


def options(settings: Settings, host: str, port: int) -> dict[str, Any]:
    """gunicorn's options: threads for waiting on FHIR servers, everything loaded before the fork."""
    address = f"[{host}]" if ":" in host else host
    chosen: dict[str, Any] = {
        "bind": f"{address}:{port}",
        "workers": settings.workers,
        "threads": settings.threads,
        "worker_class": "gthread",
        "preload_app": True,
        "when_ready": freeze,
        "post_worker_init": relax,
        "timeout": 60,
        "graceful_timeout": 10,
        "keepalive": 15,
        "loglevel": settings.log_level.lower(),
        "proc_name": "calciphylaxis-cds",
        "control_socket_disable": True,
    }
    if Path("/dev/shm").is_dir() and os.access("/dev/shm", os.W_OK):  # noqa: S108 (gunicorn's own advice)
        chosen["worker_tmp_dir"] = "/dev/shm"  # noqa: S108
    return chosen


def serve(settings: Settings, host: str, port: int) -> None:
    """Serve until told to stop."""
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    share_arenas()
    # Before everything that starts threads: the check forks, which must not happen beside threads.
    insist_on_valid_templates(load_templates(()))
    Server(create_app(settings), options(settings, host, port)).run()
