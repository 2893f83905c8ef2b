"""`events` on the command line: what is too old is deleted or counted, keys are made and rotated."""

import json
import os
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fhir.resources.R4B.auditevent import AuditEvent

from cds_service.clock import utc_now
from cds_service.commands.cli import cli
from cds_service.storage import Database, EventLog, count_before, read_keys
from tests.stored import shown_card

FAR_AHEAD = datetime(9999, 1, 1, tzinfo=UTC)


def run(*words: str, **environment: str) -> Result:
    return CliRunner().invoke(cli, ["events", *words], env=environment)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A database with one event of each: ten days old, three years old."""
    url = f"sqlite:///{tmp_path}/db.sqlite3"
    with closing(Database(url)) as database:
        log = EventLog(database)
        for days in (10, 3 * 365):
            at = utc_now() - timedelta(days=days)
            log.record([shown_card(f"card-{days}", "s", "hook", "vka", "critical", at)])
    return url


def left(url: str) -> int:
    with closing(Database(url)) as database:
        return count_before(database, FAR_AHEAD)


def test_what_is_older_than_the_setting_is_deleted(url: str) -> None:
    done = run("prune", CDS_DATABASE_URL=url)
    assert done.exit_code == 0, done.output
    assert done.output.startswith("1 events of before ")
    assert done.output.endswith(" were deleted\n")
    assert left(url) == 1
    assert run("prune", CDS_DATABASE_URL=url, CDS_EVENT_DAYS="9").output.startswith("1 events")
    assert left(url) == 0


def test_a_dry_run_deletes_nothing(url: str) -> None:
    done = run("prune", "--dry-run", "--json", CDS_DATABASE_URL=url)
    told = json.loads(done.stdout)
    assert (told["old"], told["deleted"]) == (1, 0)
    assert left(url) == 2


def test_lines_of_the_spool_that_were_no_events_are_deleted_too(url: str, tmp_path: Path) -> None:
    old, young = (tmp_path / "db.sqlite3.spool" / f"{name}.unreadable" for name in ("old", "young"))
    old.parent.mkdir()
    for file in (old, young):
        file.write_text("nonsense")
    os.utime(old, (0, 0))
    assert json.loads(run("prune", "--dry-run", "--json", CDS_DATABASE_URL=url).stdout)["unreadable_files"] == 1
    done = run("prune", CDS_DATABASE_URL=url)
    assert done.output.endswith("1 files of the spool with lines that are no events were deleted\n")
    assert (old.exists(), young.exists()) == (False, True)


def test_a_day_is_one_of_the_clinic(url: str) -> None:
    day = (utc_now() - timedelta(days=8)).date().isoformat()
    done = run("prune", "--before", day, "--json", CDS_DATABASE_URL=url, CDS_TIMEZONE="Pacific/Auckland")
    told = json.loads(done.stdout)
    assert told["before"].startswith(f"{day}T00:00:00+1")
    assert told["deleted"] == 2
    assert left(url) == 0


def test_a_day_that_has_not_come_yet_is_refused(url: str) -> None:
    done = run("prune", "--before", "9999-01-01", CDS_DATABASE_URL=url)
    assert done.exit_code == 2
    assert "this day has not come yet" in done.output
    assert left(url) == 2


def test_a_database_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    done = run("prune", CDS_DATABASE_URL=f"sqlite:///{tmp_path}/none/db.sqlite3")
    assert done.exit_code == 1
    assert "CDS_DATABASE_URL" in done.output


def test_keys_are_made_and_rotated(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    made = run("secret", str(file))
    assert made.output == f"{file}: made, with one key; set CDS_SECRET_FILE to its path\n"
    (first,) = read_keys(file)
    rotated = run("secret", str(file))
    assert rotated.output == f"{file}: a new key stands first; 1 from before stay; restart the service\n"
    assert read_keys(file)[1:] == [first]
    assert json.loads(run("secret", "--json", str(file)).stdout) == {"file": str(file), "keys": 3}
    assert first.hex() not in made.output + rotated.output


def test_a_file_of_something_else_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "notes"
    file.write_text("nothing secret")
    file.chmod(0o600)
    done = run("secret", str(file))
    assert done.exit_code == 1
    assert "line 1 is no key" in done.output
    assert file.read_text() == "nothing secret"


def test_a_service_with_a_secret_that_others_can_read_does_not_start(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    run("secret", str(file))
    file.chmod(0o644)
    done = CliRunner().invoke(
        cli,
        ["serve", "--dev", "--port", "7001"],
        env={"CDS_SECRET_FILE": str(file), "CDS_DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3"},
    )
    assert done.exit_code == 1
    assert "others on this machine can read it" in done.output


# ------------------------------------------------------------------ export
def test_cards_are_written_as_audit_events_one_a_line(url: str) -> None:
    done = run("export", "--audit", CDS_DATABASE_URL=url, CDS_PUBLIC_URL="https://cds.example")
    assert done.exit_code == 0, done.output
    told = [AuditEvent.model_validate_json(line) for line in done.stdout.splitlines()]
    assert len(told) == 2
    assert str(told[0].recorded) < str(told[1].recorded)
    assert "https://cds.example" in done.stdout
    assert left(url) == 2, "nothing is changed"


def test_an_export_begins_with_a_day_of_the_clinic(url: str) -> None:
    day = (utc_now() - timedelta(days=11)).date().isoformat()
    assert len(run("export", "--audit", "--since", day, CDS_DATABASE_URL=url).stdout.splitlines()) == 1


def test_an_export_without_a_form_is_a_mistake(url: str) -> None:
    done = run("export", CDS_DATABASE_URL=url)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "--audit" in done.stderr


def test_without_a_database_nothing_is_written_and_none_is_made(tmp_path: Path) -> None:
    done = run("export", "--audit", CDS_DATABASE_URL=f"sqlite:///{tmp_path}/none.sqlite3")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "there is no database" in done.stderr
    assert list(tmp_path.iterdir()) == []
