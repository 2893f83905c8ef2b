"""What was shown to a user on a patient is found quickly: an index, by which a call that waits can look it up.

What may live here: that change.
"""

from __future__ import annotations

from alembic import op

revision = "4"
down_revision = "3"


def upgrade() -> None:
    """One index; no row is touched."""
    op.create_index("event_patient_at", "event", ["patient", "at"], if_not_exists=True)
