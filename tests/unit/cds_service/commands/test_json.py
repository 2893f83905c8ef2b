"""With --json there is one JSON document on standard output, whatever came out, and all else beside it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cds_service.commands import exit_status
from cds_service.commands.cli import cli
from cds_service.demo.patients import SyntheticPatient
from cds_service.demo.sandbox import Sandbox
from tests.unit.cds_service.cds_client import trust_file

ENDPOINT = "https://cds.your.clinic/cds-services/calciphylaxis-patient-view"


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(cli, (*arguments, "--json"), env=environment)


def document(result: Result, status: int = exit_status.DONE) -> Any:
    assert result.exit_code == status, result.output
    return json.loads(result.stdout)


def test_the_synthetic_patients_with_what_to_try(patient: SyntheticPatient) -> None:
    listed = document(run("sandbox", "list"))["patients"]
    (found,) = [one for one in listed if one["key"] == patient.key]
    assert (found["patient_id"], found["title"], found["story"]) == (patient.patient_id, patient.title, patient.story)
    tried = {one["do"]: one["cards"] for one in found["try"]}
    assert tried["open the chart"] == ["cua-risk-elevated"]
    assert tried["pick warfarin"] == ["vka-dialysis"]


def test_what_was_put_on_a_server_and_what_was_taken_away(patient: SyntheticPatient) -> None:
    with Sandbox(()) as fhir:
        first, again = (document(run("sandbox", "load", fhir.base)) for _ in range(2))
        removed = document(run("sandbox", "clean", fhir.base))
    assert first["server"] == fhir.base
    assert patient.patient_id in [one["patient_id"] for one in first["patients"]]
    assert (first["updated"], again["created"]) == (0, 0)
    assert first["created"] == again["updated"] == removed["removed"] > len(first["patients"])


def test_the_examples() -> None:
    listed = document(run("examples"))["examples"]
    names = [one["name"] for one in listed]
    assert "epic-patient-view" in names
    assert set(listed[0]) == {"name", "title", "see", "hook", "drugs"}


def test_the_tables_of_the_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/cards.sqlite3"
    told = document(run("database", CDS_DATABASE_URL=url))
    assert told == {"database": url, "ready": True, "version": REVISIONS[-1]}
    with sqlite3.connect(tmp_path / "cards.sqlite3") as made:
        assert {"card", "event", "feedback"} <= {name for (name,) in made.execute("SELECT name FROM sqlite_master")}


def test_the_checks_of_a_token(tmp_path: Path) -> None:
    clients = tmp_path / "clients.toml"
    clients.write_text(trust_file())
    told = document(
        run("doctor", "token", "no.to.ken", "--clients", str(clients), "--endpoint", ENDPOINT), exit_status.FAILED
    )
    assert told["ok"] is False
    assert {"ok", "text", "remedy"} <= set(told["checks"][0])
    assert not all(check["ok"] for check in told["checks"])


def test_what_to_register_at_an_ehr() -> None:
    told = document(
        run("doctor", "smart", "--server", "https://ehr.example/fhir", CDS_PUBLIC_URL="https://cds.example")
    )
    assert told["launch"] == "https://cds.example/smart/launch"
    (redirect,) = told["redirects"]
    assert (redirect["tenant"], redirect["server"]) == ("", "https://ehr.example/fhir")
    assert redirect["address"].startswith("https://cds.example/smart/")


@pytest.mark.parametrize("sound", [True, False])
def test_the_check_of_a_policy(sound: bool, tmp_path: Path) -> None:
    (tmp_path / "thresholds.toml").write_text("[calcium")
    if sound:
        told = document(run("policy", "check"))
        assert (told["ok"], told["faults"]) == (True, [])
        assert min(told["numbers"], told["drug_rules"], told["cards"]) > 10
    else:
        told = document(run("policy", "check", "--policy", str(tmp_path)), exit_status.FAILED)
        assert told["ok"] is False
        assert told["faults"][0].startswith("thresholds.toml: line 1")


def test_what_fails_leaves_standard_output_empty() -> None:
    result = run("sandbox", "load", "http://127.0.0.1:9")
    assert (result.exit_code, result.stdout) == (exit_status.FAILED, "")
    assert result.stderr.startswith("Error: ")
