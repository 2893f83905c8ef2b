"""The table of what became of site policies in a range: who answers for which version from when on.

What may live here: that table. Where the events come from stands in `full_report`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC

from cds_service.reports.full_report import FullReport
from cds_service.reports.tables import Table, Value
from cds_service.storage import Event

COLUMNS = (
    "when", "tenant", "became", "version", "before", "owner", "approver", "approved", "effective", "critical_off_by",
    "critical_off_covers", "critical_off_why", "file", "why",
)  # fmt: skip
_KEPT = ("owner", "approver", "approved", "effective")


def policy_changes(whole: FullReport) -> Table:
    """A line for each change, the oldest first. Of a file that was refused nobody is named."""
    return Table(COLUMNS, [_row(one) for one in whole.policy_changes])


def _row(one: Event) -> Sequence[Value]:
    said = {name: str(one.content.get(name, "")) for name in ("became", "before", "file", *_KEPT)}
    off = one.content.get("critical_off")
    answered: Mapping[str, object] = off if isinstance(off, Mapping) else {}
    return [
        f"{one.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
        one.tenant,
        said["became"],
        one.policy,
        said["before"],
        *(said[name] for name in _KEPT),
        _listed(answered.get("people"), " and "),
        _listed(answered.get("covers"), ", "),
        str(answered.get("reason", "")),
        said["file"],
        one.reason,
    ]


def _listed(found: object, between: str) -> str:
    return between.join(map(str, found)) if isinstance(found, list) else ""
