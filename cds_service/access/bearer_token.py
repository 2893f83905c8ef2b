"""Reading the Authorization header and the JWT in it, before anything of it is believed.

What may live here: the form of a token. Nothing is verified here: what a `Token` says is only a claim until its
signature holds.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

MAX_CHARACTERS = 8_192
"""Longest token that is looked at. Those of EHRs have 500 to 1500 characters."""

_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")


class Reason(StrEnum):
    """Why a caller was refused, for our log and metrics only: the caller never learns it."""

    NO_TOKEN = "no-token"  # noqa: S105 (names of reasons, not secrets)
    NOT_BEARER = "not-bearer"
    TOO_LONG = "too-long"
    NOT_A_JWT = "not-a-jwt"
    ISSUER = "unknown-issuer"
    ALGORITHM = "algorithm"
    TYPE = "type"
    HEADER = "forbidden-header"
    KEY_ADDRESS = "foreign-jku"
    NO_KEYS = "no-keys"
    KEY_ID = "unknown-kid"
    SIGNATURE = "signature"
    AUDIENCE = "audience"
    ISSUED = "issued-at"
    EXPIRED = "expired"
    NOT_BEFORE = "not-before"
    LIFETIME = "lifetime"
    TOKEN_ID = "token-id"  # noqa: S105
    REPLAYED = "replayed"


class Refused(Exception):
    """We do not serve this caller. Only `reason` says why, and it holds nothing of the token."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class BearerToken:
    """A JWT in its parts. `header` and `claims` are what the sender wrote: any JSON."""

    compact: str = field(repr=False)
    header: Mapping[str, Any] = field(repr=False)
    claims: Mapping[str, Any] = field(repr=False)


def bearer_token(authorization: str | None) -> str:
    """The token of an Authorization header. Raises Refused."""
    if not authorization:
        raise Refused(Reason.NO_TOKEN)
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise Refused(Reason.NOT_BEARER)
    return token.strip(" ")


def read_token(compact: str) -> BearerToken:
    """Split a JWT in its compact form into its parts. Raises Refused."""
    if len(compact) > MAX_CHARACTERS:
        raise Refused(Reason.TOO_LONG)
    parts = _COMPACT.fullmatch(compact)
    if parts is None:
        raise Refused(Reason.NOT_A_JWT)
    return BearerToken(compact, _json_object(parts[1]), _json_object(parts[2]))


def _json_object(part: str) -> Mapping[str, Any]:
    try:
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_once_each)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Refused(Reason.NOT_A_JWT)
    return value


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A name that stands twice means one thing to one reader and another to the next (RFC 7515 section 4)."""
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("the same name twice")
    return members
