"""Fetching a client's JWK set from the address in the file of trusted clients.

What may live here: one GET and its bounds. The same sessions as for FHIR servers: one time limit for the whole answer,
no proxies or logins from the environment, no redirects, no cookies.
"""

from __future__ import annotations

from typing import Any, cast

import requests
import urllib3

from cds_service.fhir_client import new_session

_SECONDS = 2.0
_MAX_BYTES = 200_000
_CHUNK = 16_384


class KeySetUnavailable(Exception):
    """The key set could not be had. The text says why, without the address."""


def fetch_key_set(url: str, seconds: float = _SECONDS, max_bytes: int = _MAX_BYTES) -> bytes:
    """The body that this address answers, in at most so many seconds and bytes.

    Raises:
        KeySetUnavailable: any other answer than 200 with such a body.
    """
    # requests takes a urllib3 Timeout too, though its stubs do not say so; only that has a total.
    timeout = cast(Any, urllib3.Timeout(total=seconds))
    headers = {"Accept": "application/jwk-set+json, application/json"}
    try:
        with (
            new_session(1, trust_environment=False) as session,
            session.get(url, headers=headers, timeout=timeout, stream=True, allow_redirects=False) as answer,
        ):
            return _body(answer, max_bytes)
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        problem = f"no answer ({type(error).__name__})"
    # Raised out here so that the exception carries no address along.
    raise KeySetUnavailable(problem)


def _body(answer: requests.Response, max_bytes: int) -> bytes:
    if answer.status_code != 200:
        raise KeySetUnavailable(f"the key server answered {answer.status_code}")
    body = bytearray()
    for chunk in answer.iter_content(_CHUNK):
        body += chunk
        if len(body) > max_bytes:
            raise KeySetUnavailable("the answer was larger than the limit")
    return bytes(body)
