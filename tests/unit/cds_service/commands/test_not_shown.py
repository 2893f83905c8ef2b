"""A report says first what is not shown now: its silence is no all-clear."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from cds_service.commands.cli import cli
from cds_service.commands.not_shown import UNKNOWN, not_shown_now
from cds_service.knowledge import site_folder
from cds_service.storage import Database, SwitchedOff, changing
from tests.unit.cds_service.knowledge.policies import policy_file

PILOT = "\n[[shadow]]\nsince = 2026-02-01\nuntil = 2035-12-31\nreason = 'pilot'\n"
OFF = "Cards on vka-cua have been switched off since 2026-11-30 10:00 UTC by Dr Silva: wrong text."
SHADOW = (
    "All cards are worked out and recorded but not shown (shadow mode, last day 2035-12-31) for north since 2026-02-01:"
    " pilot."
)
NO_CARD = "No card does not mean no risk."
LATER = date(2035, 12, 31)
"""The commands go by the true day, so a review that is not due is far away."""


def pilot() -> str:
    """The policy of a tenant that is in its pilot."""
    return policy_file("north", PILOT, review_by=LATER)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That of a service with a database."""
    monkeypatch.setenv("CDS_DATABASE_URL", f"sqlite:///{tmp_path}/cds.sqlite3")
    with closing(Database(f"sqlite:///{tmp_path}/cds.sqlite3")) as database:
        database.make_ready()
    return tmp_path


@pytest.fixture
def policies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "policies").mkdir()
    monkeypatch.setenv("CDS_SITE_POLICIES", str(tmp_path / "policies"))
    return tmp_path / "policies"


def switch_off(folder: Path, tenant: str | None = None) -> None:
    with changing(folder / "cds.sqlite3.spool.kill-switch.json") as entries:
        entries.append(SwitchedOff(datetime(2026, 11, 30, 10, tzinfo=UTC), "Dr Silva", "wrong text", "vka-cua", tenant))


def test_nothing_is_said_where_every_card_is_shown(folder: Path) -> None:
    assert not_shown_now() == []
    assert NO_CARD not in CliRunner().invoke(cli, ["report"]).output


def test_a_report_says_what_is_switched_off_before_any_number(folder: Path) -> None:
    switch_off(folder)
    lines = CliRunner().invoke(cli, ["report"]).stdout.splitlines()
    assert lines[1:3] == [OFF, NO_CARD]
    assert json.loads(CliRunner().invoke(cli, ["report", "--json"]).stdout)["remarks"][:2] == [OFF, NO_CARD]


def test_what_the_site_policies_keep_back_is_said_as_well(folder: Path, policies: Path) -> None:
    (policies / "north.toml").write_text(pilot(), "utf-8")
    switch_off(folder)
    assert not_shown_now() == [OFF, SHADOW, NO_CARD]
    assert not (folder / "cds.sqlite3.spool.policies").exists()


def test_a_tenant_is_told_what_concerns_it_and_nothing_of_others(folder: Path, policies: Path) -> None:
    overdue = policy_file("south", review_by=date(2026, 2, 1))
    (policies / "north.toml").write_text(pilot(), "utf-8")
    (policies / "south.toml").write_text(overdue, "utf-8")
    not_reviewed = "The site policy of south was not reviewed since 2026-01-10."
    assert not_shown_now("south") == [not_reviewed]
    assert not_shown_now("") == not_shown_now("east") == []
    assert not_shown_now("north") == [SHADOW.replace(" for north", ""), NO_CARD]
    switch_off(folder)
    assert not_shown_now("south") == [OFF, NO_CARD, not_reviewed]


@pytest.mark.parametrize(("tenant", "is_told"), [("north", True), ("south", False), ("", False)])
def test_what_is_switched_off_for_one_tenant_at_once_is_told_to_no_other(
    tenant: str, is_told: bool, folder: Path
) -> None:
    switch_off(folder, "north")
    assert bool(not_shown_now(tenant)) is is_told


def test_the_default_of_the_kill_switch_are_all_without_a_policy_of_their_own(folder: Path) -> None:
    switch_off(folder, "default")
    assert not_shown_now("") == not_shown_now("north") != []


FAULTY = policy_file("south", "[topics.vka-cua]\non = false\nreason = 'x'", review_by=LATER)
"""Two people have to say so, and nobody does."""
SOUTH_UNKNOWN = "The site policy south.toml cannot be used, so what it switches off is not told here."


def test_a_faulty_file_hides_nothing_of_what_the_others_switch_off(folder: Path, policies: Path) -> None:
    (policies / "north.toml").write_text(pilot(), "utf-8")
    (policies / "south.toml").write_text(FAULTY, "utf-8")
    assert not_shown_now() == [SOUTH_UNKNOWN, SHADOW, NO_CARD]
    assert not (folder / "cds.sqlite3.spool.policies").exists()


def test_of_a_faulty_file_is_told_what_the_service_goes_on_with_and_its_copies_stay_as_they_are(
    folder: Path, policies: Path
) -> None:
    copies = folder / "cds.sqlite3.spool.policies"
    copies.mkdir()
    (policies / "north.toml").write_text(policy_file("north", "[topics"), "utf-8")
    for name, text in (("north.toml", pilot()), ("gone.toml", policy_file("gone", review_by=LATER))):
        (copies / name).write_text(text, "utf-8")
    before = [(path.name, path.stat().st_ino, path.read_bytes()) for path in sorted(copies.iterdir())]
    assert not_shown_now() == [SHADOW, NO_CARD]
    assert [(path.name, path.stat().st_ino, path.read_bytes()) for path in sorted(copies.iterdir())] == before


def test_where_they_cannot_be_used_that_is_said(folder: Path, policies: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (policies / "south.toml").write_text(FAULTY, "utf-8")
    assert not_shown_now() == [SOUTH_UNKNOWN, NO_CARD]
    remarks = json.loads(CliRunner().invoke(cli, ["report", "--json"]).stdout)["remarks"]
    assert remarks[:2] == [SOUTH_UNKNOWN, NO_CARD]
    monkeypatch.setattr(site_folder, "policies_in", cannot_be_read)
    assert not_shown_now() == [UNKNOWN, NO_CARD]
    switch_off(folder)
    assert not_shown_now() == [UNKNOWN, OFF, NO_CARD]


def cannot_be_read(_: Path) -> list[Path]:
    raise PermissionError
