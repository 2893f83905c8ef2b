"""A client with short limits, and the invented server with nothing to say yet."""

from collections.abc import Iterator

import pytest

from cds_service.fhir_client import (
    FhirClient,
)
from tests.fhir_stand_in import EHR, FhirStandIn
from tests.unit.cds_service.fhir_client.asking import SHORT, everyone


@pytest.fixture
def client() -> Iterator[FhirClient]:
    opened = FhirClient(SHORT, everyone)
    yield opened
    opened.close()


@pytest.fixture
def ehr() -> FhirStandIn:
    EHR.forget()
    return EHR
