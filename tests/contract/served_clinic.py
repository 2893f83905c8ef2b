"""A service as it is run in a clinic, and its EHR over HTTP: cards, feedback and health probes, each with its time.

What may live here: the calls, many at once, and how long each took. What they must bring stands in the tests.
"""

from __future__ import annotations

import http.client
import json
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.contract.records import Json
from tests.fuzz.service_process import Service, running_service
from tests.unit.cds_service.cds_client import PATH, PUBLIC_URL, bearer, token, trust_file

FEEDBACK_PATH = f"{PATH}/feedback"
WAIT_SECONDS = 60.0


@dataclass(frozen=True)
class Answer:
    """What came back, and after how many seconds."""

    status: int
    body: Any
    headers: dict[str, str]
    seconds: float


@contextmanager
def guarded_service(folder: Path, workers: int, **variables: str) -> Iterator[Service]:
    """The service with one trusted client; each call needs a token."""
    file = folder / "clients.toml"
    file.write_text(trust_file(), "utf-8")
    settings = {"CDS_TRUSTED_CLIENTS": str(file), "CDS_PUBLIC_URL": PUBLIC_URL, **variables}
    with running_service(folder, workers, False, **settings) as running:
        yield running


def new_token(path: str) -> str:
    """A good token for one call to this path, of now."""
    now = int(time.time())
    return token(aud=f"{PUBLIC_URL}{path}", jti=str(uuid.uuid4()), iat=now, exp=now + 300)


@dataclass(frozen=True)
class Clinic:
    """An EHR that asks the service at this port for cards with the body given."""

    port: int
    body: Json

    def card(self, compact: str | None = None) -> Answer:
        """Open the chart; with this token, or with a new one."""
        return self._send("POST", PATH, json.dumps(self.body), compact or new_token(PATH))

    def feedback(self, card: str) -> Answer:
        """Override this card."""
        item = {"card": card, "outcome": "overridden", "outcomeTimestamp": "2026-11-22T10:05:00Z"}
        return self._send("POST", FEEDBACK_PATH, json.dumps({"feedback": [item]}), new_token(FEEDBACK_PATH))

    def probe(self, path: str) -> Answer:
        """Ask for health, as anybody may."""
        return self._send("GET", path)

    def _send(self, method: str, path: str, body: str | None = None, compact: str = "") -> Answer:
        headers = {"Content-Type": "application/json", **({"Authorization": bearer(compact)} if compact else {})}
        began = time.monotonic()
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_SECONDS)) as connection:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            read = response.read()
        return Answer(response.status, json.loads(read), dict(response.headers), time.monotonic() - began)


@contextmanager
def besieged(*calls: Callable[[], Answer]) -> Iterator[Sequence[Future[Answer]]]:
    """All of these calls are under way while the block runs."""
    with ThreadPoolExecutor(len(calls)) as threads:
        sent = [threads.submit(call) for call in calls]
        # Until they have been sent; what is refused at once may be answered by then.
        time.sleep(0.5)
        yield sent
