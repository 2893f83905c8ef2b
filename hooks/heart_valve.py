"""Does the patient live with a mechanical heart valve, as far as the record tells?

What may live here: which entry decides. What an entry says of a valve is read elsewhere.
"""

from __future__ import annotations

from hooks.chart import Chart

MECHANICAL, UNKNOWN, UNREAD, NONE = "mechanical", "kind not recorded", "unread", ""
PRECAUTIONS = frozenset({MECHANICAL, UNKNOWN})
"""A valve that may be mechanical is treated like one."""

VALVE_QUERIES = ("conditions", "valve_procedures", "procedures")
"""The look-ups that tell of valves: the problem list, and procedures by code and by words alone."""


def heart_valve(chart: Chart) -> str:
    """A mechanical valve by any entry, else one of unknown kind, else unread where a look-up for it failed."""
    entries = [condition.concepts for condition in chart.conditions if condition.active]
    entries += [procedure.concepts for procedure in chart.procedures]
    for concept, valve in (("mechanical_valve", MECHANICAL), ("valve_kind_unknown", UNKNOWN)):
        if any(concept in concepts for concepts in entries):
            return valve
    return UNREAD if any(map(chart.gap, VALVE_QUERIES)) else NONE
