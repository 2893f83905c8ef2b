"""Asking a FHIR server: searches in parallel, page by page, within one deadline.

What may live here: everything between a FHIR address and the resources found there. Nothing clinical. Other rooms
import what stands below, and nothing else of this room.
"""

from cds_service.fhir_client.bundles import (
    REPORTED_ERROR,
    JsonObject,
    looks_truncated,
    next_link,
    read_page,
    reports_error,
    total,
)
from cds_service.fhir_client.client import FhirClient
from cds_service.fhir_client.look_up import LookUp, refused
from cds_service.fhir_client.reader import FhirReader, Talk
from cds_service.fhir_client.terms import (
    LATE,
    OTHER_PATIENT,
    OTHER_RESOURCES,
    SETTINGS,
    Deadline,
    FhirError,
    FhirServer,
    Limits,
    Past,
    RefusedError,
    SearchResult,
)

__all__ = [
    "LATE",
    "OTHER_PATIENT",
    "OTHER_RESOURCES",
    "REPORTED_ERROR",
    "SETTINGS",
    "Deadline",
    "FhirClient",
    "FhirError",
    "FhirReader",
    "FhirServer",
    "JsonObject",
    "Limits",
    "LookUp",
    "Past",
    "RefusedError",
    "SearchResult",
    "Talk",
    "looks_truncated",
    "next_link",
    "read_page",
    "refused",
    "reports_error",
    "total",
]
