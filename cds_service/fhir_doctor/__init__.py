"""Why does no card come? What a FHIR server answers to our queries, and what we could make of it.

What may live here: asking a server as the service does, and telling an integration engineer what was seen. No patient
data is told: codes, systems, units and numbers only.
"""

from cds_service.fhir_doctor.examination import Examination, examine
from cds_service.fhir_doctor.findings import PatientReport, ServerReport
from cds_service.fhir_doctor.report import as_json, as_text
from cds_service.fhir_doctor.server import look_at_server
from cds_service.fhir_doctor.visit import Visit

__all__ = [
    "Examination",
    "PatientReport",
    "ServerReport",
    "Visit",
    "as_json",
    "as_text",
    "examine",
    "look_at_server",
]
