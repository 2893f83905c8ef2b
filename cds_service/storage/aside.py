"""Lines of the spool that are no events: they stay for people to look at, as long as events may be kept.

What may live here: the files of such lines. Which lines these are is found out in `carrying`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from cds_service.durable_files import replace_file, sync_names

ASIDE = ".unreadable"


def keep_aside(file: Path, lines: Sequence[bytes]) -> None:
    """Keep these lines of a file of the spool beside it, over a power failure too; the same again stay once.

    Raises:
        OSError: they could not be written.
    """
    replace_file(file.with_suffix(ASIDE), b"".join(line + b"\n" for line in lines))


def aside_before(folder: Path, moment: datetime) -> list[Path]:
    """The files of lines that were set aside before this moment. Raises OSError."""
    try:
        files = [path for path in folder.iterdir() if path.name.endswith(ASIDE)]
        return [path for path in files if path.stat().st_mtime < moment.timestamp()]
    except FileNotFoundError:
        # There is no spool yet, or somebody else deletes as well: what is left comes the next time.
        return []


def prune_aside(folder: Path, moment: datetime) -> int:
    """Delete them; give their number. Raises OSError."""
    old = aside_before(folder, moment)
    for path in old:
        path.unlink(missing_ok=True)
    if old:
        sync_names(folder)
    return len(old)
