"""Pages for people, each switched on by a setting (CDS_PAGES); the CDS Hooks endpoints need none of them.

What may live here: wiring of the pages. One folder per page with its templates and styles; nothing clinical is decided
here, and a page that is off is not even imported.
"""

from __future__ import annotations

from flask import Flask

from cds_service.web.context import PageContext
from cds_service.web.page import shown, static_files

__all__ = ["PageContext", "register_pages"]


def register_pages(app: Flask, context: PageContext) -> frozenset[str]:
    """Add the pages that the settings switch on. Returns their endpoints (Flask's names): they need no JWT.

    The reasons hold no patient data; the EHR page and the patient's course exist with --dev only; the SMART app lets
    people in by the EHR's own authorization.
    """
    pages = context.settings.pages
    known = set(app.view_functions)
    if pages:
        app.jinja_options = {**app.jinja_options, "finalize": shown}
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
    if "smart" in pages:
        from cds_service.web.smart.app import smart_app

        app.register_blueprint(smart_app(context))
    return frozenset(set(app.view_functions) - known)
