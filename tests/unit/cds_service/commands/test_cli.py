"""The command line: what it prints for people and programs, and that every mistake is answered in words."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from cds_service.api.card_json import OVERRIDE_SYSTEM
from cds_service.commands import exit_status
from cds_service.commands.cli import cli
from cds_service.commands.common import faults, in_words, settings_for
from cds_service.demo.patients import SyntheticPatient
from cds_service.demo.play import free_port
from cds_service.demo.sandbox import Sandbox
from cds_service.knowledge import SitePolicyError
from cds_service.storage import Database, EventLog, FeedbackItem
from fhir_mappings.data_files import DataFileError
from fhir_mappings.packaged import default_policy
from fhir_mappings.vocabulary import VocabularyError
from tests.unit.cds_service.odd_fhir_server import ODD, finds_no_bare_patient

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(cli, arguments, env=environment)


@pytest.fixture
def order_file(patient: SyntheticPatient, tmp_path: Path) -> str:
    path = tmp_path / "order.json"
    path.write_text(json.dumps(patient.orders[0].resource), "utf-8")
    return str(path)


@pytest.mark.parametrize("command", [[], ["serve"], ["invoke"], ["demo"], ["sandbox", "load"], ["policy", "diff"]])
def test_every_command_explains_itself(command: list[str]) -> None:
    for flag in ("--help", "-h"):
        result = run(*command, flag)
        assert result.exit_code == 0
        assert "Usage:" in result.output


def test_the_version_is_told() -> None:
    assert "calciphylaxis-cds" in run("--version").output.replace("cli, version", "calciphylaxis-cds")


@pytest.mark.parametrize("fetch", [[], ["--fetch"]], ids=["with prefetch", "without prefetch"])
def test_invoke_prints_the_cards_as_json(fetch: list[str], cds: str, fhir: str, patient: SyntheticPatient) -> None:
    result = run("invoke", "--cds", cds, "--fhir", fhir, "--patient", patient.patient_id, "--json", *fetch)
    assert result.exit_code == 0, result.output
    cards = json.loads(result.stdout)
    shown = [[card["source"]["topic"]["code"], card["indicator"]] for card in cards]
    assert shown == patient.expect["patient-view"]


def test_invoke_prints_the_cards_for_people(cds: str, fhir: str, patient: SyntheticPatient) -> None:
    result = run("invoke", "--cds", cds, "--fhir", fhir, "--patient", patient.patient_id)
    assert result.exit_code == 0
    assert "cua-risk-elevated" in result.output


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
def test_invoke_judges_an_order_from_a_file(
    hook: str, cds: str, fhir: str, patient: SyntheticPatient, order_file: str
) -> None:
    arguments = ("--patient", patient.patient_id, "--hook", hook, "--order", order_file, "--json")
    result = run("invoke", "--cds", cds, "--fhir", fhir, *arguments)
    assert [card["source"]["topic"]["code"] for card in json.loads(result.stdout)] == ["vka-dialysis"]


def test_an_order_file_may_leave_out_what_the_ehr_would_fill_in(
    cds: str, fhir: str, patient: SyntheticPatient, tmp_path: Path
) -> None:
    path = tmp_path / "short.json"
    path.write_text(
        json.dumps({"resourceType": "MedicationRequest", "medicationCodeableConcept": {"text": "warfarin"}})
    )
    arguments = ("--patient", patient.patient_id, "--hook", "order-sign", "--order", str(path), "--json")
    assert len(json.loads(run("invoke", "--cds", cds, "--fhir", fhir, *arguments).stdout)) == 1


def test_an_order_hook_without_an_order_is_refused() -> None:
    result = run("invoke", "--fhir", "http://127.0.0.1:9/fhir", "--patient", "p", "--hook", "order-sign")
    assert result.exit_code == 2
    assert "needs at least one --drug NAME or --order FILE" in result.output


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "is not JSON"), ("[]", "is not a MedicationRequest"), ('{"resourceType": "Basic"}', "is not a Medication")],
)
def test_an_order_file_that_cannot_be_used_is_named(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "order.json"
    path.write_text(text)
    arguments = ("--patient", "p", "--hook", "order-sign", "--order", str(path))
    result = run("invoke", "--fhir", "http://127.0.0.1:9/fhir", *arguments)
    assert result.exit_code == 1
    assert f"order.json {words}" in result.output


def test_a_patient_who_is_not_on_the_server_is_a_refusal_in_words(cds: str, fhir: str) -> None:
    result = run("invoke", "--cds", cds, "--fhir", fhir, "--patient", "nobody")
    assert result.exit_code == exit_status.NOT_READ
    assert "refused (412)" in result.output
    assert "not an all-clear" in result.output
    assert "Traceback" not in result.output


def test_a_service_that_is_not_there_is_an_error_in_words() -> None:
    result = run("invoke", "--cds", "http://127.0.0.1:9", "--fhir", "http://127.0.0.1:9/fhir", "--patient", "p")
    assert result.exit_code == 1
    assert "did not answer" in result.output


def test_loading_and_cleaning_can_be_repeated(patient: SyntheticPatient) -> None:
    with Sandbox(()) as sandbox:
        for _ in range(2):
            result = run("sandbox", "load", sandbox.base, "--wait", "5")
            assert result.exit_code == 0, result.output
        assert patient.patient_id in result.output
        held = {one["id"] for one in sandbox.store.all("Patient")}
        assert patient.patient_id in held
        removed = run("sandbox", "clean", sandbox.base)
        assert removed.exit_code == 0
        assert f"resources removed from {sandbox.base}" in removed.output
        assert list(sandbox.store.all("Patient")) == []
        assert run("sandbox", "clean", sandbox.base).stdout.startswith("0 resources removed")


def test_a_server_that_takes_all_and_finds_nothing_is_an_exit_status(patient: SyntheticPatient) -> None:
    ODD.start_anew()
    ODD.change = finds_no_bare_patient
    ODD.refuse = lambda url: 403 if "/Patient/" in url else 0
    result = run("sandbox", "load", ODD.base)
    assert result.exit_code == 1
    assert f"{patient.key}, query conditions: expected" in result.output
    assert "patients are on" not in result.output


@pytest.mark.parametrize("command", [("load", "--wait", "1"), ("clean",)])
def test_a_fhir_server_that_is_not_there_is_an_error_in_words(command: tuple[str, ...]) -> None:
    name, *more = command
    result = run("sandbox", name, "http://127.0.0.1:9/fhir", *more)
    assert result.exit_code == 1
    assert "cannot be reached" in result.output


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (("serve",), {"CDS_THREADS": "many"}, "CDS_THREADS: expected a whole number"),
        (("serve",), {"CDS_THREAD": "4"}, "CDS_THREAD: there is no such setting; did you mean CDS_THREADS?"),
        (("serve", "--allow-fhir", "ftp://x"), {}, "'--allow-fhir': 'ftp://x' is no http(s) URL"),
        (("serve", "--dev", "--host", "0.0.0.0", "--port", "6472"), {}, "--dev serves without client authentication"),
        (("serve", "--port", "0"), {}, "--port"),
        (("demo", "--patient", "nobody"), {}, "there is no synthetic patient 'nobody'"),
        (("invoke", "--patient", "p"), {}, "--fhir"),
        (("unheard-of",), {}, "No such command"),
    ],
)
def test_a_mistake_is_answered_in_words(arguments: tuple[str, ...], environment: dict[str, str], words: str) -> None:
    result = run(*arguments, **environment)
    assert result.exit_code in (1, 2)
    assert words in result.output
    assert "Traceback" not in result.output


def test_the_service_that_invoke_starts_uses_no_setting_of_the_environment(
    fhir: str, patient: SyntheticPatient, tmp_path: Path
) -> None:
    database, clients = tmp_path / "clinic.sqlite3", tmp_path / "clients.toml"
    clients.write_text("")
    result = run(
        *("invoke", "--fhir", fhir, "--patient", patient.patient_id, "--json"),
        CDS_DATABASE_URL=f"sqlite:///{database}",
        CDS_TRUSTED_CLIENTS=str(clients),
        CDS_THREADS="many",
    )
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)
    assert not database.exists()


def test_an_installation_that_cannot_be_served_is_told_in_words(tmp_path: Path) -> None:
    clients = tmp_path / "clients.toml"
    clients.write_text("")
    port = str(free_port())
    result = run("serve", "--port", port, CDS_TRUSTED_CLIENTS=str(clients), CDS_PUBLIC_URL="https://cds.example")
    assert result.exit_code == 1
    assert "at least one [[client]] table was expected" in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("fault", faults())
def test_every_fault_of_an_installation_is_a_message(fault: type[Exception]) -> None:
    of_several: dict[type[Exception], tuple[object, ...]] = {
        DataFileError: (["what is wrong"],),
        VocabularyError: (["what is wrong"],),
        SitePolicyError: ("north.toml", ["what is wrong"]),
    }
    made = fault(*of_several.get(fault, ("what is wrong",)))
    with pytest.raises(click.ClickException, match="what is wrong"), in_words():
        raise made


def overridden(card: str, code: str | None, system: str | None = OVERRIDE_SYSTEM) -> FeedbackItem:
    return FeedbackItem(card, "overridden", NOON, override_reason_code=code, override_reason_system=system)


def test_overrides_are_counted_with_the_published_code_of_their_reason(tmp_path: Path) -> None:
    reasons = default_policy().wording.override_reasons.values()
    known = next(reason for reason in reasons if reason.standard)
    private = next(reason for reason in reasons if not reason.standard)
    url = f"sqlite:///{tmp_path}/cards.sqlite3"
    with closing(Database(url)) as database:
        store = EventLog(database)
        asked = [
            overridden("1", known.code),
            overridden("2", known.code, None),
            overridden("3", known.code, "urn:elsewhere"),
            overridden("4", private.code),
            overridden("5", None, None),
        ]
        store.record_feedback("a-service", asked, NOON)
    system, code, _ = known.standard or ("", "", "")
    result = run("overrides", CDS_DATABASE_URL=url)
    assert result.exit_code == 0, result.output
    lines = [line.split("(unknown card)")[1].split("  ") for line in result.stdout.splitlines()[1:]]
    assert sorted([cell.strip() for cell in line if cell] for line in lines) == sorted([
        [known.code, f"{system}|{code}"], [known.code, f"{system}|{code}"], [known.code], [private.code],
        ["(no reason)"],
    ])  # fmt: skip


def test_feedback_is_listed_oldest_first_and_without_comments(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/cards.sqlite3"
    later = NOON.replace(hour=13)
    with closing(Database(url)) as database:
        store = EventLog(database)
        accepted = FeedbackItem("1", "accepted", NOON, accepted_suggestions=("s",))
        both = FeedbackItem("2", "accepted", NOON, accepted_suggestions=("s", "t"), user_comment="Zephyrine")
        store.record_feedback("a-service", [accepted, both], NOON)
        store.record_feedback("a-service", [overridden("3", "mechanical-valve"), overridden("4", None)], later)
        store.record_feedback("another", [accepted], later)
    result = run("feedback", "--service", "a-service", CDS_DATABASE_URL=url)
    assert result.exit_code == 0, result.output
    head, *lines = result.stdout.splitlines()
    assert head == "when                       outcome     service    card            what              client"
    assert [*lines[:2], *sorted(lines[2:], reverse=True)] == [
        "2026-03-02T12:00:00+00:00  accepted    a-service  (unknown card)  1 suggestion",
        "2026-03-02T12:00:00+00:00  accepted    a-service  (unknown card)  2 suggestions",
        "2026-03-02T12:00:00+00:00  overridden  a-service  (unknown card)  mechanical-valve",
        "2026-03-02T12:00:00+00:00  overridden  a-service  (unknown card)  (no reason)",
    ]


@pytest.mark.parametrize(("client", "lines"), [("urn:north", 1), ("urn:south", 2), ("urn:nobody", 0)])
def test_the_reports_of_one_client(client: str, lines: int, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/cards.sqlite3"
    with closing(Database(url)) as database:
        store = EventLog(database)
        store.record_feedback("a-service", [overridden("1", "mechanical-valve")], NOON, "urn:north")
        store.record_feedback("a-service", [overridden("2", "one"), overridden("3", "two")], NOON, "urn:south")
    listed = run("feedback", "--client", client, CDS_DATABASE_URL=url)
    assert [line.rpartition("  ")[2] for line in listed.stdout.splitlines()[1:]] == [client] * lines
    counted = run("overrides", "--client", client, CDS_DATABASE_URL=url)
    assert len(counted.stdout.splitlines()[1:]) == lines


def test_overrides_of_a_database_that_cannot_be_used_are_an_error_in_words(tmp_path: Path) -> None:
    result = run("overrides", CDS_DATABASE_URL=f"sqlite:///{tmp_path}/missing/cards.sqlite3")
    assert result.exit_code == 1
    assert f"{tmp_path}/missing/cards.sqlite3: there is no database" in result.stderr
    assert "Traceback" not in result.output


def test_allowed_servers_of_the_command_line_join_those_of_the_environment() -> None:
    settings = settings_for(dev=True, allow_fhir=("https://b.example/fhir",))
    assert settings.allowed_fhir_servers[-1] == "https://b.example/fhir"
    assert settings.dev
