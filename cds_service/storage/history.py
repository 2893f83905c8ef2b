"""Cards and the answers to them, wherever they stand: events, and in the tables of releases before there were events.

What may live here: these two as things that can be selected from, with the columns that reports ask for.
"""

from __future__ import annotations

from sqlalchemy import String, cast, select, union_all

from cds_service.storage.event import Kind
from cds_service.storage.schema import card as card_table
from cds_service.storage.schema import event
from cds_service.storage.schema import feedback as feedback_table

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
    ).where(_told.kind == Kind.ISSUED),
    select(_before.uuid, _before.service, _before.client, _before.topic, _before.indicator, _before.issued_at),
).subquery("issued_card")
"""Every card that was given: uuid, service, client, topic, indicator, issued_at."""

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
"""Every answer to a card.

`content` holds the suggestions that were accepted, as a list or by the name of its column."""
