"""The kinds of request that are measured, and what is hoped for beside the constant route.

What may live here: bodies with their goals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from bench.bodies import empty_draft_body, order_select_body, patient_view_body
from bench.figures import CPU, RATE, Goal

Body = Callable[[Mapping[str, Any], datetime], bytes]


@dataclass(frozen=True)
class Case:
    """A kind of request: its hook, its body, and what is hoped for beside the constant route.

    With `growth` its CPU time is compared with that of the ordinary patient-view.
    """

    name: str
    hook: str
    body: Body
    goals: Mapping[str, Goal] = field(default_factory=dict)
    growth: Goal | None = None


PREFETCH_GOALS = {CPU: Goal(2.5), RATE: Goal(0.4, at_least=True)}
CASES = (
    Case("patient-view", "patient-view", patient_view_body, PREFETCH_GOALS),
    Case("order-select", "order-select", order_select_body, PREFETCH_GOALS),
    Case("order-select, empty draft, no prefetch", "order-select", empty_draft_body, {CPU: Goal(1.5)}),
)
GROWN = (
    Case(
        "twice the results that no rule reads",
        "patient-view",
        partial(patient_view_body, months=8),
        growth=Goal(1.4),
    ),
    Case("5 MB of prefetch", "patient-view", partial(patient_view_body, months=300), growth=Goal(20)),
)
