"""`database` on the command line: what an operator is told before an update."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from cds_service.storage.migrating import REVISIONS

FOLDER = Path(__file__).parents[4]


def run(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, as it sets up its logging."""
    command = (sys.executable, "-m", "cds_service.commands.cli", "database")
    return subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": str(FOLDER), **environment}, capture_output=True, text=True, check=False
    )


def test_the_database_is_named_without_its_password_and_what_was_made_is_told(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/cards.sqlite3"
    first, again = (run(tmp_path, CDS_DATABASE_URL=url) for _ in range(2))
    ready = f"{url}: the tables are ready for this release (version {REVISIONS[-1]})\n"
    assert (first.returncode, first.stdout) == (again.returncode, again.stdout) == (0, ready)
    assert "made tables of the database: card, event, feedback" in first.stderr
    assert "made tables" not in again.stderr
    with sqlite3.connect(tmp_path / "cards.sqlite3") as lost:
        lost.execute("DROP TABLE feedback")
    assert "made tables of the database: feedback\n" in run(tmp_path, CDS_DATABASE_URL=url).stderr


def test_where_no_database_is_set_it_is_said_which_one_was_made_ready(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert result.returncode == 0
    assert "CDS_DATABASE_URL is not set: this is the database of this folder" in result.stderr
    assert f"sqlite:///{tmp_path}/calciphylaxis-cds.sqlite3: the tables are ready" in result.stdout


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:///{folder}", "unable to open database file"),
        ("sqlite:///{folder}/none/cards.sqlite3", "unable to open database file"),
        ("sqlite:///{folder}/garbage.sqlite3", "file is not a database"),
        ("postgresql+psycopg://cds:secret@127.0.0.1:9/cards?password=secret", "127.0.0.1"),
    ],
)
def test_a_database_that_cannot_be_used_is_named_with_what_the_driver_says(url: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "garbage.sqlite3").write_text("garbage " * 100)
    result = run(tmp_path, CDS_DATABASE_URL=url.format(folder=tmp_path))
    assert result.returncode == 1
    told = result.stderr.splitlines()[-1]
    assert told.startswith(f"Error: CDS_DATABASE_URL: {url.format(folder=tmp_path).partition(':secret')[0]}")
    assert said in told.partition("the database could not be used")[2]
    assert "secret" not in result.stderr
