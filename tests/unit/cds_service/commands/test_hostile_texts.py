"""What clients, servers and records say is printed by the commands, and controls nothing, in a pipe or terminal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cds_service.commands.cli import cli
from cds_service.demo.patients import SyntheticPatient
from cds_service.demo.sandbox import Sandbox
from cds_service.storage import Database, EventLog, FeedbackItem
from tests.fhir_stand_in import EHR, Asked, FhirStandIn, Reply
from tests.hostile_texts import CHARACTERS, HTML, LINKS, MARKUP, hidden, spoilt
from tests.unit.cds_service.cds_client import PATH, PUBLIC_URL, claims, part, trust_file

PAYLOADS = ["".join(CHARACTERS), " ".join([*LINKS[:4], *HTML[:2], *MARKUP]), "\b\x1b[3A\x1b[0Jok   all is well\n"]
_OURS = re.compile(r"\r|\x1b\[(?:[0-9;]*m|\?25[lh]|2K|1A)")
"""Colours, and how a progress bar is drawn anew."""
every_payload = pytest.mark.parametrize("payload", PAYLOADS, ids=["characters", "markup", "another line"])
everywhere = pytest.mark.parametrize("terminal", [False, True], ids=["pipe", "terminal"])


def run(*arguments: str, terminal: bool = False, stdin: str | None = None, **environment: str) -> Result:
    at_terminal = {"FORCE_COLOR": "1", "COLUMNS": "100"} if terminal else {}
    return CliRunner().invoke(cli, arguments, env={**environment, **at_terminal}, input=stdin)


def check_printed(result: Result) -> None:
    """Nothing but characters that are seen, and, at a terminal, what is ours."""
    for text in (result.stdout, result.stderr):
        lines = _OURS.sub("", text).split("\n")
        assert [ascii(line) for line in lines if hidden(line)] == []
    assert result.exception is None or isinstance(result.exception, SystemExit)


@pytest.fixture
def server() -> Iterator[FhirStandIn]:
    EHR.forget()
    yield EHR
    EHR.forget()


# ------------------------------------------------------------------ invoke
@everywhere
@every_payload
@pytest.mark.parametrize("options", [(), ("--json",), ("--fetch",)], ids=["cards", "json", "fetched"])
def test_the_cards_of_a_hostile_record(
    options: tuple[str, ...], payload: str, terminal: bool, cds: str, patient: SyntheticPatient
) -> None:
    with Sandbox(spoilt(list(patient.resources), payload)) as fhir:
        arguments = ("--cds", cds, "--fhir", fhir.base, "--patient", patient.patient_id)
        result = run("invoke", *arguments, *options, terminal=terminal)
    assert result.exit_code == 0, result.output
    assert "cua-risk-elevated" in result.output
    check_printed(result)


def hostile_service(answer: Any, status: int = 200) -> Any:
    """A CDS Hooks service that is not ours."""

    def answered(asked: Asked) -> Reply:
        service = {"hook": "patient-view", "id": "x", "prefetch": {}}
        body = {"services": [service]} if asked.method == "GET" else answer
        return Reply(status if asked.method == "POST" else 200, body, {"Content-Type": "application/json"})

    return answered


def hostile_card(payload: str) -> dict[str, Any]:
    return {
        "summary": payload,
        "indicator": payload,
        "detail": f"**Why**\n\n- {payload}\n- [link](https://evil.example/{payload})",
        "source": {"label": payload, "topic": {"code": payload}},
        "suggestions": [{"label": payload, "actions": [{"type": "delete", "description": payload}]}],
        "overrideReasons": [{"display": payload}],
    }


@everywhere
@every_payload
@pytest.mark.parametrize("options", [(), ("--json",)], ids=["cards", "json"])
def test_the_cards_of_a_hostile_service(
    options: tuple[str, ...], payload: str, terminal: bool, server: FhirStandIn
) -> None:
    cards = [hostile_card(payload)]
    server.otherwise = hostile_service({"cards": cards})
    arguments = ("--cds", server.origin, "--fhir", server.base, "--patient", "1")
    result = run("invoke", *arguments, *options, terminal=terminal)
    assert result.exit_code == 0, result.output
    check_printed(result)
    if options:
        assert json.loads(result.stdout) == cards
    else:
        assert "https://evil.example/" in result.stdout


@everywhere
@every_payload
@pytest.mark.parametrize("status", [200, 400, 412, 500])
def test_the_refusal_of_a_hostile_service(status: int, payload: str, terminal: bool, server: FhirStandIn) -> None:
    outcome = {"resourceType": "OperationOutcome", "issue": [{"diagnostics": payload, "details": {"text": payload}}]}
    server.otherwise = hostile_service(outcome, status)
    result = run("invoke", "--cds", server.origin, "--fhir", server.base, "--patient", "1", terminal=terminal)
    assert result.exit_code == (4 if status in (400, 412) else 1)
    assert result.stderr.startswith("Error: ")
    check_printed(result)


# ------------------------------------------------------------------ feedback, overrides
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def with_feedback(tmp_path: Path) -> Iterator[Any]:
    def store(payload: str) -> dict[str, str]:
        url = f"sqlite:///{tmp_path / 'cards.sqlite3'}"
        item = FeedbackItem(payload, "overridden", NOON, (), payload, payload, payload, payload)
        with closing(Database(url)) as database:
            EventLog(database).record_feedback("calciphylaxis-order-sign", [item], NOON)
        return {"CDS_DATABASE_URL": url}

    return iter([store])


@everywhere
@every_payload
@pytest.mark.parametrize("command", ["feedback", "overrides"])
def test_what_a_hostile_client_gave_as_a_reason(command: str, payload: str, terminal: bool, with_feedback: Any) -> None:
    result = run(command, terminal=terminal, **next(with_feedback)(payload))
    assert result.exit_code == 0, result.output
    assert len(result.stdout.splitlines()) == 2
    check_printed(result)


# ------------------------------------------------------------------ doctor
@everywhere
@every_payload
@pytest.mark.parametrize("options", [(), ("--json",)], ids=["text", "json"])
def test_what_a_hostile_fhir_server_says_of_itself(
    options: tuple[str, ...], payload: str, terminal: bool, server: FhirStandIn
) -> None:
    statement = {
        "resourceType": "CapabilityStatement",
        "fhirVersion": payload,
        "rest": [{"resource": [{"type": payload, "searchParam": [{"name": payload}]}]}],
    }
    patients = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": {"resourceType": "Patient"}}]}
    server.otherwise = lambda asked: Reply(200, statement if "metadata" in asked.url else patients)
    check_printed(run("doctor", "fhir", server.base, *options, terminal=terminal))


@everywhere
@every_payload
@pytest.mark.parametrize("options", [(), ("--json",)], ids=["text", "json"])
def test_what_the_doctor_finds_in_a_hostile_record(
    options: tuple[str, ...], payload: str, terminal: bool, patient: SyntheticPatient
) -> None:
    with Sandbox(spoilt(list(patient.resources), payload)) as fhir:
        result = run("doctor", "fhir", fhir.base, "--patient", patient.patient_id, *options, terminal=terminal)
    assert result.stdout
    check_printed(result)


@everywhere
@every_payload
def test_what_a_hostile_token_claims(payload: str, terminal: bool, tmp_path: Path) -> None:
    clients = tmp_path / "clients.toml"
    clients.write_text(trust_file(), "utf-8")
    for claim in ("iss", "aud", "jti", "sub", "iat", "exp", "nbf"):
        made = [
            part({"alg": payload, "typ": payload, "kid": payload, "jku": payload}),
            part(claims() | {claim: payload}),
        ]
        arguments = ("--clients", str(clients), "--endpoint", f"{PUBLIC_URL}{PATH}")
        check_printed(run("doctor", "token", ".".join([*made, part(b"none")]), *arguments, terminal=terminal))
    check_printed(run("doctor", "token", *arguments, terminal=terminal, stdin=payload))


# ------------------------------------------------------------------ sandbox
@everywhere
@every_payload
@pytest.mark.parametrize("command", [("load",), ("clean",)])
@pytest.mark.parametrize("status", [200, 422, 500])
def test_what_a_hostile_server_answers_to_the_synthetic_patients(
    status: int, command: Sequence[str], payload: str, terminal: bool, server: FhirStandIn
) -> None:
    outcome = {
        "resourceType": "OperationOutcome" if status != 200 else payload,
        "issue": [{"severity": payload, "code": payload, "diagnostics": payload}],
    }
    server.otherwise = lambda asked: Reply(status, outcome)
    result = run("sandbox", *command, server.base, terminal=terminal)
    assert result.exit_code == 1 or (status, *command) == (200, "clean")
    check_printed(result)
