"""The cookies of the SMART app: one for each sign-in under way, one for each session.

What may live here: their names and attributes. A cookie holds the key to one row of the vault. There is one per
session, so that two patients in two tabs stay two patients.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from flask import Response, request

LAUNCH, SESSION = "launch", "session"
_MOST = {LAUNCH: 8, SESSION: 30}
"""What a browser keeps of each, about 100 bytes apiece: all of them together must fit into one header."""


class Cookies:
    """The cookies under one public address; over plain http, which only loopback may have, they are not Secure."""

    def __init__(self, public_url: str) -> None:
        parts = urlsplit(public_url)
        self._secure = parts.scheme == "https"
        self._path = f"{parts.path.rstrip('/')}/smart"
        self._prefix = "__Secure-cds-smart-" if self._secure else "cds-smart-"

    def key(self, purpose: str, name: str) -> str:
        """The key that this browser holds for it, or "" where it holds none."""
        return request.cookies.get(self._name(purpose, name), "")

    def names(self, purpose: str) -> list[str]:
        """What this browser holds a key for."""
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

    def tidy(self, response: Response, purpose: str) -> None:
        """Let the browser forget the oldest, when they become many; browsers send the oldest first."""
        held = self.names(purpose)
        for name in held[: max(0, len(held) - _MOST[purpose])]:
            # Its EHR is not known here, so we do not know whether its cookie is partitioned.
            for framed_by in ((), ("any",)) if self._secure else ((),):
                self.take_back(response, purpose, name, framed_by)

    def _name(self, purpose: str, name: str) -> str:
        return f"{self._prefix}{purpose}-{name}"
