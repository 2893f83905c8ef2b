"""How somebody wants to see a course: how near, which rows, in which units. It stands in the address.

What may live here: reading and writing those parameters. A view hides nothing from the rules: the course is always
worked out from the whole look-back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from cds_service.web.course.units import RULES, SI
from hooks.course import USED_BY

RANGES = {"3": "3 months", "12": "1 year", "24": "2 years", "all": "all"}
SYSTEMS = {RULES: "mg/dL, pg/mL", SI: "mmol/L, pmol/L"}
CHANGES, DRUGS, FINDINGS, LEVEL, POINTS = "changes", "drugs", "findings", "level", "points"
ROWS = (CHANGES, *(str(key) for key in USED_BY), DRUGS, FINDINGS, LEVEL, POINTS)
"""The rows of the picture, from the top; a patient has some of those of results."""
FORMS = ("csv", "svg")
"""What can be downloaded (parameter `as`)."""


class ViewError(ValueError):
    """A parameter has a value that it cannot have; the message says which it can, and repeats nothing that was sent."""


@dataclass(frozen=True, slots=True)
class View:
    """`months` is of RANGES, `rows` are to be shown (none: all), `units` is of SYSTEMS, `form` of FORMS or ""."""

    months: str = "all"
    rows: tuple[str, ...] = ()
    units: str = RULES
    form: str = ""

    def first(self, first: date, today: date) -> date:
        """The first day to be shown of a course from `first` to `today`."""
        if self.months == "all":
            return first
        month = today.year * 12 + today.month - 1 - int(self.months)
        begin = date(month // 12, month % 12 + 1, 1) + timedelta(days=today.day - 1)
        return max(first, begin)

    def shows(self, row: str) -> bool:
        """Is the row drawn?"""
        return not self.rows or row in self.rows

    def query(self, kept: Iterable[tuple[str, str]] = (), **changes: Any) -> str:
        """The query of an address with this view, changed so; `kept` are parameters that are not ours."""
        view = replace(self, **changes)
        own = [("months", view.months), ("units", view.units), ("as", view.form)]
        usual = {("months", "all"), ("units", RULES), ("as", "")}
        rows = [("rows", row) for row in view.rows]
        return urlencode([*kept, *(pair for pair in own if pair not in usual), *rows])


def read_view(given: MultiDict[str, str]) -> View:
    """The view that an address asks for. Raises ViewError."""
    rows = tuple(given.getlist("rows"))
    if not set(rows) <= set(ROWS):
        raise ViewError(f"The parameter “rows” names the rows of the picture: {', '.join(ROWS)}.")
    return View(
        months=_one(given, "months", RANGES, "all"),
        rows=tuple(row for row in ROWS if row in rows),
        units=_one(given, "units", SYSTEMS, RULES),
        form=_one(given, "as", FORMS, ""),
    )


def _one(given: MultiDict[str, str], name: str, allowed: Iterable[str], usual: str) -> str:
    values = given.getlist(name) or [usual]
    if len(values) > 1 or (values[0] not in allowed and values[0] != usual):
        raise ViewError(f"The parameter “{name}” has one value: {' or '.join(allowed)}.")
    return values[0]
