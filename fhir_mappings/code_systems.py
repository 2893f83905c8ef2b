"""Code systems under the many names that servers give them.

What may live here: which system an address means; no single codes.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache


class System(StrEnum):
    """A code system that we read; the value is how cards name it."""

    LOINC = "LOINC"
    SNOMED = "SNOMED CT"
    RXNORM = "RxNorm"
    ATC = "ATC"
    CPT = "CPT"
    ICD10_CM = "ICD-10-CM"
    ICD10_GM = "ICD-10-GM"
    ICD10 = "ICD-10"
    ICD9_CM = "ICD-9-CM"
    ICD11 = "ICD-11"


ANY_ICD10 = frozenset({System.ICD10, System.ICD10_CM, System.ICD10_GM})

_ADDRESSES = {
    System.LOINC: ("http://loinc.org", "urn:oid:2.16.840.1.113883.6.1"),
    System.SNOMED: ("http://snomed.info/sct", "urn:oid:2.16.840.1.113883.6.96"),
    System.RXNORM: ("http://www.nlm.nih.gov/research/umls/rxnorm", "urn:oid:2.16.840.1.113883.6.88"),
    System.ATC: (
        "http://www.whocc.no/atc",
        "http://fhir.de/codesystem/bfarm/atc",
        "http://fhir.de/codesystem/dimdi/atc",
        "urn:oid:2.16.840.1.113883.6.73",
    ),
    System.CPT: ("http://www.ama-assn.org/go/cpt", "urn:oid:2.16.840.1.113883.6.12"),
    System.ICD10_CM: ("http://hl7.org/fhir/sid/icd-10-cm", "urn:oid:2.16.840.1.113883.6.90"),
    System.ICD10_GM: ("http://fhir.de/codesystem/bfarm/icd-10-gm", "http://fhir.de/codesystem/dimdi/icd-10-gm"),
    System.ICD10: ("http://hl7.org/fhir/sid/icd-10", "urn:oid:2.16.840.1.113883.6.3"),
    System.ICD9_CM: ("http://hl7.org/fhir/sid/icd-9-cm", "urn:oid:2.16.840.1.113883.6.103"),
    System.ICD11: ("http://id.who.int/icd/entity", "icd11.foundation"),
}
_BY_ADDRESS = {address: system for system, addresses in _ADDRESSES.items() for address in addresses}

_ADDRESS_LENGTH = 300
"""Longer addresses are none of ours, and would only fill the memory that is kept of addresses."""

_NATIONAL_ICD10 = "http://hl7.org/fhir/sid/icd-10-"
_SNOMED_EDITION = "http://snomed.info/sct/"


def system_of(address: object) -> System | None:
    """The system that an address or OID names, in any letter case, with or without trailing slash, https or version."""
    if not isinstance(address, str):
        return None
    known = _BY_ADDRESS.get(address)
    if known is not None:
        return known
    return _by_normalised(address) if len(address) <= _ADDRESS_LENGTH else None


@lru_cache(maxsize=512)
def _by_normalised(address: str) -> System | None:
    plain = address.strip().lower().partition("|")[0].rstrip("/").replace("https://", "http://", 1)
    if plain in _BY_ADDRESS:
        return _BY_ADDRESS[plain]
    if plain.startswith(_SNOMED_EDITION):
        return System.SNOMED
    # Other national ICD-10 modifications share the chapters and categories that the rules look at.
    return System.ICD10 if plain.startswith(_NATIONAL_ICD10) else None
