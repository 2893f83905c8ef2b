"""Two machines with TLS between the load balancer and each: nothing goes to a stranger, and nobody else comes in."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from bench.certificate import certificate_for
from bench.writers import CARDS, JSON, PATH
from tests.real.two_hosts import TwoHosts, answered, two_hosts
from tests.real.two_machines import PROMETHEUS, TOGETHER, Machines, certificate_alone, two_machines

pytestmark = [pytest.mark.real, pytest.mark.alone]

DISCOVERY = "/cds-services"
CALLS = 4
METRICS = ("/metrics", "/metrics/", "/metrics/?a", "/metrics%2f", "//metrics", "/%6detrics", "/x/../metrics")


def got(port: int, path: str = PATH, body: bytes | None = CARDS, *, of: str = "127.0.0.1", **headers: str) -> int:
    """The status of this call, from this address of loopback; the certificate is that of the run."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    caller = http.client.HTTPSConnection("127.0.0.1", port, timeout=30, source_address=(of, 0), context=context)
    with closing(caller):
        sent = {**JSON, **{name.replace("_", "-"): value for name, value in headers.items()}}
        caller.request("GET" if body is None else "POST", path, body, sent)
        answer = caller.getresponse()
        answer.read()
        return answer.status


@contextmanager
def machines(
    folder: Path, settings: dict[str, str], trusted: bytes | None = None
) -> Iterator[tuple[TwoHosts, Machines]]:
    own = certificate_for(TOGETHER, "cds-1.your.clinic", "cds-2.your.clinic")
    with ExitStack() as stack:
        pair = stack.enter_context(two_hosts(folder, {**settings, "CDS_TRUSTED_PROXIES": "2"}))
        yield pair, stack.enter_context(two_machines(folder, pair.hosts, own, trusted or certificate_alone(own)))


def test_calls_reach_both_machines_and_each_caller_is_the_one_who_called_the_balancer(
    shared: dict[str, str], tmp_path: Path
) -> None:
    with machines(tmp_path, {**shared, "CDS_RATE_LIMIT": f"{CALLS} per hour"}) as (_, running):
        port = running.balancer.port
        for caller in ("127.0.0.2", "127.0.0.3"):
            forged = [
                got(port, DISCOVERY, None, of=caller, X_Forwarded_For=f"10.0.0.{number}") for number in range(CALLS + 1)
            ]
            assert forged == [200] * CALLS + [429], "each has a count of his own, whatever he writes"
        assert all(len(machine.asked()) > 0 for machine in running.machines), "both had some"
        ids = [line.split()[-1] for machine in running.machines for line in machine.asked()]
        assert sorted(ids) == sorted(line.split()[-1] for line in running.balancer.asked()), (
            "found by one id in all logs"
        )
        assert len(set(ids)) == 2 * (CALLS + 1)


def test_nobody_but_the_balancer_comes_in_and_nobody_but_prometheus_reads_the_metrics(
    shared: dict[str, str], tmp_path: Path
) -> None:
    with machines(tmp_path, shared) as (_, running):
        first = running.machines[0].port
        assert got(first, of="127.0.0.4") == 403
        assert got(first, "/metrics", None, of=PROMETHEUS) == 200
        assert {path: got(first, path, None) for path in METRICS} == dict.fromkeys(METRICS, 404) | dict.fromkeys(
            ("/metrics", "//metrics", "/%6detrics", "/x/../metrics"), 403
        )
        assert {path: got(running.balancer.port, path, None) for path in METRICS} == dict.fromkeys(METRICS, 404)


def test_a_machine_with_a_certificate_of_somebody_else_is_told_nothing(shared: dict[str, str], tmp_path: Path) -> None:
    other = certificate_alone(certificate_for(TOGETHER))
    with machines(tmp_path, shared, trusted=other) as (pair, running):
        assert [got(running.balancer.port) for _ in range(2)] == [502] * 2
        assert [answered(host) for host in pair.hosts] == [0, 0]
        assert [machine.asked() for machine in running.machines] == [[], []]


def test_a_machine_whose_nginx_stops_first_loses_no_call_and_one_whose_service_is_gone_loses_one(
    shared: dict[str, str], tmp_path: Path
) -> None:
    with machines(tmp_path, shared) as (pair, running):
        port = running.balancer.port
        running.machines[0].stop()
        pair.hosts[0].stop()
        assert [got(port) for _ in range(6)] == [200] * 6
        pair.hosts[0].start()
        running.machines[0].start()
    again = tmp_path / "again"
    again.mkdir()
    with machines(again, shared) as (pair, running):
        pair.hosts[0].kill()
        assert sorted(got(running.balancer.port) for _ in range(8)) == [200] * 7 + [502]
