"""Who may see the feedback page: whoever has the token, whom the proxy lets in, and with --dev people of this machine.

What may live here: that decision. A token is sent as a password of HTTP Basic, with any user name (a browser asks for
it by itself), or as a bearer token. It is compared in constant time and never logged.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import threading
import time
from collections.abc import Callable

from flask import Blueprint, Request, Response, request

from cds_service.settings import Settings
from cds_service.web.guard import refusal, shut
from cds_service.web.page import problem

log = logging.getLogger("cds_service")

_SAY_EVERY_SECONDS = 60.0
_ASKED_FOR = ('Basic realm="calciphylaxis-cds counts", charset="UTF-8"', "Bearer")
_OURS = ("same-origin", "none")


def let_in(pages: Blueprint, settings: Settings, monotonic: Callable[[], float] = time.monotonic) -> None:
    """Answer 401 or 403 to every request for these pages by somebody who may not see them."""
    wrong = _WrongTokens(monotonic)

    @pages.before_request
    def ask() -> Response | None:
        why = refusal(request) if settings.dev else _from_elsewhere(request)
        if why:
            return problem(403, "Refused", why)
        if settings.pages_token is None or _has(settings.pages_token, request):
            return None
        if request.authorization is not None:
            wrong.count()
        return _ask_for_the_token()

    @pages.after_request
    def to_us_alone(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        return shut(response, request)


def _from_elsewhere(request: Request) -> str:
    """Why this is refused: a link from elsewhere may open the page, no other site may read it or build it in."""
    if request.headers.get("Sec-Fetch-Site", "none") in _OURS or request.headers.get("Sec-Fetch-Dest") == "document":
        return ""
    return "This request comes from another site and was refused."


def _has(token: str, request: Request) -> bool:
    """Was the token sent?"""
    sent = request.authorization
    said = sent and (sent.token if sent.type == "bearer" else sent.password)
    # Of hashes: two texts of different lengths take as long as two of one length.
    return hmac.compare_digest(_hash(said or ""), _hash(token))


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()


def _ask_for_the_token() -> Response:
    what = "These counts are for people who have the token (CDS_PAGES_TOKEN): it is the password, with any user name."
    response = problem(401, "Who are you?", what)
    for challenge in _ASKED_FOR:
        response.headers.add("WWW-Authenticate", challenge)
    return response


class _WrongTokens:
    """Wrong tokens, counted and told at most once a minute."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic, self._lock = monotonic, threading.Lock()
        self._times, self._say_again_at = 0, 0.0

    def count(self) -> None:
        with self._lock:
            self._times += 1
            now = self._monotonic()
            if now < self._say_again_at:
                return
            self._say_again_at, times, self._times = now + _SAY_EVERY_SECONDS, self._times, 0
        log.warning("the feedback page was refused to a wrong token (%d since this was last said)", times)
