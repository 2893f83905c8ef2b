"""Code systems are known by their OID, their name, the name of HL7 v2, with and without www, and by their value set.

Sources: metriport/metriport#3646, oehf/xds-registry-to-fhir#18 (OIDs and names out of C-CDA),
hapifhir/org.hl7.fhir.core#593 (ICD-10 under many addresses), LinuxForHealth/hl7v2-fhir-converter#335 (table 0396),
ohs-foundation/fhir-data-pipes#110 (none), openemr/openemr#5287 (CPT4).
"""

from __future__ import annotations

import pytest

from tests.contract.records import CALCIUM_DRAFT, SNOMED, WARFARIN_DRAFT, Json, condition, procedure
from tests.field.held import ORDER_HOOKS, QUIET, calcium, coded, ordered
from tests.field.play import Field

WARNS = [("vka-dialysis", "warning")]
ICD10 = {
    "http://hl7.org/fhir/sid/icd-10-cm/",
    "HTTP://HL7.ORG/FHIR/SID/ICD-10-CM",
    "https://hl7.org/fhir/sid/icd-10-cm",
    "http://www.hl7.org/fhir/sid/icd-10-cm",
    "http://hl7.org/fhir/sid/icd-10-cm|2026",
    "http://hl7.org/fhir/sid/icd-10",
    "http://hl7.org/fhir/sid/icd-10-de",
    "http://fhir.de/CodeSystem/bfarm/icd-10-gm",
    "urn:oid:2.16.840.1.113883.6.90",
    "2.16.840.1.113883.6.90",
    "2.16.840.1.113883.6.3",
    "ICD-10-CM",
    "icd10cm",
    "I10C",
    "ICD-10",
}
SNOMEDS = {
    "https://snomed.info/sct",
    "http://snomed.info/sct/32506021000036107/version/20260131",
    "http://snomed.info/sct?fhir_vs",
    "urn:oid:2.16.840.1.113883.6.96",
    "2.16.840.1.113883.6.96",
    "SNOMED CT",
    "SNOMED-CT",
    "SCT",
    "SNOMEDCT_US",
}
CPTS = {
    "http://www.ama-assn.org/go/cpt",
    "http://terminology.hl7.org/CodeSystem/CPT",
    "http://www.nlm.nih.gov/research/umls/cpt",
    "urn:oid:2.16.840.1.113883.6.12",
    "CPT",
    "CPT4",
    "CPT-4",
    "C4",
}
LOINCS = {
    "http://www.loinc.org",
    "https://loinc.org/",
    "http://loinc.org/vs",
    "2.16.840.1.113883.6.1",
    "LOINC",
    "loinc",
    "LN",
}
RXNORMS = {
    "http://nlm.nih.gov/research/umls/rxnorm",
    "HTTPS://WWW.NLM.NIH.GOV/RESEARCH/UMLS/RXNORM",
    "http://www.nlm.nih.gov/research/umls/rxnorm/vs",
    "urn:oid:2.16.840.1.113883.6.88",
    "2.16.840.1.113883.6.88",
    "RxNorm",
    "RXNORM",
}
OTHERS = ("urn:local", "2.16.840.1.113883.6.1.9", "http://loinc.org.example", "RxNorm-like", "")


def bare(system: str, code: str) -> Json:
    """A condition without a word."""
    return {**condition("on-dialysis", ""), "code": coded(system, code)}


@pytest.mark.parametrize("system", sorted(ICD10))
@pytest.mark.parametrize("code", ["Z99.2", "Z992", "z99.2"])
def test_icd_10_is_known(system: str, code: str, field: Field) -> None:
    for hook in ORDER_HOOKS:
        assert field.topics(hook, QUIET.having(bare(system, code)).drafting(WARFARIN_DRAFT)) == WARNS


@pytest.mark.parametrize("system", sorted(SNOMEDS))
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_snomed_ct_is_known_in_conditions_and_procedures(hook: str, system: str, field: Field) -> None:
    chart = QUIET.drafting(WARFARIN_DRAFT)
    assert field.topics(hook, chart.having(bare(system, "105502003"))) == WARNS
    session = {**procedure("s", ""), "code": coded(system, "302497006")}
    assert field.topics(hook, chart.without("on-dialysis").having(session)) == WARNS


@pytest.mark.parametrize("system", sorted(CPTS))
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_cpt_is_known_in_procedures(hook: str, system: str, field: Field) -> None:
    session = {**procedure("s", ""), "code": coded(system, "90935")}
    assert field.topics(hook, QUIET.without("on-dialysis").having(session).drafting(WARFARIN_DRAFT)) == WARNS


@pytest.mark.parametrize("system", sorted(LOINCS))
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_loinc_is_known(hook: str, system: str, field: Field) -> None:
    high = {**calcium(12.6), "code": coded(system, "17861-6")}
    chart = QUIET.having(high).drafting(CALCIUM_DRAFT)
    assert field.topics(hook, chart) == [("calcium-hypercalcaemia", "critical")]


@pytest.mark.parametrize("system", sorted(RXNORMS))
def test_rxnorm_is_known(system: str, field: Field) -> None:
    for hook in ORDER_HOOKS:
        order = ordered("d1", medicationCodeableConcept=coded(system, "855332"))
        assert field.topics(hook, QUIET.drafting(order)) == WARNS
    active = QUIET.having(ordered("m1", "active", medicationCodeableConcept=coded(system, "855332")))
    assert field.topics("patient-view", active) == [("vka-dialysis", "info")]


@pytest.mark.parametrize("system", OTHERS)
@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_a_code_of_another_system_is_not_taken_for_one_of_ours_and_not_passed_over(
    hook: str, system: str, field: Field
) -> None:
    drug = ordered("d1", medicationCodeableConcept=coded(system, "855332"))
    assert field.topics(hook, QUIET.drafting(drug)) == [("order-data-gap", "info")]
    result = {**calcium(12.6), "code": coded(system, "17861-6")}
    answer = field.ask(hook, QUIET.having(result).drafting(CALCIUM_DRAFT))
    assert answer.topics == [("calcium-data-gap", "info")]
    assert "could not be read" in answer.words


@pytest.mark.parametrize("hook", ["patient-view", *ORDER_HOOKS])
def test_conditions_whose_codes_name_no_system_and_that_have_no_words_hide_dialysis(hook: str, field: Field) -> None:
    nameless = {**condition("on-dialysis", ""), "code": coded(None, "Z99.2")}
    answer = field.ask(hook, QUIET.having(nameless).drafting(WARFARIN_DRAFT))
    assert answer.status == 412
    assert "conditions" in answer.refusal
    beside = QUIET.having({**nameless, "id": "more"}).drafting(WARFARIN_DRAFT)
    assert field.topics(hook, beside) == ([] if hook == "patient-view" else WARNS)


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_the_words_beside_a_code_of_no_system_are_read(hook: str, field: Field) -> None:
    worded = {**condition("on-dialysis", ""), "code": coded(None, "Z99.2", "Dependence on renal dialysis")}
    answer = field.ask(hook, QUIET.having(worded).drafting(WARFARIN_DRAFT))
    assert answer.topics == WARNS
    assert "read from words" in answer.words


@pytest.mark.parametrize("hook", ORDER_HOOKS)
def test_a_code_means_something_only_in_its_own_system(hook: str, field: Field) -> None:
    """N18.6 is no SNOMED CT code, 855332 no ICD-10 code."""
    chart = QUIET.without("on-dialysis").having(condition("x", "Something", system=SNOMED, code="Z99.2"))
    assert field.topics(hook, chart.drafting(WARFARIN_DRAFT)) == []
