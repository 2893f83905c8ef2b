"""`explain` on the command line: what it prints, its exit status, and what never comes out of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cds_service.api import is_explanation
from cds_service.clock import utc_now
from cds_service.commands.cli import cli
from cds_service.demo.patients import SyntheticPatient, load_patients
from tests.house import ROOT
from tests.unit.cds_service.cds_client import trust_file
from tests.unit.cds_service.knowledge.policies import policy_file
from tests.unit.cds_service.odd_fhir_server import ODD, OddServer, forbids

TOKEN = "a-very-secret-token"
WARNING = "What follows is patient data: keep it out of logs, tickets and mails.\n"


@pytest.fixture
def ehr(patient: SyntheticPatient) -> OddServer:
    ODD.start_anew(patient.resources)
    return ODD


@pytest.fixture
def order(tmp_path: Path) -> Callable[[str], str]:
    """A file with a draft order, such as an EHR would send."""

    def write(drug: str) -> str:
        path = tmp_path / f"{drug}.json"
        path.write_text(json.dumps({"resourceType": "MedicationRequest", "medicationCodeableConcept": {"text": drug}}))
        return str(path)

    return write


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(cli, ("explain", *arguments), env={"CDS_FHIR_DEADLINE_SECONDS": "20", **environment})


def test_a_tenants_own_policy_decides_where_it_is_named(
    ehr: OddServer, patient: SyntheticPatient, tmp_path: Path
) -> None:
    number = "[[threshold]]\nname='elevated_risk_score'\nfrom=2026-02-01\nvalue=5\nsource='our protocol'\n"
    (tmp_path / "north.toml").write_text(policy_file(more=number), "utf-8")
    asked = ("--fhir", ehr.base, "--patient", patient.patient_id)
    for tenant, elevated in (((), True), (("--tenant", "default"), True), (("--tenant", "north"), False)):
        told = run(*asked, *tenant, "--json", CDS_SITE_POLICIES=str(tmp_path))
        assert told.exit_code == 0, told.output
        assert ("cua-risk-elevated" in str(json.loads(told.stdout)["cards"])) is elevated


@pytest.mark.parametrize("copied", [True, False])
def test_of_a_faulty_policy_counts_what_the_service_goes_on_with_and_that_is_said(
    copied: bool, ehr: OddServer, patient: SyntheticPatient, tmp_path: Path
) -> None:
    number = "[[threshold]]\nname='elevated_risk_score'\nfrom=2026-02-01\nvalue=5\nsource='our protocol'\n"
    policies, copies = tmp_path / "policies", tmp_path / "cds.sqlite3.spool.policies"
    policies.mkdir()
    (policies / "default.toml").write_text("nonsense", "utf-8")
    if copied:
        copies.mkdir()
        (copies / "default.toml").write_text(policy_file("default", number), "utf-8")
    known = {"CDS_SITE_POLICIES": str(policies), "CDS_DATABASE_URL": f"sqlite:///{tmp_path}/cds.sqlite3"}
    told = run("--fhir", ehr.base, "--patient", patient.patient_id, "--json", **known)
    assert told.exit_code == 0, told.output
    assert ("cua-risk-elevated" in str(json.loads(told.stdout)["cards"])) is not copied
    said = "A newer site policy of default cannot be used; version" if copied else "The site policy default.toml cannot"
    assert said in told.stderr
    assert {*tmp_path.iterdir()} == ({policies, copies} if copied else {policies}), "nothing was made beside them"


def test_a_known_tenant_without_a_policy_has_the_numbers_of_the_default_one_and_every_card(
    ehr: OddServer, patient: SyntheticPatient, tmp_path: Path
) -> None:
    pilot = "[[shadow]]\nsince=2026-02-01\nreason='tests of developers'\n"
    (tmp_path / "default.toml").write_text(policy_file("default", pilot), "utf-8")
    clients = tmp_path / "clients"
    clients.write_text(trust_file(tenant="south"), "utf-8")
    known = {
        "CDS_SITE_POLICIES": str(tmp_path),
        "CDS_TRUSTED_CLIENTS": str(clients),
        "CDS_PUBLIC_URL": "https://cds.example",
    }
    asked = ("--fhir", ehr.base, "--patient", patient.patient_id, "--json", "--tenant")
    shown = {tenant: json.loads(run(*asked, tenant, **known).stdout) for tenant in ("default", "south")}
    assert "cards" not in shown["default"]
    assert "cua-risk-elevated" in str(shown["south"]["cards"])


@pytest.mark.parametrize("policies", [True, False])
def test_a_tenant_without_a_policy_is_named_as_one(policies: bool, tmp_path: Path) -> None:
    (tmp_path / "north.toml").write_text(policy_file(), "utf-8")
    known = {"CDS_SITE_POLICIES": str(tmp_path)} if policies else {}
    told = run("--fhir", "http://127.0.0.1:1", "--patient", "p", "--tenant", "nort", **known)
    assert told.exit_code == 2
    assert "there is no site policy of nort" in told.output
    assert ("north" if policies else "no tenant has one") in told.output


def test_the_cards_of_a_patient_are_explained_as_a_tree(ehr: OddServer, patient: SyntheticPatient) -> None:
    result = run("--fhir", ehr.base, "--patient", patient.patient_id)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("One card comes: cua-risk-elevated.\n")
    for words in ("Dialysis:", "Risk points", "Status cards", "Vitamin K antagonist", "Where the data came from"):
        assert words in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "\x1b" not in result.stdout
    assert result.stderr == WARNING


def test_silence_is_an_answer(order: Callable[[str], str], ehr: OddServer, patient: SyntheticPatient) -> None:
    result = run("--fhir", ehr.base, "--patient", patient.patient_id, "--order", order("amlodipine"))
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("No card comes.\n")
    assert "An order was picked (order-select)" in result.stdout
    assert "amlodipine" in result.stdout


def test_the_same_comes_as_one_json_document(ehr: OddServer, patient: SyntheticPatient) -> None:
    result = run("--fhir", ehr.base, "--patient", patient.patient_id, "--json")
    data = json.loads(result.stdout)
    assert is_explanation(data)
    assert [card["topic"] for card in data["cards"]] == ["cua-risk-elevated"]
    assert result.stderr == WARNING


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
def test_an_order_is_judged_at_the_hook_that_is_named(
    hook: str, order: Callable[[str], str], ehr: OddServer, patient: SyntheticPatient
) -> None:
    arguments = ("--order", order("warfarin"), "--order", order("calcium acetate"), "--hook", hook, "--json")
    data = json.loads(run("--fhir", ehr.base, "--patient", patient.patient_id, *arguments).stdout)
    assert data["hook"] == hook
    asked = {group["drug_class"] for group in data["drug_classes"] if "not_asked" not in group}
    assert asked == {"vitamin_k_antagonist", "calcium_product"}, "both drafts are judged"


def test_a_service_that_would_not_judge_is_an_exit_status(ehr: OddServer, patient: SyntheticPatient) -> None:
    ehr.refuse = forbids("Condition")
    result = run("--fhir", ehr.base, "--patient", patient.patient_id)
    assert result.exit_code == 4
    assert result.stdout.startswith("The service would not judge: conditions could not be read")
    assert "not judged: " in result.stdout
    document = run("--fhir", ehr.base, "--patient", patient.patient_id, "--json")
    assert document.exit_code == 4
    assert "conditions could not be read" in json.loads(document.stdout)["refused"]


@pytest.mark.parametrize(
    ("patient_id", "orders", "said"),
    [
        ("Patient/1", 0, "The service would refuse the request (400): context.patientId must be the id alone"),
        ("p1", 1_001, "The service would refuse the request (413): context.draftOrders: more than 1000 drafts"),
    ],
)
def test_a_request_that_the_service_would_refuse_is_told_with_its_field(
    patient_id: str, orders: int, said: str, order: Callable[[str], str], ehr: OddServer
) -> None:
    result = run("--fhir", ehr.base, "--patient", patient_id, *("--order", order("warfarin")) * orders)
    assert result.exit_code == 4, result.output
    assert said in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("content", "said"), [("{", "is not JSON"), ("[]", "is not a MedicationRequest"), ("7", "is not a Medication")]
)
def test_an_order_that_is_none_is_a_fault(content: str, said: str, tmp_path: Path, ehr: OddServer) -> None:
    path = tmp_path / "order.json"
    path.write_text(content)
    result = run("--fhir", ehr.base, "--patient", "p1", "--order", str(path))
    assert result.exit_code == 1
    assert said in result.stderr


def test_an_order_hook_without_an_order_is_a_wrong_option(ehr: OddServer) -> None:
    result = run("--fhir", ehr.base, "--patient", "p1", "--hook", "order-sign")
    assert result.exit_code == 2
    assert "at least one --drug NAME or --order FILE" in result.stderr


@pytest.mark.parametrize("by", ["option", "variable"])
def test_the_token_is_sent_and_printed_nowhere(by: str, ehr: OddServer, patient: SyntheticPatient) -> None:
    arguments = ("--token", TOKEN) if by == "option" else ()
    environment = {"FHIR_TOKEN": TOKEN} if by == "variable" else {}
    for form in ((), ("--json",)):
        result = run("--fhir", ehr.base, "--patient", patient.patient_id, *arguments, *form, **environment)
        assert TOKEN not in result.output
    assert {asked.headers["Authorization"] for asked in ehr.calls} == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize("url", ["ftp://ehr.example/fhir", "ehr.example/fhir", "https://user:secret@ehr.example/fhir"])
def test_an_address_that_is_none_is_refused_and_not_repeated(url: str) -> None:
    result = run("--fhir", url, "--patient", "p1")
    assert result.exit_code == 2
    assert "write it like http://127.0.0.1:8080/fhir" in result.output
    assert "secret" not in result.output


def test_settings_that_cannot_be_used_are_told_in_words(ehr: OddServer) -> None:
    result = run("--fhir", ehr.base, "--patient", "p1", CDS_FHIR_DEADLINE_SECONDS="soon")
    assert result.exit_code == 1
    assert "CDS_FHIR_DEADLINE_SECONDS: expected" in result.output


def test_in_a_process_of_its_own_no_line_of_a_log_stands_beside_it(ehr: OddServer, patient: SyntheticPatient) -> None:
    ehr.refuse = forbids("Condition")
    command = [sys.executable, "-m", "cds_service.commands.cli", "explain", "--fhir", ehr.base]
    done = subprocess.run(
        [*command, "--patient", patient.patient_id, "--json"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 4
    assert json.loads(done.stdout)["refused"]
    assert done.stderr == WARNING


@pytest.mark.parametrize("key", ["hard-skin-on-warfarin", "everything-in-free-text", "calcium-cannot-be-read"])
def test_demonstration_patients_are_explained_with_the_cards_that_their_stories_call_for(key: str) -> None:
    one = next(patient for patient in load_patients(utc_now()) if patient.key == key)
    ODD.start_anew(one.resources)
    data = json.loads(run("--fhir", ODD.base, "--patient", one.patient_id, "--json").stdout)
    assert [[card["topic"], card["indicator"]] for card in data["cards"]] == one.expect["patient-view"]
