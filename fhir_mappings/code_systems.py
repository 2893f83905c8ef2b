"""Code systems under the many names that servers give them.

What may live here: which system an address means; no single codes.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    System.LOINC: (
        "http://loinc.org",
        "http://terminology.hl7.org/codesystem/loinc",
        "2.16.840.1.113883.6.1",
        "loinc",
        "ln",
        "lnc",
    ),
    System.SNOMED: (
        "http://snomed.info/sct",
        "http://terminology.hl7.org/codesystem/snomed-ct",
        "http://terminology.hl7.org/codesystem/snomedct",
        "http://terminology.hl7.org/codesystem/snomedct_us",
        "2.16.840.1.113883.6.96",
        "snomed ct",
        "snomedct",
        "snomedct us",
        "snomed",
        "sct",
    ),
    System.RXNORM: ("2.16.840.1.113883.6.88", "rxnorm", "rxn"),
    System.ATC: (
        "http://whocc.no/atc",
        "http://fhir.de/codesystem/bfarm/atc",
        "http://fhir.de/codesystem/dimdi/atc",
        "2.16.840.1.113883.6.73",
        "atc",
    ),
    System.CPT: (
        "http://ama-assn.org/go/cpt",
        "http://terminology.hl7.org/codesystem/cpt",
        "2.16.840.1.113883.6.12",
        "cpt",
        "cpt 4",
        "cpt4",
        "c4",
    ),
    System.ICD10_CM: (
        "http://hl7.org/fhir/sid/icd-10-cm",
        "http://terminology.hl7.org/codesystem/icd10cm",
        "2.16.840.1.113883.6.90",
        "icd 10 cm",
        "icd10cm",
        "i10c",
    ),
    # ICD-10-GM has no name in HL7 v2, and E83.50 means calciphylaxis under its own addresses only: OHDSI's name of it,
    # "ICD10GM", is not read either.
    System.ICD10_GM: ("http://fhir.de/codesystem/bfarm/icd-10-gm", "http://fhir.de/codesystem/dimdi/icd-10-gm"),
    System.ICD10: (
        "http://hl7.org/fhir/sid/icd-10",
        "http://terminology.hl7.org/codesystem/icd10",
        "2.16.840.1.113883.6.3",
        "icd 10",
        "icd10",
        "icd 10 who",
        "i10",
    ),
    System.ICD9_CM: (
        "http://hl7.org/fhir/sid/icd-9-cm",
        "http://terminology.hl7.org/codesystem/icd9cm",
        "http://terminology.hl7.org/codesystem/icd-9cm-diagnosiscodes",
        "2.16.840.1.113883.6.103",
        "icd 9 cm",
        "icd9cm",
        "i9c",
    ),
    System.ICD11: ("http://id.who.int/icd/entity", "icd11.foundation"),
}
"""Addresses in lower case without `www`, OIDs, and names, with hyphens and underscores as blanks. Seen in:

- addresses and OIDs: FHIR's page of code systems (terminologies-systems.html) and HL7 Terminology (THO,
  build.fhir.org/ig/HL7/UTG); its `terminology.hl7.org/CodeSystem/icd10` is a stub; public code writes others so;
- names of HL7 v2 (LN, SCT, RXN, C4, I10, I10C, I9C): table 0396;
- source abbreviations of UMLS (LNC, SNOMEDCT_US, RXNORM, ATC, CPT, ICD10CM, ICD10, ICD9CM): ranks of its sources
  (MRRANK); they also make addresses (`_UMLS`);
- vocabulary ids of OHDSI (SNOMED, CPT4, ICD10CM, ICD10, ICD9CM, LOINC, RxNorm, ATC): its list of vocabularies (Athena);
- plain names as people write them: see tests/field/test_code_systems.py.
"""
_BY_ADDRESS = {address: system for system, addresses in _ADDRESSES.items() for address in addresses}
_AS_SENT = {
    "http://loinc.org": System.LOINC,
    "http://snomed.info/sct": System.SNOMED,
    "http://www.nlm.nih.gov/research/umls/rxnorm": System.RXNORM,
    "http://hl7.org/fhir/sid/icd-10-cm": System.ICD10_CM,
}
"""What nearly every server sends, word for word."""

ADDRESS: Mapping[str, str] = {
    System.LOINC: "http://loinc.org",
    System.SNOMED: "http://snomed.info/sct",
    System.CPT: "http://www.ama-assn.org/go/cpt",
}
"""How a search names the systems of the codes that we look for."""

_ADDRESS_LENGTH = 300
"""Longer addresses are none of ours, and would only fill the memory that is kept of addresses."""

_NATIONAL_ICD10 = "http://hl7.org/fhir/sid/icd-10-"
_SNOMED_EDITION = "http://snomed.info/sct/"
_UMLS = "http://nlm.nih.gov/research/umls/"
"""What FHIR has before the source abbreviation of UMLS, in lower case, as the address of a system."""
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


def address_key(address: object) -> str:
    """What stands for the system of a coding where codes of a clinic's own are looked up; "" where there is none.

    A system that we know is one under all its names; of others, letter case, "urn:oid:" and a last slash make no
    difference.
    """
    known = system_of(address)
    if known is not None:
        return known.value
    return _plain(address) if isinstance(address, str) and len(address) <= _ADDRESS_LENGTH else ""


@lru_cache(maxsize=512)
def _plain(address: str) -> str:
    return address.strip().lower().removeprefix("urn:oid:").rstrip("/")


@lru_cache(maxsize=512)
def _by_normalised(address: str) -> System | None:
    plain = address.strip().lower().partition("|")[0].rstrip("/").removeprefix("urn:oid:")
    if "://" not in plain:
        return _by_name(plain)
    plain = plain.replace("https://", "http://", 1).replace("http://www.", "http://", 1)
    for end in _VALUE_SETS:
        plain = plain.removesuffix(end).rstrip("/")
    if plain in _BY_ADDRESS:
        return _BY_ADDRESS[plain]
    if plain.startswith(_UMLS):
        return _by_name(plain.removeprefix(_UMLS))
    if plain.startswith(_SNOMED_EDITION):
        return System.SNOMED
    # Other national ICD-10 modifications share the chapters and categories that the rules look at.
    return System.ICD10 if plain.startswith(_NATIONAL_ICD10) else None


def _by_name(name: str) -> System | None:
    return _BY_ADDRESS.get(" ".join(name.replace("-", " ").replace("_", " ").split()))
