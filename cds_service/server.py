"""Running the service under gunicorn, with workers of our own.

What may live here: the server's options, the refusal to start unsafely, and what a reload takes up.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from cds_service.access import TrustedClientsError
from cds_service.addresses import is_loopback
from cds_service.api import headers_of_refusals
from cds_service.app import create_app
from cds_service.knowledge import SitePolicyError, insist_on_valid_templates, load_knowledge, load_templates
from cds_service.logs import JSON, set_up_log
from cds_service.metrics import share, worker_ended
from cds_service.serving import Bounds, InboundWorker, JsonLogger, bounds_of
from cds_service.settings import Settings
from cds_service.storage import SecretError, StoreError

log = logging.getLogger("cds_service")

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
"""The numbers of these options in glibc's malloc.h."""
_LARGE_BYTES = 131_072
_LEAVING_SECONDS = 0.5
"""How long the end of a worker waits for the database, for cards and for tokens each."""
_LEFT = {
    "cds_event_log": "leaves events in the spool to the other ones",
    "cds_token_log": "used tokens that waited for the database are lost",
}


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
    """gunicorn with our application, loaded once before the fork.

    `bounds`, `refusal_headers` and `leaving_seconds` are what its workers ask for. `make_anew` makes the application
    for a reload; None where it stays as it is.
    """

    leaving_seconds = 3 * _LEAVING_SECONDS
    """What `leave` may take: for cards, for tokens, and as much again to spare."""

    def __init__(
        self,
        app: Flask,
        options: Mapping[str, Any],
        bounds: Bounds | None = None,
        refusal_headers: Callable[[str], Mapping[str, str]] = lambda _: {},
        make_anew: Callable[[], Flask] | None = None,
    ) -> None:
        self._app, self._options, self._make_anew = app, options, make_anew
        self.bounds, self.refusal_headers = bounds or Bounds(), refusal_headers
        super().__init__()

    def load_config(self) -> None:
        """Hand our options to gunicorn."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The application every worker serves."""
        return self._app.wsgi_app

    def begin(self) -> None:
        """In a worker, before its first call."""
        for name in ("cds_kill_switch", "cds_event_log", "cds_authentication", "cds_reload", "cds_tracing"):
            beginning = self._app.extensions.get(name)
            if beginning is not None:
                beginning.begin()

    def leave(self) -> None:
        """In a worker, when it has answered its last call: what waits for the database is tried once more, briefly."""
        for name, said in _LEFT.items():
            waiting = self._app.extensions.get(name)
            try:
                if waiting is not None:
                    waiting.write_what_waits(_LEAVING_SECONDS)
            except StoreError as error:
                log.error("a worker ends, and %s: %s", said, error)
        tracing = self._app.extensions.get("cds_tracing")
        if tracing is not None:
            tracing.end(_LEAVING_SECONDS / 2)

    def reload(self) -> None:
        """On SIGHUP, in the master: what can be read again is read again, or stays as it is where it is faulty now."""
        super().reload()
        if self._make_anew is None:
            return
        try:
            self._app = self._make_anew()
        except Exception as error:
            # Whatever it is: it must not end a service that runs. What is no fault of these files may hold anything.
            said = (
                error
                if isinstance(error, TrustedClientsError | SitePolicyError | SecretError)
                else type(error).__name__
            )
            log.error("nothing is taken up, the trusted clients stay as they were: %s", said)
        else:
            self.callable = None
            log.info("the trusted clients were read again")


def freeze(_: object) -> None:
    """Start-up objects live as long as the worker: the collector need not look at them again."""
    gc.collect()
    gc.freeze()


def leave(_: object, worker: Any) -> None:
    """A worker ends, in its own process."""
    worker.app.leave()


def worker_gone(_: object, worker: Any) -> None:
    """In the master, when a worker has ended in whatever way."""
    worker_ended(worker.pid)


def begin(worker: Any) -> None:
    """A worker begins, in its own process."""
    relax()
    worker.app.begin()


def relax() -> None:
    """Requests leave little cyclic garbage; collecting less often costs little memory and saves much time.

    The oldest generation holds nothing of the start-up, so looking at it is cheap; left for long it would grow.
    """
    gc.set_threshold(20_000, 20, 5)


def share_arenas() -> None:
    """Let all threads of a process share two memory arenas where the C library is glibc; called before any thread.

    With an arena for each thread, no thread can use what another has freed, and a worker keeps growing for hours.
    What is large (bodies, answers) is given back to the system when it is no longer needed; left to itself glibc keeps
    it, between what other threads hold. MALLOC_ARENA_MAX and MALLOC_MMAP_THRESHOLD_ in the environment override this.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None and "MALLOC_ARENA_MAX" not in os.environ:
        mallopt(_M_ARENA_MAX, 2)
    if mallopt is not None and "MALLOC_MMAP_THRESHOLD_" not in os.environ:
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)


def options(settings: Settings, host: str, port: int) -> dict[str, Any]:
    """gunicorn's options: our own workers, everything loaded before the fork."""
    address = f"[{host}]" if ":" in host else host
    chosen: dict[str, Any] = {
        "bind": f"{address}:{port}",
        "workers": settings.workers,
        "worker_class": InboundWorker,
        "preload_app": True,
        "when_ready": freeze,
        "on_reload": freeze,
        "post_worker_init": begin,
        "worker_exit": leave,
        "child_exit": worker_gone,
        # Without a sign of life from its loop for so long a worker is replaced; what callers may take stands in Bounds.
        "timeout": settings.worker_timeout_seconds,
        # From the signal on; then the master kills.
        "graceful_timeout": settings.graceful_seconds,
        "backlog": settings.backlog,
        "loglevel": settings.log_level.lower(),
        "proc_name": "calciphylaxis-cds",
        "control_socket_disable": True,
    }
    if settings.log_format == JSON:
        chosen["logger_class"] = JsonLogger
    if Path("/dev/shm").is_dir() and os.access("/dev/shm", os.W_OK):  # noqa: S108 (gunicorn's own advice)
        chosen["worker_tmp_dir"] = "/dev/shm"  # noqa: S108
    return chosen


def serve(settings: Settings, host: str, port: int, ready: Callable[[], None] = lambda: None) -> None:
    """Serve until told to stop. `ready` is called once, when callers are let in."""
    set_up_log(settings.log_level, settings.log_format)
    share_arenas()
    if (settings.metrics or settings.dev) and share() is None:
        log.warning("there is too little room for the counts of the workers together: /metrics tells of one worker")
    # Before everything that starts threads: the check forks, which must not happen beside threads.
    insist_on_valid_templates(load_templates(()))
    knowledge = load_knowledge(settings)

    app = create_app(settings, knowledge=knowledge)
    app.extensions["cds_database"].make_ready()
    anew = partial(create_app, settings, knowledge=knowledge, running=True) if settings.trusted_clients else None
    headers = headers_of_refusals(settings.cors_origins)
    chosen = options(settings, host, port) | {"when_ready": partial(_when_ready, ready)}
    Server(app, chosen, bounds_of(settings), headers, anew).run()


def _when_ready(ready: Callable[[], None], server: object) -> None:
    freeze(server)
    ready()
