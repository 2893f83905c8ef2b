"""One day for all tests, the synthetic patients of that day, a server that holds one, and a look at that patient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from cds_service.demo.patients import SyntheticPatient, load_patients
from cds_service.fhir_doctor import Examination, PatientReport, Visit, examine
from cds_service.knowledge import Knowledge
from cds_service.settings import Settings
from tests.unit.cds_service.odd_fhir_server import ODD, OddServer, formed

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
HOOKS = ("patient-view", "order-select", "order-sign")
PATIENTS = load_patients(NOW)
Look = Callable[..., PatientReport]


@pytest.fixture(scope="session")
def with_forms(knowledge: Knowledge) -> Knowledge:
    return replace(knowledge, queries=tuple(map(formed, knowledge.queries)))


@pytest.fixture
def hard_skin() -> SyntheticPatient:
    return next(patient for patient in PATIENTS if patient.key == "hard-skin-on-warfarin")


@pytest.fixture
def ehr(hard_skin: SyntheticPatient) -> OddServer:
    ODD.start_anew(hard_skin.resources)
    return ODD


@pytest.fixture
def look(ehr: OddServer, hard_skin: SyntheticPatient, knowledge: Knowledge) -> Look:
    """Examine the patient (or another one) on the odd server."""

    def looked(by: Knowledge = knowledge, patient: str = hard_skin.patient_id, **how: Any) -> PatientReport:
        settings = Settings(fhir_deadline_seconds=how.get("deadline", 10.0))
        steps = how.get("steps", [])
        with Visit(settings, how.get("url", ehr.base), how.get("token")) as visit:
            needs = Examination(
                visit.asker, visit.service, by, how.get("hooks", HOOKS), lambda *step: steps.append(step)
            )
            return examine(needs, patient, NOW)

    return looked
