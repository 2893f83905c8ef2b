"""The try page: a message of one's own, judged without a FHIR server, and explained.

What may live here: the routes, and reading the form. Nothing of a message is stored or logged: no card log, no state.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException

from cds_service.tryout import HOOKS, Choice, Maker, load_examples
from cds_service.web.cards import as_json
from cds_service.web.context import PageContext
from cds_service.web.guard import guard
from cds_service.web.page import page, problem
from cds_service.web.tryout.answer import Desk, Shown
from fhir_mappings.packaged import default_reasons

log = logging.getLogger("cds_service")

_MOST_TYPED = 500
_MOST_DRUGS = 20
_PART = "X-Try-Part"
"""Sent by the script, which keeps the message in its field: it need not come back."""


def try_page(context: PageContext) -> Blueprint:
    """The route /try."""
    routes = Blueprint("tryout", __name__)
    maker = Maker(context.knowledge)
    reasons = default_reasons(context.knowledge.policy, context.settings.locale)
    examples = {example.name: example for example in load_examples()}
    limit, most = context.settings.max_body_bytes, context.settings.max_entries
    guard(routes)

    @routes.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        if error.code == 413:
            return problem(413, "This message is too large", f"This service takes at most {limit:,} bytes at once.")
        return problem(error.code or 500, error.name, "The page does not answer such a request.")

    @routes.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        # The message could carry patient data and stays out.
        log.error("unexpected %s on the try page", type(error).__name__)
        return problem(500, "The page failed", "The fault has been logged, without the message.")

    @routes.get("/try")
    def opened() -> Response:
        return shown(None, Choice())

    @routes.post("/try")
    def tried() -> Response:
        # A field may be as long as a body may be: what is pasted stands in one.
        request.max_form_memory_size = limit
        form = request.form
        name = form.get("do", "").removeprefix("example:")
        example = examples.get(name) if form.get("do", "").startswith("example:") else None
        now = context.clock()
        if example is not None:
            text, choice = example.text(now), Choice(example.hook, example.drugs)
        else:
            text, choice = form.get("sent", ""), _choice(form)
        desk = Desk(maker, *context.in_force(reasons), most, request.host_url)
        return shown(desk.shown(text, choice, now), choice, example.name if example else "")

    def shown(answer: Shown | None, choice: Choice, chosen: str = "") -> Response:
        keep = _PART in request.headers and not chosen and not (answer and answer.cleaned)
        return page(
            "tryout/page.html",
            title="Try a message",
            answer=answer,
            text="" if answer is None or keep else answer.text,
            kept=keep,
            choice=choice,
            hooks=HOOKS,
            drugs=", ".join(choice.drugs),
            names=[drug.name for drug in maker.catalogue],
            examples=examples.values(),
            chosen=chosen,
            limit=limit,
            as_json=as_json,
        )

    return routes


def _choice(form: Mapping[str, str]) -> Choice:
    hook, patient = form.get("hook", ""), form.get("patient", "")
    names = [name.strip() for name in form.get("drugs", "")[:_MOST_TYPED].split(",")]
    drugs = tuple(name for name in names if name)[:_MOST_DRUGS]
    return Choice(hook if hook in HOOKS else "", drugs, patient.strip()[:_MOST_TYPED])
