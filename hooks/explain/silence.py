"""What kept silent: for each group of rules the questions that kept them, the most telling first.

What may live here: choosing among the rows and answers of an explanation. The sentences at its head stand in `head`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from hooks.explain.explanation import Answer, DrugClassRows, Outcome, Row, Silent
from hooks.explain.head import said

_FIRST = ("child", "on_dialysis", "calciphylaxis_confirmed", "calciphylaxis")
"""Questions that keep most rows: told first."""
QUIET = frozenset({Outcome.NOT_MET, Outcome.CANNOT_TELL})
STATUS = "the status cards"


def silence(
    status_rows: Iterable[Row], drug_classes: Iterable[DrugClassRows], answers: Mapping[str, Answer]
) -> tuple[Silent, ...]:
    """For the status cards and each class that was asked: the questions that kept their rows, each with its rows."""
    found = [*_of_rows(STATUS, status_rows, answers)]
    for group in drug_classes:
        found += _of_rows(group.name, group.rows, answers)
    return tuple(found)


def _of_rows(who: str, rows: Iterable[Row], answers: Mapping[str, Answer]) -> Iterator[Silent]:
    """Rows that hold and are not shown first; then the questions, those that keep most rows first."""
    rows = list(rows)
    for row in rows:
        if row.outcome in (Outcome.DROPPED, Outcome.SILENT):
            yield Silent(who, "", f"{row.topic}: holds; {row.why}", (row.topic,))
    kept: dict[str, list[str]] = {}
    for row in rows:
        if row.outcome in QUIET:
            kept.setdefault(row.kept_by[0], []).append(row.topic)
    for name in sorted(kept, key=lambda name: (name not in _FIRST, -len(kept[name]))):
        yield Silent(who, name, said(answers[name]), tuple(dict.fromkeys(kept[name])))
