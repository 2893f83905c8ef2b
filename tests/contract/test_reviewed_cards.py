"""From calls to the numbers of a committee: what was shown, overridden and held back is drawn, judged and counted."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cds_service.commands.cli import cli
from tests.contract.conftest import MakeApp
from tests.contract.test_repeated_advice import ON_WARFARIN, Clinic


class Committee:
    """Those who read the database of a clinic."""

    def __init__(self, clinic: Clinic, url: str) -> None:
        self._clinic, self._url = clinic, url

    def run(self, *words: str) -> str:
        self._clinic.app.extensions["cds_event_log"].ship()
        done = CliRunner().invoke(cli, words, env={"CDS_DATABASE_URL": self._url, "CDS_TIMEZONE": "UTC"})
        assert done.exit_code == 0, done.output
        return done.stdout

    def sample(self, kind: str) -> list[dict[str, str]]:
        text = self.run("review", "sample", "--kind", kind, "--seed", "1")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def table(self, name: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = json.loads(self.run("report", "--by", name, "--json"))["tables"][name]
        return rows


@pytest.fixture
def clinic(make_app: MakeApp, tmp_path: Path) -> Clinic:
    """A chart was opened twice, and its cards shown once and overridden."""
    found = Clinic(make_app, tmp_path, database_url=f"sqlite:///{tmp_path}/cards.sqlite3")
    for card in found.ask("patient-view", ON_WARFARIN):
        found.override(card)
    found.later(hours=1)
    assert found.ask("patient-view", ON_WARFARIN) == []
    return found


@pytest.fixture
def committee(clinic: Clinic, tmp_path: Path) -> Committee:
    return Committee(clinic, f"sqlite:///{tmp_path}/cards.sqlite3")


def test_what_the_repeat_policy_took_away_is_in_the_report(committee: Committee) -> None:
    held = committee.table("held-back")
    number = sum(row["held_back"] for row in held)
    assert number > 0
    assert {row["why"] for row in held} == {"overridden-before"}
    (whole,) = [row for row in committee.table("burden") if (row["hook"], row["cards_that_are"]) == ("all", "all")]
    assert (whole["shown"], whole["held_back"], whole["held_as_repeated"]) == (number, number, number)


@pytest.mark.parametrize("kind", ["shown", "overridden", "held-back"])
def test_cards_of_real_calls_are_drawn_judged_and_counted(kind: str, committee: Committee, tmp_path: Path) -> None:
    rows = committee.sample(kind)
    assert rows
    for row in rows:
        assert len(row["hook_instance"]) == 36, "by which the EHR finds the call"
        row |= {"verdict": "appropriate", "reviewer": "Ana Silva"}
    with (tmp_path / "sample.csv").open("w", newline="") as out:
        writer = csv.DictWriter(out, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    committee.run("review", "enter", str(tmp_path / "sample.csv"))
    told = [row for row in committee.table("review") if row["hook"] == "all"]
    assert sum(row["appropriate"] for row in told) == len(rows)
    assert {(row["drawn_from"], row["card"]) for row in told} == {(kind, row["topic"]) for row in rows}


def test_the_file_leads_to_no_patient_and_no_user(committee: Committee, clinic: Clinic) -> None:
    for kind in ("shown", "overridden", "held-back"):
        text = str(committee.sample(kind))
        body = clinic.ehr.request("patient-view", ON_WARFARIN, ())
        assert body["context"]["patientId"] not in text
        assert "Practitioner/3" not in text
