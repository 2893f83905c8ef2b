"""Cards for a review, and the verdicts on them.

What may live here: reading these. Every function raises StoreError where the database cannot be used, or holds what is
no event. Cards of releases that kept no events are not among them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, select

from cds_service.storage.event import NAMES, Event, Kind
from cds_service.storage.history import GIVEN, tenant_of
from cds_service.storage.reports import Readable, latest_answers
from cds_service.storage.schema import event
from cds_service.storage.verdicts import Drawn, Reviewed, in_force, reviewed_of

_AT_A_TIME = 500
_ROWS_AT_A_TIME = 1000
OVERRIDDEN = "overridden"


class Candidate(NamedTuple):
    """A card that could be drawn. `advice` is the same where the same was said of the same patient on the same facts;
    None where that is not known.
    """

    id: str
    topic: str
    why: str
    advice: tuple[str, str] | None


class Answer(NamedTuple):
    """What a clinician did with a card, as it was sent."""

    outcome: str
    reason_system: str
    reason_code: str
    comment_only: bool


def candidates(
    database: Readable,
    drawn: Drawn,
    since: datetime | None,
    until: datetime | None,
    tenant: str | None = None,
    topic: str | None = None,
) -> list[Candidate]:
    """The cards of this time, in no order; `tenant` is "" for callers that are not known."""
    told = event.c
    wanted = (told.id, told.topic, told.reason, told.patient, told.facts, told.card_uuid)
    query: Select[Any] = select(*wanted).where(told.kind == drawn.kind, *_within(told.at, since, until))
    if tenant is not None:
        query = query.where(tenant_of(told) == tenant)
    if topic is not None:
        query = query.where(told.topic == topic)
    overridden = _overridden(database, since, until) if drawn is Drawn.OVERRIDDEN else None
    with database.connected() as connection:
        rows = connection.execution_options(yield_per=_ROWS_AT_A_TIME).execute(query)
        return [
            Candidate(row.id, row.topic, row.reason, (row.patient, row.facts) if row.patient and row.facts else None)
            for row in rows
            if overridden is None or row.card_uuid in overridden
        ]


def _within(
    moment: ColumnElement[Any], since: datetime | None, until: datetime | None
) -> list[ColumnElement[bool]]:  # fmt: skip
    return [*([] if since is None else [moment >= since]), *([] if until is None else [moment < until])]


def _overridden(database: Readable, since: datetime | None, until: datetime | None) -> set[str]:
    """The cards of this time whose latest answer is an override."""
    answer = latest_answers(*_within(GIVEN["issued_at"], since, until)).c
    query = select(answer.known_card).where(answer.turn == 1, answer.outcome == OVERRIDDEN)
    with database.connected() as connection:
        return set(connection.scalars(query.where(answer.known_card.is_not(None))))


def cards_named(database: Readable, ids: Collection[str]) -> dict[str, Event]:
    """Those of these events that are cards, shown or held back, by their ids."""
    told = event.c
    columns = [told[name] for name in NAMES if name != "user_comment"]
    query = select(*columns).where(told.kind.in_((Kind.ISSUED, Kind.SUPPRESSED)))
    with database.connected() as connection:
        return {
            row["id"]: Event(**row)
            for some in _lots(ids)
            for row in connection.execute(query.where(told.id.in_(some))).mappings()
        }


def answers_to(database: Readable, cards: Collection[Event]) -> dict[str, Answer]:
    """The latest answer to each of these cards that has one, by the id of its event."""
    ids = {(one.card_uuid, one.service, one.client): one.id for one in cards if one.card_uuid}
    found = {}
    with database.connected() as connection:
        for some in _lots({uuid for uuid, *_ in ids if uuid}):
            answer = latest_answers(GIVEN["uuid"].in_(some)).c
            for row in connection.execute(select(*(answer[name] for name in _ANSWER)).where(answer.turn == 1)):
                told = row.override_reason_system or "", row.override_reason_code or ""
                only = bool(row.has_comment) and not told[1]
                key = row.known_card, row.known_service, row.known_client
                if key in ids:
                    found[ids[key]] = Answer(row.outcome, *told, only)
    return found


_ANSWER = (
    "known_card", "known_service", "known_client", "outcome", "override_reason_system", "override_reason_code",
    "has_comment",
)  # fmt: skip


def verdicts_on(database: Readable, cards: Collection[str] | None = None) -> list[Reviewed]:
    """The verdicts in force on these cards, the ids of their events; None: on all, which are few."""
    told = event.c
    whose = [tenant_of(told), told.topic, told.hook, told.indicator, told.reason.label("why")]
    query = select(told.id, told.at, told.content, *whose).where(told.kind == Kind.REVIEWED)
    with database.connected() as connection:
        rows = connection.execute(query).mappings().all()
    every = [reviewed_of(row["id"], row["at"], {name: row[name] for name in _COLUMNS}, row["content"]) for row in rows]
    return in_force(one for one in every if cards is None or one.card in cards)


_COLUMNS = ("tenant", "topic", "hook", "indicator", "why")


def names_of_cards(database: Readable, drawn: Drawn) -> set[tuple[str, str]]:
    """The tenants and topics of all such cards."""
    query = select(tenant_of(event.c), event.c.topic).where(event.c.kind == drawn.kind).distinct()
    with database.connected() as connection:
        return {(row[0], row[1]) for row in connection.execute(query)}


def _lots(ids: Collection[str]) -> Iterator[Sequence[str]]:
    ordered = sorted(ids)
    return (ordered[start : start + _AT_A_TIME] for start in range(0, len(ordered), _AT_A_TIME))
