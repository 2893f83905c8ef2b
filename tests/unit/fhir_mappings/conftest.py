"""The packaged vocabulary, read once, and the clinic's time zone."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings

from fhir_mappings.packaged import default_vocabulary
from fhir_mappings.vocabulary import Vocabulary

# Examples are judged by what they show, not by how fast a busy machine shows it.
settings.register_profile("without_deadline", deadline=None)
settings.load_profile("without_deadline")


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    return default_vocabulary()


@pytest.fixture(scope="session")
def utc() -> ZoneInfo:
    return ZoneInfo("UTC")
