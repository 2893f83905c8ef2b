"""The words of the questions that rules ask."""

from __future__ import annotations

import pytest

from fhir_mappings.packaged import default_reasons
from hooks.reasons import Reasons
from tests.unit.hooks.builders import POLICY


@pytest.fixture(scope="session")
def reasons() -> Reasons:
    return default_reasons(POLICY)
