"""Where the next page of a search is asked for, however the server, or a proxy before it, has written the link.

What may live here: from a link to an address below our base. Nobody else is ever asked: of a link that leads elsewhere
only what follows the base there is used, and the server's own query.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from cds_service.addresses import below, joined, normal_url

LONGEST_LINK = 16_000
"""Python keeps the last addresses that it has taken apart, whatever their length."""
_NAMES = """
    Account AdverseEvent AllergyIntolerance Appointment AppointmentResponse AuditEvent Basic Binary BodyStructure
    CarePlan CareTeam ChargeItem Claim ClaimResponse ClinicalImpression Communication CommunicationRequest Composition
    Condition Consent Contract Coverage CoverageEligibilityRequest CoverageEligibilityResponse DetectedIssue Device
    DeviceMetric DeviceRequest DeviceUseStatement DiagnosticReport DocumentManifest DocumentReference Encounter Endpoint
    EnrollmentRequest EnrollmentResponse EpisodeOfCare ExplanationOfBenefit FamilyMemberHistory Flag Goal Group
    GuidanceResponse HealthcareService ImagingStudy Immunization ImmunizationEvaluation ImmunizationRecommendation
    InsurancePlan Invoice Linkage List Location Measure MeasureReport Media Medication MedicationAdministration
    MedicationDispense MedicationKnowledge MedicationRequest MedicationStatement MolecularSequence NutritionOrder
    Observation Organization Patient PaymentNotice PaymentReconciliation Person PlanDefinition Practitioner
    PractitionerRole Procedure Provenance Questionnaire QuestionnaireResponse RelatedPerson RequestGroup ResearchStudy
    ResearchSubject RiskAssessment Schedule ServiceRequest Slot Specimen Substance SupplyDelivery SupplyRequest Task
    ValueSet VerificationResult VisionPrescription
"""
TYPES = frozenset(_NAMES.split())
"""The types of FHIR R4 that a server holds about people and their care; the last step of a base URL is none of them."""
_ORIGIN = re.compile(r"(?:https?:)?//[^/?#]*", re.IGNORECASE)


def next_address(base: str, page_url: str, link: str, resource_type: str) -> str | None:
    """The address below `base`, or None where the link tells none. `resource_type` is what the search asked for.

    FHIR's relative links start at the base, a bare query at the page that holds it. An ampersand that was escaped as
    in HTML is one, and a fragment is for browsers.
    """
    link = link.replace("&amp;", "&").partition("#")[0]
    address = joined(page_url if link.startswith("?") else f"{base}/", link)
    plain = below(base, address) if address is not None else None
    if plain is not None:
        return None if "/$" in plain.partition("?")[0] else plain
    inner = _inside(base, link, resource_type)
    return None if inner is None else below(base, f"{base}{inner}")


def _inside(base: str, link: str, resource_type: str) -> str | None:
    """What a link that names the server in another way says beyond its base: "/Condition?page=2" or "?page=2".

    Proxies pass on a server's answers without changing its links: these name an inner host, port, scheme or path.
    """
    origin = _ORIGIN.match(link)
    path, mark, query = link[origin.end() if origin else 0 :].partition("?")
    steps = path.split("/")
    is_plain = normal_url(f"http://inner/{path.lstrip('/')}") is not None
    if not is_plain or (not TYPES.isdisjoint(steps) and resource_type not in steps):
        return None
    own = urlsplit(base).path
    if own and f"{path}/".startswith(f"{own}/"):
        return f"{path[len(own) :].rstrip('/')}{mark}{query}"
    if resource_type in steps:
        beyond = len(steps) - 1 - steps[::-1].index(resource_type)
        return f"/{'/'.join(steps[beyond:])}{mark}{query}"
    # Some servers give every further page below the base itself, under a number of their own.
    return f"?{query}" if query else None
