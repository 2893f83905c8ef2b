"""`feedback` and `overrides`: they make nothing, say where they looked, and count exactly."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cds_service.commands.cli import cli
from cds_service.storage import EventLog, FeedbackItem
from tests.stored import answers_in, card_like, shown_card
from tests.unit.cds_service.knowledge.policies import policy_file

SUNDAY = datetime(2026, 11, 29, 23, 30, tzinfo=UTC)
"""In Berlin it is Monday already."""
CARD = shown_card("card-1", "a-service", "hook-1", "vka-cua", "critical", SUNDAY)
OVERRIDDEN = FeedbackItem("card-1", "overridden", SUNDAY, override_reason_code="mechanical-valve")
COMMENT = "Mrs Example has a valve"
COMMANDS = pytest.mark.parametrize("command", ["feedback", "overrides"])


def run(*arguments: str, database: Path, zone: str = "Europe/Berlin") -> Result:
    environment = {"CDS_DATABASE_URL": f"sqlite:///{database}", "CDS_TIMEZONE": zone}
    return CliRunner().invoke(cli, arguments, env=environment)


@pytest.fixture
def filled(store: EventLog, path: Path) -> Path:
    """Seven cards: one accepted, one overridden, one overridden with a comment only; four of them a week later."""
    later = SUNDAY + timedelta(days=7)
    store.record([card_like(CARD, f"card-{n}") for n in (1, 2, 3)])
    store.record([card_like(CARD, f"card-{n}", at=later) for n in (4, 5, 6, 7)])
    commented = FeedbackItem("card-3", "overridden", SUNDAY, user_comment=COMMENT)
    stray = replace(OVERRIDDEN, card="card-99")
    accepted = FeedbackItem("card-2", "accepted", SUNDAY, accepted_suggestions=("s",))
    store.record_feedback("a-service", [OVERRIDDEN, accepted, commented, stray], SUNDAY)
    return path


@COMMANDS
@pytest.mark.parametrize("form", [(), ("--json",), ("--csv",), ("--by", "week")])
def test_where_there_is_no_database_none_is_made_and_the_place_is_told(
    form: tuple[str, ...], command: str, tmp_path: Path
) -> None:
    result = run(command, *form, database=tmp_path / "cards.sqlite3")
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"{tmp_path}/cards.sqlite3: there is no database" in result.stderr
    assert list(tmp_path.iterdir()) == []


@COMMANDS
def test_without_a_setting_the_folder_is_named(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, [command], env={"CDS_DATABASE_URL": None})
    assert result.exit_code == 1
    assert list(tmp_path.iterdir()) == []
    assert f"reading {tmp_path}/calciphylaxis-cds.sqlite3 (CDS_DATABASE_URL is not set)" in result.stderr


@COMMANDS
def test_a_database_without_a_line_is_told_in_words_and_is_no_fault(command: str, path: Path, store: EventLog) -> None:
    store.record([])
    assert list(answers_in(store)) == []
    for form in ([], ["--by", "card"]):
        result = run(command, *form, database=path)
        assert (result.exit_code, result.stdout) == (0, "")
        assert f"reading {path}" in result.stderr
        assert "there is nothing to list" in result.stderr or "no card was shown" in result.stderr
        listed = run(command, *form, "--json", database=path)
        assert (listed.exit_code, json.loads(listed.stdout)["rows"]) == (0, [])


@COMMANDS
def test_a_server_that_does_not_answer_is_told_without_its_password(command: str) -> None:
    url = "postgresql+psycopg://cds:geheim@127.0.0.1:1/cards"
    result = CliRunner().invoke(cli, [command], env={"CDS_DATABASE_URL": url})
    assert result.exit_code == 1
    assert "PostgreSQL 127.0.0.1:1/cards: the database could not be used" in result.stderr
    assert "geheim" not in result.output


def test_cards_are_counted_with_what_became_of_them(filled: Path) -> None:
    result = run("feedback", "--by", "card", database=filled)
    assert result.exit_code == 0, result.output
    head, line, whole = [line.split() for line in result.stdout.splitlines()]
    assert head[:6] == ["card", "indicator", "shown", "accepted", "overridden", "unanswered"]
    assert line == ["vka-cua", "critical", "7", "1", "2", "4", "14%", "29%", "57%"]
    assert whole[:5] == ["all", "7", "1", "2", "4"]
    assert "not counted: 1 overridden on cards that are not in the log" in result.stderr


@pytest.mark.parametrize(("zone", "weeks"), [("Europe/Berlin", ["49", "50"]), ("UTC", ["48", "49"])])
def test_weeks_are_those_of_the_time_zone_of_the_clinic(zone: str, weeks: list[str], filled: Path) -> None:
    result = run("feedback", "--by", "week", "--csv", database=filled, zone=zone)
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["week"] for row in rows] == [*(f"2026-W{week}" for week in weeks), "all"]
    assert [row["shown"] for row in rows] == ["3", "4", "7"]
    assert f"days and weeks in {zone}" in result.stderr


@COMMANDS
def test_reasons_tell_a_comment_alone_from_no_reason(command: str, filled: Path) -> None:
    result = run(command, "--by", "reason", "--json", database=filled)
    document = json.loads(result.stdout)
    assert document["rows"] == [
        {"reason": "comment only", "overridden": 1, "share": 0.5},
        {"reason": "mechanical-valve", "overridden": 1, "share": 0.5},
        {"reason": "all", "overridden": 2, "share": 1.0},
    ]
    assert document["read_from"] == str(filled)
    assert document["time_zone"] == "Europe/Berlin"
    assert document["answers_on_unknown_cards"] == {"overridden": 1}


@pytest.mark.parametrize(("day", "shown"), [("2026-11-30", 7), ("2026-12-01", 4), ("2026-12-07", 4), ("2026-12-08", 0)])
def test_counts_begin_with_a_day_of_the_clinic(day: str, shown: int, filled: Path) -> None:
    rows = json.loads(run("feedback", "--by", "week", "--since", day, "--json", database=filled).stdout)["rows"]
    assert (rows[-1]["shown"] if rows else 0) == shown


@pytest.mark.parametrize(("day", "lines"), [("2026-11-30", 4), ("2026-12-01", 0)])
def test_lists_begin_with_a_day_of_the_clinic(day: str, lines: int, filled: Path) -> None:
    assert len(json.loads(run("feedback", "--since", day, "--json", database=filled).stdout)["rows"]) == lines
    assert len(json.loads(run("overrides", "--since", day, "--json", database=filled).stdout)["rows"]) == min(lines, 3)


def test_numbers_are_exact_unless_they_are_to_be_withheld(filled: Path) -> None:
    rows = json.loads(run("feedback", "--by", "card", "--withhold", "--json", database=filled).stdout)["rows"]
    assert [(row["shown"], row["accepted"]) for row in rows] == [(7, "fewer than 5")] * 2


@COMMANDS
def test_what_an_ehr_sent_in_place_of_a_reason_is_withheld_too(command: str, store: EventLog, path: Path) -> None:
    store.record([card_like(CARD, f"card-{number}") for number in range(12)])
    evil = [FeedbackItem(f"card-{number}", "overridden", SUNDAY, (), "Mrs Example", "urn:x") for number in range(6)]
    ours = [replace(OVERRIDDEN, card=f"card-{number}") for number in range(6, 12)]
    store.record_feedback("a-service", [*evil, *ours], SUNDAY)
    told = run(command, "--by", "reason", "--withhold", "--json", database=path)
    assert [(row["reason"], row["overridden"]) for row in json.loads(told.stdout)["rows"]] == [
        ("Mechanical heart valve", 6),
        ("a reason that this service does not offer", 6),
        ("all", 12),
    ]
    assert "Example" not in told.output


def test_a_reason_that_a_site_policy_offers_is_one_of_ours(
    store: EventLog, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = "[[override_reason]]\ncode = 'on-trial'\ndisplay = 'In a trial'\ntopics = ['vka-dialysis']\n"
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "north.toml").write_text(policy_file(more=own), "utf-8")
    store.record([card_like(CARD, f"card-{number}") for number in range(6)])
    said = [FeedbackItem(f"card-{number}", "overridden", SUNDAY, (), "on-trial") for number in range(6)]
    store.record_feedback("a-service", said, SUNDAY)
    for policies, words in (("", "a reason that this service does not offer"), ("policies", "In a trial")):
        monkeypatch.setenv("CDS_SITE_POLICIES", str(tmp_path / policies) if policies else "")
        told = run("feedback", "--by", "reason", "--withhold", "--json", database=path)
        assert [row["reason"] for row in json.loads(told.stdout)["rows"]] == [words, "all"]


@COMMANDS
@pytest.mark.parametrize("form", [[], ["--by", "card"]])
def test_a_day_before_the_calendar_begins_is_refused_in_words(command: str, form: list[str], filled: Path) -> None:
    result = run(command, "--since", "0001-01-01", *form, database=filled)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--since 0001-01-01" in result.stderr
    assert run(command, "--since", "0001-01-02", *form, database=filled).exit_code == 0


@COMMANDS
@pytest.mark.parametrize("form", [[], ["--json"], ["--csv"]])
def test_a_comment_is_never_printed(form: list[str], command: str, filled: Path) -> None:
    result = run(command, *form, database=filled)
    assert result.exit_code == 0, result.output
    assert "(comment only)" in result.stdout
    assert "Example" not in result.output


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--json", "--csv"], "--json and --csv exclude each other"),
        (["--withhold"], "--withhold needs --by"),
        (["--since", "yesterday"], "--since"),
        (["--by", "patient"], "--by"),
    ],
)
def test_options_that_contradict_each_other_are_refused(options: list[str], said: str, filled: Path) -> None:
    result = run("feedback", *options, database=filled)
    assert result.exit_code == 2
    assert said in result.stderr
