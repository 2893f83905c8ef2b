"""One request to an authorization server, within bounds.

What may live here: HTTP only. The same sessions as for FHIR servers: one time limit for the whole answer, no logins of
the environment, no redirects, no cookies. Nothing is logged here: what is sent and answered are secrets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import orjson
import requests
import urllib3

from cds_service.fhir_client import new_session

MAX_BYTES = 500_000
"""Far more than any SMART configuration or token."""

_CHUNK = 65_536
_Send = Callable[[requests.Session, dict[str, Any]], requests.Response]


class NoAnswer(Exception):
    """There was no answer within the bounds. The text says why, without the address."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `body` may hold a token."""

    status: int
    body: bytes = field(repr=False)

    def json(self) -> dict[str, Any] | None:
        """The JSON object in the body, None where it holds none."""
        try:
            value = orjson.loads(self.body.removeprefix(b"\xef\xbb\xbf"))
        except orjson.JSONDecodeError:
            return None
        return value if isinstance(value, dict) else None


@dataclass(frozen=True, slots=True)
class Web:
    """How we reach other servers: seconds for each answer, and whether proxies of the environment are used."""

    seconds: float = 5.0
    trust_environment: bool = False

    def get(self, url: str, accept: str = "application/json", max_bytes: int = MAX_BYTES) -> Answer:
        """Ask for this address. Raises NoAnswer."""
        return self._ask(lambda session, more: session.get(url, **more), {"Accept": accept}, max_bytes)

    def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """Send this form. Raises NoAnswer."""
        wanted = {"Accept": "application/json", **headers}
        return self._ask(lambda session, more: session.post(url, data=form, **more), wanted, MAX_BYTES)

    def _ask(self, send: _Send, headers: Mapping[str, str], max_bytes: int) -> Answer:
        # requests takes a urllib3 Timeout too, though its stubs do not say so; only that has a total.
        timeout = cast(Any, urllib3.Timeout(total=self.seconds))
        more = {"headers": headers, "timeout": timeout, "stream": True, "allow_redirects": False}
        try:
            with new_session(1, self.trust_environment) as session, send(session, more) as answer:
                return Answer(answer.status_code, _body(answer, max_bytes))
        except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
            problem = f"no answer ({type(error).__name__})"
        # Raised out here so that the exception carries no address along.
        raise NoAnswer(problem)


def _body(answer: requests.Response, max_bytes: int) -> bytes:
    body = bytearray()
    for chunk in answer.iter_content(_CHUNK):
        body += chunk
        if len(body) > max_bytes:
            raise NoAnswer("the answer was larger than the limit")
    return bytes(body)
