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
    System.LOINC: ("http://loinc.org", "2.16.840.1.113883.6.1", "loinc", "ln"),
    System.SNOMED: ("http://snomed.info/sct", "2.16.840.1.113883.6.96", "snomed ct", "snomedct", "snomed", "sct"),
    System.RXNORM: ("http://nlm.nih.gov/research/umls/rxnorm", "2.16.840.1.113883.6.88", "rxnorm", "rxn"),
    System.ATC: (
        "http://whocc.no/atc",
        "http://fhir.de/codesystem/bfarm/atc",
        "http://fhir.de/codesystem/dimdi/atc",
        "2.16.840.1.113883.6.73",
        "atc",
    ),
    System.CPT: ("http://ama-assn.org/go/cpt", "2.16.840.1.113883.6.12", "cpt", "cpt 4", "c4"),
    System.ICD10_CM: (
        "http://hl7.org/fhir/sid/icd-10-cm",
        "2.16.840.1.113883.6.90",
        "icd 10 cm",
        "icd10cm",
        "i10c",
    ),
    # ICD-10-GM has no name in HL7 v2, and E83.50 means calciphylaxis under its own addresses only.
    System.ICD10_GM: ("http://fhir.de/codesystem/bfarm/icd-10-gm", "http://fhir.de/codesystem/dimdi/icd-10-gm"),
    System.ICD10: ("http://hl7.org/fhir/sid/icd-10", "2.16.840.1.113883.6.3", "icd 10", "icd10", "icd 10 who", "i10"),
    System.ICD9_CM: (
        "http://hl7.org/fhir/sid/icd-9-cm",
        "2.16.840.1.113883.6.103",
        "icd 9 cm",
        "icd9cm",
        "i9c",
    ),
    System.ICD11: ("http://id.who.int/icd/entity", "icd11.foundation"),
}
"""Addresses in lower case without `www`; OIDs; names as people and HL7 v2 messages write them, hyphens as blanks."""
_BY_ADDRESS = {address: system for system, addresses in _ADDRESSES.items() for address in addresses}
_AS_SENT = {
    "http://loinc.org": System.LOINC,
    "http://snomed.info/sct": System.SNOMED,
    "http://www.nlm.nih.gov/research/umls/rxnorm": System.RXNORM,
    "http://hl7.org/fhir/sid/icd-10-cm": System.ICD10_CM,
}
"""What nearly every server sends, word for word."""

_ADDRESS_LENGTH = 300
"""Longer addresses are none of ours, and would only fill the memory that is kept of addresses."""

_NATIONAL_ICD10 = "http://hl7.org/fhir/sid/icd-10-"
_SNOMED_EDITION = "http://snomed.info/sct/"
_VALUE_SETS = ("?fhir_vs", "/vs")
"""Ends of the address of the value set of a whole system."""


def system_of(address: object) -> System | None:
    """The system that an address, OID or name means, in any letter case, with or without trailing slash or version."""
    if not isinstance(address, str):
        return None
    known = _AS_SENT.get(address)
    if known is not None:
        return known
    return _by_normalised(address) if len(address) <= _ADDRESS_LENGTH else None


@lru_cache(maxsize=512)
def _by_normalised(address: str) -> System | None:
    plain = address.strip().lower().partition("|")[0].rstrip("/").removeprefix("urn:oid:")
    if "://" not in plain:
        return _BY_ADDRESS.get(" ".join(plain.replace("-", " ").replace("_", " ").split()))
    plain = plain.replace("https://", "http://", 1).replace("http://www.", "http://", 1)
    for end in _VALUE_SETS:
        plain = plain.removesuffix(end).rstrip("/")
    if plain in _BY_ADDRESS:
        return _BY_ADDRESS[plain]
    if plain.startswith(_SNOMED_EDITION):
        return System.SNOMED
    # Other national ICD-10 modifications share the chapters and categories that the rules look at.
    return System.ICD10 if plain.startswith(_NATIONAL_ICD10) else None
