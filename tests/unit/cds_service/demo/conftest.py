"""One moment for all demonstration tests, the patients at that moment, and a sandbox that holds them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from cds_service.demo.patients import SyntheticPatient, load_patients
from cds_service.demo.sandbox import Sandbox


@pytest.fixture(scope="session")
def now() -> datetime:
    return datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def patients(now: datetime) -> tuple[SyntheticPatient, ...]:
    return load_patients(now)


@pytest.fixture
def empty_sandbox() -> Iterator[Sandbox]:
    with Sandbox(()) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def sandbox(patients: tuple[SyntheticPatient, ...]) -> Iterator[Sandbox]:
    """All synthetic patients; a test that writes takes `empty_sandbox`."""
    with Sandbox(resource for patient in patients for resource in patient.resources) as sandbox:
        yield sandbox
