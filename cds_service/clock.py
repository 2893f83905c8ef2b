"""The clock of the service.

What may live here: the one place that asks what time it is. Everything else is handed a clock, or a moment.
"""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)
