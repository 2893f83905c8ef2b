"""What is not shown to the tenant whose counts are asked for, and whether its site policy was reviewed in time.

What may live here: finding that out as it is now, for every form of the answer: silence in it is no all-clear.
"""

from __future__ import annotations

from typing import NamedTuple

from cds_service.knowledge import not_reviewed
from cds_service.reports import UNKNOWN_CALLERS
from cds_service.web.context import PageContext
from cds_service.web.feedback.choice import EARLIER


class Remarks(NamedTuple):
    """A sentence each."""

    not_shown: list[str]
    not_reviewed: list[str]


def remarks_on(tenant: str | None, context: PageContext) -> Remarks:
    """What has to be known beside the numbers of this tenant; None is all of them."""
    now = context.clock()
    known = context.tenants.all(now) if context.tenants else {}
    if tenant in (None, EARLIER):
        return Remarks([*context.not_shown()], not_reviewed(known, now))
    name = "" if tenant == UNKNOWN_CALLERS else tenant or ""
    whose = name if name in known else None
    theirs = {one: knowledge for one, knowledge in known.items() if one == whose}
    return Remarks([*context.not_shown_to(name)], not_reviewed(theirs, now))
