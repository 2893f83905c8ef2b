"""Which client got a card and which one answered it; NULL in rows of before: nobody knows. And the row of readiness.

What may live here: that change of `card` and `feedback`, and the table `heartbeat`.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"

_ONCE = ["service", "card_uuid", "outcome", "outcome_timestamp", "client"]


def upgrade() -> None:
    """Two columns; the same answer of two clients is two answers, so that none can take the other's place."""
    op.add_column("card", sa.Column("client", sa.String(500)))
    # SQLite cannot change a constraint: there Alembic copies the table.
    with op.batch_alter_table("feedback") as feedback:
        feedback.add_column(sa.Column("client", sa.String(500)))
        feedback.drop_constraint("feedback_once", type_="unique")
        feedback.create_unique_constraint("feedback_once", _ONCE)
    op.create_table(
        "heartbeat",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("mark", sa.BigInteger, nullable=False),
        if_not_exists=True,
    )
