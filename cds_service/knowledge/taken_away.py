"""Policies that were taken away: what they switched off or made stricter ended there, and nobody may overlook that.

What may live here: remembering and telling that. When a file counts as gone stands in `policy_shelf`.
"""

from __future__ import annotations

import logging
from datetime import date

from cds_service.knowledge.policy_making import Taken

log = logging.getLogger("cds_service")


class TakenAway:
    """Since this process began: by tenant the sentence that says so."""

    def __init__(self) -> None:
        self.said: dict[str, str] = {}

    def tell(self, name: str, taken: Taken, today: date, when: str = "on") -> None:
        """What was taken of the file of this name is gone. `when` stands before the day."""
        known = taken.counting(today)
        said = f"the site policy of {known.tenant} (version {known.version}) was taken away {when} {today}"
        self.said[known.tenant] = said
        log.warning("%s: %s", name, said)
