"""A mistake at the command line is answered by a line that names the option and says what to do."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from cds_service.commands import exit_status
from cds_service.commands.cli import cli
from cds_service.commands.ports import insist_where_chosen

NOBODY = "http://127.0.0.1:9/fhir"
INSIDE = ("Traceback", "Error)", "MissingSchema", "Exception", "--allow-fhir")
"""What only somebody who knows the source would understand."""


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(cli, arguments, env=environment)


def said(result: Result, status: int) -> str:
    """The message, which tells nothing of the inside."""
    assert result.exit_code == status, result.output
    assert isinstance(result.exception, SystemExit)
    assert not [word for word in INSIDE if word in result.output]
    assert result.stdout == ""
    return result.stderr.partition("Error: ")[2]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("'--fhir'", ("invoke", "--patient", "p", "--fhir")),
        ("'--cds'", ("invoke", "--example", "epic-patient-view", "--cds")),
        ("'--fhir'", ("explain", "--patient", "p", "--fhir")),
        ("'URL'", ("sandbox", "load")),
        ("'URL'", ("sandbox", "clean")),
        ("'URL'", ("doctor", "fhir")),
        ("'--server'", ("doctor", "smart", "--server")),
        ("'--public-url'", ("doctor", "smart", "--public-url")),
        ("'--endpoint'", ("doctor", "token", "x", "--clients", __file__, "--endpoint")),
    ],
)
def test_what_is_no_address_is_said_of_the_option_with_how_to_write_it(name: str, arguments: tuple[str, ...]) -> None:
    line = f"Invalid value for {name}: 'notaurl' is no http(s) URL; write it like http://127.0.0.1:8080/fhir\n"
    assert said(run(*arguments, "notaurl"), exit_status.WRONG_USE) == line


@pytest.mark.parametrize("url", ["http://me:hunter2@ehr.example/fhir", "https://ehr.example/fhir?key=hunter2"])
def test_an_address_that_could_hold_a_secret_is_not_repeated(url: str) -> None:
    message = said(run("sandbox", "load", url), exit_status.WRONG_USE)
    assert "has no user, query, fragment" in message
    assert "hunter2" not in message


def test_a_synthetic_patient_who_is_not_there_is_answered_with_the_next_one_and_with_who_lists_them() -> None:
    message = said(run("demo", "--patient", "hard-skin-on-warfarine"), exit_status.WRONG_USE)
    assert "'--patient': there is no synthetic patient 'hard-skin-on-warfarine'" in message
    assert "sandbox list` lists them. Did you mean hard-skin-on-warfarin?" in message


@pytest.fixture
def taken() -> Iterator[str]:
    """A port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield str(server.getsockname()[1])


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (("serve", "--dev", "--port"), "--host or --port"),
        (("demo", "--port"), "--port"),
        (("demo", "--port", "6471", "--fhir-port"), "--fhir-port"),
    ],
)
def test_a_port_in_use_is_one_line_that_names_the_option(
    arguments: tuple[str, ...], options: str, taken: str, tmp_path: Path
) -> None:
    result = run(*arguments, taken, CDS_DATABASE_URL=f"sqlite:///{tmp_path}/cards.sqlite3")
    line = f"cannot listen on 127.0.0.1, port {taken}: address already in use; choose another by {options}\n"
    assert said(result, exit_status.FAILED) == line
    assert result.stderr == f"Error: {line}"
    assert not list(tmp_path.iterdir()), "before anything is made"


@pytest.mark.parametrize("command", [("sandbox", "load"), ("sandbox", "clean")])
def test_a_fhir_server_that_nobody_serves_is_said_in_words(command: tuple[str, ...]) -> None:
    assert said(run(*command, NOBODY), exit_status.FAILED).endswith("cannot be reached (no connection)\n")


def test_a_service_that_nobody_serves_is_said_in_words() -> None:
    result = run("invoke", "--example", "epic-patient-view", "--cds", "http://127.0.0.1:9")
    assert "did not answer as expected (no connection)" in said(result, exit_status.FAILED)


@pytest.mark.parametrize("kind", ["postgresql", "notaurl"])
def test_a_database_that_is_none_is_said_of_the_setting_without_its_secret(kind: str) -> None:
    url = f"{kind}://u:hunter2@127.0.0.1:9/cards"
    message = said(run("database", CDS_DATABASE_URL=url), exit_status.FAILED)
    assert "CDS_DATABASE_URL: " in message
    assert "hunter2" not in message


@pytest.mark.parametrize("option", ["--request", "--bundle", "--order"])
def test_a_file_that_cannot_be_used_is_said_with_its_option(option: str, tmp_path: Path) -> None:
    file = tmp_path / "sent.json"
    beside = ("--fhir", NOBODY, "--patient", "p") if option == "--order" else ()
    for file_is in ("missing", "no JSON"):
        message = said(run("invoke", *beside, option, str(file)), 2 if file_is == "missing" else 1)
        assert option in message
        assert str(file) in message
        file.write_bytes(b"\xff\x00")


def test_a_hook_that_does_not_exist_is_answered_with_those_that_do() -> None:
    message = said(run("invoke", "--example", "epic-patient-view", "--hook", "encounter-start"), exit_status.WRONG_USE)
    assert "'--hook': 'encounter-start' is not one of 'patient-view', 'order-select', 'order-sign'" in message


def test_where_only_the_usual_port_is_taken_another_one_is_and_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        @click.command()
        @click.option("--port", default=port)
        def start(port: int) -> None:
            insist_where_chosen("--port", port)

        start([], standalone_mode=False)
    assert capsys.readouterr().err == (
        f"cannot listen on 127.0.0.1, port {port}: address already in use; another one is taken\n"
    )
