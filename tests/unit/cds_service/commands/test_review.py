"""`review`: a sample of cards as a file, its verdicts into the log, and what a report counts of them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cds_service.commands.cli import cli
from cds_service.commands.review import KINDS
from cds_service.storage import Database, Drawn, Event, EventLog, FeedbackItem, Kind, count_before, new_id
from tests.stored import card_like, shown_card

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
SERVICE = "calciphylaxis-patient-view"
INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
FAR_AHEAD = datetime(9999, 1, 1, tzinfo=UTC)
CARD = shown_card(
    "0", SERVICE, INSTANCE, "vka-cua", "critical", NOON, client="urn:north", tenant="northern", hook="patient-view"
)
Row = dict[str, str]


def run(*arguments: str, database: Path, zone: str = "Europe/Berlin") -> Result:
    environment = {"CDS_DATABASE_URL": f"sqlite:///{database}", "CDS_TIMEZONE": zone}
    return CliRunner().invoke(cli, arguments, env=environment)


def sample(*options: str, database: Path, seed: int = 1) -> list[Row]:
    result = run("review", "sample", "--seed", str(seed), *options, database=database)
    assert result.exit_code == 0, result.output
    return list(csv.DictReader(io.StringIO(result.stdout, newline="")))


def file(folder: Path, rows: list[Row]) -> str:
    path = folder / "sample.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def judged(row: Row, verdict: str = "appropriate", reviewer: str = "Ana Silva") -> Row:
    return {**row, "verdict": verdict, "reviewer": reviewer, "remark": "Mrs Example, MRN 4711"}


def reviews(database: Path, *options: str) -> list[dict[str, object]]:
    result = run("report", "--by", "review", "--json", *options, database=database)
    assert result.exit_code == 0, result.output
    rows: list[dict[str, object]] = json.loads(result.stdout)["tables"]["review"]
    return rows


@pytest.fixture
def filled(store: EventLog, path: Path) -> Path:
    """A week with twenty cards on one topic and two on another, an override, and what was held back of two tenants."""
    often = [card_like(CARD, f"{number}", at=NOON + timedelta(hours=number)) for number in range(20)]
    rare = [card_like(CARD, f"r{number}", topic="iron", indicator="info") for number in range(2)]
    held = [
        replace(CARD, id=new_id(), kind=Kind.SUPPRESSED, card_uuid=None, reason=reason, content={}, client=client,
                tenant=tenant)
        for reason, client, tenant in [("shown-before", "urn:north", "northern"), ("shadow", "", "")]
    ]  # fmt: skip
    store.record([*often, *rare, *held])
    why = FeedbackItem(
        "3",
        "overridden",
        NOON,
        override_reason_code="Mrs Example said no",
        override_reason_system="urn:ehr",
        user_comment="Mrs Example",
    )
    store.record_feedback(SERVICE, [why], NOON, "urn:north", "northern")
    return path


def rows_in(path: Path) -> int:
    with closing(Database(f"sqlite:///{path}")) as database:
        return count_before(database, FAR_AHEAD)


# ------------------------------------------------------------------ sample
def test_rare_topics_come_too_and_the_seed_draws_the_same_again(filled: Path) -> None:
    found = sample("--size", "8", database=filled)
    assert sorted(row["topic"] for row in found) == ["iron"] * 2 + ["vka-cua"] * 6
    assert sample("--size", "8", database=filled) == found
    assert sample("--size", "8", database=filled, seed=2) != found
    assert {row["hook_instance"] for row in found} == {INSTANCE}


def test_a_seed_is_chosen_where_none_is_given_and_how_many_there_were_is_told(filled: Path) -> None:
    first = run("review", "sample", "--size", "8", database=filled)
    assert "iron: 2 of 2\nvka-cua: 6 of 20\n8 cards (shown), drawn with --seed " in first.stderr
    seed = first.stderr.partition("--seed ")[2].split()[0]
    assert run("review", "sample", "--size", "8", "--seed", seed, database=filled).stdout == first.stdout


def test_cards_that_were_held_back_are_drawn_with_why(filled: Path) -> None:
    found = sample("--kind", "held-back", database=filled)
    assert [(row["drawn_from"], row["why_held_back"], row["tenant"]) for row in found] in (
        [("held-back", "shown-before", "northern"), ("held-back", "shadow", "")],
        [("held-back", "shadow", ""), ("held-back", "shown-before", "northern")],
    )


def test_of_an_override_the_file_has_no_text_of_the_ehr_and_no_comment(filled: Path) -> None:
    (row,) = sample("--kind", "overridden", database=filled)
    assert (row["event"], row["outcome"]) == ("card-3", "overridden")
    assert row["override_reason"] == "a reason that this service does not offer"
    assert "Example" not in str(row)


@pytest.mark.parametrize(
    ("code", "system", "told"),
    [
        ("mechanical-valve", "", "mechanical-valve"),
        ("of-this-clinic", "OURS", "of-this-clinic"),
        ("of-this-clinic", "urn:other", "a reason that this service does not offer"),
        ("Mrs Example", "OURS", "a reason that this service does not offer"),
        (None, None, "comment only"),
    ],
)
def test_an_override_is_told_by_a_code_of_ours(
    code: str | None, system: str | None, told: str, store: EventLog, path: Path
) -> None:
    from cds_service.api import OVERRIDE_SYSTEM

    store.record([CARD])
    of = OVERRIDE_SYSTEM if system == "OURS" else system
    item = FeedbackItem(
        "0", "overridden", NOON, override_reason_code=code, override_reason_system=of, user_comment="Mrs Example"
    )
    store.record_feedback(SERVICE, [item], NOON, "urn:north", "northern")
    assert [row["override_reason"] for row in sample(database=path)] == [told]


def test_an_answer_that_was_changed_later_is_no_override_any_more(filled: Path, store: EventLog) -> None:
    later = FeedbackItem("3", "accepted", NOON + timedelta(hours=1))
    store.record_feedback(SERVICE, [later], NOON, "urn:north", "northern")
    result = run("review", "sample", "--kind", "overridden", database=filled)
    assert result.exit_code == 0
    assert "there is no such card (overridden) in these days: nothing was drawn" in result.stderr
    assert len(result.stdout.splitlines()) == 1, "the heads"


def test_both_days_are_those_of_the_clinic_and_whole(store: EventLog, path: Path) -> None:
    late = datetime(2026, 11, 3, 23, 30, tzinfo=UTC)  # 4 November in Berlin
    store.record([card_like(CARD, "1", at=late)])
    for since, until, number in [("2026-11-04", "2026-11-04", 1), ("2026-11-03", "2026-11-03", 0)]:
        assert len(sample("--since", since, "--until", until, database=path)) == number


def test_one_tenant_and_one_topic_can_be_asked_for(filled: Path, store: EventLog) -> None:
    store.record([card_like(CARD, "s", client="urn:south", tenant="southern")])
    assert [row["event"] for row in sample("--tenant", "southern", database=filled)] == ["card-s"]
    assert {row["topic"] for row in sample("--topic", "iron", database=filled)} == {"iron"}
    (held,) = sample("--kind", "held-back", "--tenant", "default", database=filled)
    assert held["why_held_back"] == "shadow"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--tenant", "nobody"], "--tenant nobody: there is no such card; there are: northern"),
        (["--topic", "nothing"], "--topic nothing: there is no such card; there are: iron, vka-cua"),
        (["--size", "0"], "--size"),
        (["--since", "2026-11-04", "--until", "2026-11-03"], "--until 2026-11-03 lies before"),
        (["--kind", "all"], "--kind"),
    ],
)
def test_what_leads_nowhere_is_a_mistake_and_no_empty_sample(options: list[str], said: str, filled: Path) -> None:
    result = run("review", "sample", *options, database=filled)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_a_sample_changes_nothing_and_makes_no_database(filled: Path, tmp_path: Path) -> None:
    before = rows_in(filled)
    sample(database=filled)
    assert rows_in(filled) == before
    result = run("review", "sample", database=tmp_path / "none.sqlite3")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "there is no database" in result.stderr
    assert not (tmp_path / "none.sqlite3").exists()


def test_the_kinds_are_those_of_the_storage() -> None:
    assert tuple(Drawn) == KINDS


def test_a_sample_as_json(filled: Path) -> None:
    told = json.loads(run("review", "sample", "--size", "4", "--seed", "5", "--json", database=filled).stdout)
    assert (told["seed"], told["kind"], len(told["rows"])) == (5, "shown", 4)
    assert told["topics"][0] == {"topic": "iron", "why": "", "drawn": 2, "of": 2}


# ------------------------------------------------------------------ enter
def test_verdicts_are_kept_and_counted_and_the_same_file_again_changes_nothing(filled: Path, tmp_path: Path) -> None:
    rows = sample("--size", "8", database=filled)
    filled_in = file(tmp_path, [judged(row) if row["topic"] == "iron" else row for row in rows])
    first = run("review", "enter", filled_in, database=filled)
    assert first.exit_code == 0, first.output
    assert first.stdout == "2 verdicts were kept\n6 lines of the file have no verdict yet\n"
    before = rows_in(filled)
    again = run("review", "enter", filled_in, database=filled)
    assert again.stdout == ("0 verdicts were kept\n2 are in the log already\n6 lines of the file have no verdict yet\n")
    assert rows_in(filled) == before
    told = {(row["card"], row["hook"]): row for row in reviews(filled)}
    assert (told["iron", "all"]["judged"], told["iron", "all"]["appropriate"]) == (2, 2)
    assert (told["vka-cua", "all"]["judged"], told["vka-cua", "all"]["without_verdict"]) == (0, 6)


def test_nothing_of_a_file_is_kept_where_a_line_is_wrong(filled: Path, tmp_path: Path) -> None:
    rows = [judged(row) for row in sample("--size", "6", database=filled)]
    rows[2]["verdict"] = "Mrs Example"
    rows[4]["event"] = "card-of-another-place"
    before = rows_in(filled)
    result = run("review", "enter", file(tmp_path, rows), database=filled)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "line 4: the verdict is none of appropriate, not-needed, inappropriate, cannot-judge" in result.stderr
    assert "line 6: the log holds no card with this id" in result.stderr
    assert "Example" not in result.stderr
    assert rows_in(filled) == before


def test_a_dry_run_keeps_nothing(filled: Path, tmp_path: Path) -> None:
    filled_in = file(tmp_path, [judged(row) for row in sample("--size", "2", database=filled)])
    before = rows_in(filled)
    result = run("review", "enter", filled_in, "--dry-run", "--json", database=filled)
    told = {"kept": False, "verdicts": 2, "changed": 0, "known": 0, "without": 0}
    assert json.loads(result.stdout) == {"file": filled_in, **told}
    assert run("review", "enter", filled_in, "--dry-run", database=filled).stdout == "2 verdicts would be kept\n"
    assert rows_in(filled) == before


def test_a_changed_verdict_is_told_and_counted_in_place_of_the_one_before(filled: Path, tmp_path: Path) -> None:
    rows = sample("--topic", "iron", database=filled)
    run("review", "enter", file(tmp_path, [judged(row) for row in rows]), database=filled)
    changed = file(tmp_path, [judged(rows[0], "inappropriate"), judged(rows[1])])
    result = run("review", "enter", changed, database=filled)
    assert "1 of them in place of an earlier one of the same reviewer" in result.stdout
    (whole, _) = reviews(filled)
    assert (whole["judged"], whole["appropriate"], whole["inappropriate"]) == (2, 1, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_sample_can_be_entered(kind: str, filled: Path, tmp_path: Path) -> None:
    rows = [judged(row, "not-needed") for row in sample("--kind", kind, "--size", "2", database=filled)]
    assert run("review", "enter", file(tmp_path, rows), database=filled).exit_code == 0
    told = [row for row in reviews(filled) if row["hook"] == "all"]
    assert {row["drawn_from"] for row in told} == {kind}
    assert {row["why_held_back"] for row in told} == {row["why_held_back"] for row in rows}


def test_verdicts_are_counted_with_the_days_and_the_tenant_of_their_cards(filled: Path, tmp_path: Path) -> None:
    rows = [judged(row) for row in sample("--kind", "held-back", database=filled)]
    assert run("review", "enter", file(tmp_path, rows), database=filled).exit_code == 0
    assert len(reviews(filled, "--until", "2026-11-03")) == 4
    assert reviews(filled, "--since", "2026-11-04", "--until", "2026-11-05") == []
    assert [row["why_held_back"] for row in reviews(filled, "--tenant", "northern")] == ["shown-before"] * 2


def test_no_remark_is_in_the_log_nor_in_a_report_nor_in_an_export(filled: Path, tmp_path: Path) -> None:
    run("review", "enter", file(tmp_path, [judged(row) for row in sample(database=filled)]), database=filled)
    exported = run("events", "export", "--audit", database=filled)
    assert "Ana Silva" in exported.stdout
    for said in (exported.stdout, run("report", "--json", database=filled).stdout):
        assert "4711" not in said
    assert b"4711" not in filled.read_bytes()


def test_a_file_without_a_line_and_a_database_that_is_not_there_are_told(filled: Path, tmp_path: Path) -> None:
    heads = tmp_path / "heads.csv"
    heads.write_text(run("review", "sample", "--topic", "iron", database=filled).stdout.splitlines()[0] + "\n")
    result = run("review", "enter", str(heads), database=filled)
    assert (result.exit_code, "no line in it but that of the heads" in result.stderr) == (1, True)
    rows = file(tmp_path, sample(database=filled))
    nowhere = run("review", "enter", rows, database=tmp_path / "none.sqlite3")
    assert (nowhere.exit_code, "there is no database" in nowhere.stderr) == (1, True)
    assert not (tmp_path / "none.sqlite3").exists()


def test_calls_and_cards_are_counted_as_before_where_there_are_verdicts(filled: Path, tmp_path: Path) -> None:
    """A verdict is no call and no card."""

    def tables() -> Mapping[str, object]:
        told: dict[str, object] = json.loads(run("report", "--json", database=filled).stdout)["tables"]
        return {name: table for name, table in told.items() if name not in ("review", "silent")}

    before = tables()
    run("review", "enter", file(tmp_path, [judged(row) for row in sample(database=filled)]), database=filled)
    assert tables() == before


def test_a_verdict_that_cannot_be_read_is_a_fault_and_no_report(filled: Path, store: EventLog) -> None:
    store.record([Event("reviewed-x", NOON, Kind.REVIEWED, content={"verdict": "great"})])
    result = run("report", database=filled)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "an event that cannot be read (a verdict on a card)" in result.stderr
