"""A difference, or what is in force, for programs: one JSON document, or rows as CSV.

What may live here: names and shapes. The members are described in `docs/policy.md`; members may be added, and `version`
grows when one changes its meaning or goes.
"""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from typing import Any

from cds_service.policy_work.changes import Difference, Row
from cds_service.policy_work.identity import service
from cds_service.policy_work.rows_in_force import Shown
from cds_service.policy_work.summary import in_words, moments_of, no_forecast, played
from cds_service.spreadsheet import harmless
from hooks.cards import visible
from hooks.reasons import Dated

VERSION = 1
COLUMNS = ("patient_source", "patient", "change", "topic", "old", "new", "moments")


def as_document(told: Difference) -> dict[str, Any]:
    """The whole difference; always the same members, lists that may be empty, null where there is nothing."""
    return {
        "version": VERSION,
        "old": told.old,
        "new": told.new,
        "on": told.on.isoformat(),
        "service": service(),
        "old_sha256": told.digests[0],
        "new_sha256": told.digests[1],
        "summary": in_words(told),
        "played": {
            "sentence": played(told),
            "no_forecast": no_forecast(told),
            "patients": {source.value: count for source, count in told.played.items()},
            "calls": told.calls,
            "stories_as_told": told.as_told,
        },
        "numbers": [
            {
                "key": change.key,
                "says": change.says,
                "old": _dated(change.old),
                "new": _dated(change.new),
                "elsewhere": list(change.elsewhere),
            }
            for change in told.numbers
        ],
        "entries": [asdict(change) for change in told.entries],
        "rows": [_row(row) for row in told.rows],
        "unread_bundles": [{"file": file, "problem": problem} for file, problem in told.unread.items()],
        "failed_stories": [{"title": title, "said": said} for title, said in told.failed.items()],
    }


def as_csv(told: Difference) -> str:
    """A line for each row, under one line of names. What a spreadsheet would take for a formula begins with a quote."""
    written = io.StringIO()
    lines = csv.DictWriter(written, COLUMNS, lineterminator="\n")
    lines.writeheader()
    for row in told.rows:
        cells = {**_row(row), "moments": moments_of(row)}
        lines.writerow({name: harmless(visible(cells[name])) for name in COLUMNS})
    return written.getvalue()


def shown_document(shown: Shown) -> dict[str, Any]:
    """Everything in force on a day."""
    return {
        "version": VERSION,
        "on": shown.on.isoformat(),
        "numbers": [{**asdict(row), "since": row.since.isoformat()} for row in shown.numbers],
        "drug_rules": [{**asdict(row), "indicators": dict(row.indicators)} for row in shown.drug_rules],
        "status_rules": [{**asdict(row), "indicators": dict(row.indicators)} for row in shown.status_rules],
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "patient_source": row.source.value,
        "patient": row.patient,
        "change": row.change.value,
        "topic": row.topic,
        "old": row.old,
        "new": row.new,
        "moments": [moment._asdict() for moment in row.moments],
    }


def _dated(value: Dated | None) -> dict[str, str] | None:
    return {"value": value.shown, "since": value.since.isoformat(), "source": value.source} if value else None
