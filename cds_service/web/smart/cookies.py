"""The cookies of the SMART app: one for each sign-in under way, one for each session.

What may live here: their names and attributes. A cookie holds the key to one row of the vault, or all there is to
know, sealed. There is one per session, so that two patients in two tabs stay two patients.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from flask import Response, request

LAUNCH, SESSION = "launch", "session"
LONGEST = 3_000
"""Characters of what a cookie holds; browsers drop one of more than 4096 without a word."""
_MOST = {LAUNCH: 8, SESSION: 30}
_ROOM = 3_500
"""Characters for all cookies of a kind: both kinds, and some of others, must fit into one header, of 8190 usually."""


class Cookies:
    """The cookies under one public address; over plain http, which only loopback may have, they are not Secure."""

    def __init__(self, public_url: str) -> None:
        parts = urlsplit(public_url)
        self._secure = parts.scheme == "https"
        self._path = f"{parts.path.rstrip('/')}/smart"
        self._prefix = "__Secure-cds-smart-" if self._secure else "cds-smart-"

    def key(self, purpose: str, name: str) -> str:
        """What this browser holds for it, or "" where it holds nothing."""
        return request.cookies.get(self._name(purpose, name), "")

    def names(self, purpose: str) -> list[str]:
        """What this browser holds a cookie for."""
        start = self._name(purpose, "")
        return [cookie.removeprefix(start) for cookie in request.cookies if cookie.startswith(start)]

    def hand_out(
        self, response: Response, purpose: str, name: str, key: str, seconds: int, framed_by: Collection[str]
    ) -> None:
        """Give the key to the browser. An app in a frame needs cookies that other sites' pages may carry (CHIPS)."""
        response.set_cookie(
            self._name(purpose, name),
            key,
            max_age=seconds,
            path=self._path,
            secure=self._secure,
            httponly=True,
            samesite="None" if self._secure else "Lax",
            partitioned=self._secure and bool(framed_by),
        )

    def take_back(self, response: Response, purpose: str, name: str, framed_by: Collection[str]) -> None:
        """Let the browser forget the key."""
        self.hand_out(response, purpose, name, "", 0, framed_by)

    def forget(self, response: Response, purpose: str, name: str) -> None:
        """Let the browser forget one of which we do not know whether its EHR may frame us (it is partitioned then)."""
        for framed_by in ((), ("any",)) if self._secure else ((),):
            self.take_back(response, purpose, name, framed_by)

    def tidy(self, response: Response, purpose: str, more: str) -> None:
        """Let the browser forget the oldest, so that there is room for `more`; browsers send the oldest first."""
        for name in self._too_many(purpose, more):
            self.forget(response, purpose, name)

    def _too_many(self, purpose: str, more: str) -> list[str]:
        held = self.names(purpose)
        sizes = [len(f"{self._name(purpose, name)}={self.key(purpose, name)}; ") for name in held]
        first, own = max(0, len(held) - _MOST[purpose]), len(self._name(purpose, "")) + len(more)
        while first < len(held) and own + sum(sizes[first:]) > _ROOM:
            first += 1
        return held[:first]

    def _name(self, purpose: str, name: str) -> str:
        return f"{self._prefix}{purpose}-{name}"
