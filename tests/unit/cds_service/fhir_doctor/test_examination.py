"""Why does no card come: what is told of a patient on servers that answer well, refuse, hide or stay silent."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from cds_service.demo.patients import SyntheticPatient
from cds_service.demo.sandbox import Sandbox
from cds_service.fhir_doctor import PatientReport, as_json, as_text
from cds_service.fhir_doctor.findings import LookedUp
from cds_service.knowledge import Knowledge
from fhir_mappings.forms import USUAL, WITH_SYSTEMS
from tests.unit.cds_service.fhir_doctor.conftest import HOOKS, PATIENTS, Look
from tests.unit.cds_service.odd_fhir_server import (
    OddServer,
    empty,
    finds_no_bare_code,
    finds_no_bare_patient,
    forbids,
    refuses_sort,
    sends_no_next_link,
)

TIERS = {
    "hard-skin-on-warfarin": ("on dialysis", "a condition (ICD-10-CM Z99.2)", "T3"),
    "biopsy-proven-on-haemodialysis": ("on dialysis", "a condition (SNOMED CT 236435004)", "T4"),
    "confirmed-off-dialysis": ("not on dialysis", "", "T4"),
    "skin-texture-only": ("on dialysis", "a condition (ICD-10-CM Z99.2)", "possible"),
    "high-risk-no-sign": ("on dialysis", "a condition (ICD-10-CM Z99.2)", "T2"),
    "elevated-risk-on-warfarin": ("on dialysis", "a condition (ICD-10-CM Z99.2)", "T1"),
    "well-controlled-on-sevelamer": ("on dialysis", "a condition (ICD-10-CM Z99.2)", "T0"),
    "peritoneal-dialysis-high-calcium": ("on dialysis", "a procedure (SNOMED CT 428648006)", "T1"),
    "presumed-dialysis-on-warfarin": ("presumed", "presumed from the ESRD code", "T0"),
    "failed-graft-on-warfarin": ("presumed", "presumed from the graft failure code", "T1"),
    "working-transplant-on-warfarin": ("not on dialysis", "kidney transplant", "T0"),
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(resource for patient in PATIENTS for resource in patient.resources) as held:
        yield held


def of(report: PatientReport, query: str) -> LookedUp:
    return next(one for one in report.looked_up if one.query == query)


# ------------------------------------------------------------------ a server that answers well
@pytest.mark.parametrize("patient", PATIENTS, ids=lambda patient: patient.key)
def test_the_cards_told_are_those_of_the_patient_and_no_word_of_the_record_is_told(
    patient: SyntheticPatient, sandbox: Sandbox, look: Look
) -> None:
    report = look(url=sandbox.base, patient=patient.patient_id)
    assert [list(card) for card in report.calls[0].cards] == patient.expect["patient-view"]
    assert report.ok
    told = as_text(report) + json.dumps(as_json(report), ensure_ascii=False)
    for resource in patient.resources:
        for word in free_text(resource):
            assert word not in told
    if patient.key in TIERS:
        scope = report.scope
        assert scope is not None
        assert (scope.dialysis, scope.rests_on, scope.tier) == TIERS[patient.key]


def free_text(value: object) -> Iterator[str]:
    """The words of a person in a resource: names, texts and displays, when they are more than one word."""
    if isinstance(value, list):
        for item in value:
            yield from free_text(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key in ("text", "display", "family", "birthDate") and isinstance(item, str) and len(item) > 12:
                yield item
            yield from free_text(item)


def test_the_tiers_that_are_checked_are_those_of_patients_who_exist() -> None:
    assert set(TIERS) <= {patient.key for patient in PATIENTS}
    assert {tier for _, _, tier in TIERS.values()} == {"T0", "T1", "T2", "T3", "T4", "possible"}


def test_every_query_is_measured_and_told_as_it_goes(look: Look, knowledge: Knowledge) -> None:
    steps: list[tuple[int, int, str]] = []
    report = look(steps=steps)
    assert [one.query for one in report.looked_up] == [query.key for query in knowledge.queries]
    number = len(knowledge.queries)
    assert [step[:2] for step in steps] == [(done, number) for done in range(1, number + 1)]
    conditions = of(report, "conditions").tried[0]
    assert (conditions.form, conditions.status, conditions.problem, conditions.pages) == (USUAL, 200, "", 1)
    assert conditions.found == conditions.total == 7
    assert of(report, "patient").tried[0].total is None


def test_only_the_queries_of_the_hooks_asked_for_are_run(look: Look) -> None:
    report = look(hooks=("order-sign",))
    assert "temperature" not in {one.query for one in report.looked_up}
    assert [call.hook for call in report.calls] == ["order-sign"]
    assert {draft.hook for draft in report.drafts} == {"order-sign"}


def test_drafts_of_every_drug_class_are_tried_on_the_patient(look: Look, knowledge: Knowledge) -> None:
    drafts = {(draft.hook, draft.drug_class): draft.topics for draft in look().drafts}
    assert len(drafts) == 2 * len(knowledge.policy.rules)
    assert drafts["order-sign", "vitamin_k_antagonist"] == ("vka-cua",)
    assert drafts["order-select", "iron_binder"] == ("iron-binder",)
    assert drafts["order-sign", "iron_binder"] == ()


def test_the_pages_of_a_search_are_counted(look: Look, ehr: OddServer) -> None:
    condition = {"resourceType": "Condition", "subject": {"reference": "Patient/p"}}
    for number in range(1500):
        ehr.store.put("Condition", f"c{number}", {**condition, "id": f"c{number}"})
    ehr.store.put("Patient", "p", {"resourceType": "Patient", "id": "p"})
    tried = of(look(patient="p"), "conditions").tried[0]
    assert (tried.pages, tried.found, tried.total, tried.complete) == (2, 1500, 1500, True)


def test_the_survey_of_all_results_is_one_page(look: Look, ehr: OddServer) -> None:
    ehr.store.put("Patient", "p", {"resourceType": "Patient", "id": "p"})
    for number in range(300):
        result = {"resourceType": "Observation", "id": f"o{number}", "subject": {"reference": "Patient/p"}}
        ehr.store.put("Observation", f"o{number}", result)
    by_category, plainer, without = look(patient="p").survey.tried
    assert (by_category.found, plainer.found) == (0, 0)
    assert (without.form, without.found, without.total, without.pages) == ("without category", 200, 300, 1)


def test_included_medications_are_not_counted_as_orders(look: Look, ehr: OddServer) -> None:
    include = {"resource": {"resourceType": "Medication", "id": "m"}, "search": {"mode": "include"}}
    ehr.change = lambda server, url, bundle: (
        {**bundle, "entry": [*bundle["entry"], include]} if "MedicationRequest" in url else bundle
    )
    assert of(look(), "medications").tried[0].found == 6


def test_why_there_is_no_card_is_told_in_a_sentence(sandbox: Sandbox, look: Look) -> None:
    said = {
        key: look(url=sandbox.base, patient=f"cds-demo-{key}", hooks=("patient-view",)).conclusion
        for key in ("well-controlled-on-sevelamer", "stage-4-kidney-disease-on-warfarin")
    }
    assert "no cards: on dialysis, without a sign" in said["well-controlled-on-sevelamer"]
    assert "no cards: not on dialysis" in said["stage-4-kidney-disease-on-warfarin"]


def test_of_a_child_nothing_is_judged(look: Look, ehr: OddServer, hard_skin: SyntheticPatient) -> None:
    ehr.store.put("Patient", hard_skin.patient_id, {**hard_skin.resources[0], "birthDate": "2020-01-01"})
    report = look()
    assert report.scope is not None
    assert (report.scope.age, report.scope.tier) == ("child", "none (child)")
    assert "no cards: the patient is a child" in report.conclusion
    assert "order-sign: no card for a draft of any drug class" in report.conclusion


def test_a_patient_without_a_date_of_birth_counts_as_adult_and_it_is_said(
    look: Look, ehr: OddServer, hard_skin: SyntheticPatient
) -> None:
    born = hard_skin.resources[0]
    ehr.store.put("Patient", hard_skin.patient_id, {key: born[key] for key in born if key != "birthDate"})
    scope = look().scope
    assert scope is not None
    assert scope.age == "adult (no date of birth)"


# ------------------------------------------------------------------ a server that refuses
def test_a_server_that_refuses_to_sort_is_asked_in_every_other_form(
    look: Look, ehr: OddServer, with_forms: Knowledge
) -> None:
    ehr.refuse = refuses_sort
    report = look(with_forms)
    conditions = of(report, "conditions")
    assert [(tried.form, tried.status) for tried in conditions.tried] == [
        (USUAL, 400),
        ("plainer 1", 200),
        ("plainer 2", 200),
    ]
    assert conditions.used is conditions.tried[1]
    assert of(report, "calcium").tried[-1].form == WITH_SYSTEMS
    told = "conditions: usual form: the FHIR server answered 400; used is 'plainer 1', found 7"
    assert told in report.suspicions


def test_a_type_that_is_forbidden_is_a_refusal_of_every_call(look: Look, ehr: OddServer) -> None:
    ehr.refuse = forbids("Condition")
    report = look()
    reason = "the service would answer 412: conditions could not be read (the FHIR server answered 403)"
    assert [(call.hook, call.status, call.says) for call in report.calls] == [(hook, 412, reason) for hook in HOOKS]
    assert of(report, "conditions").used is None
    assert of(report, "conditions").tried[0].status == 403
    assert ("conditions", "the FHIR server answered 403") in report.gaps
    assert not report.ok


def test_results_that_are_forbidden_are_told_and_refuse_nothing(look: Look, ehr: OddServer) -> None:
    ehr.refuse = forbids("Observation")
    report = look()
    assert report.ok
    assert report.survey.used is None
    assert ("calcium results", "the FHIR server answered 403") in report.gaps


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
def test_a_patient_who_cannot_be_read_has_no_scope(status: int, look: Look, ehr: OddServer) -> None:
    ehr.refuse = lambda url: status if "/Patient/" in url else 0
    report = look()
    assert report.scope is None
    assert of(report, "patient").tried[0].status == status
    assert not report.ok


def test_medications_that_are_forbidden_refuse_only_the_drafts_that_would_be_silent(look: Look, ehr: OddServer) -> None:
    ehr.refuse = forbids("MedicationRequest")
    report = look(hooks=("order-sign",))
    (call,) = report.calls
    assert call.status == 412
    assert call.says.startswith("the service would answer 412 for a draft of ")
    assert ": active medications could not be read (the FHIR server answered 403); cards for a draft of " in call.says
    drafts = {draft.drug_class: draft for draft in report.drafts}
    assert drafts["vitamin_k_antagonist"].topics == ("vka-cua",)
    assert drafts["iron_binder"].refused == "active medications could not be read (the FHIR server answered 403)"
    assert drafts["iron_binder"].drug_class in call.says.partition(";")[0]
    assert not report.ok


def test_where_no_draft_would_raise_a_card_only_the_refusal_is_told(
    look: Look, ehr: OddServer, hard_skin: SyntheticPatient
) -> None:
    ehr.refuse = forbids("Procedure")
    for condition in ehr.store.all("Condition"):
        ehr.store.delete("Condition", condition["id"])
    report = look(hooks=("order-sign",))
    (call,) = report.calls
    assert call.says.startswith("the service would answer 412 for a draft of ")
    assert "cards for" not in call.says
    assert report.scope is not None
    assert report.scope.dialysis == "unknown"
    assert not report.ok


# ------------------------------------------------------------------ a server that hides
def test_a_server_that_finds_codes_only_with_their_system_is_found_out(
    look: Look, ehr: OddServer, with_forms: Knowledge
) -> None:
    ehr.change = finds_no_bare_code
    report = look(with_forms)
    calcium = of(report, "calcium")
    assert calcium.used is not None
    assert (calcium.used.form, calcium.used.found) == (WITH_SYSTEMS, 3)
    assert [tried.found for tried in calcium.tried] == [0, 0, 0, 3]
    assert "calcium: usual form: nothing found; used is 'with systems', found 3" in report.suspicions


def test_a_search_that_finds_nothing_where_a_plainer_one_does_is_suspicious(
    look: Look, ehr: OddServer, with_forms: Knowledge
) -> None:
    ehr.change = lambda server, url, bundle: empty(bundle) if "Condition" in url and "_sort" in url else bundle
    report = look(with_forms)
    conditions = of(report, "conditions")
    assert conditions.used is conditions.tried[0]
    assert "conditions: suspicious: nothing is found, and the form 'plainer 1' finds 7" in report.suspicions


def test_a_search_that_brings_less_than_the_server_counts_is_incomplete(look: Look, ehr: OddServer) -> None:
    ehr.change = sends_no_next_link(3)
    report = look()
    conditions = of(report, "conditions").tried[0]
    assert (conditions.found, conditions.total, conditions.complete) == (3, 7, False)
    assert conditions.problem == "the FHIR server sent fewer resources than it counted"
    assert conditions.status == 200
    assert conditions.answered
    assert [call.status for call in report.calls] == [412] * 3


def test_an_answer_that_is_no_search_result_has_its_status_and_a_problem(look: Look, ehr: OddServer) -> None:
    ehr.change = lambda server, url, bundle: {"resourceType": "Basic"} if "Condition" in url else bundle
    tried = of(look(), "conditions").tried[0]
    assert (tried.status, tried.found, tried.answered) == (200, 0, False)
    assert tried.problem == "the answer was not a FHIR Bundle"


def test_medications_without_any_other_record_are_suspicious(look: Look, ehr: OddServer) -> None:
    ehr.change = lambda server, url, bundle: bundle if "MedicationRequest" in url else empty(bundle)
    (said,) = look().suspicions
    assert said.startswith("suspicious: there is a Patient with medications, but no Condition, no Procedure")


def test_a_server_that_wants_the_type_before_the_id_is_found_out(look: Look, ehr: OddServer) -> None:
    ehr.change = finds_no_bare_patient
    report = look()
    *_, suspicious, wants = report.suspicions
    assert "a Patient with no medications and no Condition" in suspicious
    assert wants == "Condition?patient=Patient/<id> finds 7: this server wants the type before the id"
    assert report.conclusion.startswith("patient-view: no cards: not on dialysis")


@pytest.mark.parametrize("kind", ["Condition", "Procedure", "Observation"])
def test_one_record_of_any_kind_is_not_suspicious(kind: str, look: Look, ehr: OddServer) -> None:
    ehr.change = lambda server, url, bundle: bundle if f"/{kind}?" in url else empty(bundle)
    assert look().suspicions == ()


def test_what_could_not_be_read_is_no_empty_record(look: Look, ehr: OddServer) -> None:
    ehr.change = lambda server, url, bundle: empty(bundle)
    ehr.refuse = forbids("Observation")
    assert look().suspicions == ()


def test_what_orders_lead_to_and_could_not_be_read_is_told(
    look: Look, ehr: OddServer, hard_skin: SyntheticPatient
) -> None:
    order = {"resourceType": "MedicationRequest", "status": "active", "intent": "order"}
    subject = {"reference": f"Patient/{hard_skin.patient_id}"}
    for number, reference in enumerate(("Medication/none", "Drug/7?for=Zephyrine")):
        lost = {**order, "id": f"o{number}", "subject": subject, "medicationReference": {"reference": reference}}
        ehr.store.put("MedicationRequest", f"o{number}", lost)
    report = look()
    assert report.lost == ("Medication/none", "a reference that this server cannot be asked for")
    assert "Zephyrine" not in as_text(report)
    assert any(unread.what == "medication" and unread.times == 2 for unread in report.unread)


# ------------------------------------------------------------------ a server that stays silent
def test_a_server_that_cannot_be_reached_is_asked_for_each_query_once(look: Look, with_forms: Knowledge) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        report = look(with_forms, url=f"http://127.0.0.1:{nobody.getsockname()[1]}/fhir")
    assert all(len(one.tried) == 1 and one.used is None for one in report.looked_up)
    assert {one.tried[0].status for one in report.looked_up} == {None}
    assert of(report, "conditions").tried[0].problem == "the FHIR server could not be reached"
    assert not report.ok
    assert len(report.survey.tried) == 1


def test_a_server_that_is_too_slow_for_the_service_is_told_from_one_that_is_silent(look: Look, ehr: OddServer) -> None:
    ehr.pause = 0.1
    report = look(deadline=0.05)
    assert of(report, "conditions").used is not None
    assert any("CDS_FHIR_DEADLINE_SECONDS" in said for said in report.suspicions)
    assert "412" in report.conclusion
    assert not report.ok


# ------------------------------------------------------------------ secrets
@pytest.mark.parametrize("token", ["a-very-secret-token", "a secret with blanks\n"])
def test_the_token_is_sent_where_it_can_be_and_never_told(token: str, look: Look, ehr: OddServer) -> None:
    report = look(token=token)
    sent = {asked.headers.get("Authorization") for asked in ehr.calls}
    assert sent == ({f"Bearer {token}"} if "\n" not in token else set())
    assert token.strip() not in as_text(report) + json.dumps(as_json(report))
    assert report.ok is ("\n" not in token)
