"""Cards and the answers to them, wherever they stand: events, and in the tables of releases before there were events.

What may live here: these two as things that can be selected from, with the columns that reports ask for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, FromClause, String, cast, func, literal, select, union_all

from cds_service.storage.event import Kind
from cds_service.storage.schema import card as card_table
from cds_service.storage.schema import event
from cds_service.storage.schema import feedback as feedback_table


def tenant_of(columns: Any) -> ColumnElement[Any]:
    """Whose it is: the organisation, else the issuer, "" where callers are not known."""
    return func.coalesce(func.nullif(columns.tenant, ""), columns.client).label("tenant")


_told = event.c
_before = card_table.c
card = union_all(
    select(
        _told.card_uuid.label("uuid"),
        _told.service,
        _told.client,
        _told.topic,
        _told.indicator,
        _told.at.label("issued_at"),
        _told.hook,
        tenant_of(_told),
    ).where(_told.kind == Kind.ISSUED),
    select(
        _before.uuid,
        _before.service,
        _before.client,
        _before.topic,
        _before.indicator,
        _before.issued_at,
        literal("").label("hook"),
        func.coalesce(_before.client, "").label("tenant"),
    ),
).subquery("issued_card")
"""Every card that was given: uuid, service, client, topic, indicator, issued_at, tenant, hook ("" where not kept)."""

_answer = feedback_table.c
feedback = union_all(
    select(
        _told.id,
        _told.card_uuid,
        _told.service,
        _told.client,
        _told.outcome,
        _told.outcome_timestamp,
        _told.override_reason_code,
        _told.override_reason_system,
        _told.override_reason_display,
        _told.user_comment,
        _told.at.label("received_at"),
        _told.content,
    ).where(_told.kind == Kind.FEEDBACK),
    select(
        cast(_answer.id, String),
        _answer.card_uuid,
        _answer.service,
        _answer.client,
        _answer.outcome,
        _answer.outcome_timestamp,
        _answer.override_reason_code,
        _answer.override_reason_system,
        _answer.override_reason_display,
        _answer.user_comment,
        _answer.received_at,
        _answer.accepted_suggestions,
    ),
).subquery("answer")
"""Every answer to a card. `content` holds the accepted suggestions, as a list or by the name of its column."""

_now, _then = event.alias("given_now"), card_table.alias("given_then")
GIVEN: Mapping[str, ColumnElement[Any]] = {
    "uuid": func.coalesce(_now.c.card_uuid, _then.c.uuid),
    "service": func.coalesce(_now.c.service, _then.c.service),
    "client": func.coalesce(_now.c.client, _then.c.client),
    "tenant": func.coalesce(func.nullif(_now.c.tenant, ""), _now.c.client, _then.c.client, ""),
    "hook": func.coalesce(_now.c.hook, ""),
    "topic": func.coalesce(_now.c.topic, _then.c.topic, ""),
    "indicator": func.coalesce(_now.c.indicator, _then.c.indicator),
    "issued_at": func.coalesce(_now.c.at, _then.c.issued_at),
}
"""What is known of the card in `answers_with_cards`; the uuid is NULL where the card is not in the log."""


def answers_with_cards() -> FromClause:
    """Every answer, and the card that it belongs to, if we gave it to that client by that service.

    Each card is looked up by its uuid, in one table after the other: a join with `card` would go through all of them
    for each answer.
    """
    by_index = (_now.c.card_uuid == feedback.c.card_uuid) & (_now.c.kind == Kind.ISSUED)
    theirs = (_now.c.service == feedback.c.service) & _is_client(_now.c.client)
    earlier = (_then.c.uuid == feedback.c.card_uuid) & (_then.c.service == feedback.c.service)
    return feedback.outerjoin(_now, by_index & theirs).outerjoin(_then, earlier & _is_client(_then.c.client))


def _is_client(client: ColumnElement[Any]) -> ColumnElement[bool]:
    # Rows of releases that did not keep the client may belong to any.
    return (client == feedback.c.client) | client.is_(None) | feedback.c.client.is_(None)
