"""The clients for one visit at a FHIR server.

What may live here: their limits. One has time for every single question, the other has exactly the service's limits.
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import replace
from typing import Self

from cds_service.addresses import normal_url
from cds_service.fhir_client import FhirClient, FhirServer, Limits
from cds_service.fhir_doctor.asking import Asker
from cds_service.settings import Settings

PATIENCE_SECONDS = 10.0
"""How long one look-up alone is waited for: longer than the service waits for all, to tell slow from silent."""


class Visit:
    """`asker` asks one question at a time; `service` is a client as the service has it. Both ask this server only."""

    def __init__(self, settings: Settings, url: str, token: str | None) -> None:
        limits = Limits(
            deadline_seconds=settings.fhir_deadline_seconds,
            max_pages=settings.fhir_max_pages,
            max_bytes=settings.fhir_max_bytes,
            max_call_bytes=settings.fhir_max_call_bytes,
            max_entries=settings.fhir_max_entries,
        )
        base = (normal_url(url) or url).rstrip("/")
        patient = replace(limits, deadline_seconds=max(PATIENCE_SECONDS, limits.deadline_seconds))
        trust, batch = settings.fhir_trust_environment, settings.fhir_batch
        self._closing = ExitStack()
        slow = FhirClient(patient, lambda asked: True, trust_environment=trust, asks_always=True)
        # Only `base` is ever asked: next links that lead elsewhere are refused below.
        self.service = FhirClient(
            limits,
            lambda asked: True,
            trust_environment=trust,
            takes_batches=lambda asked: batch,
            asks_always=True,
        )
        self._closing.enter_context(closing(slow))
        self._closing.enter_context(closing(self.service))
        self.asker = Asker(slow, FhirServer(base, token))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()
