"""A client of FHIR servers, and the server on loopback that it may ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cds_service.fhir_client import FhirClient, Limits
from tests.fhir_stand_in import EHR, FhirStandIn

BASE = EHR.base


@pytest.fixture
def client() -> Iterator[FhirClient]:
    opened = FhirClient(Limits(deadline_seconds=20), lambda base: base == BASE)
    yield opened
    opened.close()


@pytest.fixture
def mock() -> FhirStandIn:
    EHR.forget()
    return EHR
