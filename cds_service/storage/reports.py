"""What clinicians answered to the cards, for the command line: line by line, and counted.

What may live here: reading. The comments of clinicians are handed on; whoever prints them decides to.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, func, select

from cds_service.storage.database import Database
from cds_service.storage.records import FeedbackItem, OverrideCount, StoredFeedback
from cds_service.storage.schema import card, feedback

_ROWS_AT_A_TIME = 500


def stored_feedback(
    database: Database, since: datetime | None, service: str | None, client: str | None
) -> Iterator[StoredFeedback]:
    """Feedback received at or after `since`, oldest first. Raises StoreError when the database cannot be used."""
    query = _joined(feedback, card.c.topic).order_by(feedback.c.received_at, feedback.c.id)
    return (_stored(row) for row in _rows(database, _narrowed(query, since, service, client)))


def override_counts(
    database: Database, since: datetime | None, service: str | None, client: str | None
) -> Iterator[OverrideCount]:
    """Why cards were overridden, most frequent first. Raises StoreError when the database cannot be used."""
    groups = [
        feedback.c.service,
        func.coalesce(card.c.topic, "").label("topic"),
        func.coalesce(feedback.c.override_reason_system, "").label("reason_system"),
        func.coalesce(feedback.c.override_reason_code, "").label("reason_code"),
    ]
    display = func.coalesce(func.max(feedback.c.override_reason_display), "").label("reason_display")
    times = func.count().label("times")
    query = _joined(*groups, display, times).where(feedback.c.outcome == "overridden").group_by(*groups)
    ordered = _narrowed(query, since, service, client).order_by(times.desc(), *groups)
    return (OverrideCount(**row) for row in _rows(database, ordered))


def _rows(database: Database, query: Select[Any]) -> Iterator[RowMapping]:
    with database.connected() as connection:
        streaming = connection.execution_options(yield_per=_ROWS_AT_A_TIME)
        yield from streaming.execute(query).mappings()


def _joined(*columns: Any) -> Select[Any]:
    same_card = (card.c.uuid == feedback.c.card_uuid) & (card.c.service == feedback.c.service)
    # Rows of releases that did not keep the client may belong to any.
    same_client = (card.c.client == feedback.c.client) | card.c.client.is_(None) | feedback.c.client.is_(None)
    return select(*columns).select_from(feedback.outerjoin(card, same_card & same_client))


def _narrowed(query: Select[Any], since: datetime | None, service: str | None, client: str | None) -> Select[Any]:
    if since is not None:
        query = query.where(feedback.c.received_at >= since)
    if service is not None:
        query = query.where(feedback.c.service == service)
    return query if client is None else query.where(feedback.c.client == client)


def _stored(row: RowMapping) -> StoredFeedback:
    item = FeedbackItem(
        card=row["card_uuid"],
        outcome=row["outcome"],
        outcome_timestamp=row["outcome_timestamp"],
        accepted_suggestions=tuple(row["accepted_suggestions"]),
        override_reason_code=row["override_reason_code"],
        override_reason_system=row["override_reason_system"],
        override_reason_display=row["override_reason_display"],
        user_comment=row["user_comment"],
    )
    return StoredFeedback(row["service"], item, row["received_at"], row["known"], row["topic"] or "", row["client"])
