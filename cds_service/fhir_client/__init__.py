"""Asking a FHIR server: searches in parallel, page by page, within one deadline.

What may live here: everything between a FHIR address and the resources found there. Nothing clinical. Other rooms
import what stands below, and nothing else of this one.
"""

from cds_service.fhir_client.bundles import (
    REPORTED_ERROR,
    JsonObject,
    looks_truncated,
    next_link,
    read_page,
    reports_error,
)
from cds_service.fhir_client.client import FhirClient
from cds_service.fhir_client.session import new_session
from cds_service.fhir_client.terms import Deadline, FhirError, FhirServer, Limits, Past, SearchResult, answer_of

__all__ = [
    "REPORTED_ERROR",
    "Deadline",
    "FhirClient",
    "FhirError",
    "FhirServer",
    "JsonObject",
    "Limits",
    "Past",
    "SearchResult",
    "answer_of",
    "looks_truncated",
    "new_session",
    "next_link",
    "read_page",
    "reports_error",
]
