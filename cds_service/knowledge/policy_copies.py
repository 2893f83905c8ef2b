"""A copy of the last good state of each site policy, for a start or a worker that comes when the file is faulty.

What may live here: the files of the copies. When one is used stands in `policy_shelf`.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

from cds_service.durable_files import replace_file, sync_names, told_name
from cds_service.knowledge.site_policy import SitePolicyError, site_text

log = logging.getLogger("cds_service")

_SUFFIX, _BEFORE, _REMOVED, _TOLD = ".toml", ".before", ".removed", ".told"


def copies_beside(spool: Path) -> Path:
    """Where the copies of the service with this spool lie."""
    return spool.with_name(f"{spool.name}.policies")


def policies_in(folder: Path) -> list[Path]:
    """The files by name. What is hidden is an editor's, or is being written. Raises OSError."""
    found = (path for path in folder.iterdir() if path.name.endswith(_SUFFIX))
    return sorted(path for path in found if not path.name.startswith("."))


def changed_at(path: Path) -> str:
    """When a file was last written or moved, as the file system has it, "" where there is none."""
    try:
        return str(path.stat().st_ctime_ns)
    except OSError:
        return ""


def text_or_nothing(path: Path) -> str:
    """The text of a file, "" where it cannot be read."""
    try:
        return site_text(path)
    except SitePolicyError:
        return ""


class Copies:
    """The copies in a folder; None keeps none. `read_only`: for a process that is not the service."""

    def __init__(self, folder: Path | None, *, read_only: bool = False) -> None:
        self._folder, self._read_only = folder, read_only

    def __bool__(self) -> bool:
        """Is there a place for them?"""
        return self._folder is not None

    def names(self) -> list[str]:
        """Of which files there is a copy."""
        try:
            return [path.name for path in policies_in(self._folder)] if self._folder else []
        except OSError:
            return []

    def text(self, name: str) -> str:
        """The last good state of a file, "" where there is none."""
        return text_or_nothing(self._folder / name) if self._folder else ""

    def texts(self, name: str) -> list[str]:
        """The last good state of a file, and the one that goes on until its first day, as far as they are there."""
        return [text for text in (self.text(name), self.text(name + _BEFORE)) if text]

    def mark(self, name: str) -> str:
        """When the last good state of a file was kept, "" where none is."""
        return changed_at(self._folder / name) if self._folder else ""

    def told(self, name: str) -> str:
        """The state of a file that was told last, "" where none was: a start that fails takes it and tells nothing."""
        return self.text(name + _TOLD)

    def told_names(self) -> list[str]:
        """The files of which a state was told, and not yet that they are gone."""
        try:
            found = [path.name for path in self._folder.iterdir()] if self._folder else []
        except OSError:
            return []
        return sorted(name.removesuffix(_TOLD) for name in found if name.endswith(_SUFFIX + _TOLD))

    def told_at(self, name: str) -> str:
        """When that was, or when the last good state was kept where nothing was told; "" where there is neither."""
        return self.mark(name + _TOLD) or self.mark(name)

    def remember_told(self, name: str, text: str) -> None:
        """This state was told; "" that the file is gone."""
        if self._folder and not self._read_only:
            if text:
                _write(self._folder, name + _TOLD, text)
            else:
                _unlink(self._folder / (name + _TOLD))

    def keep(self, name: str, text: str, before: str = "") -> bool:
        """Keep this state, and the one before it where that goes on. Returns whether it is kept."""
        if not self._folder or self._read_only:
            return False
        if before and not _write(self._folder, name + _BEFORE, before):
            return False
        kept = _write(self._folder, name, text)
        if kept and not before:
            _unlink(self._folder / (name + _BEFORE))
        return kept

    def removed(self, name: str) -> tuple[str, datetime] | None:
        """The state of a file that was put aside last, and when; None where none was."""
        if not self._folder or not (changed := changed_at(aside := self._folder / (name + _REMOVED))):
            return None
        return text_or_nothing(aside), datetime.fromtimestamp(int(changed) / 1e9, UTC)

    def put_aside(self, name: str) -> None:
        """Those of a file that is gone: they count no more, and whoever took it away by mistake finds them."""
        if self._folder and not self._read_only:
            for copy in (self._folder / name, self._folder / (name + _BEFORE)):
                try:
                    copy.replace(copy.with_name(copy.name + _REMOVED))
                except FileNotFoundError:
                    pass
                except OSError as error:
                    # It would count again at a start that finds the folder empty.
                    log.error("%s: the copy cannot be put aside (%s)", told_name(copy.name), type(error).__name__)


def _unlink(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.error("%s: cannot be removed (%s)", told_name(path.name), type(error).__name__)


def _write(folder: Path, name: str, text: str) -> bool:
    """All at once, and for us alone: another process may look at it, and a start after a failure needs it whole."""
    try:
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync_names(folder.parent)
        replace_file(folder / name, text.encode("utf-8"))
    except OSError as error:
        log.error("%s: cannot be kept beside the spool for the next start (%s)", told_name(name), type(error).__name__)
        return False
    return True
