"""Habits of writing dates, ids, references to the patient, and of what else a record holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.contract.records import ICD10CM, PATIENT_ID, SNOMED, UCUM, Json, condition, order, procedure, result
from tests.field.held import CALCIUM, HERE, WARFARIN_CODE, Chart, entry, without
from tests.field.quirks.kinds import mapped, of_chart

STRANGER = "somebody-else"
UUID = "9c4b1d2e-0f3a-4b5c-8d6e-7f8091a2b3c4"
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
DATES = ("effectiveDateTime", "authoredOn", "performedDateTime", "recordedDate")


def _dates(chart: Chart, change: Callable[[str], str]) -> Chart:
    def new(resource: Json) -> Json:
        return {**resource, **{name: change(resource[name]) for name in DATES if name in resource}}

    return mapped(chart, new)


@of_chart(spelling=True)
def zones_without_a_colon(chart: Chart) -> Chart:
    """+0000 in place of +00:00 (FirelyTeam/firely-net-sdk#209)."""
    return _dates(chart, lambda moment: moment.replace("+00:00", "+0000"))


@of_chart(spelling=True)
def dates_without_a_time(chart: Chart) -> Chart:
    """A day alone, where others send the minute (FHIR R4, dateTime)."""
    return _dates(chart, lambda moment: moment[:10])


@of_chart(spelling=True)
def moments_without_seconds_and_zone(chart: Chart) -> Chart:
    """Minutes only and no zone (hapifhir/hapi-fhir#887; microsoft/FHIR-Converter#2)."""
    return _dates(chart, lambda moment: moment[:16])


@of_chart(spelling=True)
def moments_with_long_fractions(chart: Chart) -> Chart:
    """Seven digits of a second, as .NET writes them (FirelyTeam/spark#69)."""
    return _dates(chart, lambda moment: f"{moment[:19]}.1234567Z" if "+" in moment else moment)


def _result_dates(chart: Chart, change: Callable[[str], Json]) -> Chart:
    def new(found: Json) -> Json:
        moment = found.get("effectiveDateTime")
        return {**without(found, "effectiveDateTime"), **change(moment)} if moment else found

    return mapped(chart, new, "Observation")


@of_chart(spelling=True)
def results_of_a_period(chart: Chart) -> Chart:
    """Specimens of a period (FHIR R4, Observation.effective[x])."""
    return _result_dates(chart, lambda moment: {"effectivePeriod": {"start": moment, "end": moment}})


@of_chart(spelling=True)
def results_of_an_instant(chart: Chart) -> Chart:
    """effectiveInstant, as devices write it (FHIR R4, Observation.effective[x])."""
    return _result_dates(chart, lambda moment: {"effectiveInstant": moment})


@of_chart(spelling=True)
def results_with_the_date_of_issue_only(chart: Chart) -> Chart:
    """No effective date, but issued (openEHR converters; FHIR R4, Observation.issued)."""
    return _result_dates(chart, lambda moment: {"issued": moment})


@of_chart(spelling=False)
def results_of_a_month(chart: Chart) -> Chart:
    """A month in place of a day (HL7 R4 examples)."""
    return _result_dates(chart, lambda moment: {"effectiveDateTime": moment[:7]})


@of_chart(spelling=True)
def ids_as_numbers(chart: Chart) -> Chart:
    """Databases hand their keys over as numbers (inferno-framework/fhir_models#75)."""
    numbers = {one["id"]: place for place, one in enumerate([*chart.held, *_drafted(chart)], 101) if "id" in one}
    return mapped(chart, lambda resource: {**resource, **_new_id(resource, lambda old: numbers[old])})


@of_chart(spelling=True)
def ids_of_66_characters(chart: Chart) -> Chart:
    """Epic's ids are longer than FHIR allows (fastenhealth/fasten-sources, recorded traffic)."""
    return mapped(chart, lambda resource: {**resource, **_new_id(resource, lambda old: f"{old}-".ljust(66, "e"))})


@of_chart(spelling=True)
def ids_of_255_characters(chart: Chart) -> Chart:
    """Ids made of encrypted keys grow with them (fastenhealth/fasten-sources, recorded traffic)."""
    return mapped(chart, lambda resource: {**resource, **_new_id(resource, lambda old: f"{old}-".ljust(255, "x"))})


def _drafted(chart: Chart) -> list[Json]:
    return [one["resource"] for one in chart.drafts]


def _new_id(resource: Json, change: Callable[[str], object]) -> Json:
    # What is referred to keeps its id: nothing here looks for references.
    referred = resource["resourceType"] in ("Medication", "Substance", "RequestGroup")
    return {"id": change(resource["id"])} if isinstance(resource.get("id"), str) and not referred else {}


def _subjects(chart: Chart, subject: Callable[[str], Json | None]) -> Chart:
    def new(resource: Json) -> Json:
        named = resource.get("subject")
        if not named or STRANGER in str(named):
            return resource
        return {**resource, "subject": subject(chart.patient_id)}

    return mapped(chart, new)


@of_chart(spelling=True)
def absolute_subjects(chart: Chart) -> Chart:
    """References with the whole address (cerner/fhir.cerner.com#121)."""
    return _subjects(chart, lambda patient: {"reference": f"{HERE}/Patient/{patient}"})


@of_chart(spelling=True)
def versioned_subjects(chart: Chart) -> Chart:
    """References to one version of the patient (FHIR R4, 2.3.0.5)."""
    return _subjects(chart, lambda patient: {"reference": f"Patient/{patient}/_history/3", "display": "Z., O."})


@of_chart(spelling=True)
def subjects_by_urn(chart: Chart) -> Chart:
    """References by urn:uuid, as inside of a transaction (drafts of cqframework; hapifhir/hapi-fhir#6486)."""
    return _subjects(_with_uuid(chart), lambda patient: {"reference": f"urn:uuid:{patient}"})


@of_chart(spelling=True)
def subjects_in_another_letter_case(chart: Chart) -> Chart:
    """SQL Server writes UUIDs in capitals, the launch in small letters (medplum/medplum#7891)."""
    return _subjects(_with_uuid(chart), lambda patient: {"reference": f"Patient/{patient.upper()}"})


def _with_uuid(chart: Chart) -> Chart:
    named = {"reference": f"Patient/{UUID}"}
    mine = {"reference": f"Patient/{PATIENT_ID}"}
    changed = mapped(chart, lambda one: {**one, "subject": named} if one.get("subject") == mine else one)
    return replace(changed, patient_id=UUID, patient={**chart.patient, "id": UUID})


@of_chart(spelling=True)
def no_subjects(chart: Chart) -> Chart:
    """Found under the patient, and not named again (openEHR and registry converters)."""
    return mapped(chart, lambda one: one if STRANGER in str(one.get("subject")) else without(one, "subject"))


@of_chart(spelling=True)
def subjects_with_words_only(chart: Chart) -> Chart:
    """A logical reference, without an address (FHIR R4, Reference.identifier)."""
    return _subjects(chart, lambda _: {"identifier": {"value": "MRN-1"}, "display": "Z., O."})


@of_chart(spelling=True)
def a_stranger_among_the_resources(chart: Chart) -> Chart:
    """Servers that do not filter bring another patient's data along (medplum/medplum#7891)."""
    return chart.having(
        condition("other-1", "Kidney transplant", STRANGER, system=ICD10CM, code="Z94.0"),
        result("other-2", CALCIUM, 7.0, "mg/dL", 1, STRANGER),
        order("other-3", "197361", "amlodipine 5 mg tablet", patient_id=STRANGER),
    )


@of_chart(spelling=True)
def an_older_version_of_each_entry(chart: Chart) -> Chart:
    """Paging while data change brings an entry twice (LinuxForHealth/FHIR#440; ohs-foundation/android-fhir#2512)."""
    twice = []
    for one in chart.held:
        older = {**one, "meta": {"versionId": "1"}}
        if "valueQuantity" in one:
            older["valueQuantity"] = {**one["valueQuantity"], "value": 4.5}
        if one["resourceType"] == "MedicationRequest":
            older["status"] = "stopped"
        twice += [older, {**one, "meta": {"versionId": "2"}}]
    return replace(chart, held=tuple(twice))


@of_chart(spelling=True)
def many_old_conditions(chart: Chart) -> Chart:
    """Problem lists of hundreds of findings (synthetichealth/synthea, whole lives)."""
    old = (
        condition(f"old-{number}", "Medication review due", system=SNOMED, code="314529007") for number in range(230)
    )
    return chart.having(*old)


@of_chart(spelling=True)
def sessions_of_long_ago(chart: Chart) -> Chart:
    """Hundreds of dialysis sessions, none of them recent (synthetichealth/synthea, transplanted patients)."""
    return chart.having(*(procedure(f"old-session-{day}", "302497006", 400 + 3 * day) for day in range(60)))


@of_chart(spelling=True)
def masked_entries_beside_others(chart: Chart) -> Chart:
    """A condition that nobody may read (hl7au/au-fhir-test-data, Condition-condition-masked)."""
    masked = {"coding": [{"system": ABSENT, "code": "masked", "display": "Masked"}]}
    return chart.having({**condition("masked", "x"), "code": masked})


@of_chart(spelling=True)
def statuses_of_conditions_in_words(chart: Chart) -> Chart:
    """clinicalStatus as text, as plain string (AHRQ pain management summary#6; DSTU2 and STU3 servers)."""
    return mapped(
        chart, lambda one: {**one, "clinicalStatus": "Active", "verificationStatus": "confirmed"}, "Condition"
    )


@of_chart(spelling=True)
def text_that_is_cut_in_a_character(chart: Chart) -> Chart:
    """A field is cut in the middle of an emoji (seen with UTF-16 columns; hapifhir/hapi-fhir issues)."""
    return chart.having(condition("cut", "Feels fine \ud83d", system=ICD10CM, code="Z00.0"))


@of_chart(spelling=True)
def other_orders_beside_the_drug(chart: Chart) -> Chart:
    """Drafts of tests and diets, and a Task, beside the drug (cds-hooks/docs#396)."""
    others = [
        entry({"resourceType": kind, "id": kind.lower(), "status": "draft"}) for kind in ("ServiceRequest", "Task")
    ]
    return replace(chart, drafts=(*others, *chart.drafts)) if chart.drafts else chart


@of_chart(spelling=True)
def a_drug_that_is_not_taken_any_more(chart: Chart) -> Chart:
    """Searches by status bring stopped orders along all the same (OpenEMR, MedicationRequest search)."""
    stopped = {**order("stopped", "", "warfarin", status="stopped"), "medicationCodeableConcept": WARFARIN_CODE}
    return chart.having(stopped)


@of_chart(spelling=True)
def weights_in_pounds_and_ounces(chart: Chart) -> Chart:
    """Vital signs in the units of the country (US Core vital signs)."""
    quantity = {"value": 176, "unit": "lbs", "system": UCUM, "code": "[lb_av]"}
    return chart.having({**result("weight", "8341-0", 0, "kg"), "valueQuantity": quantity})


@of_chart(spelling=True)
def a_birth_date_that_lies_ahead(chart: Chart) -> Chart:
    """Two digits of a year, filled up the wrong way (HL7 v2 converters; LinuxForHealth/hl7v2-fhir-converter)."""
    return replace(chart, patient={**chart.patient, "birthDate": "2056-04-17"})
