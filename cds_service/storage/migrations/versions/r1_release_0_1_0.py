"""The tables of releases 0.1.0 and 0.2.0, which kept no version: they are taken as they are, and missing ones are made.

What may live here: these tables as they were; what they are today stands in `schema`.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make what is not there: without known callers and without the SMART app there were two tables only."""
    _cards_and_feedback()
    op.create_table(
        "seen_token",
        sa.Column("issuer", sa.String(500), primary_key=True),
        sa.Column("jti_sha256", sa.String(64), primary_key=True),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "smart_sealed",
        sa.Column("purpose", sa.String(16), primary_key=True),
        sa.Column("name_sha256", sa.String(64), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        if_not_exists=True,
    )
    op.create_index("feedback_received_at", "feedback", ["received_at"], if_not_exists=True)
    op.create_index("seen_token_expires_at", "seen_token", ["expires_at"], if_not_exists=True)
    op.create_index("smart_sealed_expires_at", "smart_sealed", ["expires_at"], if_not_exists=True)


def _cards_and_feedback() -> None:
    op.create_table(
        "card",
        sa.Column("uuid", sa.Text, primary_key=True),
        sa.Column("service", sa.String(200), nullable=False),
        sa.Column("hook_instance", sa.Text, nullable=False),
        sa.Column("topic", sa.String(200), nullable=False),
        sa.Column("indicator", sa.String(20), nullable=False),
        sa.Column("issued_at", _MOMENT, nullable=False),
        sa.Column("suggestions", sa.JSON, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "feedback",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("card_uuid", sa.Text, nullable=False),
        sa.Column("service", sa.String(200), nullable=False),
        sa.Column("outcome", sa.String(40), nullable=False),
        sa.Column("outcome_timestamp", _MOMENT, nullable=False),
        sa.Column("accepted_suggestions", sa.JSON, nullable=False),
        sa.Column("override_reason_code", sa.Text),
        sa.Column("override_reason_system", sa.Text),
        sa.Column("override_reason_display", sa.Text),
        sa.Column("user_comment", sa.Text),
        sa.Column("received_at", _MOMENT, nullable=False),
        sa.Column("known", sa.Boolean, nullable=False),
        sa.UniqueConstraint("service", "card_uuid", "outcome", "outcome_timestamp", name="feedback_once"),
        if_not_exists=True,
    )
