"""What one clinic changes on top of the data files that ship: its numbers, codes, sentences and reasons.

What may live here: putting these changes onto parsed data files, dict to dict. Whether the outcome is sound is asked of
it as of every other set of files; whether the names lead anywhere stands in `site_names`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from fhir_mappings.code_systems import System, system_of
from fhir_mappings.site_names import text_places

Files = Mapping[str, Mapping[str, Any]]
"""Parsed data files by name ("labs")."""
POLICY_SECTIONS = ("threshold", "wording", "override_reason")
VOCABULARY_SECTIONS = ("lab", "drug", "condition")
SECTIONS = (*POLICY_SECTIONS, *VOCABULARY_SECTIONS)


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes of one clinic, by the sections of its file. Equal where they say the same; `key` says it in a line.

    `source` and `checked` (a day) stand at every code that they bring.
    """

    key: str = ""
    sections: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Changes:
        """The changes in the parsed file of a clinic, whose shape and names have been checked."""
        kept = {name: document[name] for name in SECTIONS if document.get(name)}
        origin = {"source": f"site policy of {document['tenant']}", "checked": document["approved"]}
        return cls._made(kept, origin) if kept else NO_CHANGES

    @classmethod
    def _made(cls, kept: Mapping[str, Any], origin: Mapping[str, Any]) -> Changes:
        sections = {**kept, "origin": origin}
        return cls(json.dumps(sections, sort_keys=True, default=str), sections)

    def only(self, names: Collection[str]) -> Changes:
        """Those in these sections."""
        kept = {name: self.sections[name] for name in names if name in self.sections}
        return self._made(kept, self.sections["origin"]) if kept else NO_CHANGES


NO_CHANGES = Changes()


def with_changes(files: Files, changes: Changes) -> dict[str, dict[str, Any]]:
    """These files as the clinic wants them; of the given ones, none is changed itself, and what stays is the same.

    Sentences and reasons are put where `reasons` and `drug_rules` say that the texts of their topics stand: they need
    these among the files.
    """
    wanted = [(*what, section) for section, what in _PUT.items() if section in changes.sections]
    possible = [(touched, put, section) for needed, touched, put, section in wanted if needed <= files.keys()]
    touched = {name for names, _, _ in possible for name in names}
    changed = {name: deepcopy(dict(data)) if name in touched else dict(data) for name, data in files.items()}
    for _, put, section in possible:
        # Of dated entries the newest stands last, as in the packaged file.
        for entry in sorted(changes.sections[section], key=lambda one: one.get("from", date.min)):
            put(changed, entry, changes.sections["origin"])
    return changed


Changed = dict[str, dict[str, Any]]
Entry = Mapping[str, Any]


def section_of(thresholds: Mapping[str, Any], name: str) -> Any:
    """The table of a number by its key ("phosphate_high", "windows.minerals")."""
    table: Any = thresholds
    for step in name.split("."):
        table = table[step]
    return table


def _threshold(files: Changed, entry: Entry, _: Entry) -> None:
    """A value from its day on. Whatever the packaged file has from that day on does not hold at this clinic."""
    table, since = section_of(files["thresholds"], entry["name"]), entry["from"]
    value = {key: entry[key] for key in ("value", "fresh", "usable", "source") if key in entry}
    kept = [one for one in table["values"] if one["since"] < since]
    table["values"] = [*kept, {"since": since, **value}]


def _wording(files: Changed, entry: Entry, _: Entry) -> None:
    for text in _texts(files, entry["topic"]):
        text["added"] = [*text.get("added", ()), entry["add"]]


def _override_reason(files: Changed, entry: Entry, _: Entry) -> None:
    files["wording"]["override_reasons"].append({"code": entry["code"], "display": entry["display"]})
    for topic in entry["topics"]:
        for text in _texts(files, topic):
            text["override"] = [*text.get("override", ()), entry["code"]]


def _texts(files: Changed, topic: str) -> list[dict[str, Any]]:
    places = text_places(files["reasons"], files["drug_rules"])[topic]
    return [files[file]["texts"][name] for file, name in places]


def _lab(files: Changed, entry: Entry, _: Entry) -> None:
    analyte = next(one for one in files["labs"]["analyte"] if one["name"] == entry["analyte"])
    if system_of(entry["system"]) is System.LOINC:
        analyte["loinc"][entry["code"]] = entry.get("name", "")
    else:
        analyte.setdefault("local", []).append({key: entry[key] for key in ("system", "code", "unit") if key in entry})


def _drug(files: Changed, entry: Entry, origin: Entry) -> None:
    drugs, wanted = files["drugs"]["drug"], (entry["name"], entry["drug_class"])
    drug = next((one for one in drugs if (one["name"], one["class"]) == wanted), None)
    if drug is None:
        drug = {"name": entry["name"], "class": entry["drug_class"], **origin}
        drugs.append(drug)
    # Of RxNorm, ATC and SNOMED CT too: in their own tables a code would end the search in words and in other codes.
    drug.setdefault("local", []).append({"system": entry["system"], "code": entry["code"]})


_MEANINGS = {System.SNOMED: "snomed", System.CPT: "cpt", System.ICD11: "icd11"}
_LISTS = {
    System.ICD10: "icd10_exact",
    System.ICD10_CM: "icd10_cm",
    System.ICD10_GM: "icd10_gm",
    System.ICD9_CM: "icd9_exact",
}


def _condition(files: Changed, entry: Entry, origin: Entry) -> None:
    concept = next(one for one in files["conditions"]["concept"] if one["name"] == entry["finding"])
    system = system_of(entry["system"])
    if system in _MEANINGS:
        concept.setdefault(_MEANINGS[system], {})[entry["code"]] = entry.get("name", origin["source"])
    elif system in _LISTS:
        concept.setdefault(_LISTS[system], []).append(entry["code"])
    else:
        concept.setdefault("local", []).append({"system": entry["system"], "code": entry["code"]})


_TEXTS = frozenset({"drug_rules", "status_cards"})
_THRESHOLDS, _LABS, _DRUGS, _CONDITIONS = (frozenset({one}) for one in ("thresholds", "labs", "drugs", "conditions"))
_PUT: Mapping[str, tuple[frozenset[str], frozenset[str], Callable[[Changed, Entry, Entry], None]]] = {
    "threshold": (_THRESHOLDS, _THRESHOLDS, _threshold),
    "wording": (_TEXTS | {"reasons"}, _TEXTS, _wording),
    "override_reason": (_TEXTS | {"reasons", "wording"}, _TEXTS | {"wording"}, _override_reason),
    "lab": (_LABS, _LABS, _lab),
    "drug": (_DRUGS, _DRUGS, _drug),
    "condition": (_CONDITIONS, _CONDITIONS, _condition),
}
"""For each section, the files that it needs, those that it changes, and how one entry of it is put onto them."""
