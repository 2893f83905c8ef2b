"""One HTTP exchange of the EHR that we play: the request as sent, the answer as it came, and the time between.

What may live here: sending JSON and keeping what came back. What it means is decided by the caller.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

TIMEOUT_SECONDS = 30
FHIR_JSON = "application/fhir+json"
_FAILURES: tuple[tuple[type[Exception], str], ...] = (
    (requests.Timeout, f"nothing came within {TIMEOUT_SECONDS} seconds"),
    (requests.exceptions.SSLError, "its certificate is not accepted"),
    (requests.exceptions.ProxyError, "the proxy lets nothing through"),
    (requests.ConnectionError, "no connection"),
    (requests.JSONDecodeError, "the answer is not JSON"),
    (ValueError, "the address cannot be used"),
    (Exception, "the connection broke off"),
)
"""The first that fits: some kinds are also kinds of a later one."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer. `status` is 0 when nobody answered, and `failure` then says why.

    `body` is the parsed JSON of the answer, None where it had none. Neither body shows in a repr.
    """

    method: str
    url: str
    request: Mapping[str, Any] = field(repr=False)
    status: int
    body: Any = field(repr=False)
    milliseconds: float
    failure: str = ""

    @property
    def ok(self) -> bool:
        """Was it answered with a status of success?"""
        return 200 <= self.status < 300

    @property
    def diagnostics(self) -> str:
        """What an OperationOutcome in the answer says; otherwise that there is none, or that nobody answered."""
        if not self.status:
            return f"did not answer ({self.failure})"
        issues = self.body.get("issue") if isinstance(self.body, Mapping) else None
        if not isinstance(issues, list):
            return "no OperationOutcome"
        return "; ".join(text for issue in issues if (text := _words(issue)))


def exchange(method: str, url: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Exchange:
    """Send JSON and wait for the answer; a fault of the network is an answer of status 0."""
    started = time.perf_counter()
    try:
        answer = requests.request(
            method, url, json=body, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False
        )
    except requests.RequestException as error:
        return Exchange(method, url, body, 0, None, _since(started), failure_of(error))
    spent = _since(started)
    try:
        parsed = answer.json()
    except ValueError:
        parsed = None
    return Exchange(method, url, body, answer.status_code, parsed, spent)


def failure_of(error: Exception) -> str:
    """Why there is no usable answer, in a few words: no address, and no name from our own code."""
    return next(words for kinds, words in _FAILURES if isinstance(error, kinds))


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000


def _words(issue: Any) -> str:
    if not isinstance(issue, Mapping):
        return ""
    details = issue.get("details")
    text = issue.get("diagnostics") or (details.get("text") if isinstance(details, Mapping) else "")
    return text if isinstance(text, str) else ""
