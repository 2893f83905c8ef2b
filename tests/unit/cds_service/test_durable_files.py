"""A file that is replaced is whole at every moment, and stays replaced when the power is cut."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cds_service.durable_files import replace_file, sync_content, sync_names, told_name
from cds_service.knowledge.policy_copies import Copies
from cds_service.storage import SwitchedOff, changing, write_keys

SYNC = os.fsync
SWITCHED = SwitchedOff(datetime(2026, 11, 30, 14, 3, tzinfo=UTC), "Dr Silva", "wrong text")


def is_folder(descriptor: int) -> bool:
    return stat.S_ISDIR(os.fstat(descriptor).st_mode)


class Disk:
    """What the disk was asked for, in order, and what stood in the file then; `fault` is how it answers for folders."""

    def __init__(self, path: Path) -> None:
        self.path, self.fault = path, 0
        self.asked: list[tuple[str, bytes | None]] = []

    def sync(self, descriptor: int) -> None:
        content = self.path.read_bytes() if self.path.exists() else None
        self.asked.append(("folder" if is_folder(descriptor) else "file", content))
        if self.fault and is_folder(descriptor):
            raise OSError(self.fault, os.strerror(self.fault))
        SYNC(descriptor)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "file.toml"


@pytest.fixture
def disk(file: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    made = Disk(file)
    for name in {"fsync", "fdatasync"} & set(dir(os)):
        monkeypatch.setattr(os, name, made.sync)
    return made


def test_a_file_is_on_the_disk_before_it_gets_its_name_and_the_name_after_that(file: Path, disk: Disk) -> None:
    replace_file(file, b"one")
    replace_file(file, b"two")
    assert disk.asked == [("file", None), ("folder", b"one"), ("file", b"one"), ("folder", b"two")]


def test_what_is_handed_to_the_disk_is_all_of_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    monkeypatch.setattr(
        "cds_service.durable_files.sync_content", lambda descriptor: sizes.append(os.fstat(descriptor).st_size)
    )
    replace_file(file, b"one")
    assert sizes[0] == len(b"one")


@pytest.fixture
def written(tmp_path: Path) -> Iterator[int]:
    """A file in which something was just written."""
    descriptor = os.open(tmp_path / "written", os.O_RDWR | os.O_CREAT)
    os.write(descriptor, b"one")
    yield descriptor
    os.close(descriptor)


@pytest.mark.parametrize("fault", [None, errno.ENOTSUP, errno.ENOTTY, errno.EINVAL])
def test_on_macos_the_disk_is_asked_to_keep_nothing_in_its_memory_where_the_file_system_can_be_asked(
    fault: int | None, written: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As there: no fdatasync, and a command that Linux does not have."""
    asked: list[str | int] = []

    def command(_: int, number: int) -> None:
        asked.append(number)
        if fault is not None:
            raise OSError(fault, os.strerror(fault))

    monkeypatch.delattr(os, "fdatasync", raising=False)
    monkeypatch.setattr(fcntl, "F_FULLFSYNC", 51, raising=False)
    monkeypatch.setattr(fcntl, "fcntl", command)
    monkeypatch.setattr(os, "fsync", lambda _: asked.append("fsync"))
    sync_content(written)
    assert asked == ([51] if fault is None else [51, "fsync"])


def test_on_macos_a_disk_that_says_no_is_heard(written: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def command(*_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(fcntl, "F_FULLFSYNC", 51, raising=False)
    monkeypatch.setattr(fcntl, "fcntl", command)
    with pytest.raises(OSError, match="Input/output error"):
        sync_content(written)


def test_it_is_for_our_user_alone_whoever_could_read_the_one_before(file: Path) -> None:
    file.write_text("before")
    file.chmod(0o644)
    replace_file(file, b"now")
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (b"now", 0o600)
    assert list(file.parent.iterdir()) == [file]


def test_whoever_reads_the_one_before_goes_on_reading_it(file: Path) -> None:
    file.write_bytes(b"before")
    with file.open("rb") as reading:
        replace_file(file, b"now")
        assert reading.read() == b"before"


def test_where_it_cannot_be_written_the_one_before_stays_and_nothing_lies_about(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    file.write_bytes(b"before")
    monkeypatch.setattr("cds_service.durable_files.sync_content", full)
    with pytest.raises(OSError, match="No space left"):
        replace_file(file, b"now")
    assert file.read_bytes() == b"before"
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("fault", [errno.EINVAL, errno.EBADF, errno.ENOTSUP])
def test_a_file_system_that_hands_no_folder_to_the_disk_is_no_fault(fault: int, file: Path, disk: Disk) -> None:
    disk.fault = fault
    replace_file(file, b"one")
    assert file.read_bytes() == b"one"
    assert ("folder", b"one") in disk.asked


def test_a_folder_that_we_may_write_and_not_read_is_no_fault(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = os.open

    def refused(path: Path, flags: int, *more: int) -> int:
        if flags & os.O_DIRECTORY:
            raise PermissionError(errno.EACCES, "Permission denied")
        return opened(path, flags, *more)

    monkeypatch.setattr(os, "open", refused)
    replace_file(file, b"one")
    assert file.read_bytes() == b"one"


def test_a_disk_that_says_no_is_heard(file: Path, disk: Disk) -> None:
    disk.fault = errno.EIO
    with pytest.raises(OSError, match="Input/output error"):
        replace_file(file, b"one")
    with pytest.raises(FileNotFoundError):
        sync_names(file.parent / "gone")


def switched_off(file: Path) -> None:
    with changing(file) as off:
        off.append(SWITCHED)


@pytest.mark.parametrize(
    "write",
    [
        lambda file: Copies(file.parent).keep(file.name, "text"),
        switched_off,
        lambda file: write_keys(file, [b"k" * 32]),
    ],
    ids=["the copy of a site policy", "the kill switch", "the keys for pseudonyms"],
)
def test_what_has_to_outlive_a_power_cut_has_its_name_on_the_disk(
    write: Callable[[Path], object], file: Path, disk: Disk
) -> None:
    write(file)
    *_, last = [asked for asked in disk.asked if asked[0] == "folder"]
    assert last == ("folder", file.read_bytes())


@pytest.mark.parametrize(("name", "told"), [(b"north.toml", "north.toml"), (b"caf\xe9.toml", "caf?.toml"),
     ("café.toml".encode(), "café.toml")]
)  # fmt: skip
def test_the_name_of_a_file_is_told_as_text(name: bytes, told: str) -> None:
    assert told_name(os.fsdecode(name)) == told
