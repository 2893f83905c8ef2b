"""What an EHR holds of one patient and what is being ordered; and the charts that must not fall silent.

What may live here: FHIR R4 resources and plain changes of them. How a chart is asked about stands in `play.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from tests.contract.records import (
    CALCITRIOL_DRAFT,
    CALCIUM_DRAFT,
    ICD10CM,
    NOW,
    ON_DIALYSIS,
    PATIENT,
    PATIENT_ID,
    RXNORM,
    SNOMED,
    WARFARIN,
    WARFARIN_DRAFT,
    Json,
    condition,
    order,
    procedure,
    result,
)
from tests.fhir_stand_in import EHR

HERE = EHR.base
"""The FHIR server of the EHR: addresses in what it sends along begin so, too."""

ORDER_HOOKS = ("order-select", "order-sign")
CALCIUM, PHOSPHATE, ALBUMIN, PTH = "17861-6", "2777-1", "1751-7", "2731-8"


@dataclass(frozen=True)
class Chart:
    """`held` is what the FHIR server finds and reads; `included` are entries that come along with the active orders.

    `drafts` are the entries of the draft orders; without `selections` each of them is selected.
    """

    held: tuple[Json, ...] = ()
    drafts: tuple[Json, ...] = ()
    included: tuple[Json, ...] = ()
    patient: Any = None
    selections: tuple[Any, ...] | None = None
    patient_id: str = PATIENT_ID

    def __post_init__(self) -> None:
        object.__setattr__(self, "patient", self.patient or PATIENT)

    def having(self, *resources: Json) -> Chart:
        """The same with these in place of resources of the same type and id, or besides."""
        new = {(resource["resourceType"], resource.get("id")) for resource in resources}
        kept = [one for one in self.held if (one["resourceType"], one.get("id")) not in new]
        return replace(self, held=(*kept, *resources))

    def without(self, *ids: str) -> Chart:
        """The same without the resources of these ids."""
        return replace(self, held=tuple(one for one in self.held if one.get("id") not in ids))

    def drafting(self, *orders: Json, selections: tuple[Any, ...] | None = None) -> Chart:
        """The same with these draft orders in place of the others."""
        return replace(self, drafts=tuple(map(entry, orders)), selections=selections)

    def with_drafts(self, *entries: Json, selections: tuple[Any, ...] | None = None) -> Chart:
        """The same with these entries in the Bundle of draft orders."""
        return replace(self, drafts=entries, selections=selections)


def entry(resource: Json, **members: Any) -> Json:
    """An entry of a Bundle."""
    return {**members, "resource": resource}


def calcium(value: float, days_ago: int = 3, number: str = "calcium") -> Json:
    return result(number, CALCIUM, value, "mg/dL", days_ago)


def day_before(days: int) -> str:
    """A date, as cards name it."""
    return (NOW - timedelta(days=days)).date().isoformat()


def without(resource: Json, *members: str) -> Json:
    return {name: value for name, value in resource.items() if name not in members}


def coded(system: str | None, code: str, display: str | None = None) -> Json:
    """A CodeableConcept of one coding."""
    coding = {"system": system, "code": code, "display": display}
    return {"coding": [{name: value for name, value in coding.items() if value is not None}]}


def ordered(number: str, status: str = "draft", **drug: Any) -> Json:
    """A MedicationRequest that names its drug as given (`medicationCodeableConcept`, `medicationReference`)."""
    return {**without(order(number, "", "", status), "medicationCodeableConcept"), **drug}


def referring(number: str, reference: str, status: str = "draft", **more: Any) -> Json:
    """A MedicationRequest that refers to its drug; `more` are members of the reference (display)."""
    return ordered(number, status, medicationReference={"reference": reference, **more})


def medication(number: str, code: Json | None = None, **members: Any) -> Json:
    coding = {"code": code} if code else {}
    return {"resourceType": "Medication", "id": number, **coding, **members}


def substance(number: str, text: str) -> Json:
    return {"resourceType": "Substance", "id": number, "code": {"text": text}}


WARFARIN_CODE = coded(RXNORM, "855332")
NECROSIS = condition("necrosis", "Skin necrosis of the thigh", system=SNOMED, code="95347000")
HYPERTENSION = condition("pressure", "Essential hypertension", system=ICD10CM, code="I10")
AMLODIPINE = order("amlodipine", "197361", "amlodipine 5 mg tablet")
ARTHROSIS = condition("arthrosis", "Osteoarthritis of the knee", system=ICD10CM, code="M17.9")
SESSIONS = tuple(
    {**procedure(f"session-{day}", "302497006", day), "code": coded(SNOMED, "302497006", "Hemodialysis procedure")}
    for day in (2, 4, 7)
)
LABS = (
    result("phosphate", PHOSPHATE, 4.4, "mg/dL"),
    result("albumin", ALBUMIN, 4.1, "g/dL"),
    result("pth", PTH, 300, "pg/mL"),
    result("kt-v", "70961-8", 1.6, "1"),
)

QUIET = Chart((ON_DIALYSIS, HYPERTENSION, ARTHROSIS, AMLODIPINE, *LABS, calcium(9.2)))
"""On dialysis, everything in range, nothing that harms."""
ON_WARFARIN = QUIET.having(WARFARIN)
SUSPECTED = Chart((ON_DIALYSIS, HYPERTENSION, ARTHROSIS, AMLODIPINE, *LABS, NECROSIS, WARFARIN, calcium(10.9)))
"""Skin necrosis on dialysis, with warfarin and a high calcium."""
WITH_RISK = Chart((ON_DIALYSIS, HYPERTENSION, ARTHROSIS, AMLODIPINE, *LABS, WARFARIN, calcium(10.9)))
"""No sign on the skin, warfarin and a high calcium."""
ORDERS_WARFARIN = QUIET.drafting(WARFARIN_DRAFT)
ORDERS_CALCIUM = QUIET.having(calcium(10.9)).drafting(CALCIUM_DRAFT)
ORDERS_CALCITRIOL = QUIET.having(calcium(12.6)).drafting(CALCITRIOL_DRAFT)
BY_SESSIONS = ORDERS_WARFARIN.without("on-dialysis").having(*SESSIONS)
"""Nothing but the sessions shows dialysis."""
