"""The folder of site policies as an operator keeps it: which files are there, and whether it can be believed.

What may live here: listing the folder. What its files come to stands in `policy_shelf`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cds_service.knowledge.policy_copies import changed_at, policies_in

NONE_MEANT = "no-site-policies"
"""A file of this name says that a folder without policies is meant to have none."""
_GO_ON = "the last good site policies go on"


class Emptied(OSError):
    """Every file is gone: rather a volume that is not mounted than the end of every policy."""


class SiteFolder:
    """The folder, with what is wrong with it, "" where nothing is: known since its files were last asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.fault = ""

    def __str__(self) -> str:
        """As operators named it."""
        return str(self._path)

    def mark(self, name: str) -> str:
        """What is another one as soon as a file is written or moved, and the same for all who look; "" without one."""
        return changed_at(self._path / name)

    def files(self, had_any: Callable[[], bool]) -> list[Path]:
        """The files by name; `had_any` says whether policies of earlier files count.

        Raises:
            Emptied: there is none any more, and nobody has said that this is meant.
            OSError: the folder cannot be read.
        """
        try:
            found = policies_in(self._path)
        except OSError as error:
            self.fault = f"the folder of site policies cannot be read ({type(error).__name__}), {_GO_ON}"
            raise
        if not found and had_any() and not (self._path / NONE_MEANT).exists():
            self.fault = (
                f"the folder of site policies is empty, as where its volume is not mounted; {_GO_ON} "
                f"(a file {NONE_MEANT} in it would end them)"
            )
            raise Emptied(str(self._path))
        self.fault = ""
        return found
