"""`invoke` judges a message from a file without a FHIR server; `examples` lists messages to begin with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cds_service.clock import utc_now
from cds_service.commands import exit_status
from cds_service.commands.cli import cli
from cds_service.demo.patients import SyntheticPatient
from cds_service.tryout import load_examples

EXAMPLES = {example.name: example for example in load_examples()}
ANSWERED = [name for name, example in EXAMPLES.items() if example.answer["status"] == 200]
STORED = Path(__file__).parents[4] / "cds_service" / "tryout" / "examples"


def run(*arguments: str, stdin: str = "", **environment: str) -> Result:
    return CliRunner().invoke(cli, arguments, input=stdin, env=environment)


def topics(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    cards: list[dict[str, Any]] = json.loads(result.stdout)
    return [card["source"]["topic"]["code"] for card in cards]


@pytest.fixture
def written(tmp_path: Path) -> dict[str, Path]:
    """Each example as a file of today."""
    paths = {name: tmp_path / f"{name}.json" for name in EXAMPLES}
    for name, path in paths.items():
        path.write_text(EXAMPLES[name].text(utc_now()))
    return paths


@pytest.mark.parametrize("name", ANSWERED)
def test_an_example_is_answered_by_name_from_its_stored_file_and_from_its_printed_text(name: str) -> None:
    drugs = [argument for drug in EXAMPLES[name].drugs for argument in ("--drug", drug)]
    expected = EXAMPLES[name].answer["topics"]
    assert topics(run("invoke", "--example", name, "--json")) == expected
    assert topics(run("invoke", "--request", str(STORED / f"{name}.json"), *drugs, "--json")) == expected
    printed = run("examples", name).stdout
    assert topics(run("invoke", "--bundle", "-", *drugs, "--json", stdin=printed)) == expected


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_running_service_answers_the_same(name: str, cds: str) -> None:
    there, here = run("invoke", "--example", name, "--json", "--cds", cds), run("invoke", "--example", name, "--json")
    assert (there.exit_code, there.stderr) == (here.exit_code, here.stderr)
    if here.exit_code == 0:
        assert topics(there) == topics(here)


def test_the_cards_are_printed_for_people_and_the_remarks_apart(written: dict[str, Path]) -> None:
    result = run("invoke", "--bundle", str(written["bundle-of-a-patient"]), "--drug", "calcium acetate")
    assert result.stdout.startswith("WARNING  calcium-hypercalcaemia: ")
    assert "Drafted and selected: calcium acetate" in result.stderr
    assert "no cards" in run("invoke", "--bundle", str(written["bundle-of-a-patient"])).stdout


def test_the_hook_can_be_chosen(written: dict[str, Path]) -> None:
    result = run("invoke", "--request", str(written["oracle-order-select"]), "--hook", "order-sign", "--json")
    assert topics(result) == ["vka-dialysis"]
    opened = run("invoke", "--request", str(written["oracle-order-select"]), "--hook", "patient-view", "--json")
    assert "vka-dialysis" not in topics(opened)


def test_a_refusal_has_its_own_exit_status_and_says_that_it_is_no_all_clear() -> None:
    result = run("invoke", "--example", "refused-conditions-not-read")
    assert (result.exit_code, result.stdout) == (exit_status.NOT_READ, "")
    assert "refused (412)" in result.stderr
    assert "not an all-clear: nothing was judged" in result.stderr


def test_a_field_that_is_wrong_is_a_refusal_too() -> None:
    result = run("invoke", "--request", "-", stdin='{"hook": "patient-view", "context": {"patientId": "Patient/1"}}')
    assert result.exit_code == exit_status.NOT_READ
    assert "refused (400)" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "stdin", "status", "words"),
    [
        (("--request", "-"), "{", 1, "not valid JSON (line 1, column 2)"),
        (("--request", "-"), "", 1, "nothing was sent"),
        (("--bundle", "-"), "[]", 1, "expected: a CDS Hooks request"),
        (("--request", "-"), '{"hook": "encounter-start", "context": {}}', 1, "there is no service for it here"),
        (("--bundle", "-", "--hook", "order-sign"), '{"resourceType": "Patient", "id": "1"}', 1, "needs a draft"),
        (("--request", "/no/such/file"), "", 2, "No such file"),
        (("--request", "/"), "", 2, "directory"),
        (("--example", "nosuch"), "", 2, "there is no example nosuch"),
        (("--example", "epic-patient-view", "--request", "-"), "{}", 2, "give either"),
        (("--bundle", "-", "--fhir", "http://127.0.0.1:9"), "{}", 2, "give either"),
        (("--patient", "p"), "", 2, "give either"),
        (("--fhir", "http://127.0.0.1:9"), "", 2, "give either"),
        (("--request", "-", "--order", "-"), "{}", 2, "use --drug NAME"),
        (("--example", "epic-patient-view", "--cds", "http://127.0.0.1:9"), "", 1, "did not answer"),
    ],
)
def test_a_fault_is_told_in_a_line_without_a_trace(
    arguments: tuple[str, ...], stdin: str, status: int, words: str
) -> None:
    result = run("invoke", *arguments, stdin=stdin)
    assert result.exit_code == status
    assert words in result.stderr
    assert "Traceback" not in result.output
    assert isinstance(result.exception, SystemExit)


def test_no_token_of_a_message_is_printed(written: dict[str, Path]) -> None:
    path = written["epic-patient-view"]
    path.write_text(path.read_text().replace("made-up-token-of-an-example", "s3cret-token"))
    result = run("invoke", "--request", str(path), "--json")
    assert result.exit_code == 0
    assert "s3cret" not in result.output


def test_a_named_drug_is_ordered_on_a_fhir_server_too(cds: str, fhir: str, patient: SyntheticPatient) -> None:
    who = ("--cds", cds, "--fhir", fhir, "--patient", patient.patient_id)
    result = run("invoke", *who, "--drug", "warfarin", "--drug", "A pill of no name", "--json")
    assert "vka-dialysis" in topics(result)
    assert topics(run("invoke", *who, "--hook", "order-sign", "--drug", "paracetamol", "--json")) == []


def test_the_examples_are_listed_with_what_is_to_be_seen() -> None:
    listed = run("examples").stdout
    for name, example in EXAMPLES.items():
        assert f"{name}\n" in listed
        assert example.see in listed
    assert run("examples", "nosuch").exit_code == 2
