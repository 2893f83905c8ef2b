"""Counters and timings for Prometheus: at the bottom of the house, so that every room may count.

What may live here: counting. What is counted by whom stands where it happens.
"""

from cds_service.metrics.counted import is_on, switch_on
from cds_service.metrics.exposition import Now, text
from cds_service.metrics.names import (
    ANSWERS,
    CALLS,
    CARDS,
    DATA,
    FEEDBACK,
    FHIR_ANSWERS,
    FHIR_BREAKER,
    FHIR_NOT_ASKED,
    FHIR_SECONDS,
    GAPS,
    HELD,
    LOST,
    REFUSED,
    UNKNOWN_CALLERS,
)
from cds_service.metrics.sharing import share, worker_ended

__all__ = [
    "ANSWERS",
    "CALLS",
    "CARDS",
    "DATA",
    "FEEDBACK",
    "FHIR_ANSWERS",
    "FHIR_BREAKER",
    "FHIR_NOT_ASKED",
    "FHIR_SECONDS",
    "GAPS",
    "HELD",
    "LOST",
    "REFUSED",
    "UNKNOWN_CALLERS",
    "Now",
    "is_on",
    "share",
    "switch_on",
    "text",
    "worker_ended",
]
