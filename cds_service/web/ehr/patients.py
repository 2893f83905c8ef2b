"""The list of patients to pick from, those first whose story tells the most.

What may live here: that one page. Which patients there are is asked in `person`.
"""

from __future__ import annotations

from datetime import date

from flask import Response

from cds_service.ehr_client import Ehr
from cds_service.web.ehr.person import PatientHeading, find_patients
from cds_service.web.page import page


def patients_page(ehr: Ehr, name: str, about: str, on: date) -> Response:
    """Everybody whose name begins with `name` and whose story tells of all words of `about`; "" asks for nothing."""
    found = find_patients(ehr, name, on)
    told = [person for person in found.people if person.story is not None and person.story.tells(about)]
    shown = told if about else found.people
    return page(
        "ehr/patients.html",
        title="Patients",
        patients=sorted(shown, key=_most_telling_first),
        with_stories=any(person.story for person in found.people) or bool(about),
        more=found.more,
        name=name,
        about=about,
        fhir=ehr.fhir,
    )


def _most_telling_first(person: PatientHeading) -> tuple[bool, int, str]:
    """By story; those without one by name."""
    if person.story is None:
        return True, 0, person.name.casefold()
    return False, person.story.place, person.name
