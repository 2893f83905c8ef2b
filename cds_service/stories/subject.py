"""Whose record it is.

What may live here: the one patient of all vignettes, and how a resource says that it is about them.
"""

from __future__ import annotations

from typing import Any

from cds_service.stories.story import Entry

Resource = dict[str, Any]
"""One FHIR R4 resource as JSON."""

PATIENT_ID = "vignette-patient"
SUBJECT: Resource = {"reference": f"Patient/{PATIENT_ID}"}


def subject_of(entry: Entry) -> Resource:
    """Whom an entry of a vignette is about."""
    return {"reference": "Patient/somebody-else"} if entry.get("of_another_patient") else SUBJECT
