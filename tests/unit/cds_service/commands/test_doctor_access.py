"""`doctor token` and `doctor smart` on the command line: what an operator is told to write and to register."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cds_service.commands.cli import cli
from cds_service.web.smart.redirects import redirect_address
from tests.unit.cds_service.cds_client import JWKS_URL, PATH, PUBLIC_URL, token, trust_file

PUBLIC = "https://cds.your.clinic"
ENDPOINT = f"{PUBLIC_URL}{PATH}"
EXACT, PREFIX = "https://ehr.example/fhir", "https://many.example/tenants/"


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(cli, ("doctor", *arguments), env=environment)


@pytest.fixture
def clients(tmp_path: Path) -> str:
    """Two clients of the CDS services, of which one may launch the app."""
    file = tmp_path / "clients.toml"
    launching = trust_file(fhir_servers=[EXACT, PREFIX], smart_client_id="app", jku=JWKS_URL)
    file.write_text(
        launching + trust_file(tenant="south", issuer="urn:south", fhir_servers=["https://south.example/r4"])
    )
    return str(file)


# ------------------------------------------------------------------ doctor token
def test_below_a_check_that_failed_stands_the_line_that_mends_it(clients: str) -> None:
    # Long ago, so that the clocks are a failure as well.
    result = run(
        "token", token(header={"jku": "https://other.example/k"}), "--clients", clients, "--endpoint", ENDPOINT
    )
    lines = result.output.splitlines()
    failed = next(number for number, line in enumerate(lines) if line.startswith("FAIL jku"))
    assert lines[failed + 1].startswith(
        '     -> write into the file of trusted clients: jku = "https://other.example/k"'
    )
    assert result.exit_code == 1
    assert not any(line.startswith("     ->") for at, line in enumerate(lines) if lines[at - 1].startswith("ok"))


def test_the_endpoint_that_was_called_is_what_the_audience_is_compared_with(clients: str) -> None:
    result = run("token", token(), "--clients", clients, "--endpoint", ENDPOINT)
    assert "ok   aud is" in result.output


@pytest.mark.parametrize("wrong", ["x", "/cds-services/calciphylaxis-order-sign", "cds.your.clinic/cds-services/x"])
def test_an_endpoint_without_its_server_is_refused(wrong: str, clients: str) -> None:
    result = run("token", token(), "--clients", clients, "--endpoint", wrong)
    assert result.exit_code == 2
    assert "'--endpoint'" in result.output


# ------------------------------------------------------------------ doctor smart
def test_each_server_of_a_client_that_launches_the_app_has_its_redirect_address(clients: str) -> None:
    result = run("smart", "--clients", clients, "--public-url", f"{PUBLIC}/")
    assert result.exit_code == 0
    assert f"launch address: {PUBLIC}/smart/launch" in result.output
    assert redirect_address(PUBLIC, EXACT) in result.output
    assert "south" not in result.output
    assert f"below {PREFIX}: one for each server there" in result.output


@pytest.mark.parametrize(
    ("server", "whose"),
    [(f"{PREFIX}seven/", "north"), (f"{PREFIX}seven", "north"), ("https://x.example/r4", "of no client")],
)
def test_any_server_can_be_asked_for(server: str, whose: str, clients: str) -> None:
    result = run("smart", "--clients", clients, "--server", server, CDS_PUBLIC_URL=PUBLIC)
    lines = result.output.splitlines()
    assert lines[-1].strip() == redirect_address(PUBLIC, server.rstrip("/"))
    assert lines[-2].strip().startswith(whose)


def test_in_development_there_are_no_clients_and_the_address_is_on_loopback() -> None:
    result = run("smart", "--server", EXACT)
    assert redirect_address("http://127.0.0.1:5000", EXACT) in result.output
    assert "CDS_PUBLIC_URL is not set" in result.stderr
    assert "CDS_PUBLIC_URL is not set" not in run("smart", CDS_PUBLIC_URL=PUBLIC).output


def test_that_no_client_launches_the_app_is_said(tmp_path: Path) -> None:
    file = tmp_path / "clients.toml"
    file.write_text(trust_file())
    assert "no client of the file has a smart_client_id" in run("smart", "--clients", str(file)).output


@pytest.mark.parametrize("wrong", [("--server", "ehr.example"), ("--public-url", "https://a/?b=c")])
def test_an_address_that_is_none_is_said(wrong: tuple[str, str]) -> None:
    result = run("smart", *wrong)
    assert result.exit_code == 2
    assert f"'{wrong[0]}'" in result.output
