"""How an order names its drug: in itself, in a contained Medication, or by reference to one.

What may live here: the three shapes.
"""

from __future__ import annotations

from typing import Any

from tests.vignettes.dialects import Dialect

Resource = dict[str, Any]
NAMING_A_DRUG = ("MedicationRequest", "MedicationStatement", "MedicationDispense", "MedicationAdministration")


def write_drug(order: Resource, concept: Resource, dialect: Dialect, medication_id: str) -> list[Resource]:
    """The order with its drug, and the separate Medication, if any."""
    if order["resourceType"] == "NutritionOrder":
        kept = {key: order[key] for key in ("resourceType", "id", "status", "intent")}
        supplement = [{"productName": concept["text"]}]
        return [{**kept, "patient": order["subject"], "dateTime": order["authoredOn"], "supplement": supplement}]
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
