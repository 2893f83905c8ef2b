"""Pages for people, each switched on by a setting (CDS_PAGES); the CDS Hooks endpoints need none of them.

What may live here: wiring of the pages. One module per page and its templates beside it; nothing clinical is decided
here, and a page that is off is not even imported.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from flask import Flask

from cds_service.api.services import Knowledge
from cds_service.fhir_client import FhirReader
from cds_service.settings import Settings
from cds_service.web.page import static_files

if TYPE_CHECKING:
    from cds_service.access.trusted_clients import TrustedClients


@dataclass(frozen=True)
class Surroundings:
    """What a page may use: the settings, the clinical knowledge, the FHIR client, the clock, the clients we trust."""

    settings: Settings
    knowledge: Knowledge
    client: FhirReader
    clock: Callable[[], datetime]
    trusted: TrustedClients | None = None


def register_pages(app: Flask, around: Surroundings) -> frozenset[str]:
    """Add the pages that the settings switch on. Returns their endpoints (Flask's names): no JWT is asked there.

    The reasons hold no patient data; the EHR page and the patient's course exist with --dev only; the SMART app lets
    people in by the EHR's own authorization.
    """
    pages = around.settings.pages
    known = set(app.view_functions)
    if pages:
        for files in static_files():
            app.register_blueprint(files)
    if "reasons" in pages:
        from cds_service.web.reasons.page import reasons_page

        app.register_blueprint(reasons_page(around))
    if "ehr" in pages:
        from cds_service.web.ehr.page import ehr_page

        app.register_blueprint(ehr_page(around))
    if "course" in pages:
        from cds_service.web.course.page import course_page

        app.register_blueprint(course_page(around))
    if "smart" in pages:
        from cds_service.web.smart.app import smart_app

        app.register_blueprint(smart_app(around))
    return frozenset(set(app.view_functions) - known)
