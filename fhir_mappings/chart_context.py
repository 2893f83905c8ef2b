"""What a chart is built for: the patient, the day, the drafts, and what was read apart from the look-ups.

What may live here: this one frozen value. It is handed out by `chart.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from fhir_mappings.bases import ANYWHERE, Bases
from fhir_mappings.fhir_json import Json
from fhir_mappings.subjects import is_about


@dataclass(frozen=True)
class ChartContext:
    """Whose chart, on which day of which clinic; the draft orders to be judged, in their order.

    `medications` holds the Medications and Substances that were sent beside the drafts or read separately, by their
    address ("Medication/x", "urn:uuid:…"); `lost` those that were asked for and could not be had. `other_drafts` stand
    beside the judged ones. `bases` are the addresses of the server that the records are of, `history` entries of the
    medication history that came along unasked.
    """

    patient_id: str
    on: date
    zone: ZoneInfo
    drafts: Sequence[Mapping[str, Any]] = ()
    medications: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()
    other_drafts: Sequence[Mapping[str, Any]] = ()
    bases: Bases = ANYWHERE
    history: Sequence[Mapping[str, Any]] = ()

    def owns(self, resource: Json) -> bool:
        """Is the resource about this patient?"""
        return is_about(resource, self.patient_id, self.bases)
