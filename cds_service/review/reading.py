"""A file that reviewers have filled in, read as spreadsheets write it.

What may live here: bytes to lines with a verdict, and what is wrong with the file itself. No message repeats what
stands in a cell: it may be a remark that slipped.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from cds_service.review.sheet import DRAWN, EVENT, REVIEWER, UNCHANGED, VERDICT
from cds_service.storage import MEANINGS, Drawn, Verdict

_NEEDED = (EVENT, DRAWN, *UNCHANGED, VERDICT, REVIEWER)
_MOST = 100
"""So many characters a name may have."""
VERDICTS = ", ".join(one.value for one in MEANINGS)


class Fault(NamedTuple):
    """What is wrong in a line, counted as spreadsheets count: that of the heads is 1."""

    line: int
    says: str


class Line(NamedTuple):
    """One card with its verdict, as far as there is one; `said` is what must be as the log has it."""

    number: int
    event: str
    drawn: Drawn
    said: Mapping[str, str]
    verdict: Verdict
    reviewer: str


class Sheet(NamedTuple):
    """The lines that are sound in themselves, and the faults of all others."""

    lines: Sequence[Line]
    faults: Sequence[Fault]


def read_sheet(content: bytes) -> Sheet:
    """What stands in a file of CSV: UTF-8, with commas, semicolons or tabs."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Sheet([], [Fault(line, "this is not UTF-8: save the file as “CSV UTF-8”")])
    try:
        heads, *rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)) or [[]]
    except csv.Error:
        return Sheet([], [Fault(1, "this is no CSV: a quotation mark in it has no end, or a cell is too long")])
    names = [head.strip().lower() for head in heads]
    faults = [Fault(1, said) for said in _faults_of_heads(names)]
    if faults:
        return Sheet([], faults)
    lines: list[Line] = []
    for number, row in enumerate(rows, start=2):
        if any(cell.strip() for cell in row):
            read = _read(number, dict(zip(names, [cell.strip() for cell in row], strict=False)))
            if isinstance(read, Line):
                lines.append(read)
            else:
                faults += read
    return Sheet(lines, faults)


def _delimiter(text: str) -> str:
    """As in the line of heads, in which none of them stands for itself."""
    heads = text.partition("\n")[0]
    return max(",;\t", key=heads.count)


def _faults_of_heads(names: Sequence[str]) -> Iterator[str]:
    missing = [name for name in _NEEDED if name not in names]
    twice = [name for name in _NEEDED if names.count(name) > 1]
    if missing:
        yield f"there is no column {', '.join(missing)}: take the file of `review sample`, with its line of heads"
    if twice:
        yield f"there is more than one column {', '.join(twice)}"


def _read(number: int, row: Mapping[str, str]) -> Line | list[Fault]:
    cells = {name: row.get(name, "") for name in _NEEDED}
    said = [*_faults_of(cells)]
    if said:
        return [Fault(number, one) for one in said]
    name = " ".join(cells[REVIEWER].split())
    told = {column: cells[column] for column in UNCHANGED}
    return Line(number, cells[EVENT], Drawn(cells[DRAWN].lower()), told, Verdict(cells[VERDICT].lower()), name)


def _faults_of(cells: Mapping[str, str]) -> Iterator[str]:
    if not cells[EVENT]:
        yield "the column event is empty: it says which card this is"
    if cells[DRAWN].lower() not in list(Drawn):
        yield f"the column {DRAWN} is none of {', '.join(Drawn)}"
    if cells[VERDICT].lower() not in list(Verdict):
        yield f"the verdict is none of {VERDICTS}"
    elif cells[VERDICT] and not any(map(str.isalnum, cells[REVIEWER])):
        yield "there is a verdict and no reviewer"
    if len(cells[REVIEWER]) > _MOST:
        yield f"the name of the reviewer has more than {_MOST} characters"
