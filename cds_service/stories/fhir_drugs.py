"""How an order names its drug: in itself, in a contained Medication, or by reference to one.

What may live here: the three shapes, the codes of a drug, and how a part of the medication history is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cds_service.stories.catalogue import catalogue
from cds_service.stories.dialects import ALL, SYSTEMS, Dialect
from cds_service.stories.story import Entry
from cds_service.stories.subject import Resource

NAMING_A_DRUG = ("MedicationRequest", "MedicationStatement", "MedicationDispense", "MedicationAdministration")


class Taken(NamedTuple):
    """How a part of the medication history is written."""

    name: str
    status: str
    date: str
    dosage: str = "dosage"

    def dated(self, moment: str, dialect: Dialect) -> Resource:
        """Its day; a dialect that writes periods writes when the taking began, or how long the giving took."""
        if self.date != "effective":
            return {self.date: moment}
        ends = {} if self.name == "MedicationStatement" else {"end": moment}
        return {"effectivePeriod": {"start": moment, **ends}} if dialect.period else {"effectiveDateTime": moment}


TAKEN: Mapping[str, Taken] = {
    "statement": Taken("MedicationStatement", "active", "effective"),
    "dispense": Taken("MedicationDispense", "completed", "whenHandedOver", "dosageInstruction"),
    "administration": Taken("MedicationAdministration", "completed", "effective"),
}


def drug_concept(entry: Entry, dialect: Dialect) -> Resource:
    """The drug as this dialect codes it; codes that the vignette spells out are written as they are."""
    known = catalogue()["drug"][entry["is"]] if "is" in entry else entry
    systems = dialect.drugs if "is" in entry else ALL
    chosen = [system for system in systems if system in known][: None if "is" not in entry else 1]
    if not dialect.drugs and known.get("text"):
        chosen = []
    concept: Resource = {"text": known["text"]} if known.get("text") else {}
    if chosen:
        concept["coding"] = [{"system": SYSTEMS[system], "code": known[system]} for system in chosen]
    return concept


def write_drug(order: Resource, concept: Resource, dialect: Dialect, medication_id: str) -> list[Resource]:
    """The order with its drug, and the separate Medication, if any."""
    if order["resourceType"] == "NutritionOrder":
        kept = {key: order[key] for key in ("resourceType", "id", "status", "intent")}
        when = {"dateTime": order["authoredOn"]} if "authoredOn" in order else {}
        supplement = [{"productName": concept.get("text", "")}]
        return [{**kept, "patient": order["subject"], **when, "supplement": supplement}]
    if order["resourceType"] not in NAMING_A_DRUG:
        return [{**order, "code": concept}]
    if dialect.drug_shape == "reference":
        reference = {"reference": f"Medication/{medication_id}"}
        if "text" in concept:
            reference["display"] = concept["text"]
        medication = {"resourceType": "Medication", "id": medication_id, "code": concept}
        return [{**order, "medicationReference": reference}, medication]
    if dialect.drug_shape == "contained":
        coding = [{"display": concept["text"]}] if "text" in concept else []
        code = {**concept, "coding": [*coding, *concept.get("coding", [])]}
        medication = {"resourceType": "Medication", "id": "drug", "code": code}
        return [{**order, "contained": [medication], "medicationReference": {"reference": "#drug"}}]
    return [{**order, "medicationCodeableConcept": concept}]
