"""Code systems under their many addresses."""

from __future__ import annotations

import pytest

from fhir_mappings.code_systems import System, system_of


@pytest.mark.parametrize(
    ("address", "system"),
    [
        ("http://loinc.org", System.LOINC),
        ("http://loinc.org/", System.LOINC),
        ("https://LOINC.org", System.LOINC),
        (" http://loinc.org|2.82 ", System.LOINC),
        ("urn:oid:2.16.840.1.113883.6.1", System.LOINC),
        ("http://snomed.info/sct", System.SNOMED),
        ("http://snomed.info/sct/731000124108", System.SNOMED),
        ("urn:oid:2.16.840.1.113883.6.96", System.SNOMED),
        ("http://www.nlm.nih.gov/research/umls/rxnorm", System.RXNORM),
        ("urn:oid:2.16.840.1.113883.6.88", System.RXNORM),
        ("http://www.whocc.no/atc", System.ATC),
        ("http://fhir.de/CodeSystem/bfarm/atc", System.ATC),
        ("urn:oid:2.16.840.1.113883.6.73", System.ATC),
        ("http://www.ama-assn.org/go/cpt", System.CPT),
        ("urn:oid:2.16.840.1.113883.6.12", System.CPT),
        ("http://hl7.org/fhir/sid/icd-10-cm", System.ICD10_CM),
        ("urn:oid:2.16.840.1.113883.6.90", System.ICD10_CM),
        ("http://fhir.de/CodeSystem/bfarm/icd-10-gm", System.ICD10_GM),
        ("http://hl7.org/fhir/sid/icd-10", System.ICD10),
        ("urn:oid:2.16.840.1.113883.6.3", System.ICD10),
        ("http://hl7.org/fhir/sid/icd-10-nl", System.ICD10),
        ("http://hl7.org/fhir/sid/icd-9-cm", System.ICD9_CM),
        ("http://id.who.int/icd/entity", System.ICD11),
        ("icd11.foundation", System.ICD11),
    ],
)
def test_an_address_is_known(address: str, system: System) -> None:
    assert system_of(address) is system


@pytest.mark.parametrize("address", [None, 5, [], {}, "", "urn:local", "http://loinc.org.example", "loinc"])
def test_anything_else_is_no_system(address: object) -> None:
    assert system_of(address) is None
