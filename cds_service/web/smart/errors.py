"""The error pages of the SMART app.

What may live here: turning what went wrong into a page and a log line. Neither holds a token, a code or a patient.
"""

from __future__ import annotations

import logging
from collections.abc import Collection

from flask import Blueprint, Response
from werkzeug.exceptions import HTTPException

from cds_service.storage import StoreError
from cds_service.web.page import page, problem
from cds_service.web.smart.refusals import LaunchProblem
from cds_service.web.smart.sites import Site, Sites
from cds_service.web.smart.vault import VaultFull

log = logging.getLogger("cds_service")


def answer_errors(smart: Blueprint, sites: Sites) -> None:
    """Every error as a page for people. Without a session any EHR may frame it: it holds nothing of a patient."""

    def frames(site: Site | None = None) -> Collection[str]:
        return sites.frame_ancestors() if site is None else site.frame_ancestors

    @smart.errorhandler(LaunchProblem)
    def refused(error: LaunchProblem) -> Response:
        log.warning("the SMART app was not opened (%s): %s", error.site.name if error.site else "-", error.what)
        values = {"title": error.title, "what": error.what, "said": error.said}
        return page("smart/problem.html", error.status, framed_by=frames(error.site), **values)

    @smart.errorhandler(VaultFull)
    @smart.errorhandler(StoreError)
    def unavailable(error: Exception) -> Response:
        log.error("the SMART app cannot keep sessions: %s", str(error) or "there are too many")
        what = "Sessions cannot be kept at the moment. Try again in a few minutes."
        return problem(503, "Try again later", what, framed_by=frames())

    @smart.errorhandler(HTTPException)
    def not_as_asked(error: HTTPException) -> Response:
        return problem(error.code or 500, error.name, "The request could not be answered.", framed_by=frames())

    @smart.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        # The message could carry a token or a patient; the type helps to find the fault.
        log.error("unexpected %s in the SMART app", type(error).__name__)
        return problem(500, "The app failed", "The fault has been logged.", framed_by=frames())
