"""The embedded FHIR R4 sandbox: a small server on this machine that holds the synthetic patients in memory.

What may live here: HTTP in and out. It is for demonstrations and tests only: no authentication, no persistence,
loopback addresses only. What it can do is in `fhir_store` and `fhir_search`.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cds_service.addresses import is_loopback
from cds_service.demo.fhir_search import search
from cds_service.demo.fhir_store import SandboxError, SandboxStore
from cds_service.demo.patients import Resource

_ROOT = "/fhir"
_LARGEST_BODY = 20_000_000
_TYPES = (
    "Patient",
    "Condition",
    "Observation",
    "MedicationRequest",
    "MedicationStatement",
    "MedicationDispense",
    "MedicationAdministration",
    "Medication",
    "Procedure",
    "ServiceRequest",
    "CommunicationRequest",
    "Task",
)
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "Accept, Authorization, Content-Type, Prefer",
    "Access-Control-Expose-Headers": "Location",
}
Answer = tuple[int, Resource | None, dict[str, str]]
"""Status, body and extra headers."""


class Sandbox:
    """The server. `base` is its FHIR address from the moment it exists; it answers between `start` and `stop`.

    `port=0` takes any free port. ValueError when `host` is not an IPv4 loopback address, for the data is open to all.
    """

    def __init__(self, resources: Iterable[Resource], host: str = "127.0.0.1", port: int = 0) -> None:
        if ":" in host or not is_loopback(host):
            raise ValueError("the sandbox listens on loopback addresses only")
        self.store = SandboxStore(resources)
        self._server = _Server((host, port), _Handler)
        self.base = f"http://{host}:{self._server.server_port}{_ROOT}"
        self._server.store, self._server.base = self.store, self.base
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def start(self) -> Sandbox:
        """Begin to answer, in its own thread."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop answering, close every connection and give the port back; safe to repeat."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.close()

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    """A threading server that can also end the connections that clients keep open."""

    store: SandboxStore
    base: str
    daemon_threads = False
    block_on_close = True
    request_queue_size = 128
    """All searches of a call connect in the same moment; one for which there is no place tries again a second later."""

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(address, handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no fault, and a trace could show what it sent."""

    def close(self) -> None:
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    """One connection: reads a request, lets the store or the search answer it, writes the answer."""

    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 60

    def do_OPTIONS(self) -> None:
        self._send(204, None, {})

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged: addresses carry search values."""

    def _answer(self) -> None:
        try:
            self._send(*_route(self.server, self.command, self.path, self._body()))
        except SandboxError as error:
            self._send(error.status, _outcome(error.code, error.diagnostics), {})
        except (AttributeError, KeyError, TypeError):
            self._send(500, _outcome("exception", "a stored resource is not shaped like FHIR"), {})

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdigit() or int(length) > _LARGEST_BODY:
            # what is not read would be taken for the next request
            self.close_connection = True
            raise SandboxError(413, "too-long", "a body needs a Content-Length of at most 20 million bytes")
        return self.rfile.read(int(length))

    def _send(self, status: int, body: Resource | None, headers: dict[str, str]) -> None:
        content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        for name, value in {**_CORS, **headers}.items():
            self.send_header(name, value)
        if body is not None:
            self.send_header("Content-Type", "application/fhir+json; charset=utf-8")
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()


def _route(server: _Server, method: str, address: str, body: bytes) -> Answer:
    url = urlsplit(address)
    root, parts = url.path[: len(_ROOT)], [part for part in url.path[len(_ROOT) :].split("/") if part]
    query = parse_qsl(url.query)
    if root != _ROOT:
        raise SandboxError(404, "not-found", f"the FHIR server lives at {_ROOT}")
    match method, parts:
        case "GET", ["metadata"]:
            return 200, _capabilities(server.base), {}
        case "GET", [kind]:
            return 200, search(server.store, server.base, kind, query), {}
        case "POST", [kind, "_search"]:
            return 200, search(server.store, server.base, kind, query + _form(body)), {}
        case "GET", [kind, id_]:
            return 200, server.store.read(kind, id_), {}
        case "POST", []:
            bundle = _json(body)
            is_batch = isinstance(bundle, dict) and bundle.get("type") == "batch"
            return 200, _batch(server, bundle) if is_batch else server.store.transaction(bundle), {}
        case "POST", [kind]:
            saved = server.store.create(kind, _json(body))
            return 201, saved.resource, {"Location": f"{server.base}/{kind}/{saved.resource['id']}"}
        case "PUT", [kind, id_]:
            saved = server.store.put(kind, id_, _json(body))
            location = {"Location": f"{server.base}/{kind}/{id_}"} if saved.created else {}
            return (201 if saved.created else 200), saved.resource, location
        case "DELETE", [kind, id_]:
            server.store.delete(kind, id_)
            return 204, None, {}
    raise SandboxError(404, "not-supported", f"this sandbox has no {method} at this address")


def _batch(server: _Server, bundle: Resource) -> Resource:
    """Every entry answered by itself, in the order of the batch; only reads and searches (GET) are taken."""
    entries = bundle.get("entry", [])
    if bundle.get("resourceType") != "Bundle" or not isinstance(entries, list):
        raise SandboxError(400, "structure", "the body is not a batch Bundle")
    answers = [_batch_entry(server, entry) for entry in entries]
    return {"resourceType": "Bundle", "type": "batch-response", "entry": answers}


def _batch_entry(server: _Server, entry: Any) -> Resource:
    asked = entry.get("request") if isinstance(entry, dict) else None
    url = asked.get("url") if isinstance(asked, dict) and asked.get("method") == "GET" else None
    try:
        if not isinstance(url, str):
            raise SandboxError(400, "not-supported", "an entry of a batch must GET an address")
        status, resource, _ = _route(server, "GET", f"{_ROOT}/{url.lstrip('/')}", b"")
    except SandboxError as error:
        outcome = _outcome(error.code, error.diagnostics)
        return {"response": {"status": str(error.status), "outcome": outcome}}
    return {"resource": resource, "response": {"status": f"{status} OK"}}


def _form(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode())
    except UnicodeDecodeError as error:
        raise SandboxError(400, "structure", "the search form is not UTF-8") from error


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise SandboxError(400, "structure", "the body is not JSON") from error


def _outcome(code: str, diagnostics: str) -> Resource:
    issue = {"severity": "error", "code": code, "diagnostics": diagnostics}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def _capabilities(base: str) -> Resource:
    interactions = [{"code": code} for code in ("read", "search-type", "create", "update", "delete")]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-01-01",
        "kind": "instance",
        "software": {"name": "calciphylaxis-cds sandbox"},
        "implementation": {"description": "Synthetic patients in memory", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [
            {
                "mode": "server",
                "resource": [{"type": kind, "interaction": interactions} for kind in _TYPES],
                "interaction": [{"code": "transaction"}, {"code": "batch"}],
            }
        ],
    }
