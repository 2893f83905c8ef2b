"""One table for everything that happens. `card` and `feedback` stay as they are: they hold what came before.

What may live here: that change.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "3"
down_revision = "2"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """The table with its indexes; no row of another table is touched."""
    op.create_table(
        "event",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("client", sa.String(500), nullable=False),
        sa.Column("tenant", sa.String(200), nullable=False),
        sa.Column("service", sa.String(200), nullable=False),
        sa.Column("hook", sa.String(40), nullable=False),
        sa.Column("hook_instance", sa.Text, nullable=False),
        sa.Column("topic", sa.String(200), nullable=False),
        sa.Column("indicator", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("card_uuid", sa.Text),
        sa.Column("policy", sa.String(80), nullable=False),
        sa.Column("rules", sa.String(40), nullable=False),
        sa.Column("facts", sa.String(120)),
        sa.Column("patient", sa.String(120)),
        sa.Column("user", sa.String(120)),
        sa.Column("outcome", sa.String(40)),
        sa.Column("outcome_timestamp", _MOMENT),
        sa.Column("override_reason_code", sa.Text),
        sa.Column("override_reason_system", sa.Text),
        sa.Column("override_reason_display", sa.Text),
        sa.Column("user_comment", sa.Text),
        sa.Column("content", sa.JSON, nullable=False),
        if_not_exists=True,
    )
    op.create_index("event_kind_at", "event", ["kind", "at"], if_not_exists=True)
    op.create_index("event_at", "event", ["at"], if_not_exists=True)
    op.create_index("event_card_uuid", "event", ["card_uuid", "kind"], if_not_exists=True)
