"""Who may use the pages of --dev: only pages and people of this machine, since they ask nobody who they are.

What may live here: refusing requests that another site sends through a visitor's browser.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Request, Response, request

from cds_service.addresses import is_loopback
from cds_service.web.page import problem

_OURS = ("same-origin", "none")


def guard(pages: Blueprint) -> None:
    """Answer 403 to every request for these pages that `refusal` refuses, and let no other origin read the rest."""

    @pages.before_request
    def only_from_here() -> Response | None:
        why = refusal(request)
        return problem(403, "Refused", why) if why else None

    @pages.after_request
    def to_us_alone(response: Response) -> Response:
        return shut(response, request)


def refusal(request: Request) -> str:
    """Why this request is refused, in words for people; "" when it is not.

    A link from elsewhere may open the page; nothing from elsewhere may read it by script or send it a form. A name
    that is not this machine's is refused, because another site can point its own name here.
    """
    if not is_loopback(urlsplit(f"//{request.host}").hostname or ""):
        return "This page answers under a loopback address only, such as http://127.0.0.1."
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        opened = request.method == "GET" and request.headers.get("Sec-Fetch-Dest") == "document"
        return "" if site in _OURS or opened else _FOREIGN
    origin = request.headers.get("Origin")
    return "" if origin in (None, own_origin(request)) else _FOREIGN


def shut(response: Response, request: Request) -> Response:
    """Let no other origin read the page, even where the service allows it to CDS clients."""
    response.headers["Access-Control-Allow-Origin"] = own_origin(request)
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def own_origin(request: Request) -> str:
    """The origin of this page."""
    return request.host_url.rstrip("/")


_FOREIGN = "This request comes from another site and was refused."
