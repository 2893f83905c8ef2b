"""A folder of FHIR Bundles, each with the resources of one patient.

What may live here: reading such files. What cannot be read is told by the name of the file and holds nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cds_service.json_text import NotJson, read_json
from cds_service.tryout import NotUnderstood, only_of, patient_of, records_in
from fhir_mappings.fhir_json import as_object

Json = dict[str, Any]


class BundleError(ValueError):
    """A folder of Bundles cannot be used as a whole."""


@dataclass(frozen=True, slots=True)
class PatientBundle:
    """One patient and all entries of the Bundle; or, where it cannot be used, its `problem`."""

    file: str
    patient: Json
    entries: tuple[Json, ...]
    problem: str = ""


def bundles_in(folder: Path) -> Iterator[PatientBundle]:
    """Every *.json of a folder, by name. Raises BundleError where there is no folder, or no such file in it."""
    try:
        files = sorted(file for file in folder.iterdir() if _is_wanted(file))
    except OSError as error:
        raise BundleError(f"{folder}: cannot be read ({error.strerror})") from None
    if not files:
        raise BundleError(f"{folder}: holds no Bundle (*.json)")
    yield from map(_bundle, files)


def _is_wanted(file: Path) -> bool:
    return file.name.lower().endswith(".json") and not file.name.startswith(".")


def _bundle(file: Path) -> PatientBundle:
    try:
        return _read(file.name, read_json(file.read_bytes()))
    except NotJson as fault:
        return _unusable(file.name, str(fault))
    except OSError as error:
        return _unusable(file.name, f"cannot be read ({error.strerror})")


def _read(file: str, found: object) -> PatientBundle:
    if as_object(found).get("resourceType") != "Bundle":
        return _unusable(file, "is no FHIR Bundle")
    try:
        whole = records_in(found)
    except NotUnderstood as fault:
        return _unusable(file, str(fault))
    if not whole.of_kind("Patient"):
        return _unusable(file, "holds no Patient; one is needed")
    try:
        records = only_of(whole, patient_of(whole, ""))
    except NotUnderstood:
        return _unusable(file, "is about several patients; one is needed")
    if records.further:
        return _unusable(file, "names a further page, which is not in it")
    if records.cut:
        return _unusable(file, "holds a search that counted more than came along")
    entries = ({"fullUrl": one.full_url, "resource": one.resource} for one in records.entries)
    return PatientBundle(file, records.of_kind("Patient")[0].resource, tuple(entries))


def _unusable(file: str, problem: str) -> PatientBundle:
    return PatientBundle(file, {}, (), problem)
