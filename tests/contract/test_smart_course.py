"""What the SMART app hands to the real course page: the patient in context, and what the EHR did not let us read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cds_service.clock import utc_now
from cds_service.demo.patients import load_patients
from tests.contract.authorization_server import SmartEhr
from tests.contract.smart_clinic import FRAME, Browser, Clinic
from tests.unit.cds_service.knowledge.policies import policy_file

KEY = "hard-skin-on-warfarin"
ALL = "launch patient/*.rs"
pytestmark = pytest.mark.thorough


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    (synthetic,) = [one for one in load_patients(utc_now()) if one.key == KEY]
    made = Clinic(tmp_path, SmartEhr(synthetic.resources))
    made.ehr.launches["chart"] = synthetic.patient_id
    made.ehr.scope = ALL
    yield made
    made.stop()


def test_the_whole_course_is_shown_when_all_was_granted(clinic: Clinic, browser: Browser) -> None:
    answer = clinic.launch(browser, clinic.app(), "chart")
    assert answer.status_code == 200
    assert "Synthetic, Ottilie</h1>" in answer.text
    assert "Not everything could be read" not in answer.text


@pytest.mark.parametrize(("tenant", "theirs"), [("north", True), ("default", True), ("nobody", False)])
def test_the_course_is_drawn_by_the_policy_of_the_tenant_behind_the_ehr(
    tenant: str, theirs: bool, clinic: Clinic, browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "policies").mkdir()
    number = "[[threshold]]\nname = 'phosphate_high'\nfrom = 2026-02-01\nvalue = 4.7\nsource = 'ours'\n"
    if tenant != "nobody":
        (tmp_path / "policies" / "one.toml").write_text(policy_file(tenant, number), "utf-8")
    app = clinic.app(site_policies=tmp_path / "policies")
    answer = clinic.launch(browser, app, "chart")
    assert answer.status_code == 200
    assert ("high above 4.7" in answer.text) is theirs


@pytest.mark.parametrize("kind", ["Observation", "Condition", "MedicationRequest", "Procedure"])
def test_a_type_that_was_not_granted_is_said_to_be_unread(kind: str, clinic: Clinic, browser: Browser) -> None:
    kinds = {"Patient", "Observation", "Condition", "MedicationRequest", "Medication", "Procedure"} - {kind}
    clinic.ehr.scope = " ".join(["launch", *(f"patient/{one}.rs" for one in sorted(kinds))])
    answer = clinic.launch(browser, clinic.app(), "chart")
    assert "Not everything could be read" in answer.text
    assert "the EHR did not grant reading this" in answer.text
    assert clinic.ehr.asked(f"/fhir/{kind}") == []


def test_a_type_that_was_granted_in_part_is_said_to_be_read_in_part(clinic: Clinic, browser: Browser) -> None:
    kinds = ("Patient", "Observation", "MedicationRequest", "Medication", "Procedure")
    granted = [*(f"patient/{kind}.rs" for kind in kinds), "patient/Condition.rs?category=problem-list-item"]
    clinic.ehr.scope = " ".join(granted)
    answer = clinic.launch(browser, clinic.app(), "chart")
    assert "Conditions: only part of the results could be read" in answer.text


def test_without_the_patient_there_is_no_course_and_the_reason_is_given(clinic: Clinic, browser: Browser) -> None:
    clinic.ehr.scope = "launch patient/Observation.rs"
    answer = clinic.launch(browser, clinic.app(), "chart")
    assert answer.status_code == 502
    assert "the EHR did not grant reading this" in answer.text


def test_a_token_that_the_ehr_has_withdrawn_is_said(clinic: Clinic, browser: Browser) -> None:
    address = clinic.launch(browser, clinic.app(), "chart").url
    clinic.ehr.tokens.clear()
    answer = browser.open(address)
    assert answer.status_code == 502
    assert "answered 401" in answer.text


def test_the_course_may_be_framed_by_the_ehr_and_by_nobody_else(clinic: Clinic, browser: Browser) -> None:
    app = clinic.app(client=f'smart_client_id = "calciphylaxis"\nframe_ancestors = ["{FRAME}"]')
    answer = clinic.launch(browser, app, "chart")
    assert answer.headers["Content-Security-Policy"].split("; ")[-1] == f"frame-ancestors {FRAME}"
