"""The rows of a chart that any FHIR resource can become: conditions and orders, in their own words.

What may live here: reading resources tolerantly into rows of plain text. Narrative is never used, and nothing is
judged: what a value means is for the cards.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from fhir_mappings.dates import read_moment
from fhir_mappings.fhir_json import as_object, as_objects, as_text

ENTERED_IN_ERROR = "entered-in-error"
_DAY = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")
_DATES = ("effectiveDateTime", "effectiveInstant", "onsetDateTime", "recordedDate", "authoredOn")


@dataclass(frozen=True, slots=True)
class ChartRow:
    """One line of the chart: what, the value or dosage, since when or of when, and a status worth saying.

    `seen_as` is how the rules see it, in words: the class of a drug, or that they cannot read it.
    """

    what: str
    value: str = ""
    day: str = ""
    status: str = ""
    code: str = ""
    seen_as: str = ""

    @property
    def beside(self) -> str:
        """What stands in small letters beside `what`."""
        return " · ".join(part for part in (self.value, self.status, self.seen_as) if part)


def condition_row(condition: Mapping[str, Any], zone: tzinfo) -> ChartRow:
    """An entry of the problem list."""
    concept = as_object(condition.get("code"))
    states = [first_code(condition.get("clinicalStatus")), first_code(condition.get("verificationStatus"))]
    told = ", ".join(state for state in states if state not in ("", "active", "confirmed"))
    return ChartRow(words_of(concept) or "condition without a name", "", day_of(condition, zone), told, _code(concept))


def order_row(order: Mapping[str, Any], zone: tzinfo | None = None) -> ChartRow:
    """An order of any kind, signed or not; without a `zone` its day is the one that was written."""
    concept = as_object(order.get("medicationCodeableConcept") or order.get("code"))
    what = words_of(concept) or as_text(as_object(order.get("medicationReference")).get("display"))
    description = as_text(order.get("description")) or as_text(order.get("resourceType")) or "order"
    states = ["not to be given" if order.get("doNotPerform") is True else "", as_text(order.get("priority"))]
    told = ", ".join(filter(None, states))
    return ChartRow(what or description, _dosage(order), day_of(order, zone), told, _code(concept))


def drug_row(order: Mapping[str, Any], drugs: Mapping[str, Any], zone: tzinfo) -> ChartRow:
    """An order of a drug; `drugs` are the Medications that came along, by "Medication/id"."""
    link = as_object(order.get("medicationReference"))
    row = order_row(order, zone)
    named = as_object(drugs.get(as_text(link.get("reference"))))
    local = [drug for drug in as_objects(order.get("contained")) if f"#{drug.get('id')}" == link.get("reference")]
    concept = as_object((local[0] if local else named).get("code"))
    return ChartRow(words_of(concept), row.value, row.day, row.status, _code(concept)) if concept else row


def is_mistaken(resource: Mapping[str, Any]) -> bool:
    """Was it entered in error?"""
    return ENTERED_IN_ERROR in (resource.get("status"), first_code(resource.get("verificationStatus")))


def tells_of_error(bundle: Mapping[str, Any]) -> bool:
    """Does a search answer say that it is not complete?"""
    entries = [as_object(entry.get("resource")) for entry in as_objects(bundle.get("entry"))]
    outcomes = [entry for entry in entries if entry.get("resourceType") == "OperationOutcome"]
    issues = [issue for outcome in outcomes for issue in as_objects(outcome.get("issue"))]
    return any(issue.get("severity") in ("error", "fatal") for issue in issues)


def has_more(bundle: Mapping[str, Any]) -> bool:
    """Has the FHIR server more than this page: by its link to a next one, or by what it counted?"""
    total, entries = bundle.get("total"), as_objects(bundle.get("entry"))
    counted = isinstance(total, int) and total > len(entries)
    return counted or any(link.get("relation") == "next" for link in as_objects(bundle.get("link")))


def words_of(concept: Mapping[str, Any]) -> str:
    """The text of a concept, else its first display, else its first code."""
    displays = [as_text(coding.get("display")) for coding in as_objects(concept.get("coding"))]
    return as_text(concept.get("text")) or next((display for display in displays if display), "") or _code(concept)


def first_code(concept: Any) -> str:
    """The first code of what may be a concept."""
    return _code(as_object(concept))


def day_of(resource: Mapping[str, Any], zone: tzinfo | None) -> str:
    """The day of its first date: of an instant in the `zone`, else day, month or year as recorded; or ""."""
    found = date_text(resource)
    moment = read_moment(found, zone) if zone else None
    if moment:
        return moment.day.isoformat()
    match = _DAY.match(found)
    return match[0] if match else ""


def date_text(resource: Mapping[str, Any]) -> str:
    """The first date that is there, in the order in which the rules ask; the start of a period is better than none."""
    period = as_object(resource.get("effectivePeriod"))
    named = [as_text(resource.get(name)) for name in _DATES]
    dates = (*named, as_text(period.get("end")), as_text(resource.get("issued")), as_text(period.get("start")))
    return next((text for text in dates if text), "")


def _code(concept: Mapping[str, Any]) -> str:
    return next((as_text(coding.get("code")) for coding in as_objects(concept.get("coding"))), "")


def _dosage(order: Mapping[str, Any]) -> str:
    told = []
    for dosage in as_objects(order.get("dosageInstruction")):
        words = as_text(dosage.get("text"))
        route = words_of(as_object(dosage.get("route")))
        told.append(", ".join(part for part in (words, "" if route in words else route) if part))
    return "; ".join(part for part in told if part)
