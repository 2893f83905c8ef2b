"""Copies of the last good site policies: kept whole and for us alone, put aside with their files, missed by nobody."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from cds_service.knowledge.policy_copies import Copies, copies_beside, policies_in


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "below" / "copies"


@pytest.fixture
def copies(folder: Path) -> Copies:
    return Copies(folder)


def lying_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_they_lie_beside_the_spool_of_the_service() -> None:
    assert copies_beside(Path("/var/cds.sqlite3.spool")) == Path("/var/cds.sqlite3.spool.policies")


# ------------------------------------------------------------------ kept
def test_what_is_kept_is_there_for_the_next_process(copies: Copies, folder: Path) -> None:
    assert copies.keep("north.toml", "nefroloog: Š. Ünal")
    again = Copies(folder)
    assert again
    assert again.names() == ["north.toml"]
    assert again.text("north.toml") == "nefroloog: Š. Ünal"
    assert again.texts("north.toml") == ["nefroloog: Š. Ünal"]


def test_nobody_else_on_this_machine_can_read_them(copies: Copies, folder: Path) -> None:
    copies.keep("north.toml", "text", "before")
    assert mode(folder) == 0o700
    assert {mode(path) for path in folder.iterdir()} == {0o600}


def test_a_state_replaces_the_one_that_was_kept_as_a_whole(copies: Copies, folder: Path) -> None:
    copies.keep("north.toml", "a long state")
    with (folder / "north.toml").open() as reading:
        assert copies.keep("north.toml", "short")
        assert reading.read() == "a long state", "whoever reads it is not disturbed"
    assert copies.text("north.toml") == "short"
    assert lying_in(folder) == ["north.toml"]


def test_of_a_file_that_was_never_kept_there_is_nothing(copies: Copies) -> None:
    assert copies.names() == []
    assert copies.text("north.toml") == ""
    assert copies.texts("north.toml") == []


def test_a_copy_that_cannot_be_read_is_none(copies: Copies, folder: Path) -> None:
    (folder / "north.toml").mkdir(parents=True)
    assert copies.text("north.toml") == ""
    assert copies.texts("north.toml") == []


def test_what_is_hidden_or_no_policy_is_not_among_them(folder: Path) -> None:
    folder.mkdir(parents=True)
    for name in ("south.toml", "north.toml", ".north.toml.0a1b2c3d", ".west.toml", "north.toml.before", "README"):
        (folder / name).touch()
    assert Copies(folder).names() == ["north.toml", "south.toml"]
    assert policies_in(folder) == [folder / "north.toml", folder / "south.toml"]


# ------------------------------------------------------------------ the state before
def test_the_state_that_goes_on_is_kept_beside_the_one_that_begins_later(copies: Copies) -> None:
    assert copies.keep("north.toml", "later", "now")
    assert copies.texts("north.toml") == ["later", "now"]
    assert copies.names() == ["north.toml"]


def test_a_state_that_has_begun_ends_the_one_before(copies: Copies, folder: Path) -> None:
    copies.keep("north.toml", "later", "now")
    copies.keep("north.toml", "begun")
    assert copies.texts("north.toml") == ["begun"]
    assert lying_in(folder) == ["north.toml"]


def test_nothing_begins_later_without_the_state_that_goes_on_until_then(copies: Copies, folder: Path) -> None:
    copies.keep("north.toml", "now")
    (folder / "north.toml.before").mkdir()
    assert not copies.keep("north.toml", "later", "now")
    assert copies.text("north.toml") == "now"


# ------------------------------------------------------------------ put aside
def test_what_is_put_aside_counts_no_more_and_is_still_there(copies: Copies, folder: Path) -> None:
    copies.keep("north.toml", "later", "now")
    copies.keep("south.toml", "text")
    for name in ("north.toml", "north.toml", "never kept.toml"):
        copies.put_aside(name)
    assert copies.names() == ["south.toml"]
    assert copies.texts("north.toml") == []
    assert lying_in(folder) == ["north.toml.before.removed", "north.toml.removed", "south.toml"]
    assert (folder / "north.toml.removed").read_text("utf-8") == "later"
    assert mode(folder / "north.toml.removed") == 0o600


def test_of_what_is_put_aside_again_the_newest_stays(copies: Copies, folder: Path) -> None:
    for text in ("first", "second"):
        copies.keep("north.toml", text)
        copies.put_aside("north.toml")
    assert lying_in(folder) == ["north.toml.removed"]
    assert (folder / "north.toml.removed").read_text("utf-8") == "second"


# ------------------------------------------------------------------ where none are kept
def test_who_may_only_look_reads_and_changes_nothing(copies: Copies, folder: Path) -> None:
    copies.keep("north.toml", "later", "now")
    looking = Copies(folder, read_only=True)
    assert not looking.keep("north.toml", "other")
    assert not looking.keep("south.toml", "other")
    looking.put_aside("north.toml")
    assert looking.texts("north.toml") == ["later", "now"]
    assert lying_in(folder) == ["north.toml", "north.toml.before"]


def test_who_may_only_look_makes_no_folder(folder: Path) -> None:
    looking = Copies(folder, read_only=True)
    assert not looking.keep("north.toml", "text")
    assert looking.names() == []
    assert not folder.parent.exists()


def test_without_a_place_none_are_kept() -> None:
    nowhere = Copies(None)
    assert not nowhere
    assert not nowhere.keep("north.toml", "text", "before")
    nowhere.put_aside("north.toml")
    assert (nowhere.names(), nowhere.text("north.toml"), nowhere.texts("north.toml")) == ([], "", [])


def test_a_place_that_cannot_be_written_is_said_and_stops_nothing(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder.parent.mkdir()
    folder.write_text("no folder")
    assert not Copies(folder).keep("north.toml", "text")
    assert "north.toml: cannot be kept beside the spool for the next start (FileExistsError)" in caplog.text
    Copies(folder).put_aside("north.toml")
    assert folder.read_text() == "no folder"


def test_a_full_disk_leaves_the_copy_that_was_kept(
    copies: Copies, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    copies.keep("north.toml", "before")
    monkeypatch.setattr("cds_service.durable_files.sync_content", disk_is_full)
    assert not copies.keep("north.toml", "now")
    assert "north.toml: cannot be kept beside the spool for the next start (OSError)" in caplog.text
    assert copies.text("north.toml") == "before"
    assert lying_in(folder) == ["north.toml"]


def disk_is_full(_: int) -> None:
    raise OSError(28, "No space left on device")
