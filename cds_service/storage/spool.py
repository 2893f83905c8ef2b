"""The spool: files of this machine to which every event is appended before the answer leaves.

What may live here: which files there are, how large they may become together, and looking for words in them. What a
line means, and how it comes from here into the database, stands in `event_log`.

Each process appends to a file of its own and holds it by a lock. A file whose process has ended belongs to whoever
takes it over first: so what a killed worker left behind goes on by itself. The folder has to lie on a disk of this
machine, since the locks of network file systems cannot be relied on; two machines have two folders.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import re
import secrets
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import make_url

from cds_service.durable_files import replace_file, sync_names
from cds_service.storage.aside import ASIDE, aside_before, keep_aside, prune_aside
from cds_service.storage.segment import Segment, to_disk
from cds_service.storage.sqlite_file import sqlite_file
from cds_service.storage.store_error import StoreError

log = logging.getLogger("cds_service")

ENDING = ".ndjson"
OWNER = "database"
"""The file of the folder that says, as a hash, which database its events are for."""
_USUAL = "calciphylaxis-cds-{}.spool"
"""In the working folder, where services with other databases may work as well."""
_MEASURED_SECONDS = 1.0
"""How long the size of the whole folder is taken to be what it was."""
_TRIES = 5
_TURN_SECONDS = 0.2
"""How long whoever appends waits for another one whose write hangs."""
_TRIED_BYTES = 8192
"""More than a block: where the disk is full there may still be room for a single byte."""
_LOOKED_AT_BYTES = 16_000_000


def spool_for(url: str, folder: Path | None, most_bytes: int) -> Spool | None:
    """The spool of a service with this database, in this folder or where it usually is; None for one in memory.

    That is beside the file of SQLite, and in the working folder for a database on a server.
    """
    parsed = make_url(url)
    file = sqlite_file(parsed)
    if folder is None and file is None and parsed.get_backend_name() == "sqlite":
        return None
    # A file may be moved with its spool; one on a server is known by its place.
    place = (file.path.name,) if file else (parsed.host, parsed.port, parsed.database)
    owner = hashlib.sha256(repr((parsed.get_backend_name(), *place)).encode()).hexdigest()
    if folder is None:
        folder = Path(f"{file.path}.spool") if file else Path(_USUAL.format(owner[:8]))
    return Spool(folder.absolute(), most_bytes, owner=owner)


class SpoolError(StoreError):
    """The spool could not be written or read. The text holds no value."""


class Spool:
    """The spool as one process sees it. Create it anywhere, use it after the fork."""

    def __init__(
        self, folder: Path, most_bytes: int, clock: Callable[[], float] = time.monotonic, owner: str = ""
    ) -> None:
        """All files of the folder together may have so many bytes; `clock` gives monotonic seconds.

        `owner` names the database that its events go to: what others left for another one is not taken over.
        """
        self.folder, self._most_bytes, self._clock, self._owner = folder, most_bytes, clock, owner
        self._lock = threading.Lock()
        self._current: Segment | None = None
        self._closed: list[Segment] = []
        self._measured, self._measured_until = 0, -1.0
        self._told: set[Path] = set()
        self.has_passed_over = False
        """Was there a file, in the last round of `waiting`, that could not be brought on?"""

    def append(self, lines: Sequence[bytes], *, durable: bool = False) -> None:
        """Keep these lines, all or none; `durable`: over a power failure as well.

        Raises:
            SpoolError: they could not be written, or the spool is full. Durable lines may stand in it all the same,
                where only the disk did not confirm them.
        """
        whole = b"".join(line + b"\n" for line in lines)
        try:
            written = self._append(whole, durable)
            if written is not None:
                # Aside from the lock: a slow disk holds up nobody who does not wait for it.
                to_disk(self.folder, written)
        except OSError as error:
            raise SpoolError(f"the spool cannot be written ({type(error).__name__})") from None

    def _append(self, whole: bytes, durable: bool) -> int | None:
        """A descriptor of the file where the disk is to have it."""
        with self._turn():
            if self._bytes() + len(whole) > self._most_bytes:
                raise SpoolError("the spool is full")
            segment = self._open()
            segment.append(whole)
            self._measured += len(whole)
            return segment.handle() if durable else None

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """The lock, for whoever cannot wait for a disk that hangs. Raises SpoolError."""
        if not self._lock.acquire(timeout=_TURN_SECONDS):
            raise SpoolError("the spool cannot be written (it does not come back)")
        try:
            yield
        finally:
            self._lock.release()

    def try_out(self) -> None:
        """Could an event be appended now? Empty lines are, and taken away again. Raises SpoolError."""
        try:
            with self._turn():
                if self._bytes() + _TRIED_BYTES > self._most_bytes:
                    raise SpoolError("the spool is full")
                self._open().try_out(_TRIED_BYTES)
        except OSError as error:
            raise SpoolError(f"the spool cannot be written ({type(error).__name__})") from None

    def waiting(self) -> Iterator[Segment]:
        """Every file that nobody writes any more, one after the other; last what we have written, which ends with that.

        Whoever has kept the lines of one elsewhere says `done`, and who cannot read it `pass_over`; a file that is not
        done comes again. Few are open at a time, however many there are. What cannot be opened holds up no other.

        Raises:
            SpoolError: the folder cannot be read.
        """
        with self._lock:
            before = list(self._closed)
            self.has_passed_over = False
        yield from before
        self._insist_on_owner()
        for path in self._listed():
            segment = None if self._is_held(path) else self._adopted(path)
            if segment is not None:
                yield self._closed_with(segment)
        with self._lock:
            own = self._current if self._current is not None and self._current.bytes else None
            if own is not None:
                self._give_up_current()
        if own is not None:
            yield own

    def done(self, segment: Segment, useless: Sequence[bytes] = ()) -> None:
        """All lines of this file are kept elsewhere, but those that are `useless`: these stay for people to look at.

        Raises SpoolError where it cannot be removed; then it stays.
        """
        with self._lock:
            try:
                if useless:
                    keep_aside(segment.path, useless)
                segment.remove()
            except OSError as error:
                raise SpoolError(f"a file of the spool cannot be removed ({type(error).__name__})") from None
            self._closed.remove(segment)
            self._measured_until = -1.0

    def pass_over(self, path: Path, error: OSError) -> None:
        """This file cannot be read now. That is said once."""
        self.has_passed_over = True
        if path not in self._told:
            self._told.add(path)
            log.error("what %s holds cannot be brought to the database (%s)", path.name, type(error).__name__)

    def is_waiting(self) -> bool:
        """Are there lines that are not kept elsewhere yet, as far as can be told? Whoever writes them."""
        try:
            return any(path.stat().st_size for path in self._paths())
        except OSError:
            return True

    def count_aside(self, moment: datetime) -> int:
        """How many files `prune_aside` would delete. Raises SpoolError."""
        with _readable():
            return len(aside_before(self.folder, moment))

    def prune_aside(self, moment: datetime) -> int:
        """Delete the files of lines that were no events, set aside before this moment; give their number.

        Raises SpoolError.
        """
        with _readable():
            return prune_aside(self.folder, moment)

    def lines_with(self, words: Collection[bytes]) -> Iterator[bytes]:
        """The lines in which one of these stands, whoever wrote them, as far back as can be looked at quickly.

        Raises:
            SpoolError: the folder cannot be read.
        """
        if not words:
            return
        left, pattern = _LOOKED_AT_BYTES, re.compile(b"|".join(map(re.escape, words)))
        for path in reversed(self._listed()):
            # A file that was removed meanwhile has its lines in the database.
            with suppress(OSError):
                text = _end_of(path, left)
                left -= len(text)
                yield from _lines_of(text, pattern)
            if left <= 0:
                return

    def depth(self) -> int:
        """Bytes in all files together, with what was set aside."""
        total = 0
        for path in self._paths((ENDING, ASIDE)):
            with suppress(OSError):
                total += path.stat().st_size
        return total

    @property
    def most_bytes(self) -> int:
        """How many bytes all files together may have."""
        return self._most_bytes

    def close(self) -> None:
        """Leave all files to whoever comes."""
        with self._lock:
            for segment in (*self._closed, *filter(None, [self._current])):
                segment.let_go()
            self._current, self._closed = None, []

    def _open(self) -> Segment:
        # One that just could not be written stays: on a full disk each call would leave an open file behind.
        if self._current is None or not (self._current.is_sound and self._current.is_there()):
            self._give_up_current()
            self._make_folder()
            self._insist_on_owner()
            self._current = self._made()
        return self._current

    def _make_folder(self) -> None:
        if not self.folder.is_dir():
            self.folder.mkdir(mode=0o700, exist_ok=True)
            sync_names(self.folder.parent)

    def _insist_on_owner(self) -> None:
        """Raises SpoolError where the folder holds events for another database."""
        if not self._owner or not self.folder.is_dir():
            return
        with _readable():
            if not _owner_of(self.folder):
                replace_file(self.folder / OWNER, self._owner.encode("ascii"))
            # Read again: somebody else may have written it at the same moment.
            owner = _owner_of(self.folder)
        if owner != self._owner:
            raise SpoolError(f"the spool is that of another database; where that has moved, delete its file {OWNER}")

    def _made(self) -> Segment:
        for _ in range(_TRIES):
            name = f"{time.time_ns():020}-{os.getpid()}-{secrets.token_hex(4)}{ENDING}"
            # Between its making and its lock it looks like one whose process has ended.
            with suppress(BlockingIOError):
                return Segment.made_in(self.folder, name)
        raise OSError(errno.EWOULDBLOCK, "others take every new file")

    def _give_up_current(self) -> None:
        """Its lines stay; the next ones go to another file."""
        if self._current is not None:
            self._closed.append(self._current)
            self._current = None

    def _closed_with(self, segment: Segment) -> Segment:
        with self._lock:
            self._closed.append(segment)
        return segment

    def _is_held(self, path: Path) -> bool:
        with self._lock:
            return any(segment.path == path for segment in (*self._closed, *filter(None, [self._current])))

    def _bytes(self) -> int:
        now = self._clock()
        if now >= self._measured_until:
            self._measured, self._measured_until = self.depth(), now + _MEASURED_SECONDS
        return self._measured

    def _adopted(self, path: Path) -> Segment | None:
        try:
            return Segment.adopted(path)
        except OSError as error:
            self.pass_over(path, error)
            return None

    def _listed(self) -> list[Path]:
        with _readable():
            return self._paths()

    def _paths(self, endings: tuple[str, ...] = (ENDING,)) -> list[Path]:
        try:
            return sorted(path for path in self.folder.iterdir() if path.name.endswith(endings))
        except FileNotFoundError:
            return []


def _owner_of(folder: Path) -> str:
    """What its mark says; "" where there is none, or one that a crash has left empty. Raises OSError."""
    try:
        return (folder / OWNER).read_text("ascii", "replace")
    except FileNotFoundError:
        return ""


@contextmanager
def _readable() -> Iterator[None]:
    """Raises SpoolError."""
    try:
        yield
    except OSError as error:
        raise SpoolError(f"the spool cannot be read ({type(error).__name__})") from None


def _lines_of(text: bytes, pattern: re.Pattern[bytes]) -> Iterator[bytes]:
    """The lines in which it is found, each once."""
    end = -1
    for hit in pattern.finditer(text):
        if hit.start() > end:
            begin = text.rfind(b"\n", 0, hit.start()) + 1
            end = text.find(b"\n", hit.end())
            end = len(text) if end < 0 else end
            yield text[begin:end]


def _end_of(path: Path, most: int) -> bytes:
    """The last so many bytes of a file."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - most))
        return file.read(most)
