"""A FHIR server on loopback with every fault that a service has to live with, chosen by the first step of the path.

What may live here: the faults. `http://127.0.0.1:PORT/<fault>` is the base URL of a server with that fault.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

from tests.contract.records import PATIENT_ID, Json, bundle, failure
from tests.fuzz.bodies import AT_PATIENT_VIEW, CONDITIONS, MEDICATIONS, PATIENT, PREFETCH

SLOW_SECONDS, DRIP_SECONDS = 1.0, 0.05


def _results() -> list[Json]:
    bundles = [value for key, value in (PREFETCH | AT_PATIENT_VIEW).items() if key != "patient"]
    found = [entry["resource"] for matches in bundles for entry in matches["entry"]]
    return [resource for resource in found if resource["resourceType"] == "Observation"]


HELD: dict[str, list[Json]] = {"Condition": CONDITIONS, "MedicationRequest": MEDICATIONS, "Observation": _results()}
HUGE = json.dumps(bundle(*[{**CONDITIONS[2], "id": f"c{n}", "code": {"text": f"condition {n}"}} for n in range(3_000)]))


def held(path: str) -> Json:
    """What a sound server answers: the Patient, a Medication, or everything of the type asked for."""
    kind, _, number = path.partition("/")
    if kind == "Patient":
        return PATIENT
    if number:
        return {"resourceType": kind, "id": number, "code": {"text": "calcium acetate"}}
    return bundle(*HELD.get(kind, ()))


class Handler(BaseHTTPRequestHandler):
    """One connection; kept alive as by real servers."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        _, fault, *rest = urlsplit(self.path).path.split("/")
        with suppress(OSError):
            self.answer(fault, "/".join(rest))

    def answer(self, fault: str, path: str) -> None:
        if fault.isdigit():
            self.reply(json.dumps(failure()), status=int(fault))
            return
        match fault:
            case "html":
                self.reply("<html><body>Please log in</body></html>", kind="text/html")
            case "garbage":
                self.reply('{"resourceType": "Bundle", "entry": [{]')
            case "null":
                self.reply("null")
            case "outcome":
                self.reply(json.dumps(failure()))
            case "truncated":
                self.reply(json.dumps(held(path)), cut=20)
            case "reset":
                self.close_connection = True
            case "slow":
                time.sleep(SLOW_SECONDS)
                self.reply(json.dumps(held(path)))
            case "drip":
                self.drip(json.dumps(held(path)))
            case "endless":
                url = f"http://{self.headers['Host']}/endless/{path}?page={time.monotonic_ns()}"
                self.reply(json.dumps(held(path) | {"link": [{"relation": "next", "url": url}]}))
            case "huge":
                self.reply(HUGE if path == "Condition" else json.dumps(held(path)))
            case "stranger":
                self.reply(json.dumps(held(path)).replace(PATIENT_ID, "somebody-else"))
            case _:
                self.reply(json.dumps(held(path)))

    def reply(self, text: str, status: int = 200, kind: str = "application/fhir+json", cut: int = 0) -> None:
        """Send it; with `cut` so many bytes fewer than announced, and hang up."""
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) - cut])
        self.close_connection = self.close_connection or bool(cut)

    def drip(self, text: str) -> None:
        """A byte at a time, for as long as somebody listens."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        for byte in text.encode()[:200]:
            self.wfile.write(bytes([byte]))
            time.sleep(DRIP_SECONDS)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


FAULTS = (
    "500", "503", "401", "403", "404", "429", "302", "html", "garbage", "null", "outcome", "truncated", "reset", "slow",
    "drip", "endless", "huge", "stranger", "none",
)  # fmt: skip


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients hang up: that is what the faults are for."""


@contextmanager
def faulty_fhir() -> Iterator[str]:
    """The server; yields the address before the fault."""
    with _Server(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
