"""What clinicians answered to the cards: line by line, and counted.

What may live here: reading. The comments of clinicians are handed on; whoever prints them decides to. A card that was
answered several times counts once, with its latest answer; of answers of one moment the one that came last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, RowMapping, Select, Subquery, and_, case, func, literal, select
from sqlalchemy.engine import Connection

from cds_service.storage.history import GIVEN, answers_with_cards, card, feedback
from cds_service.storage.records import CardCount, FeedbackItem, OverrideCount, StoredFeedback, UnknownCount
from cds_service.storage.week_numbers import week_number

_ROWS_AT_A_TIME = 500


class Readable(Protocol):
    """A database that can be asked. Raises StoreError when it cannot."""

    def connected(self) -> AbstractContextManager[Connection]:
        """A transaction."""


def stored_feedback(
    database: Readable, since: datetime | None = None, service: str | None = None, client: str | None = None
) -> Iterator[StoredFeedback]:
    """Feedback received at or after `since`, oldest first. Raises StoreError when the database cannot be used."""
    query = _joined(feedback, GIVEN["topic"].label("topic"), GIVEN["uuid"].label("known_card")).order_by(
        feedback.c.received_at, feedback.c.id
    )
    if since is not None:
        query = query.where(feedback.c.received_at >= since)
    return (_stored(row) for row in _rows(database, _narrowed(query, feedback.c, service, client)))


def override_counts(
    database: Readable, since: datetime | None = None, service: str | None = None, client: str | None = None
) -> Iterator[OverrideCount]:
    """Why cards given at or after `since` were overridden, most frequent first; of cards not in the log, by the answer.

    Raises StoreError when the database cannot be used.
    """
    answer = latest_answers().c
    groups = [answer.service, answer.topic, *_reason(answer)]
    display = func.coalesce(func.max(answer.override_reason_display), "").label("reason_display")
    times = func.count().label("times")
    query = select(*groups, display, times).where(answer.turn == 1, answer.outcome == "overridden").group_by(*groups)
    if since is not None:
        query = query.where(func.coalesce(answer.issued_at, answer.received_at) >= since)
    ordered = _narrowed(query, answer, service, client).order_by(times.desc(), *groups)
    return (OverrideCount(**_truthful(row)) for row in _rows(database, ordered))


def card_counts(
    database: Readable, bounds: Sequence[datetime], service: str | None = None, client: str | None = None
) -> list[CardCount]:
    """The cards given between these moments, counted: `bounds` are the beginnings of weeks, and the end of the last.

    Raises StoreError when the database cannot be used.
    """
    issued = card.c.issued_at
    answer = latest_answers(GIVEN["issued_at"] >= bounds[0], GIVEN["issued_at"] < bounds[-1]).c
    groups = [
        answer.known_service.label("service"),
        answer.known_client.label("client"),
        answer.topic,
        answer.indicator,
        week_number(answer.issued_at, bounds),
        answer.hook,
        answer.tenant,
    ]
    why = [answer.outcome, *_reason(answer)]
    answers = select(*groups, *why, func.count().label("times")).where(answer.turn == 1).group_by(*groups, *why)
    kinds = [card.c.service, card.c.client, card.c.topic, card.c.indicator, week_number(issued, bounds)]
    kinds += [card.c.hook, card.c.tenant]
    cards = select(*kinds, func.count()).where(issued >= bounds[0], issued < bounds[-1]).group_by(*kinds)
    with database.connected() as connection:
        # The answers first: whatever comes between is then a card without one, never an answer without a card.
        answered = connection.execute(_narrowed(answers, answer, service, client, "known_"))
        counts = [CardCount(**_truthful(row)) for row in answered.mappings()]
        shown = {tuple(row[:-1]): row[-1] for row in connection.execute(_narrowed(cards, card.c, service, client))}
    for count in counts:
        kind = (count.service, count.client, count.topic, count.indicator, count.week, count.hook, count.tenant)
        # Old cards may be deleted between the two: of these it is only told what was answered.
        shown[kind] = max(0, shown.get(kind, 0) - count.times)
    return counts + [_without_answer(kind, times) for kind, times in shown.items() if times]


def _without_answer(kind: tuple[Any, ...], times: int) -> CardCount:
    given_by, client, topic, indicator, week, hook, tenant = kind
    return CardCount(given_by, client, topic, indicator, week, "", "", "", False, times, hook, tenant)


def unknown_counts(
    database: Readable, since: datetime, until: datetime, service: str | None = None, client: str | None = None
) -> list[UnknownCount]:
    """The answers received in this time on cards that are not in the log; each card once, with the latest of them.

    Raises StoreError.
    """
    received = feedback.c.received_at
    answer = latest_answers(GIVEN["uuid"].is_(None), received >= since, received < until).c
    query = select(answer.outcome, func.count().label("times")).group_by(answer.outcome).order_by(answer.outcome)
    query = query.where(answer.turn == 1)
    return [UnknownCount(**row) for row in _rows(database, _narrowed(query, answer, service, client))]


def span(database: Readable) -> tuple[datetime, datetime] | None:
    """When the first and the last card of the log were given; None where there is none. Raises StoreError."""
    (row,) = _rows(
        database, select(func.min(card.c.issued_at).label("first"), func.max(card.c.issued_at).label("last"))
    )
    return (row["first"], row["last"]) if row["first"] else None


def latest_answers(*those: ColumnElement[bool]) -> Subquery:
    """Every feedback with its card, where that is in the log; the latest one on each card has turn 1.

    `those` narrows what is read of both. The comment itself does not come along.
    """
    whose = case((GIVEN["uuid"].is_(None), func.coalesce(feedback.c.client, "")), else_="")
    turn = func.row_number().over(
        partition_by=(feedback.c.service, feedback.c.card_uuid, whose),
        order_by=(feedback.c.outcome_timestamp.desc(), feedback.c.received_at.desc(), feedback.c.id.desc()),
    )
    told = feedback.c
    return (
        _joined(
            told.service,
            told.client,
            told.outcome,
            told.override_reason_system,
            told.override_reason_code,
            told.override_reason_display,
            (func.trim(func.coalesce(told.user_comment, "")) != "").label("has_comment"),
            told.received_at,
            GIVEN["uuid"].label("known_card"),
            GIVEN["service"].label("known_service"),
            GIVEN["client"].label("known_client"),
            *(GIVEN[name].label(name) for name in ("topic", "indicator", "issued_at", "hook", "tenant")),
            turn.label("turn"),
        )
        .where(*those)
        .subquery()
    )


def _reason(answer: Any) -> list[ColumnElement[Any]]:
    """The reason of an override in three columns: its system, its code, and whether a comment stands in its place."""
    code = func.coalesce(answer.override_reason_code, "")
    overridden = answer.outcome == "overridden"
    only = case((and_(overridden, code == "", answer.has_comment), 1), else_=0)
    system = func.coalesce(answer.override_reason_system, "")
    nothing = literal("")
    return [
        case((overridden, system), else_=nothing).label("reason_system"),
        case((overridden, code), else_=nothing).label("reason_code"),
        only.label("comment_only"),
    ]


def _truthful(row: RowMapping) -> dict[str, Any]:
    return {**row, "comment_only": bool(row["comment_only"])}


def _rows(database: Readable, query: Select[Any]) -> Iterator[RowMapping]:
    with database.connected() as connection:
        streaming = connection.execution_options(yield_per=_ROWS_AT_A_TIME)
        yield from streaming.execute(query).mappings()


def _joined(*columns: Any) -> Select[Any]:
    return select(*columns).select_from(answers_with_cards())


def _narrowed(query: Select[Any], of: Any, service: str | None, client: str | None, prefix: str = "") -> Select[Any]:
    if service is not None:
        query = query.where(of[f"{prefix}service"] == service)
    return query if client is None else query.where(of[f"{prefix}client"] == client)


def _accepted(content: Any) -> tuple[str, ...]:
    """A list in releases before there were events."""
    return tuple(content["accepted_suggestions"] if isinstance(content, dict) else content)


def _stored(row: RowMapping) -> StoredFeedback:
    item = FeedbackItem(
        card=row["card_uuid"],
        outcome=row["outcome"],
        outcome_timestamp=row["outcome_timestamp"],
        accepted_suggestions=_accepted(row["content"]),
        override_reason_code=row["override_reason_code"],
        override_reason_system=row["override_reason_system"],
        override_reason_display=row["override_reason_display"],
        user_comment=row["user_comment"],
    )
    known = row["known_card"] is not None
    return StoredFeedback(row["service"], item, row["received_at"], known, row["topic"] or "", row["client"])
