"""What the tests against real servers share: the servers themselves, a session to talk to it, and its validator.

What may live here: fixtures, nothing that tests. Every test module of this folder carries the marker `real`.

- `CDS_TEST_HAPI_URL`: the base URL of a HAPI FHIR R4 server that already runs; else one is built and started.
- `CDS_REAL_REQUIRED=1`: a missing server (Java and Maven for HAPI, nginx, PostgreSQL, Redis) is a failure; else its
  tests are skipped with the reason.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
from xdist.scheduler import LoadScopeScheduling

from cds_service.demo.loader import clean
from tests.needed import do_without
from tests.real.databases import Postgresql, Redis, postgresql_folder, running_postgresql, running_redis
from tests.real.hapi_server import missing_tools, running_hapi
from tests.real.proxy import Proxy, nginx_program, running_proxy
from tests.real.two_hosts import TwoHosts, two_hosts
from tests.unit.cds_service.conftest import KEY_AND_CERTIFICATE

FHIR_JSON = "application/fhir+json"
GIVEN = os.environ.get("CDS_TEST_HAPI_URL", "").rstrip("/")


class OneHapi(LoadScopeScheduling):  # type: ignore[misc]  # the library brings no types
    """Where several processes share the tests: one has all those on HAPI, whose start is slow; a module stays whole."""

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        return "hapi" if "hapi" in Path(module).name else module


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return OneHapi(config, log)


def leave_as_found(hapi: str) -> None:
    """Take our patients away from a server that was there before us; one that is ours ends with the tests."""
    if GIVEN:
        clean(hapi)


@pytest.fixture(scope="session")
def hapi() -> Iterator[str]:
    """The base URL of a real HAPI FHIR R4 server, without a slash at its end."""
    if GIVEN:
        yield GIVEN
        return
    missing = missing_tools()
    if missing:
        do_without(f"the HAPI FHIR server cannot be built, not on the PATH: {', '.join(missing)}")
    with running_hapi() as base:
        yield base


@pytest.fixture(scope="module")
def proxy(hapi: str) -> Iterator[Proxy]:
    """A real reverse proxy before that server."""
    program = nginx_program()
    if program is None:
        do_without("there is no nginx on this machine (Debian: apt-get install nginx-light)")
    with running_proxy(program, hapi, KEY_AND_CERTIFICATE) as running:
        yield running


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Postgresql]:
    """A real PostgreSQL server, empty."""
    programs = postgresql_folder()
    if programs is None:
        do_without("there is no PostgreSQL server on this machine (Debian: apt-get install postgresql)")
    with running_postgresql(programs) as server:
        yield server


@pytest.fixture(scope="module")
def redis() -> Iterator[Redis]:
    """A real Redis server, empty."""
    program = shutil.which("redis-server")
    if program is None:
        do_without("there is no Redis server on this machine (Debian: apt-get install redis-server)")
    with running_redis(program) as server:
        yield server


@pytest.fixture(scope="session")
def http() -> Iterator[requests.Session]:
    """A plain session for FHIR JSON that knows no proxy."""
    with requests.Session() as session:
        session.trust_env = False
        session.headers.update({"Accept": FHIR_JSON, "Content-Type": FHIR_JSON})
        yield session


@pytest.fixture(scope="session")
def validate(hapi: str, http: requests.Session) -> Callable[[Mapping[str, Any]], list[str]]:
    """Ask the server's `$validate` about a resource: the texts of its errors, empty for valid R4.

    Codes of SNOMED CT, LOINC or RxNorm are not looked up: the server is offline and does not hold them.
    """

    def errors_of(resource: Mapping[str, Any]) -> list[str]:
        answer = http.post(f"{hapi}/{resource['resourceType']}/$validate", json=resource, timeout=120)
        outcome = answer.json()
        assert outcome["resourceType"] == "OperationOutcome", answer.status_code
        return [
            f"{', '.join(issue.get('location', []))}: {issue.get('diagnostics', '')}"
            for issue in outcome["issue"]
            if issue["severity"] in {"error", "fatal"}
        ]

    return errors_of


@pytest.fixture
def shared(postgresql: Postgresql, redis: Redis) -> dict[str, str]:
    """The settings of two hosts: what they share."""
    if nginx_program() is None:
        do_without("there is no nginx on this machine (Debian: apt-get install nginx-light)")
    return {"CDS_DATABASE_URL": postgresql.url, "CDS_REDIS_URL": f"{redis.url}/7", "CDS_TRUSTED_PROXIES": "1"}


@pytest.fixture
def pair(shared: dict[str, str], tmp_path: Path) -> Iterator[TwoHosts]:
    """Two hosts behind a load balancer."""
    with two_hosts(tmp_path, shared) as running:
        yield running
