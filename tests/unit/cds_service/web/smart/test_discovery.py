"""How to sign in is learned from the FHIR server alone, and only safe addresses are taken from it."""

from __future__ import annotations

import itertools
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Any

import pytest

from cds_service.bounded_get import NoAnswer, Web, WebAnswer
from cds_service.web.smart.discovery import OAUTH_URIS, DiscoveryProblem, Endpoints, discover
from cds_service.web.smart.memory import Discovery

BASE = "https://ehr.example/fhir"
CONFIGURATION = f"{BASE}/.well-known/smart-configuration"
METADATA = f"{BASE}/metadata"
GOOD = {"authorization_endpoint": "https://sign.example/authorize", "token_endpoint": "https://sign.example/token"}


class Told(Web):
    """Answers from a table of addresses."""

    def __init__(self, **answers: tuple[int, Any]) -> None:
        object.__setattr__(self, "asked", [])
        object.__setattr__(self, "answers", answers)

    def get(self, url: str, accept: str = "", max_bytes: int = 0) -> WebAnswer:
        self.asked.append(url)  # type: ignore[attr-defined]  # set above; the class is frozen
        name = "configuration" if url == CONFIGURATION else "metadata" if url == METADATA else "?"
        status, value = self.answers[name]  # type: ignore[attr-defined]  # the same
        return WebAnswer(status, value if isinstance(value, bytes) else json.dumps(value).encode())


def statement(*securities: Any) -> dict[str, Any]:
    rest = [{"mode": "server"} | ({} if security is None else {"security": security}) for security in securities]
    return {"resourceType": "CapabilityStatement", "rest": rest}


def from_statement(security: Any) -> Endpoints | None:
    return discover(BASE, Told(configuration=(404, b""), metadata=(200, statement(security))))


def test_the_configuration_names_the_endpoints() -> None:
    found = discover(BASE, Told(configuration=(200, GOOD | {"issuer": "https://sign.example"})))
    assert found == Endpoints(GOOD["authorization_endpoint"], GOOD["token_endpoint"], "https://sign.example", False)


@pytest.mark.parametrize(
    ("capabilities", "speaks"),
    [(["permission-v2"], True), (["permission-v1"], False), (None, False), ("permission-v2", False)],
)
def test_the_capabilities_tell_the_form_of_scopes(capabilities: Any, speaks: bool) -> None:
    found = discover(BASE, Told(configuration=(200, GOOD | {"capabilities": capabilities})))
    assert found is not None
    assert found.speaks_v2 is speaks


@pytest.mark.parametrize("status", [400, 404, 405, 410, 501])
@pytest.mark.parametrize("security", [None, {"cors": True}, {"description": "none", "cors": False}])
def test_a_server_that_has_no_configuration_and_no_security_is_open(status: int, security: Any) -> None:
    assert discover(BASE, Told(configuration=(status, b""), metadata=(200, statement(security)))) is None


def test_the_older_extension_names_the_endpoints() -> None:
    parts = [
        {"url": "authorize", "valueUri": "https://a.example/a"},
        {"url": "token", "valueUri": "https://a.example/t"},
    ]
    security = {"extension": [{"url": "other"}, {"url": OAUTH_URIS, "extension": parts}]}
    assert from_statement(security) == Endpoints("https://a.example/a", "https://a.example/t")


@pytest.mark.parametrize(
    "security",
    [
        {"service": [{"coding": [{"code": "SMART-on-FHIR"}]}]},
        {"service": []},
        {"extension": [{"url": OAUTH_URIS}]},
        {"extension": [{"url": OAUTH_URIS, "extension": [{"url": "authorize", "valueUri": "https://a.example/a"}]}]},
        {"extension": "x"},
        "yes",
        [{}],
    ],
)
def test_security_that_is_not_understood_is_never_none(security: Any) -> None:
    with pytest.raises(DiscoveryProblem):
        from_statement(security)


@pytest.mark.parametrize("status", [500, 503, 401, 403, 302, 204])
def test_a_failure_is_no_openness(status: int) -> None:
    with pytest.raises(DiscoveryProblem, match=f"answered {status}"):
        discover(BASE, Told(configuration=(status, b""), metadata=(200, statement(None))))


@pytest.mark.parametrize(
    "metadata", [(500, b""), (200, b"x"), (200, {"resourceType": "Patient"}), (401, statement(None))]
)
def test_without_a_readable_statement_nothing_is_assumed(metadata: tuple[int, Any]) -> None:
    with pytest.raises(DiscoveryProblem, match="neither"):
        discover(BASE, Told(configuration=(404, b""), metadata=metadata))


def test_an_answer_is_remembered_for_five_minutes() -> None:
    now = [0.0]
    web = Told(configuration=(200, GOOD))
    discovery = Discovery(web, lambda: now[0])
    for moment in (0.0, 299.0, 300.0):
        now[0] = moment
        assert discovery.endpoints_of(BASE)
    assert len(web.asked) == 2  # type: ignore[attr-defined]  # see Told


def test_a_failure_is_remembered_for_a_quarter_of_a_minute_from_when_it_was_known() -> None:
    now = [0.0]
    discovery = Discovery(Slow(now, seconds=10.0), lambda: now[0])
    said = set()
    for moment in (0.0, 10.0, 24.0):
        now[0] = moment
        with pytest.raises(DiscoveryProblem) as error:
            discovery.endpoints_of(BASE)
        said.add(str(error.value))
        assert now[0] == moment or moment == 0.0, "asked once only"
    assert said == {"the FHIR server could not be asked how to sign in: no answer (late)"}
    now[0] = 25.0
    with pytest.raises(DiscoveryProblem):
        discovery.endpoints_of(BASE)
    assert now[0] == 35.0, "asked again"


class Slow(Web):
    """Fails after some seconds of a clock that it moves itself."""

    def __init__(self, now: list[float], seconds: float) -> None:
        object.__setattr__(self, "now", now)
        object.__setattr__(self, "takes", seconds)

    def get(self, url: str, accept: str = "", max_bytes: int = 0) -> WebAnswer:
        self.now[0] += self.takes  # type: ignore[attr-defined]  # set above; the class is frozen
        raise NoAnswer("no answer (late)")


def test_what_is_remembered_has_an_end_and_the_oldest_goes_first() -> None:
    now = [0.0]
    web = AnyConfiguration()
    discovery = Discovery(web, lambda: now[0])
    tenants = [f"https://ehr.example/tenants/{number}" for number in range(200)]
    for tenant in tenants:
        discovery.endpoints_of(tenant)
    now[0] = 300.0
    discovery.endpoints_of(tenants[0])
    discovery.endpoints_of("https://ehr.example/tenants/one-more")
    assert len(discovery._known) == 200
    assert tenants[0] in discovery._known, "it was learned anew"
    assert tenants[1] not in discovery._known
    assert tenants[2] in discovery._known


def test_slow_servers_hold_three_threads_at_most_and_the_others_are_told() -> None:
    web = Held()
    discovery = Discovery(web)
    bases = [f"https://ehr.example/tenants/{number}" for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(discovery.endpoints_of, base) for base in bases]
        try:
            refused = [one.exception(5) for one in itertools.islice(as_completed(asked, 10), 5)]
            assert max(web.together) == 3
        finally:
            web.first.set()
            web.go.set()
        assert sum(one.exception() is None for one in asked) == 3
    assert {str(one) for one in refused} == {"too many sign-ins are being prepared at this moment"}
    assert all(discovery.endpoints_of(base) for base in bases), (
        "the places are free again, and a refusal is not remembered"
    )


def test_those_who_waited_for_the_same_server_do_not_ask_it_again() -> None:
    web = Held()
    discovery = Discovery(web)
    with ThreadPoolExecutor(4) as threads:
        first = [threads.submit(discovery.endpoints_of, f"https://ehr.example/tenants/{number}") for number in range(3)]
        assert web.full.wait(5)
        waiting = threads.submit(discovery.endpoints_of, "https://ehr.example/tenants/0")
        # Only that server answers, so the place that becomes free is the one after its answer was remembered.
        web.first.set()
        assert waiting.result(5)
        web.go.set()
        assert [one.result(5) for one in (*first, waiting)]
    assert len(web.together) == 3


@dataclass(frozen=True)
class Held(Web):
    """Answers when it may; remembers how many asked at the same time, at each question."""

    go: threading.Event = field(default_factory=threading.Event)
    first: threading.Event = field(default_factory=threading.Event)
    full: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    asking: list[str] = field(default_factory=list)
    together: list[int] = field(default_factory=list)

    def get(self, url: str, accept: str = "", max_bytes: int = 0) -> WebAnswer:
        with self.lock:
            self.asking.append(url)
            self.together.append(len(self.asking))
            if len(self.asking) == 3:
                self.full.set()
        (self.first if "/tenants/0/" in url else self.go).wait(10)
        with self.lock:
            self.asking.remove(url)
        return WebAnswer(200, json.dumps(GOOD).encode())


class AnyConfiguration(Web):
    def get(self, url: str, accept: str = "", max_bytes: int = 0) -> WebAnswer:
        return WebAnswer(200, json.dumps(GOOD).encode())


# ------------------------------------------------------------------ bounds, with a real socket
@pytest.fixture
def silent() -> Iterator[str]:
    """A server that sends a byte now and then, for ever."""
    listener, stop = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            try:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                while not stop.wait(0.05):
                    connection.sendall(b" ")
            except OSError:
                pass

    thread = threading.Thread(target=drip)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    stop.set()
    thread.join(5)
    listener.close()


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_server_that_drips_holds_nobody_up(method: str, silent: str) -> None:
    web, started = Web(seconds=0.4), time.monotonic()
    with pytest.raises(NoAnswer) as error:
        web.get(f"{silent}/secret") if method == "get" else web.post(f"{silent}/secret", {"code": "c"}, {})
    assert time.monotonic() - started < 3
    assert "secret" not in str(error.value)
    assert "127.0.0.1" not in str(error.value)


def test_a_server_that_is_not_there_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(NoAnswer, match="no answer"):
        Web().get(f"http://127.0.0.1:{port}/")
