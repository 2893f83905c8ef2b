"""What the soak calls: one service with its own database, or two hosts behind nginx that share PostgreSQL and Redis.

What may live here: starting these, and their figures together.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from tests.fuzz.service_process import Figures, Service, running_service
from tests.real.databases import postgresql_folder, running_postgresql, running_redis
from tests.real.proxy import nginx_program
from tests.real.two_hosts import two_hosts


@dataclass(frozen=True)
class Soaked:
    """`port` is where callers go, `url` the database in which all that was acknowledged has to be."""

    port: int
    url: str
    services: Sequence[Service]

    def at_rest(self) -> dict[int, Figures]:
        """All workers by process id, when their callers have hung up; a balancer keeps connections for ten seconds."""
        return {pid: figures for service in self.services for pid, figures in service.at_rest().items()}


@contextmanager
def one_service(folder: Path, workers: int) -> Iterator[Soaked]:
    with running_service(folder, workers) as service:
        yield Soaked(service.port, f"sqlite:///{folder}/cards.sqlite3", [service])


@contextmanager
def two_services(folder: Path, workers: int) -> Iterator[Soaked]:
    """UsageError where one of the servers is not on this machine."""
    programs, redis_server = postgresql_folder(), shutil.which("redis-server")
    if programs is None or redis_server is None or nginx_program() is None:
        raise click.UsageError(
            "two hosts need nginx, PostgreSQL and Redis (Debian: nginx-light postgresql redis-server)"
        )
    with ExitStack() as stack:
        postgresql = stack.enter_context(running_postgresql(programs))
        redis = stack.enter_context(running_redis(redis_server))
        shared = {
            "CDS_DATABASE_URL": postgresql.url,
            "CDS_REDIS_URL": f"{redis.url}/0",
            "CDS_TRUSTED_PROXIES": "1",
            "CDS_WORKERS": str(workers),
        }
        pair = stack.enter_context(two_hosts(folder, shared))
        yield Soaked(pair.balancer, postgresql.url, [host.service() for host in pair.hosts])
