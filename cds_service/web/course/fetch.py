"""Fetching two years of one patient from a FHIR server, with its own deadline.

What may live here: the look-ups of the course. What the resources mean is decided in `fhir_mappings`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from cds_service.api import Collected, DrugReads, Gatherer, HookRequest, gathering
from cds_service.fhir_client import Deadline, FhirReader, FhirServer, RefusedError
from cds_service.knowledge import Knowledge
from fhir_mappings.chart import ChartContext, Gathered, drug_shelf
from fhir_mappings.course import course_queries, past_orders, read_history
from fhir_mappings.patients import patient_name
from hooks.course import History

DEADLINE_SECONDS, MARGIN_SECONDS = 5.0, 0.2
"""For all look-ups of one course together; somebody has opened a page and waits for it."""
_NO_SUCH_PATIENT = frozenset(RefusedError(status).reason for status in (404, 410))
"""Never there, or deleted."""


@dataclass(frozen=True)
class Fetched:
    """The history of a patient, and the name to put above it ("" when the patient could not be read)."""

    history: History
    name: str

    @property
    def is_unknown(self) -> bool:
        """Does the FHIR server say that it has no such patient?"""
        gap = self.history.chart.gap("patient")
        return gap is not None and gap.reason in _NO_SUCH_PATIENT


def fetch_history(reader: FhirReader, server: FhirServer, patient_id: str, on: date, knowledge: Knowledge) -> Fetched:
    """Everything the course shows. Look-ups that fail are named in the history's chart, none raises."""
    deadline = Deadline(time.monotonic() + DEADLINE_SECONDS, MARGIN_SECONDS, time.monotonic)
    request = HookRequest("patient-view", "", patient_id, prefetch={}, server=server)
    with gathering(reader, request, on, knowledge.zone, deadline) as gatherer:
        collected = gatherer.collect(course_queries(knowledge.queries), ())
        medications = {**collected.medications, **_past_medications(gatherer, collected)}
    lost, bases = collected.lost, collected.bases
    context = ChartContext(patient_id, on, knowledge.zone, medications=medications, lost=lost, bases=bases)
    return Fetched(read_history(collected.queries, context, knowledge.vocabulary), _name(collected.queries))


def _past_medications(gatherer: Gatherer, collected: Collected) -> dict[str, dict[str, Any]]:
    """The Medications of prescriptions that are over, as far as they are still to be read."""
    past = past_orders(collected.resources("medications"))
    reads = DrugReads(gatherer.talk, drug_shelf(collected.medications, collected.queries, collected.bases))
    reads.start(past)
    reads.finish()
    return reads.addressed(gatherer.base)


def _name(gathered: Sequence[Gathered]) -> str:
    found = [entry.resources[0] for entry in gathered if entry.query.resource_type == "Patient" and entry.resources]
    return patient_name(found[0]) if found else ""
