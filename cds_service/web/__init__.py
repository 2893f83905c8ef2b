"""Pages for people, each switched on by a setting (CDS_PAGES); the CDS Hooks endpoints need none of them.

What may live here: wiring of the pages. One folder per page with its templates and styles; nothing clinical is decided
here, and a page that is off is not even imported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from flask import Flask, url_for

from cds_service.explaining.outline import outline
from cds_service.web.context import PageContext
from cds_service.web.home import Ways, home_page
from cds_service.web.page import shown, static_files

__all__ = ["PageContext", "register_pages"]

_TOPIC = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""The code of a topic; a row that says nothing by intent has words in its place."""


def register_pages(app: Flask, context: PageContext) -> frozenset[str]:
    """Add the pages that the settings switch on. Returns their endpoints (Flask's names): they need no JWT.

    The reasons hold no patient data; the EHR page, the patient's course and the try page exist with --dev only; the
    SMART app lets people in by the EHR's own authorization.
    """
    pages = context.settings.pages
    known = set(app.view_functions)
    if pages:
        app.jinja_options = {**app.jinja_options, "finalize": shown}
        ways = Ways(pages)
        app.jinja_env.globals.update(
            outline_of=outline, reasons_of=_reasons_of(pages), ways=ways, not_shown=context.not_shown
        )
        app.register_blueprint(home_page(ways, dev=context.settings.dev))
        for files in static_files():
            app.register_blueprint(files)
    if "reasons" in pages:
        from cds_service.web.reasons.page import reasons_page

        app.register_blueprint(reasons_page(context))
    if "ehr" in pages:
        from cds_service.web.ehr.page import ehr_page

        app.register_blueprint(ehr_page(context))
    if "course" in pages:
        from cds_service.web.course.page import course_page

        app.register_blueprint(course_page(context))
    if "try" in pages:
        from cds_service.web.tryout.page import try_page

        app.register_blueprint(try_page(context))
    if "feedback" in pages:
        from cds_service.web.feedback.page import feedback_page

        app.register_blueprint(feedback_page(context))
    if "smart" in pages:
        from cds_service.web.smart.app import smart_app

        app.register_blueprint(smart_app(context))
    return frozenset(set(app.view_functions) - known)


def _reasons_of(pages: Collection[str]) -> Callable[[str], str]:
    """Where the page on a topic of cards is; "" where there is none."""

    def address(topic: str) -> str:
        return url_for("reasons.topic", code=topic) if "reasons" in pages and _TOPIC.fullmatch(topic) else ""

    return address
