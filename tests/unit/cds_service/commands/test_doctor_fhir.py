"""`doctor fhir` on the command line: what it prints, its exit status, and what never comes out of it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner, Result

from cds_service.commands.cli import cli
from cds_service.demo.patients import SyntheticPatient
from tests.house import ROOT
from tests.unit.cds_service.odd_fhir_server import ODD, OddServer, forbids

TOKEN = "a-very-secret-token"


@pytest.fixture
def ehr(patient: SyntheticPatient) -> OddServer:
    ODD.start_anew(patient.resources)
    return ODD


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(cli, ("doctor", "fhir", *arguments), env=environment)


def test_the_last_lines_say_what_a_call_would_be_answered(ehr: OddServer, patient: SyntheticPatient) -> None:
    result = run(ehr.base, "--patient", patient.patient_id)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-3] == "patient-view: 1 card: cua-risk-elevated"
    assert "tier T1" in result.stdout
    assert "asking for" in result.stderr
    assert "asking for" not in result.stdout


def test_the_same_comes_as_one_json_document(ehr: OddServer, patient: SyntheticPatient) -> None:
    result = run(ehr.base, "--patient", patient.patient_id, "--json", "--hook", "patient-view")
    report = json.loads(result.stdout)
    assert report["calls"] == [
        {
            "hook": "patient-view",
            "status": 200,
            "cards": [{"topic": "cua-risk-elevated", "indicator": "info"}],
            "says": "1 card: cua-risk-elevated",
        }
    ]


def test_an_essential_query_that_fails_is_an_exit_status(ehr: OddServer, patient: SyntheticPatient) -> None:
    ehr.refuse = forbids("Condition")
    result = run(ehr.base, "--patient", patient.patient_id)
    assert result.exit_code == 4
    assert "the service would answer 412: conditions could not be read" in result.stdout
    assert "Traceback" not in result.output


def test_in_a_process_of_its_own_no_line_of_the_log_stands_between_those_of_the_report(
    ehr: OddServer, patient: SyntheticPatient
) -> None:
    ehr.refuse = forbids("Condition")
    command = [sys.executable, "-m", "cds_service.commands.cli", "doctor", "fhir", ehr.base]
    done = subprocess.run(
        [*command, "--patient", patient.patient_id, "--json"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 4
    assert not json.loads(done.stdout)["ok"]
    assert {line.partition(" ")[0] for line in done.stderr.splitlines()} == {"asking"}


def test_without_a_patient_the_server_is_looked_at(ehr: OddServer, patient: SyntheticPatient) -> None:
    result = run(ehr.base, "--json")
    report = json.loads(result.stdout)
    assert (report["about"], report["fhir_version"]) == ("server", "4.0.1")
    assert report["patients"] == [patient.patient_id]
    assert result.exit_code == 4, "it declares no type"


def test_a_code_that_could_be_a_name_is_printed_where_every_code_is_asked_for(
    ehr: OddServer, patient: SyntheticPatient
) -> None:
    coding = [{"system": "urn:oid:1.2.3", "code": "PHOS"}, {"system": "our lab", "code": "Mrs\u202e Example"}]
    category = [{"coding": [{"code": "laboratory"}]}]
    subject = {"reference": f"Patient/{patient.patient_id}"}
    lab = {"resourceType": "Observation", "id": "x1", "status": "final", "category": category, "subject": subject}
    ehr.start_anew([*patient.resources, {**lab, "code": {"coding": coding}}])
    plain = run(ehr.base, "--patient", patient.patient_id)
    assert "1 x urn:oid:1.2.3 (words in place of a code)" in plain.stdout
    assert "codes in words could be a name: --every-code prints them" in plain.stdout
    assert "PHOS" not in plain.stdout
    every = run(ehr.base, "--patient", patient.patient_id, "--every-code")
    assert "1 x urn:oid:1.2.3 PHOS" in every.stdout
    assert "1 x our lab Mrs Example" in every.stdout
    assert "--every-code" not in every.stdout
    found = json.loads(run(ehr.base, "--patient", patient.patient_id, "--every-code", "--json").stdout)
    assert "PHOS" in {code["code"] for code in found["unknown_codes"]}


def test_every_code_is_asked_for_of_a_patient(ehr: OddServer) -> None:
    result = run(ehr.base, "--every-code")
    assert result.exit_code == 2
    assert "--every-code needs --patient" in result.stderr


@pytest.mark.parametrize("by", ["option", "variable"])
def test_the_token_is_sent_and_printed_nowhere(by: str, ehr: OddServer, patient: SyntheticPatient) -> None:
    arguments = ("--token", TOKEN) if by == "option" else ()
    environment = {"FHIR_TOKEN": TOKEN} if by == "variable" else {}
    result = run(ehr.base, "--patient", patient.patient_id, *arguments, **environment)
    assert {asked.headers["Authorization"] for asked in ehr.calls} == {f"Bearer {TOKEN}"}
    assert TOKEN not in result.output


@pytest.mark.parametrize("url", ["ftp://ehr.example/fhir", "ehr.example/fhir", "https://user:secret@ehr.example/fhir"])
def test_an_address_that_is_none_is_refused_and_not_repeated(url: str) -> None:
    result = run(url)
    assert result.exit_code == 2
    assert "write it like http://127.0.0.1:8080/fhir" in result.output
    assert "secret" not in result.output


def test_settings_that_cannot_be_used_are_told_in_words(ehr: OddServer) -> None:
    result = run(ehr.base, CDS_FHIR_DEADLINE_SECONDS="soon")
    assert result.exit_code == 1
    assert "CDS_FHIR_DEADLINE_SECONDS: expected" in result.output


def test_the_settings_of_a_service_in_development_are_those_of_the_doctor(
    ehr: OddServer, patient: SyntheticPatient
) -> None:
    environment = {"CDS_PAGES": "reasons,ehr", "CDS_PAGES_FHIR_SERVER": ehr.base, "CDS_FHIR_BATCH": "true"}
    result = run(ehr.base, "--patient", patient.patient_id, **environment)
    assert result.exit_code == 0, result.output
    assert "POST" in {asked.method for asked in ehr.calls}, "the service would ask in a batch, too"
