"""The service, EHR and FHIR server of the contract tests; here they speak as they do in the field."""

from __future__ import annotations

import pytest

from tests.contract.conftest import app, ehr, fhir, make_app, mock, stand_in
from tests.contract.ehr import Ehr
from tests.fhir_stand_in import FhirStandIn
from tests.field.play import MODES, Field

__all__ = ["app", "ehr", "fhir", "make_app", "mock", "stand_in"]


@pytest.fixture(params=MODES)
def field(request: pytest.FixtureRequest, ehr: Ehr, stand_in: FhirStandIn) -> Field:
    """The same EHR in each of the three modes."""
    return Field(ehr, stand_in, request.param)
