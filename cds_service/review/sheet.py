"""The file that reviewers fill in: a line for each card, as records for CSV and JSON.

What may live here: which columns it has, and what of an event stands in them. No keyed hash, no comment, and nothing
that an EHR wrote freely: it leaves the hands of whoever may read the database.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from zoneinfo import ZoneInfo

from cds_service.spreadsheet import harmless
from cds_service.storage import Answer, Drawn, Event

EVENT, DRAWN, VERDICT, REVIEWER = "event", "drawn_from", "verdict", "reviewer"
UNCHANGED = ("topic", "hook", "indicator")
"""By these it is noticed that a spreadsheet sorted some columns and not all."""
COLUMNS = (
    EVENT, "at", "tenant", "service", "hook", "topic", "indicator", DRAWN, "why_held_back", "outcome",
    "override_reason", "policy", "hook_instance", VERDICT, REVIEWER, "remark",
)  # fmt: skip
NOT_A_UUID = "(not a UUID)"
_UUID = re.compile("[0-9a-fA-F-]{36}")
Row = Mapping[str, str]


def rows_of(
    cards: Collection[Event],
    drawn: Drawn,
    answers: Mapping[str, Answer],
    zone: ZoneInfo,
    reason: Callable[[Answer], str],
) -> list[Row]:
    """A line for each card, the oldest first; the last three columns are empty. `reason` names why of an override."""
    return [_row(card, drawn, answers.get(card.id), zone, reason) for card in sorted(cards, key=_moment_and_id)]


def _moment_and_id(card: Event) -> tuple[float, str]:
    return card.at.timestamp(), card.id


def _row(
    card: Event, drawn: Drawn, answer: Answer | None, zone: ZoneInfo, reason: Callable[[Answer], str]
) -> Row:  # fmt: skip
    instance = card.hook_instance
    told = {
        EVENT: card.id,
        "at": card.at.astimezone(zone).isoformat(timespec="seconds"),
        "tenant": card.tenant or card.client,
        "service": card.service,
        "hook": card.hook,
        "topic": card.topic,
        "indicator": card.indicator,
        DRAWN: drawn.value,
        "why_held_back": card.reason,
        "outcome": answer.outcome if answer else "",
        "override_reason": reason(answer) if answer and answer.outcome == Drawn.OVERRIDDEN else "",
        "policy": card.policy,
        "hook_instance": instance if _UUID.fullmatch(instance) or not instance else NOT_A_UUID,
    }
    return {name: told.get(name, "") for name in COLUMNS}


def sheet_of(rows: Sequence[Row]) -> str:
    """As CSV with a line of heads; no text in it is a formula for a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([[harmless(row[name]) for name in COLUMNS] for row in rows])
    return text.getvalue()
