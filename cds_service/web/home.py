"""The home at `/`, and the ways from every page to every other one that is on.

What may live here: the table of pages with the words for them, and that one page. It holds no data of a patient.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from flask import Blueprint, Response, redirect, request, url_for

from cds_service.web.page import page


@dataclass(frozen=True, slots=True)
class Way:
    """The way to a page: its name in CDS_PAGES, the words of a link, what one does there, and its endpoint."""

    name: str
    label: str
    says: str
    endpoint: str

    @property
    def address(self) -> str:
        """Where the page is."""
        return url_for(self.endpoint)

    @property
    def is_here(self) -> bool:
        """Whether the present request is for this page, or for one that belongs to it."""
        return (request.path + "/").startswith(self.address + "/")


WAYS = (
    Way("ehr", "EHR", "Open a chart, order a drug, and accept or override the cards that answer.", "ehr.opened"),
    Way(
        "course", "Course", "Two years of one patient: results, drugs, findings, and what the rules say.", "course.pick"
    ),
    Way(
        "reasons", "Reasons", "What stands behind each card: numbers, sources, contradictions, limits.", "reasons.index"
    ),
    Way(
        "try",
        "Try a message",
        "Paste a message of your own EHR and see its cards, or why there are none.",
        "tryout.opened",
    ),
    Way("feedback", "Feedback", "How often each card was shown, accepted and overridden.", "feedback.opened"),
    Way("smart", "SMART app", "The course as an app that an EHR opens; here it opens without an EHR.", "smart.choose"),
)
"""Every page in the order of the navigation."""


class Ways:
    """The ways to the pages that are on."""

    def __init__(self, pages: Collection[str]) -> None:
        self.all = tuple(way for way in WAYS if way.name in pages)
        self._pages = frozenset(pages)

    @property
    def here(self) -> Way | None:
        """The page that the present request is for."""
        return next((way for way in self.all if way.is_here), None)

    def to_chart(self, patient_id: str) -> str:
        """Where the EHR page shows this patient; "" where it is off."""
        return url_for("ehr.opened", patient=patient_id) if "ehr" in self._pages else ""

    def to_course(self, patient_id: str) -> str:
        """Where this patient's course is; "" where that page is off."""
        return url_for("course.show", patient_id=patient_id) if "course" in self._pages else ""


def home_page(ways: Ways, *, dev: bool) -> Blueprint:
    """The routes `/` and `/favicon.ico`."""
    home = Blueprint("home", __name__)

    @home.get("/")
    def start() -> Response:
        return page("home.html", title="Home", dev=dev, all_ways=ways.all)

    @home.get("/favicon.ico")
    def icon() -> Response:
        # Asked for by browsers that show an answer of another kind, such as the discovery document.
        return redirect(url_for("pages.static", filename="icon.svg"), 301)  # type: ignore[return-value]

    return home
