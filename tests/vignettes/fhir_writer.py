"""A vignette in a dialect, as FHIR R4: what the EHR holds and what the clinician is about to order.

What may live here: the shapes of resources. Which codes and units a dialect uses stands in `dialects.py`, what the
words of a vignette stand for in `catalogue.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tests.vignettes.dialects import ALL, SYSTEMS, Dialect
from tests.vignettes.fhir_drugs import write_drug
from tests.vignettes.noise import noise
from tests.vignettes.story import Entry, Vignette

Resource = dict[str, Any]
PATIENT_ID = "vignette-patient"
ICD10 = ("icd10cm", "icd10", "icd10gm")
CERTAINTY = "http://fhir.de/StructureDefinition/icd-10-gm-diagnosesicherheit"
SUBJECT = {"reference": f"Patient/{PATIENT_ID}"}


@dataclass(frozen=True)
class Record:
    """`resources` are on the FHIR server; `drafts` only in the EHR's order screen, with the references selected."""

    resources: list[Resource]
    drafts: list[Resource]
    selections: list[str]


@cache
def catalogue() -> Mapping[str, Mapping[str, Any]]:
    """Drugs, conditions, procedures, results and panels by their everyday names."""
    return tomllib.loads(Path(__file__).with_name("catalogue.toml").read_text("utf-8"))


def write(vignette: Vignette, dialect: Dialect) -> Record:
    """The record of one vignette."""
    return _Writer(vignette, dialect).write()


def born(now: datetime, patient: Entry) -> str | None:
    """The birth date: as given ("" for none), else the birthday is today."""
    if "born" in patient:
        return str(patient["born"]) or None
    today = now.astimezone(UTC).date()
    day = 28 if (today.month, today.day) == (2, 29) else today.day
    return date(today.year - int(patient.get("age", 70)), today.month, day).isoformat()


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


TAKEN = {
    "statement": Taken("MedicationStatement", "active", "effective"),
    "dispense": Taken("MedicationDispense", "completed", "whenHandedOver", "dosageInstruction"),
    "administration": Taken("MedicationAdministration", "completed", "effective"),
}


def _range(told: Entry, times: float) -> Resource:
    """A reference range in the unit of the result."""
    written: Resource = {"high": {"value": round(told["upper"] * times, 8)}}
    if "kind" in told:
        base = "http://terminology.hl7.org/CodeSystem/referencerange-meaning"
        written["type"] = {"coding": [{"system": base, "code": told["kind"]}]}
    if "for" in told:
        written["appliesTo"] = [{"text": told["for"]}]
    ages = {side: told[key] for side, key in (("low", "age_from"), ("high", "age_to")) if key in told}
    if ages:
        written["age"] = {side: {"value": years, "unit": "a"} for side, years in ages.items()}
    return written


def _subject(entry: Entry) -> Resource:
    return {"reference": "Patient/somebody-else"} if entry.get("of_another_patient") else SUBJECT


class _Writer:
    def __init__(self, vignette: Vignette, dialect: Dialect) -> None:
        self.vignette, self.dialect, self.now = vignette, dialect, vignette.now
        self.numbers = iter(range(1, 1000))

    def write(self) -> Record:
        shown = self._entries("active")
        resources = [self._patient(), *noise(self.dialect, self.now, SUBJECT)]
        resources += [self._condition(entry) for entry in self._entries("conditions")]
        resources += [self._procedure(entry) for entry in self._entries("procedures")]
        resources += [self._observation(entry) for entry in self._results()]
        for entry in shown:
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
            "subject": _subject(entry),
            "code": self._coded("condition", entry, self.dialect.conditions),
        }
        clinical, verification = entry.get("clinical", "active"), entry.get("verification", "confirmed")
        if "certainty" in entry:
            extension = {"url": CERTAINTY, "valueCoding": {"code": entry["certainty"]}}
            written["code"]["coding"][0]["extension"] = [extension]
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
            "subject": _subject(entry),
            "status": status,
            "code": self._coded("procedure", entry, self.dialect.procedures),
            **when,
        }

    def _results(self) -> Iterator[Entry]:
        """The panel, except what the vignette says itself; then what it says."""
        said = self.vignette.entries["results"]
        named = {entry.get("of") for entry in said}
        if self.vignette.labs:
            for name, value in catalogue()["panel"][self.vignette.labs].items():
                if name not in named:
                    yield {"of": name, "value": value, "days_ago": 10}
        yield from said

    def _observation(self, entry: Entry) -> Resource:
        known = catalogue()["result"][entry["of"]] if "of" in entry else {}
        loinc, unit, times = entry.get("loinc", known.get("loinc")), entry.get("unit", known.get("unit", "")), 1.0
        if self.dialect.si_units and "si" in known and not {"unit", "loinc"} & set(entry):
            loinc, unit, times = known["si"]["loinc"], known["si"]["unit"], known["si"]["times"]
        written: Resource = {
            "resourceType": "Observation",
            "id": entry.get("record") or self._id("result"),
            "status": entry.get("status", "final"),
            "category": [{"coding": [{"code": "laboratory"}]}],
            "code": {"coding": [{"system": SYSTEMS["loinc"], "code": loinc}]},
            "subject": _subject(entry),
            **self._effective(entry),
        }
        if "words" in entry:
            written["valueString"] = entry["words"]
        else:
            written["valueQuantity"] = self._quantity(entry["value"] * times, unit)
        if "unit_system" in entry:
            del written["valueQuantity"]["unit"]
            written["valueQuantity"] |= {"code": unit, "system": entry["unit_system"]}
        if "version" in entry:
            written["meta"] = {"versionId": str(entry["version"])}
        if self.dialect.local_codes:
            written["code"]["coding"].insert(0, {"system": "urn:oid:1.2.3.4.5", "code": "LAB17"})
        if "comparator" in entry:
            written["valueQuantity"]["comparator"] = entry["comparator"]
        if "upper" in entry:
            limit = self._quantity(entry["upper"] * times, entry.get("upper_unit", unit))
            written["referenceRange"] = [{"high": limit}]
        if "ranges" in entry:
            written["referenceRange"] = [_range(told, times) for told in entry["ranges"]]
        return written

    def _quantity(self, value: float, unit: str) -> Resource:
        quantity: Resource = {"value": round(value, 8)}
        if unit and self.dialect.unit_as_text:
            return {**quantity, "unit": unit}
        return {**quantity, "unit": unit, "system": SYSTEMS["ucum"], "code": unit} if unit else quantity

    def _effective(self, entry: Entry) -> Resource:
        if "at" in entry:
            return {"effectiveDateTime": entry["at"]} if entry["at"] else {}
        moment = self.dialect.moment(self.now, entry.get("days_ago", 10))
        return (
            {"effectivePeriod": {"start": moment, "end": moment}}
            if self.dialect.period
            else {"effectiveDateTime": moment}
        )

    def _medication(self, entry: Entry, defaults: Resource) -> list[Resource]:
        """The order, and beside it the Medication that it refers to, if this dialect keeps it separate."""
        order: Resource = {
            "resourceType": entry.get("as", "MedicationRequest"),
            "id": self._id("order"),
            "status": entry.get("status", defaults["status"]),
            "intent": entry.get("intent", defaults["intent"]),
            "subject": _subject(entry),
        }
        if not entry.get("undated"):
            order["authoredOn"] = self.dialect.moment(self.now, entry.get("days_ago", 60))
        if "do_not_perform" in entry:
            order["doNotPerform"] = entry["do_not_perform"]
        if "route" in entry:
            order["dosageInstruction"] = [{"route": {"text": entry["route"]}}]
        return write_drug(order, self._drug(entry), self.dialect, self._id("medication"))

    def _drug(self, entry: Entry) -> Resource:
        known = catalogue()["drug"][entry["is"]] if "is" in entry else entry
        systems = self.dialect.drugs if "is" in entry else ALL
        chosen = [system for system in systems if system in known][: None if "is" not in entry else 1]
        if not self.dialect.drugs and known.get("text"):
            chosen = []
        concept: Resource = {"text": known["text"]} if known.get("text") else {}
        if chosen:
            concept["coding"] = [{"system": SYSTEMS[system], "code": known[system]} for system in chosen]
        return concept

    def _taken(self, entry: Entry) -> list[Resource]:
        """An entry of the medication history, and beside it its Medication."""
        kind = TAKEN[entry["as"]]
        written: Resource = {
            "resourceType": kind.name,
            "id": self._id(entry["as"]),
            "status": entry.get("status", kind.status),
            "subject": _subject(entry),
        }
        if not entry.get("undated"):
            written |= kind.dated(self.dialect.moment(self.now, entry.get("days_ago", 5)), self.dialect)
        if "supply" in entry:
            written["daysSupply"] = self._quantity(entry["supply"], entry.get("supply_unit", "d"))
        if "route" in entry:
            dosage = {"route": {"text": entry["route"]}}
            written |= {"dosage": dosage} if kind.name == "MedicationAdministration" else {kind.dosage: [dosage]}
        return write_drug(written, self._drug(entry), self.dialect, self._id("medication"))
