"""What the field really sends: each habit as a small function, with its public source.

What may live here: the list of all quirks. Each stands in the module of its kind.
"""

from __future__ import annotations

from tests.field.quirks import codes, drafts, drugs, records, requests, results, servers
from tests.field.quirks.kinds import Quirk, Stage, applied

__all__ = ["QUIRKS", "SERVER_QUIRKS", "Quirk", "Stage", "applied"]

_ALL = [value for kind in (results, records, drugs, codes, drafts, requests, servers) for value in vars(kind).values()]
_NAMED = {quirk.name: quirk for quirk in _ALL if isinstance(quirk, Quirk)}

QUIRKS = {name: quirk for name, quirk in _NAMED.items() if quirk.stage is not Stage.SERVER}
"""By name, in the order in which several are applied: charts from the value to the code, then requests."""
SERVER_QUIRKS = {name: quirk for name, quirk in _NAMED.items() if quirk.stage is Stage.SERVER}
