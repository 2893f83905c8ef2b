"""Each exit status has one meaning for all commands; cards change it only where that is asked for."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from click.testing import CliRunner

from cds_service.commands import exit_status
from cds_service.commands.cli import cli
from cds_service.demo.read_back import queries_of_the_service
from tests.house import ROOT

WITH_CARDS, REFUSED = "epic-patient-view", "refused-conditions-not-read"


def status(*arguments: str) -> int:
    return CliRunner().invoke(cli, arguments).exit_code


@pytest.fixture
def quiet(tmp_path: Path) -> str:
    """A patient for whom there is nothing to say, and of whom not everything was sent."""
    file = tmp_path / "quiet.json"
    file.write_text(json.dumps({"resourceType": "Patient", "id": "1", "birthDate": "1950-02-02"}))
    return str(file)


@pytest.mark.parametrize("command", ["invoke", "explain"])
def test_cards_are_an_exit_status_only_where_that_is_asked_for(command: str) -> None:
    assert status(command, "--example", WITH_CARDS) == exit_status.DONE
    assert status(command, "--example", WITH_CARDS, "--exit-status") == exit_status.CARDS_FOUND


def test_no_cards_are_none_for_whoever_asks_for_cards_alone(quiet: str) -> None:
    assert status("invoke", "--bundle", quiet, "--exit-status") == exit_status.DONE


def test_silence_where_something_could_not_be_read_is_no_all_clear_for_the_explanation(
    tmp_path: Path, quiet: str
) -> None:
    assert status("explain", "--bundle", quiet, "--exit-status") == exit_status.DONE
    request = tmp_path / "request.json"
    patient = json.loads(Path(quiet).read_text())
    nothing = {"resourceType": "Bundle", "type": "searchset", "entry": []}
    sent = {query.key: nothing for query in queries_of_the_service() if query.key != "bmi"} | {"patient": patient}
    context = {"patientId": "1", "userId": "Practitioner/1"}
    request.write_text(
        json.dumps({"hook": "patient-view", "hookInstance": str(uuid.uuid4()), "context": context, "prefetch": sent})
    )
    assert status("explain", "--request", str(request), "--exit-status") == exit_status.NOT_READ
    assert status("explain", "--request", str(request)) == exit_status.DONE


def test_silence_where_a_result_is_too_old_is_no_all_clear_for_the_explanation(tmp_path: Path, quiet: str) -> None:
    code = {"coding": [{"system": "http://loinc.org", "code": "2777-1"}]}
    value = {"value": 4.1, "unit": "mg/dL", "system": "http://unitsofmeasure.org", "code": "mg/dL"}
    phosphate = {"resourceType": "Observation", "id": "o1", "status": "final", "subject": {"reference": "Patient/1"}}
    old = phosphate | {"code": code, "valueQuantity": value, "effectiveDateTime": "2001-01-01"}
    entries = [{"resource": one} for one in (json.loads(Path(quiet).read_text()), old)]
    file = tmp_path / "records.json"
    file.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    assert status("explain", "--bundle", str(file), "--exit-status") == exit_status.NOT_READ


@pytest.mark.parametrize("option", [(), ("--exit-status",)])
@pytest.mark.parametrize("command", ["invoke", "explain"])
def test_a_refusal_to_judge_is_never_taken_for_no_cards(command: str, option: tuple[str, ...]) -> None:
    assert status(command, "--example", REFUSED, *option) == exit_status.NOT_READ


def test_wrong_use_and_failure_are_told_apart() -> None:
    assert status("invoke") == exit_status.WRONG_USE
    assert status("sandbox", "clean", "http://127.0.0.1:9") == exit_status.FAILED


@pytest.mark.parametrize(
    "words", ["examples", f"invoke --example {WITH_CARDS}", f"invoke --json --example {WITH_CARDS}"]
)
def test_whoever_reads_only_the_first_line_hears_no_complaint(words: str) -> None:
    command = f"{sys.executable} -m cds_service.commands.cli {words} | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False, cwd=ROOT, timeout=60)
    assert len(done.stdout.splitlines()) == 1
    assert not [line for line in done.stderr.splitlines() if "Error" in line or "Traceback" in line or "Pipe" in line]
