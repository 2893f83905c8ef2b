"""One file of the spool: whole lines or none, and a lock that ends with its holder."""

import errno
import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from cds_service.storage.segment import Segment, to_disk
from tests.unit.cds_service.storage.conftest import files_of_at_most


@pytest.fixture
def segment(tmp_path: Path) -> Iterator[Segment]:
    made = Segment.made_in(tmp_path, "one.ndjson")
    yield made
    made.let_go()


def test_lines_come_back_in_their_order(segment: Segment) -> None:
    segment.append(b"one\ntwo\n")
    segment.append(b"three\n")
    assert list(segment.lines()) == [b"one", b"two", b"three"]
    assert segment.bytes == 14


def test_an_empty_file_has_no_lines(segment: Segment) -> None:
    assert list(segment.lines()) == []


def test_only_we_can_read_it(segment: Segment) -> None:
    assert stat.S_IMODE(segment.path.stat().st_mode) == 0o600


def test_a_line_that_was_not_written_to_its_end_is_none(segment: Segment) -> None:
    segment.append(b"one\ntw")
    assert list(segment.lines()) == [b"one"]


@pytest.mark.parametrize("room", [0, 1, 5])
def test_where_the_disk_is_full_nothing_of_the_lines_stays(room: int, segment: Segment) -> None:
    segment.append(b"before\n")
    with files_of_at_most(len(b"before\n") + room), pytest.raises(OSError, match=r"large|space|all could") as refused:
        segment.append(b"too long\n")
    assert refused.value.errno in (errno.ENOSPC, errno.EFBIG)
    segment.append(b"after\n")
    assert list(segment.lines()) == [b"before", b"after"]


def test_nobody_takes_over_a_file_that_somebody_holds(segment: Segment) -> None:
    segment.append(b"one\n")
    assert Segment.adopted(segment.path) is None
    segment.let_go()
    taken = Segment.adopted(segment.path)
    assert taken is not None
    assert list(taken.lines()) == [b"one"]
    taken.remove()
    assert not segment.path.exists()


def test_a_file_that_has_just_gone_is_nobodys(tmp_path: Path) -> None:
    assert Segment.adopted(tmp_path / "gone.ndjson") is None


def test_a_process_that_is_killed_leaves_its_file_to_others(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        Segment.made_in(tmp_path, "theirs.ndjson").append(b"kept\n")
        os.write(writer, b".")
        signal.pause()
    os.read(reader, 1)
    assert Segment.adopted(tmp_path / "theirs.ndjson") is None
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    taken = Segment.adopted(tmp_path / "theirs.ndjson")
    assert taken is not None
    assert list(taken.lines()) == [b"kept"]
    taken.let_go()
    os.close(reader)
    os.close(writer)


def test_a_name_is_given_once(tmp_path: Path, segment: Segment) -> None:
    with pytest.raises(FileExistsError):
        Segment.made_in(tmp_path, segment.path.name)


def test_a_file_that_lost_its_name_is_not_there(segment: Segment) -> None:
    assert segment.is_there()
    segment.path.unlink()
    assert not segment.is_there()
    segment.remove()


def test_the_disk_is_asked_for_a_file_that_others_have_removed_meanwhile(tmp_path: Path, segment: Segment) -> None:
    segment.append(b"one\n")
    handle = segment.handle()
    segment.remove()
    to_disk(tmp_path, handle)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(handle)


def test_a_disk_that_says_no_is_heard(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    with pytest.raises(OSError, match="Invalid argument"):
        to_disk(tmp_path, writer)
    os.close(reader)
