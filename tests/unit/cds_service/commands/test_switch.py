"""`switch` on the command line: off at once by one person, on again, and each of both an event."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from cds_service.commands.cli import cli
from cds_service.storage import Database, StoreError
from cds_service.storage.schema import event as event_table

WHY = ("--reason", "step 3 names the wrong drug", "--by", "Dr Silva")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC")
Run = Callable[..., Result]
CLIENTS = """
[[client]]
tenant = "northern-dialysis"
issuer = "https://ehr.example"
jwks_url = "https://ehr.example/jwks.json"
fhir_servers = ["https://ehr.example/fhir"]
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command for a service with a database of its own."""
    monkeypatch.setenv("CDS_DATABASE_URL", f"sqlite:///{tmp_path}/cds.sqlite3")
    (tmp_path / "cds.sqlite3.spool").mkdir()
    return lambda *words: CliRunner().invoke(cli, ["switch", *words])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cds.sqlite3.spool.kill-switch.json"


def lines(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return MOMENT.sub("NOW", result.stdout).splitlines()


def events(folder: Path) -> list[dict[str, object]]:
    database = Database(f"sqlite:///{folder}/cds.sqlite3")
    rows = database.transact(lambda connection: connection.execute(select(event_table)).mappings().all())
    database.close()
    return [dict(row) for row in rows]


TAKEN_UP = (
    "Every worker on this machine takes it up within about two seconds. A service on another machine has its own "
    "switch: do the same there."
)
OFF = "Cards on vka-cua have been switched off since NOW by Dr Silva: step 3 names the wrong drug."
TELL_THE_WARDS = "Clinicians see the same as with no risk: tell the wards now."
NO_CARD = "No card does not mean no risk."


def test_cards_are_switched_off_listed_and_switched_on_again(run: Run) -> None:
    assert lines(run("list")) == ["nothing is switched off"]
    assert lines(run("off", "--topic", "vka-cua", *WHY)) == [OFF, TELL_THE_WARDS, TAKEN_UP]
    assert lines(run("list")) == [OFF, NO_CARD]
    on = lines(run("on", "--topic", "vka-cua", "--reason", "mended", "--by", "Dr Okoro"))
    assert on == [
        "on again: cards on vka-cua; they were off since NOW, by Dr Silva: step 3 names the wrong drug",
        "nothing is switched off",
        TAKEN_UP,
    ]
    assert lines(run("list")) == ["nothing is switched off"]


def test_each_switching_is_an_event_in_the_database(run: Run, tmp_path: Path) -> None:
    run("off", "--topic", "vka-cua", "--tenant", "default", *WHY)
    run("on", "--topic", "vka-cua", "--tenant", "default", "--reason", "mended", "--by", "Dr Okoro")
    told = [tuple(one[name] for name in ("kind", "topic", "tenant", "reason", "content")) for one in events(tmp_path)]
    assert told == [
        ("switched", "vka-cua", "default", WHY[1], {"switched": "off", "by": "Dr Silva"}),
        ("switched", "vka-cua", "default", "mended", {"switched": "on", "by": "Dr Okoro"}),
    ]


def test_a_switching_is_no_call_and_brings_no_tenant_into_the_report(run: Run) -> None:
    run("off", "--tenant", "default", *WHY)
    told = CliRunner().invoke(cli, ["report", "--tenant", "default"]).stdout
    assert (
        "nothing of the tenant callers that are not known is in the log in this range, and of no other either" in told
    )


def test_what_is_already_off_stays_as_it_was(run: Run, tmp_path: Path) -> None:
    run("off", *WHY)
    again = lines(run("off", "--reason", "other", "--by", "other"))
    assert again == [
        "already off: All cards have been switched off since NOW by Dr Silva: step 3 names the wrong drug."
    ]
    assert len(events(tmp_path)) == 1


def test_only_what_is_off_can_be_switched_on(run: Run) -> None:
    run("off", "--topic", "vka-cua", *WHY)
    result = run("on", *WHY)
    assert result.exit_code == 1
    said = "Error: nothing was changed: no switching off of all cards is in force; what is off:"
    assert MOMENT.sub("NOW", result.stderr) == f"{said}\n{OFF}\n{NO_CARD}\n"


def test_what_is_still_off_after_switching_on_is_told_as_such(run: Run) -> None:
    run("off", "--topic", "vka-cua", *WHY)
    run("off", *WHY)
    on = lines(run("on", "--topic", "vka-cua", "--reason", "mended", "--by", "Dr Okoro"))
    assert on[1:4] == ["still off:", OFF.replace("Cards on vka-cua", "All cards"), NO_CARD]


def test_the_list_is_there_for_programs(run: Run, file: Path) -> None:
    run("off", "--topic", "vka-cua", *WHY)
    told = json.loads(run("list", "--json").stdout)
    since = told["off"][0].pop("since")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", since)
    assert told == {
        "file": str(file),
        "off": [{"topic": "vka-cua", "tenant": None, "by": "Dr Silva", "reason": "step 3 names the wrong drug"}],
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--topic", "vka-cu", *WHY), "--topic names the unknown vka-cu; did you mean vka-cua?"),
        (("--tenant", "northern", *WHY), "--tenant names the unknown northern; did you mean northern-dialysis?"),
        (("--topic", "vitd-data-gap", *WHY), "--topic vitd-data-gap: this card tells what is missing or could not be"),
        (("--topic", "cua-data-gap", *WHY), "silence would look like no risk: it is not switched off by itself"),
        (("--reason", " ", "--by", "Dr Silva"), "write 1 to 200 characters"),
        (("--reason", "x" * 201, "--by", "Dr Silva"), "write 1 to 200 characters"),
        (("--reason", "x"), "Missing option '--by'"),
        (("--by", "x"), "Missing option '--reason'"),
    ],
)
def test_what_would_switch_nothing_off_or_say_nothing_is_refused(
    words: tuple[str, ...], said: str, run: Run, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "clients.toml").write_text(CLIENTS)
    monkeypatch.setenv("CDS_TRUSTED_CLIENTS", str(tmp_path / "clients.toml"))
    monkeypatch.setenv("CDS_PUBLIC_URL", "https://cds.example")
    result = run("off", *words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not file.exists()
    assert lines(run("off", "--tenant", "northern-dialysis", *WHY))


def test_a_damaged_file_is_named_with_what_to_do(run: Run, file: Path) -> None:
    file.write_text("{")
    for words in (("list",), ("off", *WHY), ("on", *WHY)):
        result = run(*words)
        assert result.exit_code == 1
        assert result.stderr == (
            f"Error: {file}: the kill switch cannot be read; where it is damaged, move it away; "
            "then switch off anew what has to be off\n"
        )


def test_where_the_file_is_gone_nobody_is_told_that_nothing_is_off(run: Run, file: Path) -> None:
    assert run("off", *WHY).exit_code == 0
    file.unlink()
    for words in (("list",), ("on", *WHY)):
        result = run(*words)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "the file of the kill switch is gone" in result.stderr
        assert "switch off anew what has to be off" in result.stderr
    for way in ("off", "on", "list"):
        assert run(way, *(WHY if way != "list" else ())).exit_code == 0
    assert lines(run("list")) == ["nothing is switched off"]


def test_another_user_than_that_of_the_service_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    result = run("off", *WHY)
    assert result.exit_code == 1
    assert "what another user writes the service cannot read: run this as that user (sudo -u" in result.stderr


def test_it_is_said_where_no_service_has_run_with_these_settings(run: Run, tmp_path: Path) -> None:
    (tmp_path / "cds.sqlite3.spool").rmdir()
    result = run("off", *WHY)
    assert result.exit_code == 0
    assert "are CDS_DATABASE_URL and CDS_SPOOL those of it?" in result.stderr


def test_a_database_in_memory_has_no_switch(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_DATABASE_URL", "sqlite://")
    result = run("off", *WHY)
    assert (result.exit_code, "in memory" in result.stderr) == (1, True)


def test_it_holds_where_no_event_can_be_kept_and_that_is_said(
    run: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StoreError("the spool is full")

    monkeypatch.setattr("cds_service.storage.EventLog.accept", full)
    result = run("off", *WHY)
    assert result.exit_code == 1
    assert result.stderr == "Error: this holds, but no event of it could be kept: the spool is full\n"
    assert file.exists()


def test_an_event_that_cannot_reach_the_database_waits_in_the_spool(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise StoreError("the database could not be used")

    monkeypatch.setattr("cds_service.storage.EventLog.write_what_waits", gone)
    monkeypatch.setattr("cds_service.storage.EventLog.ship", gone)
    result = run("off", *WHY)
    assert result.exit_code == 0
    assert "the event waits in the spool, from where the service brings it on" in result.stderr
    assert "switched" in "".join(one.read_text() for one in (tmp_path / "cds.sqlite3.spool").iterdir())
