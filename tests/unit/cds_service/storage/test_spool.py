"""The spool: every process has a file of its own, and nobody loses what another left."""

import os
import signal
import stat
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cds_service.storage.aside import ASIDE
from cds_service.storage.spool import Spool, SpoolError, spool_for
from tests.unit.cds_service.storage.conftest import files_of_at_most

A_LOT = 100_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def lines(spool: Spool) -> list[bytes]:
    """All that waits; afterwards nothing does."""
    found = []
    for segment in spool.waiting():
        found += list(segment.lines())
        spool.done(segment)
    return found


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def test_what_was_appended_waits_until_it_is_kept_elsewhere(spool: Spool, folder: Path) -> None:
    spool.append([b"one", b"two"])
    spool.append([b"three"])
    assert [list(segment.lines()) for segment in spool.waiting()] == [[b"one", b"two", b"three"]]
    assert lines(spool) == [b"one", b"two", b"three"]
    assert lines(spool) == []
    assert files(folder) == []


def test_what_comes_while_something_is_carried_away_waits_for_the_next_time(spool: Spool) -> None:
    spool.append([b"one"])
    for segment in spool.waiting():
        spool.append([b"two"])
        spool.done(segment)
    assert lines(spool) == [b"two"]


def test_what_could_not_be_carried_away_comes_again_before_what_is_new(spool: Spool) -> None:
    spool.append([b"one"])
    assert len(list(spool.waiting())) == 1
    spool.append([b"two"])
    assert lines(spool) == [b"one", b"two"]


def test_an_outage_opens_no_more_files_however_often_it_is_tried(spool: Spool, folder: Path) -> None:
    for number in range(20):
        spool.append([b"%d" % number])
        next(spool.waiting())
    assert len(files(folder)) <= 2
    assert len(lines(spool)) == 20


def test_nothing_is_made_before_something_is_appended(spool: Spool, folder: Path) -> None:
    assert lines(spool) == []
    assert not folder.exists()


def test_only_we_can_look_into_the_folder(spool: Spool, folder: Path) -> None:
    spool.append([b"one"])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_an_ended_process_left_is_taken_over_and_what_a_living_one_writes_is_not(
    spool: Spool, folder: Path
) -> None:
    other = Spool(folder, A_LOT)
    other.append([b"theirs"])
    spool.append([b"ours"])
    assert lines(spool) == [b"ours"]
    other.close()
    assert lines(spool) == [b"theirs"]


def test_many_files_that_were_left_are_opened_one_after_the_other(spool: Spool, folder: Path) -> None:
    for number in range(50):
        other = Spool(folder, A_LOT)
        other.append([b"%d" % number])
        other.close()
    before = len(os.listdir("/dev/fd"))
    most = 0
    for segment in spool.waiting():
        most = max(most, len(os.listdir("/dev/fd")) - before)
        spool.done(segment)
    assert most <= 2
    assert files(folder) == []


def set_aside(spool: Spool, *useless: bytes) -> None:
    """A file with these lines, and another one that was kept elsewhere."""
    spool.append([b"kept elsewhere", *useless])
    for segment in spool.waiting():
        spool.done(segment, useless)


def test_lines_that_are_no_events_stay_for_people_without_the_others(spool: Spool, folder: Path) -> None:
    set_aside(spool, b"nonsense", b"more")
    (left,) = files(folder)
    assert left.suffix == ASIDE
    assert left.read_bytes() == b"nonsense\nmore\n"
    assert stat.S_IMODE(left.stat().st_mode) == 0o600
    assert lines(spool) == []
    assert not spool.is_waiting()


def test_what_was_set_aside_takes_room_as_the_rest_does(folder: Path) -> None:
    now = [0.0]
    spool = Spool(folder, 60, lambda: now[0])
    set_aside(spool, b"x" * 40)
    assert spool.depth() == 41
    now[0] = 1.0
    with pytest.raises(SpoolError, match="the spool is full"):
        spool.append([b"y" * 20])


def test_where_nothing_can_be_set_aside_the_file_stays_whole(
    spool: Spool, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    spool.append([b"kept elsewhere", b"nonsense"])
    (segment,) = spool.waiting()
    with monkeypatch.context() as patched:
        patched.setattr("cds_service.durable_files.sync_content", full)
        with pytest.raises(SpoolError, match="cannot be removed"):
            spool.done(segment, [b"nonsense"])
    assert [list(segment.lines()) for segment in spool.waiting()] == [[b"kept elsewhere", b"nonsense"]]


def test_what_was_set_aside_goes_when_it_is_older_than_events_may_be(spool: Spool, folder: Path) -> None:
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert spool.prune_aside(at) == 0, "there is not even a folder"
    set_aside(spool, b"nonsense")
    (left,) = files(folder)
    os.utime(left, (at.timestamp(), at.timestamp()))
    spool.append([b"waits"])
    assert (spool.count_aside(at), spool.prune_aside(at)) == (0, 0)
    later = at + timedelta(seconds=1)
    assert (spool.count_aside(later), spool.prune_aside(later)) == (1, 1)
    assert lines(spool) == [b"waits"]
    assert files(folder) == []


@pytest.mark.parametrize("ask", [Spool.count_aside, Spool.prune_aside])
def test_where_nobody_can_see_what_was_set_aside_that_is_said(
    ask: Callable[[Spool, datetime], int], spool: Spool, folder: Path
) -> None:
    folder.write_text("no folder")
    with pytest.raises(SpoolError, match="cannot be read"):
        ask(spool, datetime(2026, 3, 2, 12, tzinfo=UTC))
    assert spool.is_waiting(), "nobody can tell"


def test_a_full_spool_takes_nothing_until_something_was_carried_away(folder: Path) -> None:
    now = [0.0]
    spool = Spool(folder, 20, lambda: now[0])
    spool.append([b"x" * 18])
    spool.append([b""])
    with pytest.raises(SpoolError, match="the spool is full"):
        spool.append([b""])
    assert lines(spool) == [b"x" * 18, b""]
    spool.append([b"again"])
    spool.close()


def test_what_others_wrote_counts_a_moment_later(spool: Spool, folder: Path) -> None:
    now = [0.0]
    small = Spool(folder, 20, lambda: now[0])
    small.append([b"1"])
    spool.append([b"x" * 30])
    small.append([b"2"])
    now[0] += 1
    with pytest.raises(SpoolError, match="full"):
        small.append([b"3"])
    small.close()


def test_a_full_disk_leaves_no_file_behind_for_each_call(spool: Spool, folder: Path) -> None:
    spool.append([b"before"])
    before = os.listdir("/dev/fd")
    with files_of_at_most(len(b"before\n") + 5):
        for _ in range(20):
            with pytest.raises(SpoolError, match="cannot be written"):
                spool.append([b"there is no room for this", b"nor for this"])
    assert len(os.listdir("/dev/fd")) == len(before)
    assert len(files(folder)) == 1
    spool.append([b"after"])
    assert lines(spool) == [b"before", b"after"]


def no_folder(folder: Path) -> None:
    folder.write_text("a file")


def no_place(folder: Path) -> None:
    folder.symlink_to(folder)


@pytest.mark.parametrize("spoil", [no_folder, no_place])
def test_a_spool_that_cannot_be_written_says_so_without_its_path(spoil: Callable[[Path], None], folder: Path) -> None:
    spoil(folder)
    spool = Spool(folder, A_LOT)
    for durable in (False, True):
        with pytest.raises(SpoolError, match=r"the spool cannot be written \(\w+\)") as refused:
            spool.append([b"one"], durable=durable)
        assert "spool/" not in str(refused.value)
    with pytest.raises(SpoolError):
        spool.try_out()


@pytest.mark.parametrize("spoil", [no_folder, no_place])
def test_a_spool_that_cannot_be_read_says_so(spoil: Callable[[Path], None], folder: Path) -> None:
    spoil(folder)
    spool = Spool(folder, A_LOT)
    for asked in (spool.waiting(), spool.lines_with([b"card"])):
        with pytest.raises(SpoolError, match=r"the spool cannot be read \(\w+\)"):
            list(asked)


def test_what_cannot_be_opened_is_told_once_and_holds_up_no_other(
    spool: Spool, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "00-no-file.ndjson").mkdir(parents=True)
    for line in (b"one", b"two"):
        spool.append([line])
        assert lines(spool) == [line]
    assert [record.getMessage() for record in caplog.records] == [
        "what 00-no-file.ndjson holds cannot be brought to the database (IsADirectoryError)"
    ]


def test_a_file_that_cannot_be_removed_comes_again(spool: Spool, folder: Path) -> None:
    spool.append([b"one"])
    (segment,) = spool.waiting()
    segment.path.unlink()
    segment.path.mkdir()
    with pytest.raises(SpoolError, match="cannot be removed"):
        spool.done(segment)
    segment.path.rmdir()
    assert lines(spool) == [b"one"]


def test_a_spool_that_can_be_written_says_nothing_and_keeps_no_event_of_that(spool: Spool) -> None:
    spool.try_out()
    assert [line for line in lines(spool) if line] == []


def test_room_for_a_few_bytes_is_not_room_for_an_event(spool: Spool) -> None:
    spool.append([b"one"])
    with files_of_at_most(4096), pytest.raises(SpoolError):
        spool.try_out()
    assert lines(spool) == [b"one"]


def test_a_file_that_was_deleted_is_not_written_any_more(spool: Spool, folder: Path) -> None:
    spool.append([b"gone"])
    for file in files(folder):
        file.unlink()
    spool.append([b"kept"])
    (left,) = files(folder)
    assert left.read_bytes() == b"kept\n"
    assert b"kept" in lines(spool)


def test_a_folder_that_was_deleted_is_made_again(spool: Spool, folder: Path) -> None:
    spool.append([b"gone"], durable=True)
    for file in files(folder):
        file.unlink()
    folder.rmdir()
    spool.append([b"kept"], durable=True)
    assert b"kept" in lines(spool)


def test_lines_are_found_by_a_word_whoever_wrote_them_the_newest_first(spool: Spool, folder: Path) -> None:
    other = Spool(folder, A_LOT)
    other.append([b"card 1 of theirs", b"card 2"])
    spool.append([b"card 1 of ours", b"nothing"])
    assert list(spool.lines_with([b"card 1"])) == [b"card 1 of ours", b"card 1 of theirs"]
    assert list(spool.lines_with([b"card 3"])) == []
    assert list(spool.lines_with([])) == []
    other.close()


def test_no_more_is_looked_at_than_can_be_quickly(spool: Spool) -> None:
    spool.append([b"old"])
    spool.append([b"x" * 17_000_000, b"new"])
    assert list(spool.lines_with([b"old", b"new"])) == [b"new"]


def test_threads_append_whole_lines_while_others_carry_them_away(spool: Spool) -> None:
    found: list[bytes] = []
    stop = threading.Event()

    def carry() -> None:
        while not stop.is_set():
            found.extend(lines(spool))

    def write(name: int) -> None:
        for number in range(200):
            spool.append([b"%d-%d" % (name, number), b"%d-%d again" % (name, number)], durable=number % 50 == 0)

    carrier = threading.Thread(target=carry)
    carrier.start()
    writers = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    carrier.join()
    found += lines(spool)
    assert len(found) == len(set(found)) == 1600


def test_a_process_that_is_killed_between_two_lines_loses_neither(spool: Spool, folder: Path) -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        theirs = Spool(folder, A_LOT)
        theirs.append([b"one"])
        theirs.append([b"two"], durable=True)
        os.write(writer, b".")
        signal.pause()
    os.read(reader, 1)
    assert lines(spool) == []
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert lines(spool) == [b"one", b"two"]
    os.close(reader)
    os.close(writer)


def test_processes_that_look_for_what_others_left_take_no_new_file_from_those_who_write(
    spool: Spool, folder: Path
) -> None:
    folder.mkdir()
    child = os.fork()
    if child == 0:
        theirs = Spool(folder, A_LOT)
        while True:
            for segment in theirs.waiting():
                theirs.done(segment)
    try:
        found = []
        for number in range(3000):
            spool.append([b"%d" % number])
            found += lines(spool)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert found == [b"%d" % number for number in range(3000)]


# ------------------------------------------------------------------ where it lies
@pytest.mark.parametrize(
    ("url", "given", "expected"),
    [
        ("sqlite:////var/lib/cds/cds.sqlite3", None, Path("/var/lib/cds/cds.sqlite3.spool")),
        ("postgresql://cds@db/cds", Path("/var/spool/cds"), Path("/var/spool/cds")),
        ("sqlite://", Path("/var/spool/cds"), Path("/var/spool/cds")),
    ],
)
def test_the_spool_lies_beside_the_file_of_the_database_or_where_it_is_told_to(
    url: str, given: Path | None, expected: Path
) -> None:
    spool = spool_for(url, given, A_LOT)
    assert spool is not None
    assert spool.folder == expected


def test_without_a_file_it_lies_in_the_working_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    spool = spool_for("postgresql://cds@db/cds", None, A_LOT)
    assert spool is not None
    assert spool.folder.parent == tmp_path
    assert spool.folder.name.startswith("calciphylaxis-cds-")
    other = spool_for("postgresql://cds@db/other", None, A_LOT)
    assert other is not None
    assert other.folder != spool.folder, "another service in the same folder"


def test_a_database_in_memory_has_none() -> None:
    assert spool_for("sqlite://", None, A_LOT) is None


# ------------------------------------------------------------------ whose it is
def test_the_spool_of_another_database_is_neither_written_nor_taken_over(folder: Path) -> None:
    ours, theirs = Spool(folder, A_LOT, owner="ours"), Spool(folder, A_LOT, owner="theirs")
    ours.append([b"one"])
    ours.close()
    for act in (lambda: theirs.append([b"two"]), lambda: lines(theirs), theirs.try_out):
        with pytest.raises(SpoolError, match=r"that of another database; .* delete its file database"):
            act()
    assert lines(Spool(folder, A_LOT, owner="ours")) == [b"one"]
    (folder / "database").unlink()
    theirs.append([b"two"])
    theirs.close()


def test_a_mark_that_a_crash_has_left_empty_is_written_anew_and_holds(folder: Path) -> None:
    ours, theirs = Spool(folder, A_LOT, owner="ours"), Spool(folder, A_LOT, owner="theirs")
    folder.mkdir()
    (folder / "database").write_text("")
    ours.append([b"one"])
    with pytest.raises(SpoolError, match="that of another database"):
        theirs.append([b"two"])


def test_nobody_ever_reads_half_a_mark(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    def look(descriptor: int) -> None:
        seen.append((folder / "database").exists())
        os.fsync(descriptor)

    monkeypatch.setattr("cds_service.durable_files.sync_content", look)
    Spool(folder, A_LOT, owner="ours").append([b"one"])
    assert seen == [False], "it gets its name when it is whole and on the disk"
    assert (folder / "database").read_text() == "ours"


def test_who_loses_a_race_for_the_mark_sees_whose_spool_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def overtaken(mark: Path, _: bytes) -> None:
        mark.write_text("theirs")

    monkeypatch.setattr("cds_service.storage.spool.replace_file", overtaken)
    with pytest.raises(SpoolError, match="that of another database"):
        Spool(folder, A_LOT, owner="ours").append([b"one"])


@pytest.mark.parametrize(
    ("url", "is_same"),
    [
        ("postgresql://other:secret@db/cds?sslmode=require", True),
        ("postgresql://cds@db/cds", True),
        ("postgresql://cds@db/other", False),
        ("postgresql://cds@elsewhere/cds", False),
        ("sqlite:////var/lib/cds.sqlite3", False),
    ],
)
def test_a_database_on_a_server_is_known_by_its_place_and_by_no_secret(url: str, is_same: bool, folder: Path) -> None:
    first = spool_for("postgresql://cds:secret@db/cds", folder, A_LOT)
    other = spool_for(url, folder, A_LOT)
    assert first is not None
    assert other is not None
    assert (first._owner == other._owner) is is_same


def test_a_file_may_be_moved_with_its_spool(folder: Path) -> None:
    first, other = (spool_for(f"sqlite:///{place}/cds.sqlite3", folder, A_LOT) for place in ("/a", "/b"))
    assert first is not None
    assert other is not None
    assert first._owner == other._owner


def test_trying_out_leaves_nothing_behind(spool: Spool) -> None:
    spool.append([b"one"])
    for _ in range(5):
        spool.try_out()
    assert spool.depth() == len(b"one\n")
    spool.append([b"two"])
    assert lines(spool) == [b"one", b"two"]


def test_nobody_waits_for_long_for_another_whose_write_hangs(spool: Spool) -> None:
    with spool._lock, pytest.raises(SpoolError, match="does not come back"):
        spool.append([b"one"])
    spool.append([b"two"])
    assert lines(spool) == [b"two"]
