"""A real service and a real FHIR server on this machine, for the tests that use the page over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from cds_service.clock import utc_now
from cds_service.demo.sandbox import Sandbox
from tests.unit.cds_service.web.ehr.clinic import HARD_SKIN, Clinic, running, two_patients
from tests.unit.cds_service.web.ehr.ehr_visitor import Visitor


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, str, Sandbox]]:
    with Sandbox(()) as fhir, running(tmp_path_factory.mktemp("ehr"), fhir.base) as (app, base):
        yield app, base, fhir


@pytest.fixture
def clinic(services: tuple[Flask, str, Sandbox]) -> Clinic:
    """The same service for every test, with two patients whom no test before has touched."""
    app, base, fhir = services
    for kind in ("Patient", "Condition", "Observation", "MedicationRequest", "Procedure", "ServiceRequest"):
        for resource in fhir.store.all(kind):
            fhir.store.delete(kind, resource["id"])
    for resource in two_patients():
        fhir.store.put(resource["resourceType"], resource["id"], resource)
    return Clinic(app, base, fhir, utc_now())


@pytest.fixture
def visitor(clinic: Clinic) -> Visitor:
    return Visitor(clinic.client, HARD_SKIN).open()
