"""The tables of the service, in one MetaData: what is kept, and in which form.

What may live here: tables, and how moments and words go into a column. No patient data goes into `event`. Who writes
and reads a table stands elsewhere: `event_log`, `reports`, the log of used tokens, the vault of the SMART app.
Events up to version 2 stand in `card` and `feedback`: they are read as well, and an older release may still write them.
Whoever changes a table adds the step from the version before in `migrations/versions`, and its name in `migrating`.
New columns may be null: an older release that is still running goes on writing its own.

`client` is the issuer of the trusted client that got a card or answered it, "" where callers are not known, and NULL in
rows of releases that did not keep it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


def storable(words: str) -> str:
    """The same text without what no database can hold: NUL and half surrogate pairs become U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", words)


class Utc(TypeDecorator[datetime]):
    """A moment, kept in UTC. SQLite forgets time zones, so it is given UTC and read back as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Into the column: in UTC. ValueError for a moment without a time zone."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a stored moment needs a time zone")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Out of the column: with a time zone, UTC."""
        moment: datetime | None = value
        return moment and (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC))


class Words(TypeDecorator[str]):
    """Text from outside. What a database cannot hold (NUL, half a surrogate pair) becomes a replacement character."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Into the column: what every database can hold."""
        return None if value is None else storable(value)


metadata = MetaData()

card = Table(
    "card",
    metadata,
    Column("uuid", Words, primary_key=True),
    Column("service", String(200), nullable=False),
    Column("hook_instance", Words, nullable=False),
    Column("topic", String(200), nullable=False),
    Column("indicator", String(20), nullable=False),
    Column("issued_at", Utc, nullable=False),
    Column("suggestions", JSON, nullable=False),
    Column("client", String(500)),
)

# `card_uuid` is no foreign key: feedback on a card that we do not know is kept, too.
feedback = Table(
    "feedback",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("card_uuid", Words, nullable=False),
    Column("service", String(200), nullable=False),
    Column("outcome", String(40), nullable=False),
    Column("outcome_timestamp", Utc, nullable=False),
    Column("accepted_suggestions", JSON, nullable=False),
    Column("override_reason_code", Words),
    Column("override_reason_system", Words),
    Column("override_reason_display", Words),
    Column("user_comment", Words),
    Column("received_at", Utc, nullable=False),
    Column("known", Boolean, nullable=False),
    Column("client", String(500)),
    UniqueConstraint("service", "card_uuid", "outcome", "outcome_timestamp", "client", name="feedback_once"),
    Index("feedback_received_at", "received_at"),
)

# Everything that happened, in the order in which it came to the database. A row is never changed; retention deletes.
# `patient`, `user` and `facts` are keyed hashes ("key id:hash") or NULL. `content` is what only one kind of event has.
event = Table(
    "event",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("at", Utc, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("client", String(500), nullable=False),
    Column("tenant", String(200), nullable=False),
    Column("service", String(200), nullable=False),
    Column("hook", String(40), nullable=False),
    Column("hook_instance", Words, nullable=False),
    Column("topic", String(200), nullable=False),
    Column("indicator", String(20), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("card_uuid", Words),
    Column("policy", String(80), nullable=False),
    Column("rules", String(40), nullable=False),
    Column("facts", String(120)),
    Column("patient", String(120)),
    Column("user", String(120)),
    Column("outcome", String(40)),
    Column("outcome_timestamp", Utc),
    Column("override_reason_code", Words),
    Column("override_reason_system", Words),
    Column("override_reason_display", Words),
    Column("user_comment", Words),
    Column("content", JSON, nullable=False),
    Index("event_kind_at", "kind", "at"),
    Index("event_at", "at"),
    Index("event_card_uuid", "card_uuid", "kind"),
    Index("event_patient_at", "patient", "at"),
)

seen_token = Table(
    "seen_token",
    metadata,
    Column("issuer", String(500), primary_key=True),
    Column("jti_sha256", String(64), primary_key=True),
    Column("expires_at", BigInteger, nullable=False),  # seconds since 1970, UTC
    Index("seen_token_expires_at", "expires_at"),
)

smart_sealed = Table(
    "smart_sealed",
    metadata,
    Column("purpose", String(16), primary_key=True),
    Column("name_sha256", String(64), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires_at", BigInteger, nullable=False),  # seconds since 1970, UTC
    Index("smart_sealed_expires_at", "expires_at"),
)

# One row, written anew now and then: whether that can be done is what readiness means.
heartbeat = Table(
    "heartbeat",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("mark", BigInteger, nullable=False),
)
