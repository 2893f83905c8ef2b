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
        ("2.16.840.1.113883.6.1", System.LOINC),
        ("LN", System.LOINC),
        ("Loinc", System.LOINC),
        ("http://loinc.org/vs", System.LOINC),
        ("http://www.loinc.org/", System.LOINC),
        ("2.16.840.1.113883.6.96", System.SNOMED),
        ("SNOMED CT", System.SNOMED),
        ("SNOMED-CT", System.SNOMED),
        ("SCT", System.SNOMED),
        ("http://www.snomed.info/sct", System.SNOMED),
        ("http://snomed.info/sct?fhir_vs", System.SNOMED),
        ("http://nlm.nih.gov/research/umls/rxnorm", System.RXNORM),
        ("https://www.nlm.nih.gov/research/umls/rxnorm/", System.RXNORM),
        ("RxNorm", System.RXNORM),
        ("2.16.840.1.113883.6.88", System.RXNORM),
        ("ATC", System.ATC),
        ("CPT-4", System.CPT),
        ("C4", System.CPT),
        ("ICD-10-CM", System.ICD10_CM),
        ("icd10cm", System.ICD10_CM),
        ("I10C", System.ICD10_CM),
        ("2.16.840.1.113883.6.90", System.ICD10_CM),
        ("http://hl7.org/fhir/sid/icd-10-cm/vs", System.ICD10_CM),
        ("https://fhir.de/CodeSystem/dimdi/icd-10-gm/", System.ICD10_GM),
        ("ICD-10", System.ICD10),
        ("I10", System.ICD10),
        ("ICD-9-CM", System.ICD9_CM),
        ("I9C", System.ICD9_CM),
        ("SNOMEDCT_US", System.SNOMED),
        ("SNOMEDCT", System.SNOMED),
        ("SNOMED", System.SNOMED),
        ("http://terminology.hl7.org/CodeSystem/snomed-ct", System.SNOMED),
        ("http://terminology.hl7.org/CodeSystem/SNOMEDCT", System.SNOMED),
        ("http://terminology.hl7.org/CodeSystem/snomedct_us", System.SNOMED),
        ("http://www.nlm.nih.gov/research/umls/snomedct_us", System.SNOMED),
        ("LNC", System.LOINC),
        ("http://terminology.hl7.org/CodeSystem/loinc", System.LOINC),
        ("https://www.nlm.nih.gov/research/umls/lnc/", System.LOINC),
        ("RXNORM", System.RXNORM),
        ("http://www.nlm.nih.gov/research/umls/atc", System.ATC),
        ("CPT", System.CPT),
        ("CPT4", System.CPT),
        ("cpt-4", System.CPT),
        ("http://terminology.hl7.org/CodeSystem/CPT", System.CPT),
        ("https://terminology.hl7.org/CodeSystem/cpt|2026", System.CPT),
        ("http://www.nlm.nih.gov/research/umls/cpt", System.CPT),
        ("ICD10CM", System.ICD10_CM),
        ("http://terminology.hl7.org/CodeSystem/icd10CM", System.ICD10_CM),
        ("http://www.nlm.nih.gov/research/umls/icd10cm", System.ICD10_CM),
        ("ICD10", System.ICD10),
        ("http://terminology.hl7.org/CodeSystem/icd10", System.ICD10),
        ("ICD9CM", System.ICD9_CM),
        ("http://terminology.hl7.org/CodeSystem/icd9cm", System.ICD9_CM),
        ("http://terminology.hl7.org/CodeSystem/ICD-9CM-diagnosiscodes", System.ICD9_CM),
    ],
)
def test_an_address_is_known(address: str, system: System) -> None:
    assert system_of(address) is system


@pytest.mark.parametrize(
    "address",
    [
        *(None, 5, [], {}, "", "urn:local", "http://loinc.org.example", "ICD", "ICD-10-GM", "ICD10GM"),
        *("SNOMEDCT_VET", "SNOMED_US", "ICD10PCS", "http://terminology.hl7.org/CodeSystem/icd10PCS", "HCPCS"),
        "http://terminology.hl7.org/CodeSystem/ICD-9CM-procedurecodes",
        "http://terminology.hl7.org/CodeSystem/icd10ae",
        *("http://www.nlm.nih.gov/research/umls/", "http://www.nlm.nih.gov/research/umls/mmsl"),
    ],
)
def test_anything_else_is_no_system(address: object) -> None:
    assert system_of(address) is None
