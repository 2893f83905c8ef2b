"""What all pages share: rendering a template, the headers of an HTML answer, the static files, the error page.

What may live here: HTML as such. What a page shows stands in the module of that page.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from flask import Blueprint, Response, render_template, request
from markupsafe import Markup

from cds_service.settings import PAGES
from hooks.cards import visible

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
}
"""No inline script and no inline style anywhere, nothing from other hosts."""

_FOLDERS = {"try": "tryout"}
"""Where a page's room is not called as the page is: `try` is a word of Python."""


def page(template: str, status: int = 200, *, framed_by: Collection[str] = (), **values: object) -> Response:
    """An HTML answer. `framed_by` are the origins that may show it in a frame; none by default."""
    response = Response(render_template(template, framed=bool(framed_by), **values), status, mimetype="text/html")
    response.headers["Content-Security-Policy"] = content_security_policy(framed_by)
    return response


def shown(value: object) -> object:
    """For Jinja, which asks it for every value of every template: a text without what nobody sees.

    What is HTML already stays HTML. A browser obeys direction marks, and hides what is hidden.
    """
    if not isinstance(value, str):
        return value
    lines = "\n".join(map(visible, value.split("\n")))
    return Markup(lines) if isinstance(value, Markup) else lines  # noqa: S704 - it was Markup before


def content_security_policy(framed_by: Collection[str] = ()) -> str:
    """The Content-Security-Policy of a page."""
    rules = [f"{name} {value}" for name, value in POLICY.items()]
    return "; ".join([*rules, f"frame-ancestors {' '.join(framed_by) or chr(39) + 'none' + chr(39)}"])


def problem(status: int, title: str, what: str, *, framed_by: Collection[str] = ()) -> Response:
    """A page that says what went wrong, in words for people, without data of a patient, and shows ways on."""
    again = status >= 500 and request.method == "GET"
    return page("problem.html", status, framed_by=framed_by, title=title, what=what, again=again)


def static_files() -> Iterator[Blueprint]:
    """Style sheets, scripts and templates: those of all pages at /pages/static, those of a page at /pages/NAME/static.

    All are there as soon as one page is on: a page may show another, as the SMART app does.
    """
    shared = Blueprint("pages", __name__, static_folder="static", template_folder="templates", url_prefix="/pages")
    yield _kept(shared)
    for name in sorted(PAGES):
        folder = _FOLDERS.get(name, name)
        own = Blueprint(
            f"{name}_files",
            __name__,
            static_folder=f"{folder}/static",
            template_folder=f"{folder}/templates",
            url_prefix=f"/pages/{folder}",
        )
        yield _kept(own)


def _kept(files: Blueprint) -> Blueprint:
    """Browsers may keep these: nothing of a patient is in them, unlike in every other answer."""

    @files.after_request
    def keep(response: Response) -> Response:
        response.headers["Cache-Control"] = "public, max-age=300"
        return response

    return files
