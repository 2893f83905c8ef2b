"""The service as its users run it, under callers that are slow, silent or malformed: healthy callers get their answers.

The control stands in the same run: the same calls, before anybody disturbs.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cds_service.demo.play import free_port
from tests.fuzz.bodies import HOOKS
from tests.fuzz.promises import check_silent
from tests.fuzz.service_process import Service, running_service
from tests.unit.cds_service.cds_client import ISSUER, PATH, PUBLIC_URL, bearer, token, trust_file
from tests.unit.cds_service.knowledge.policies import policy_file
from tests.unit.cds_service.serving.loop import everything, outcome, status

ROOT = Path(__file__).parents[4]
PROMISED_SECONDS = 2.0
"""A healthy caller has its answer within this time, whatever others do."""
WITHIN_SECONDS = 60.0
CALLERS = 10
LIMIT = 200_000
HALF = (
    b"POST /cds",
    b"POST /cds-services/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",
    b"POST /cds-services/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{",
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running_service(tmp_path_factory.mktemp("served"), 2, CDS_MAX_BODY_BYTES=str(LIMIT)) as running:
        yield running


def seconds_for_healthy_calls(port: int) -> list[float]:
    """How long each of some calls took, connecting included; all are answered with their cards."""
    body = json.dumps(HOOKS["patient-view"]).encode()
    spent = []
    for _ in range(CALLERS):
        began = time.monotonic()
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=WITHIN_SECONDS)) as caller:
            caller.request("POST", PATH, body, {"Content-Type": "application/json"})
            answer = caller.getresponse()
            assert (answer.status, "cards" in json.loads(answer.read())) == (200, True)
        spent.append(time.monotonic() - began)
    return spent


def many(stack: ExitStack, port: int, count: int, sent: bytes = b"") -> None:
    """So many connections that send this and nothing more, open until the end of the block."""
    for _ in range(count):
        caller = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=WITHIN_SECONDS))
        if sent:
            caller.sendall(sent)


def room_for_files() -> int:
    """As many files as the system lets this process have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


def test_silent_and_half_sent_connections_leave_every_healthy_caller_its_answer(service: Service) -> None:
    control = seconds_for_healthy_calls(service.port)
    with ExitStack() as stack:
        many(stack, service.port, 200)
        for sent in HALF:
            many(stack, service.port, 50, sent)
        disturbed = seconds_for_healthy_calls(service.port)
    assert max(disturbed) < PROMISED_SECONDS, (control, disturbed)


@pytest.mark.skipif(room_for_files() < 2_300, reason="so many connections cannot be opened here")
def test_more_silent_connections_than_there_is_room_for_keep_nobody_out(service: Service) -> None:
    control = seconds_for_healthy_calls(service.port)
    kept = http.client.HTTPConnection("127.0.0.1", service.port, timeout=WITHIN_SECONDS)
    kept.request("GET", "/health")
    assert kept.getresponse().read()
    with ExitStack() as stack, closing(kept):
        many(stack, service.port, 2_100)
        disturbed = seconds_for_healthy_calls(service.port)
        held = sum(figures.inbound for figures in service.figures().values())
        kept.request("GET", "/health")
        assert kept.getresponse().status == 200
    assert max(disturbed) < PROMISED_SECONDS, (control, disturbed)
    assert held < 2 * 500
    assert all(pid.inbound + pid.outbound + pid.files < 1_024 for pid in service.figures().values())


def raw(port: int, sent: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=WITHIN_SECONDS) as caller:
        caller.sendall(sent)
        return everything(caller)


def chunked(chunks: bytes) -> bytes:
    lines = [f"POST {PATH} HTTP/1.1", "Host: x", "Content-Type: application/json", "Connection: close"]
    return "\r\n".join([*lines, "Transfer-Encoding: chunked", "", ""]).encode() + chunks


VALID = json.dumps(HOOKS["patient-view"]).encode()
SECRET = b"Anna-Example-1957"


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        (b"zz\r\n" + SECRET, 400),
        (b"-1\r\n" + SECRET, 400),
        (b"2\r\n{}" + SECRET + b"\r\n0\r\n\r\n", 400),
        # Valid JSON up to the limit, and more behind it: what is cut off must not be served.
        (b"%x\r\n%b\r\n10\r\n}}}}%b..\r\n0\r\n\r\n" % (LIMIT, VALID.ljust(LIMIT), SECRET[:10]), 413),
        (b"%x\r\n%b\r\n0\r\n\r\n" % (LIMIT + 1, VALID.ljust(LIMIT + 1)), 413),
        (b"%x\r\n%b\r\n0\r\n\r\n" % (LIMIT, VALID.ljust(LIMIT)), 200),
    ],
)
def test_broken_chunks_are_400_and_a_body_above_the_limit_is_413_however_it_comes(
    chunks: bytes, expected: int, service: Service
) -> None:
    answer = raw(service.port, chunked(chunks))
    assert status(answer) == expected
    if expected != 200:
        outcome(answer)
        check_silent(answer.decode())


MALFORMED = {
    "a request line": b"GET /%b HTTP/x\r\n\r\n" % SECRET,
    "a header": b"GET /health HTTP/1.1\r\n%b\r\n\r\n" % SECRET,
    "a header that is too long": b"GET /health HTTP/1.1\r\nX: " + SECRET * 3_000 + b"\r\n\r\n",
    "half a request": HALF[0] + SECRET,
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_malformed_is_told_in_fhir_with_our_headers_and_repeated_nowhere(name: str, service: Service) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=WITHIN_SECONDS) as caller:
        caller.sendall(MALFORMED[name])
        caller.shutdown(socket.SHUT_WR)
        answer = everything(caller)
    assert 400 <= status(answer) < 500
    outcome(answer)
    head = answer.partition(b"\r\n\r\n")[0].decode()
    for header in ("X-Content-Type-Options: nosniff", "Cache-Control: no-store", "Access-Control-Allow-Origin: *"):
        assert header in head
    assert SECRET not in answer + service.log.read_bytes()


def test_no_answer_names_the_server_software(service: Service) -> None:
    for sent in (b"GET /health HTTP/1.0\r\n\r\n", b"nonsense\r\n\r\n"):
        assert not re.search(rb"(?i)\r\nserver:|gunicorn|waitress|python", raw(service.port, sent))


# ------------------------------------------------------------------ start and reload
Serve = Callable[..., subprocess.Popen[bytes]]


@contextmanager
def command(folder: Path, *options: str, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """`calciphylaxis-cds serve` with these options and settings; its log is in the folder."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    ours = {"PYTHONPATH": str(ROOT), "CDS_DATABASE_URL": f"sqlite:///{folder}/cds.sqlite3", "CDS_WORKERS": "1"}
    line = (sys.executable, "-m", "cds_service.commands.cli", "serve", *options)
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(line, env=inherited | ours | variables, stdout=log, stderr=log) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            process.wait(WITHIN_SECONDS)


def until(is_so: Callable[[], bool], folder: Path) -> None:
    end = time.monotonic() + WITHIN_SECONDS
    while not is_so():
        assert time.monotonic() < end, (folder / "log").read_text()
        time.sleep(0.1)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_port_that_is_taken_is_told_in_a_line_and_before_anything_is_loaded(host: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with command(tmp_path, "--dev", "--host", host, "--port", str(port)) as process:
            assert process.wait(WITHIN_SECONDS) == 1
    said = (tmp_path / "log").read_text()
    assert (
        said
        == f"Error: cannot listen on {host}, port {port}: address already in use; choose another by --host or --port\n"
    )
    assert not list(tmp_path.glob("*.sqlite3"))


def test_a_taken_port_is_told_of_without_loading_the_application() -> None:
    program = (
        "import sys, socket, click\n"
        "from cds_service.commands.cli import cli\n"
        "taken = socket.create_server(('127.0.0.1', 0))\n"
        "try:\n"
        "    cli(['serve', '--dev', '--port', str(taken.getsockname()[1])], standalone_mode=False)\n"
        "except click.ClickException:\n"
        "    print(*sorted({'cds_service.app', 'flask', 'fhir', 'pycurl'} & set(sys.modules)), 'end')\n"
    )
    made = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert made.stdout == "end\n"


def asked(port: int, issuer: str, name: str) -> int:
    """The status for a client that says it is this issuer, with a token of its own."""
    now = int(datetime.now(UTC).timestamp())
    compact = token(iss=issuer, iat=now, exp=now + 300, jti=name, aud=f"{PUBLIC_URL}/cds-services")
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=WITHIN_SECONDS)) as caller:
        caller.request("GET", "/cds-services", headers={"Authorization": bearer(compact)})
        return caller.getresponse().status


def test_a_reload_takes_up_the_trusted_clients_and_keeps_them_where_the_file_is_faulty(tmp_path: Path) -> None:
    clients, port, other = tmp_path / "clients.toml", free_port(), "urn:other"
    names = iter(f"call-{number}" for number in range(10_000))
    clients.write_text(trust_file())
    settings = {"CDS_TRUSTED_CLIENTS": str(clients), "CDS_PUBLIC_URL": PUBLIC_URL}

    def answers(issuer: str) -> int | None:
        try:
            return asked(port, issuer, next(names))
        except (OSError, http.client.HTTPException):
            return None

    with command(tmp_path, "--port", str(port), **settings) as process:
        until(lambda: answers(ISSUER) == 200, tmp_path)
        assert answers(other) == 401
        clients.write_text(trust_file(issuer=other))
        assert answers(other) == 401
        process.send_signal(signal.SIGHUP)
        until(lambda: (answers(other), answers(ISSUER)) == (200, 401), tmp_path)
        for faulty in ("[[client]]\ntenant = 'north'\nissuer = 'Anna-Example-1957'\n", "Anna-Example-1957", None):
            reloads = (tmp_path / "log").read_text().count("stay as they were")
            clients.unlink() if faulty is None else clients.write_text(faulty)
            process.send_signal(signal.SIGHUP)
            until(lambda n=reloads: (tmp_path / "log").read_text().count("stay as they were") > n, tmp_path)  # type: ignore[misc]
            until(lambda: answers(other) == 200, tmp_path)
            assert answers(ISSUER) == 401
    assert "Anna" not in (tmp_path / "log").read_text()


def test_a_client_is_taken_out_by_a_reload_though_its_site_policy_and_a_faulty_one_lie_there(tmp_path: Path) -> None:
    clients, port, folder, names = tmp_path / "clients.toml", free_port(), tmp_path / "policies", iter("abc")
    other = "urn:other"
    clients.write_text(trust_file() + trust_file(tenant="other", issuer=other))
    folder.mkdir()
    (folder / "north.toml").write_text(policy_file("north"))
    settings = {
        "CDS_TRUSTED_CLIENTS": str(clients),
        "CDS_PUBLIC_URL": PUBLIC_URL,
        "CDS_SITE_POLICIES": str(folder),
    }

    def answered(issuer: str, name: str) -> int | None:
        try:
            return asked(port, issuer, name)
        except (OSError, http.client.HTTPException):
            return None

    with command(tmp_path, "--port", str(port), **settings) as process:
        until(lambda: is_there(port), tmp_path)
        assert [asked(port, issuer, next(names)) for issuer in (ISSUER, other)] == [200, 200]
        (folder / "other.toml").write_text(policy_file("other", owner=None))
        clients.write_text(trust_file(tenant="other", issuer=other))
        process.send_signal(signal.SIGHUP)
        until(lambda: "the trusted clients were read again" in (tmp_path / "log").read_text(), tmp_path)
        until(lambda: answered(ISSUER, str(time.monotonic())) == 401, tmp_path)
        assert asked(port, other, next(names)) == 200


def test_a_token_up_to_our_own_limit_and_beyond_it_gets_the_one_refusal(tmp_path: Path) -> None:
    clients, port = tmp_path / "clients.toml", free_port()
    clients.write_text(trust_file())
    settings = {"CDS_TRUSTED_CLIENTS": str(clients), "CDS_PUBLIC_URL": PUBLIC_URL}

    def refused(length: int) -> dict[str, Any]:
        lines = ["GET /cds-services HTTP/1.1", "Host: x", "Connection: close", f"Authorization: Bearer {'a' * length}"]
        answer = raw(port, "\r\n".join([*lines, "", ""]).encode())
        assert status(answer) == 401
        return outcome(answer)

    with command(tmp_path, "--port", str(port), **settings):
        until(lambda: is_there(port), tmp_path)
        assert refused(20) == refused(8_100) == refused(8_192) == refused(20_000)


def is_there(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def metrics_of(port: int) -> dict[str, float]:
    """All numbers that the service tells, whichever of its workers answers."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=WITHIN_SECONDS)) as caller:
        caller.request("GET", "/metrics")
        answer = caller.getresponse()
        assert answer.status == 200
        lines = [line.rpartition(" ") for line in answer.read().decode().splitlines() if not line.startswith("#")]
    return {name.removeprefix("calciphylaxis_cds_"): float(value) for name, _, value in lines}


def test_the_metrics_of_two_workers_add_up_and_outlive_a_worker_that_is_killed(tmp_path: Path) -> None:
    answers = 'answers_total{endpoint="cds.call_service",status="200"}'
    with running_service(tmp_path, 2) as service:
        seconds_for_healthy_calls(service.port)
        told = [metrics_of(service.port) for _ in range(6)]
        assert {numbers[answers] for numbers in told} == {CALLERS}
        workers = service.process.workers()
        os.kill(workers[0], signal.SIGKILL)
        until(lambda: len(service.process.workers()) == 2 and workers[0] not in service.process.workers(), tmp_path)
        seconds_for_healthy_calls(service.port)
        assert metrics_of(service.port)[answers] == 2 * CALLERS
        assert metrics_of(service.port)[f'call_seconds_count{{service="{PATH.rpartition("/")[2]}"}}'] == 2 * CALLERS
