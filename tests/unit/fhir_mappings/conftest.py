"""The packaged vocabulary, read once, and the clinic's time zone."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from fhir_mappings.vocabulary import Vocabulary, default_vocabulary


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    return default_vocabulary()


@pytest.fixture(scope="session")
def utc() -> ZoneInfo:
    return ZoneInfo("UTC")
