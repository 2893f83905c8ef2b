"""The clock of the service.

What may live here: the one place that asks what time it is, and how long a request has been with us. Everything else is
handed a clock, or a moment.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

ARRIVED = "calciphylaxis_cds.arrived"
"""The member of a WSGI environment that holds the moment (of the monotonic clock) at which the request was whole."""


def utc_now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


def seconds_with_us(environment: Mapping[str, Any]) -> float:
    """How long ago this request was whole, the wait for a thread included; 0 where its server does not say."""
    arrived = environment.get(ARRIVED)
    return 0.0 if arrived is None else time.monotonic() - float(arrived)
