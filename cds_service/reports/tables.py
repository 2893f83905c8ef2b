"""Reports as tables, and tables as CSV, as records for JSON, and as lines for a terminal.

What may live here: columns and their form. Which numbers are told is decided before.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cds_service.reports.report import COLUMNS, OUTCOMES, Number, Report, Row
from cds_service.reports.weeks import week_name
from cds_service.reports.withholding import Withheld
from cds_service.spreadsheet import harmless

Value = str | int | float | Withheld | None
SHARES = tuple(f"{outcome}_share" for outcome in OUTCOMES)
"""Of the cards shown."""


REMARKS = "remarks"
"""The column of a file in which there stands what has to be known beside the numbers."""


class OfHundred(float):
    """So many of something for each hundred of something else: it may be more than a hundred."""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns by name, and rows of as many values. A share is a float from 0 to 1; None: there is no such value."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Value]]

    def is_number(self, column: int) -> bool:
        """Does this column hold numbers, or what stands in place of them?"""
        return bool(self.rows) and not any(isinstance(row[column], str) for row in self.rows)

    def records(self) -> list[dict[str, Value]]:
        """For JSON: what is withheld is said in words."""
        return [{name: plain(value) for name, value in zip(self.columns, row, strict=True)} for row in self.rows]

    def csv(self) -> str:
        """As CSV with a line of heads; no text in it is a formula for a spreadsheet."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(self.columns)
        writer.writerows([[_in_csv(value) for value in row] for row in self.rows])
        return text.getvalue()

    def with_remarks(self, remarks: Sequence[str]) -> Table:
        """The same for a file that is read alone: a last column says in the first line what has to be known beside it.

        A table without a line gets one that holds nothing else.
        """
        said = " ".join(remarks)
        rows = self.rows or ([[None] * len(self.columns)] if said else [])
        return Table((*self.columns, REMARKS), [[*row, "" if number else said] for number, row in enumerate(rows)])

    def lines(self) -> Iterator[str]:
        """For a terminal: columns side by side, numbers to the right, heads first."""
        body = [[_for_people(value) for value in row] for row in self.rows]
        heads = [name.replace("_", " ") for name in self.columns]
        right = [self.is_number(n) for n in range(len(heads))]
        widths = [max(len(line[n]) for line in (heads, *body)) for n in range(len(heads))]
        for line in (heads, *body):
            cells = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(line, widths, right, strict=True)]
            yield "  ".join(cells).rstrip()


def by_card(report: Report) -> Table:
    """A line for each topic and indicator, and one for all."""
    rows = [[*card, *numbers(row)] for card, row in report.cards.items()]
    return Table(("card", "indicator", *COLUMNS, *SHARES), [*rows, ["all", "", *numbers(report.total)]])


def by_week(report: Report) -> Table:
    """A line for each week, and one for all."""
    rows = [[week_name(week), week.isoformat(), *numbers(row)] for week, row in report.weeks.items()]
    return Table(("week", "from", *COLUMNS, *SHARES), [*rows, ["all", "", *numbers(report.total)]])


def by_reason(report: Report) -> Table:
    """A line for each reason of an override, with its share of all overridden cards, and one for all."""
    whole = Row(shown=report.total.overridden)
    rows = [[reason, number, _share(number, whole)] for reason, number in report.reasons.items()]
    total = report.total.overridden
    return Table(("reason", "overridden", "share"), [*rows, ["all", total, _share(total, whole)]])


def in_one(report: Report) -> Table:
    """All three in one table, for a file: what it is counted by stands in the first column."""
    columns = ("counted_by", "name", "indicator_or_monday", *COLUMNS)
    width = len(COLUMNS)
    rows: list[Sequence[Value]] = [["card", *row[: 2 + width]] for row in by_card(report).rows[:-1]]
    rows += [["reason", reason, "", None, None, number, None] for reason, number in report.reasons.items()]
    rows += [["week", *row[: 2 + width]] for row in by_week(report).rows[:-1]]
    return Table(columns, [*rows, ["all", "", "", *numbers(report.total)[:width]]])


def as_records(report: Report) -> Mapping[str, object]:
    """The report for JSON."""
    whole = zip((*COLUMNS, *SHARES), numbers(report.total), strict=True)
    return {
        "all": {name: plain(value) for name, value in whole},
        "by_card": by_card(report).records()[:-1],
        "by_reason": by_reason(report).records()[:-1],
        "by_week": by_week(report).records()[:-1],
    }


def numbers(row: Row) -> list[Value]:
    """COLUMNS and SHARES of a row."""
    return [*(row.number(column) for column in COLUMNS), *(row.share(outcome) for outcome in OUTCOMES)]


def _share(part: Number, whole: Row) -> float | None:
    return Row(whole.shown, part).share("accepted")


def plain(value: Value) -> str | int | float | None:
    """For JSON: words in place of what is withheld."""
    if isinstance(value, Withheld):
        return value.value
    return round(value, 4) if isinstance(value, float) else value


def _in_csv(value: Value) -> Value:
    told = plain(value)
    return harmless(told) if isinstance(told, str) else told


def _for_people(value: Value) -> str:
    if isinstance(value, OfHundred):
        return f"{value:.1f}"
    if isinstance(value, float):
        return f"{value:.0%}"
    told = plain(value)
    return "" if told is None else str(told)
