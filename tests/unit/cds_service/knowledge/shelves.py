"""A folder of site policies with the shelf that reads it, for the tests: files that are good, and one that is not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cds_service.knowledge import load_knowledge
from cds_service.knowledge.policy_shelf import PolicyShelf
from cds_service.knowledge.site_folder import NONE_MEANT
from cds_service.settings import Settings
from tests.unit.cds_service.knowledge.policies import policy_file

SETTINGS = Settings()
PACKAGED = load_knowledge(SETTINGS)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BROKEN = policy_file(owner=None)


class Site:
    """A folder of policies with the shelf that reads it, and a place for copies."""

    def __init__(self, root: Path) -> None:
        self.folder, self.copies = root / "policies", root / "copies"
        self.folder.mkdir()

    def write(self, text: str, name: str = "north.toml") -> None:
        (self.folder / name).write_text(text, "utf-8")

    def may_be_empty(self) -> None:
        """From now on a folder without policies is meant to have none."""
        (self.folder / NONE_MEANT).touch()

    def shelf(self, copies: bool = True, **more: Any) -> PolicyShelf:
        """A shelf as a start makes it."""
        made = PolicyShelf(self.folder, SETTINGS, self.copies if copies else None, **more)
        made.open()
        return made


def owner(shelf: PolicyShelf, tenant: str = "north") -> str | None:
    """Whose policy counts for a tenant, by its owner's first name; None for the packaged files."""
    found = shelf.held(PACKAGED).in_force(tenant, NOON)
    return found.knowledge.site.owner.split()[0] if found and found.knowledge.site else None


def file(who: str, **changed: Any) -> str:
    return policy_file(owner=f"{who} Lind", **changed)
