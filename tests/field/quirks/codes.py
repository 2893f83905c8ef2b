"""Habits of writing codes and code systems."""

from __future__ import annotations

from tests.contract.records import ICD10CM, LOINC, RXNORM, SNOMED, Json
from tests.field.held import Chart, without
from tests.field.quirks.drugs import LOCAL
from tests.field.quirks.kinds import mapped, of_chart, with_codings, with_concepts, with_systems

OIDS = {
    LOINC: "2.16.840.1.113883.6.1",
    SNOMED: "2.16.840.1.113883.6.96",
    RXNORM: "2.16.840.1.113883.6.88",
    ICD10CM: "2.16.840.1.113883.6.90",
}
NAMES = {LOINC: "LOINC", SNOMED: "SNOMED CT", RXNORM: "RxNorm", ICD10CM: "ICD-10-CM"}
V2_NAMES = {LOINC: "LN", SNOMED: "SCT", RXNORM: "RXNORM", ICD10CM: "I10C"}


@of_chart(spelling=True)
def systems_as_bare_oids(chart: Chart) -> Chart:
    """C-CDA and HL7 v2 converters keep the OID and forget its prefix (metriport/metriport#3646)."""
    return with_systems(chart, OIDS)


@of_chart(spelling=True)
def systems_as_urn_oids(chart: Chart) -> Chart:
    """C-CDA converters write urn:oid: where FHIR has an address (oehf/xds-registry-to-fhir#18)."""
    return with_systems(chart, {system: f"urn:oid:{oid}" for system, oid in OIDS.items()})


@of_chart(spelling=True)
def systems_by_their_names(chart: Chart) -> Chart:
    """Converters write the name of the system that stood in the message (metriport/metriport#3646)."""
    return with_systems(chart, NAMES)


@of_chart(spelling=True)
def systems_by_names_of_hl7_v2(chart: Chart) -> Chart:
    """HL7 v2 converters keep the name of table 0396 (LinuxForHealth/hl7v2-fhir-converter#335)."""
    return with_systems(chart, V2_NAMES)


@of_chart(spelling=True)
def systems_with_and_without_www(chart: Chart) -> Chart:
    """RxNorm's address has a www and others have none, which writers mix up (hapifhir/org.hl7.fhir.core#593)."""
    return with_systems(chart, {LOINC: "http://www.loinc.org", RXNORM: RXNORM.replace("www.", "")})


@of_chart(spelling=True)
def systems_in_another_letter_case(chart: Chart) -> Chart:
    """Addresses are typed by hand in interface engines (hapifhir/org.hl7.fhir.core#593)."""
    return with_codings(chart, lambda coding: {**coding, "system": str(coding.get("system", "")).upper() + "/"})


@of_chart(spelling=True)
def systems_by_their_value_sets(chart: Chart) -> Chart:
    """Codings carry the address of the value set of the whole system (hapifhir/org.hl7.fhir.core#593)."""
    return with_systems(chart, {system: f"{system}?fhir_vs" if system == SNOMED else f"{system}/vs" for system in OIDS})


@of_chart(spelling=True)
def systems_by_https(chart: Chart) -> Chart:
    """Some take the address of a system for one to be opened (hapifhir/org.hl7.fhir.core#593)."""
    return with_systems(chart, {system: system.replace("http:", "https:") for system in OIDS})


@of_chart(spelling=True)
def systems_with_a_version_behind(chart: Chart) -> Chart:
    """The version of the system stands behind it, as in canonical addresses (FHIR R4, 2.24.0.5)."""
    return with_systems(chart, {system: f"{system}|2026" for system in OIDS})


@of_chart(spelling=True)
def snomed_under_its_edition(chart: Chart) -> Chart:
    """National servers name the edition of SNOMED CT (SNOMED CT URI standard; hl7au/au-fhir-test-data)."""
    return with_systems(chart, {SNOMED: f"{SNOMED}/32506021000036107"})


@of_chart(spelling=False)
def codes_without_system(chart: Chart) -> Chart:
    """OpenMRS and others send codings without a system (ohs-foundation/fhir-data-pipes#110)."""
    types = ("Condition", "Observation", "MedicationRequest")
    return with_codings(chart, lambda coding: without(coding, "system"), *types)


@of_chart(spelling=False)
def session_codes_without_system(chart: Chart) -> Chart:
    """The same of Procedures (ohs-foundation/fhir-data-pipes#110)."""
    return with_codings(chart, lambda coding: without(coding, "system"), "Procedure")


@of_chart(spelling=True)
def codes_as_numbers(chart: Chart) -> Chart:
    """Libraries of languages without types write digits as a number (inferno-framework/fhir_models#75)."""
    return with_codings(chart, lambda coding: {**coding, "code": _number(coding.get("code"))})


def _number(code: object) -> object:
    return int(code) if isinstance(code, str) and code.isdigit() else code


@of_chart(spelling=True)
def a_coding_that_is_no_list(chart: Chart) -> Chart:
    """A list of one becomes an object, as XML converters and the public CDS Hooks sandbox do (cds-hooks/sandbox)."""

    def bare(concept: Json) -> Json:
        codings = concept.get("coding")
        return {**concept, "coding": codings[0]} if isinstance(codings, list) and len(codings) == 1 else concept

    return with_concepts(chart, bare)


@of_chart(spelling=True)
def a_local_code_first(chart: Chart) -> Chart:
    """The code of the house comes first and the one of a standard second (fhir.epic.com, recorded R4 traffic)."""

    def second(concept: Json) -> Json:
        codings = concept.get("coding") or []
        codings = codings if isinstance(codings, list) else [codings]
        return {**concept, "coding": [{"system": LOCAL, "code": "4711"}, *codings]}

    return with_concepts(chart, second)


@of_chart(spelling=True)
def codes_with_blanks_around(chart: Chart) -> Chart:
    """Fields of a fixed width come with their blanks (LinuxForHealth/hl7v2-fhir-converter, issues on segments)."""

    def padded(coding: Json) -> Json:
        code = coding.get("code")
        return {**coding, "code": f" {code} "} if isinstance(code, str) else coding

    return with_codings(chart, padded, "Condition", "MedicationRequest")


@of_chart(spelling=True)
def icd_without_dots_in_lower_case(chart: Chart) -> Chart:
    """Billing systems keep ICD codes without the dot (hapifhir/org.hl7.fhir.core#593)."""

    def plain(coding: Json) -> Json:
        code = coding.get("code")
        return {**coding, "code": code.replace(".", "").lower()} if isinstance(code, str) else coding

    return with_codings(chart, plain, "Condition")


@of_chart(spelling=True)
def codes_without_words(chart: Chart) -> Chart:
    """Neither text nor display beside the code (medizininformatik-initiative/kerndatensatzmodul-medikation)."""

    def bare(concept: Json) -> Json:
        codings = concept.get("coding")
        if not codings:
            return concept
        listed = codings if isinstance(codings, list) else [codings]
        if all(coding.get("system") == LOCAL or coding.get("code") == "RXCUI" for coding in listed):
            return concept  # Nobody leaves out the words where they are all that can be read.
        return {"coding": [without(coding, "display") for coding in listed]}

    return with_concepts(chart, bare)


@of_chart(spelling=True)
def words_without_codes(chart: Chart) -> Chart:
    """Problem lists and prescriptions in text only (openemr/openemr#13828)."""

    def worded(concept: Json) -> Json:
        return {"text": concept["text"]} if concept.get("text") else concept

    return with_concepts(chart, worded, "Condition", "MedicationRequest")


@of_chart(spelling=True)
def words_in_the_display(chart: Chart) -> Chart:
    """The words stand beside the code, and text is left out (cerner/fhir.cerner.com, examples)."""

    def displayed(concept: Json) -> Json:
        codings, text = concept.get("coding"), concept.get("text")
        if not isinstance(codings, list) or not text:
            return concept
        return {"coding": [*codings[:-1], {**codings[-1], "display": text}]}

    return with_concepts(chart, displayed)


@of_chart(spelling=True)
def user_selected_and_extended_codings(chart: Chart) -> Chart:
    """Codings carry `userSelected`, a version and extensions (fhir.epic.com, recorded R4 traffic)."""
    extras = {"userSelected": True, "version": "1", "extension": [{"url": "urn:own", "valueString": "x"}]}
    return with_codings(chart, lambda coding: {**coding, **extras})


@of_chart(spelling=True)
def a_list_of_categories_and_profiles(chart: Chart) -> Chart:
    """Meta data, narrative and categories that nobody asked for stand in every resource (US Core examples)."""
    extras = {
        "meta": {"profile": ["http://hl7.org/fhir/us/core/StructureDefinition/any"]},
        "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">warfarin</div>'},
        "category": [{"coding": [{"system": LOCAL, "code": "any"}], "text": "any"}],
        "extension": [{"url": "urn:own", "valueCodeableConcept": {"text": "any"}}],
    }
    return mapped(chart, lambda resource: {**extras, **resource})
