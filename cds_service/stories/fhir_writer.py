"""A vignette in a dialect, as FHIR R4: what the EHR holds and what the clinician is about to order.

What may live here: the patient, problems and procedures, and the record as a whole. Which codes and units a dialect
uses stands in `dialects.py`, what the words of a vignette stand for in `catalogue.toml`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count

from cds_service.stories.catalogue import catalogue
from cds_service.stories.dialects import ALL, SYSTEMS, Dialect
from cds_service.stories.fhir_drugs import TAKEN, drug_concept, write_drug
from cds_service.stories.fhir_results import quantity, told_results, write_result
from cds_service.stories.story import Entry, Vignette
from cds_service.stories.subject import PATIENT_ID, Resource, subject_of

ICD10 = ("icd10cm", "icd10", "icd10gm")
CERTAINTY = "http://fhir.de/StructureDefinition/icd-10-gm-diagnosesicherheit"


@dataclass(frozen=True)
class Record:
    """`resources` are on the FHIR server; `drafts` only in the EHR's order screen, with the references selected."""

    resources: list[Resource]
    drafts: list[Resource]
    selections: list[str]


def write(vignette: Vignette, dialect: Dialect, beside: Sequence[Resource] = ()) -> Record:
    """The record of one vignette; `beside` are resources that it holds besides what the vignette tells."""
    return _Writer(vignette, dialect).write(beside)


def born(now: datetime, patient: Entry) -> str | None:
    """The birth date: as given ("" for none), else the birthday is today."""
    if "born" in patient:
        return str(patient["born"]) or None
    today = now.astimezone(UTC).date()
    day = 28 if (today.month, today.day) == (2, 29) else today.day
    return date(today.year - int(patient.get("age", 70)), today.month, day).isoformat()


class _Writer:
    def __init__(self, vignette: Vignette, dialect: Dialect) -> None:
        self.vignette, self.dialect, self.now = vignette, dialect, vignette.now
        self.numbers = count(1)

    def write(self, beside: Sequence[Resource]) -> Record:
        resources = [self._patient(), *beside]
        resources += [self._condition(entry) for entry in self._entries("conditions")]
        resources += [self._procedure(entry) for entry in self._entries("procedures")]
        resources += [
            write_result(entry, self.dialect, self.now, entry.get("record") or self._id("result"))
            for entry in told_results(self.vignette)
        ]
        for entry in self._entries("active"):
            resources += self._medication(entry, {"status": "active", "intent": "order"})
        for entry in self._entries("history"):
            resources += self._taken(entry)
        drafts: list[Resource] = []
        selections: list[str] = []
        for entry in self.vignette.entries["orders"]:
            order, *apart = self._medication(entry, {"status": "draft", "intent": "order"})
            drafts.append(order)
            resources += apart
            if entry.get("selected", True):
                selections.append(f"{order['resourceType']}/{order['id']}")
        return Record(resources, drafts, selections)

    def _entries(self, name: str) -> list[Entry]:
        """What the vignette says, and how this dialect shows dialysis."""
        shown = self.dialect.dialysis.get(self.vignette.patient.get("dialysis", "none"), {})
        return [*self.vignette.entries[name], *shown.get(name, ())]

    def _id(self, kind: str) -> str:
        return f"vignette-{kind}-{next(self.numbers)}"

    def _patient(self) -> Resource:
        patient = self.vignette.patient
        written = {"resourceType": "Patient", "id": PATIENT_ID, "gender": patient.get("sex", "male")}
        day = born(self.now, patient)
        return {**written, "birthDate": day} if day else written

    def _coded(self, kind: str, entry: Entry, systems: tuple[str, ...]) -> Resource:
        """A CodeableConcept; codes that the vignette spells out are written as they are."""
        known = catalogue()[kind][entry["is"]] if "is" in entry else entry
        text = entry.get("text", known.get("text", ""))
        held = [system for system in (systems if "is" in entry else ALL) if system in known]
        chosen = held if self.dialect.every_code or "is" not in entry else held[:1]
        codings = [
            {
                "system": SYSTEMS[system],
                "code": self._spelt(system, known[system]),
                "display": self._display(entry, text),
            }
            for system in chosen
        ]
        concept: Resource = (
            {"coding": [{k: v for k, v in coding.items() if v} for coding in codings]} if codings else {}
        )
        return {**concept, "text": text} if text else concept

    def _display(self, entry: Entry, text: str) -> str:
        return str(entry.get("display", text if "is" in entry else ""))

    def _spelt(self, system: str, code: str) -> str:
        """ICD codes with or without the dot, in either letter case."""
        return code.replace(".", "").lower() if self.dialect.undotted and system in ICD10 else code

    def _condition(self, entry: Entry) -> Resource:
        base = "http://terminology.hl7.org/CodeSystem/condition-"
        written: Resource = {
            "resourceType": "Condition",
            "id": self._id("condition"),
            "subject": subject_of(entry),
            "code": self._coded("condition", entry, self.dialect.conditions),
        }
        clinical, verification = entry.get("clinical", "active"), entry.get("verification", "confirmed")
        if "certainty" in entry:
            extension = {"url": CERTAINTY, "valueCoding": {"code": entry["certainty"]}}
            for coding in written["code"].get("coding", ())[:1]:
                coding["extension"] = [extension]
        if clinical:
            written["clinicalStatus"] = {"coding": [{"system": f"{base}clinical", "code": clinical}]}
        if verification:
            written["verificationStatus"] = {"coding": [{"system": f"{base}ver-status", "code": verification}]}
        if not entry.get("undated") and ("days_ago" in entry or "onset_days_ago" not in entry):
            written["recordedDate"] = self.dialect.moment(self.now, entry.get("days_ago", 20))
        if "onset_days_ago" in entry:
            written["onsetDateTime"] = self.dialect.moment(self.now, entry["onset_days_ago"])
        return written

    def _procedure(self, entry: Entry) -> Resource:
        status = entry.get("status", "completed")
        start = self.dialect.moment(self.now, entry.get("days_ago", 3))
        when = {"performedPeriod": {"start": start}} if status == "in-progress" else {"performedDateTime": start}
        if entry.get("undated"):
            when = {}
        return {
            "resourceType": "Procedure",
            "id": self._id("procedure"),
            "subject": subject_of(entry),
            "status": status,
            "code": self._coded("procedure", entry, self.dialect.procedures),
            **when,
        }

    def _medication(self, entry: Entry, defaults: Resource) -> list[Resource]:
        """The order, and beside it the Medication that it refers to, if this dialect keeps it separate."""
        order: Resource = {
            "resourceType": entry.get("as", "MedicationRequest"),
            "id": self._id("order"),
            "status": entry.get("status", defaults["status"]),
            "intent": entry.get("intent", defaults["intent"]),
            "subject": subject_of(entry),
        }
        if not entry.get("undated"):
            order["authoredOn"] = self.dialect.moment(self.now, entry.get("days_ago", 60))
        if "do_not_perform" in entry:
            order["doNotPerform"] = entry["do_not_perform"]
        if "route" in entry:
            order["dosageInstruction"] = [{"route": {"text": entry["route"]}}]
        return write_drug(order, drug_concept(entry, self.dialect), self.dialect, self._id("medication"))

    def _taken(self, entry: Entry) -> list[Resource]:
        """An entry of the medication history, and beside it its Medication."""
        kind = TAKEN[entry["as"]]
        written: Resource = {
            "resourceType": kind.name,
            "id": self._id(entry["as"]),
            "status": entry.get("status", kind.status),
            "subject": subject_of(entry),
        }
        if not entry.get("undated"):
            written |= kind.dated(self.dialect.moment(self.now, entry.get("days_ago", 5)), self.dialect)
        if "supply" in entry:
            written["daysSupply"] = quantity(entry["supply"], entry.get("supply_unit", "d"), self.dialect)
        if "route" in entry:
            dosage = {"route": {"text": entry["route"]}}
            written |= {"dosage": dosage} if kind.name == "MedicationAdministration" else {kind.dosage: [dosage]}
        return write_drug(written, drug_concept(entry, self.dialect), self.dialect, self._id("medication"))
