"""FHIR servers, and what stands before them, at their worst: a raw socket server, and the modes in which it answers.

What may live here: the whole list. Each mode has a name and a sentence; its kind is the module, and the part of it,
that it stands in.
"""

from __future__ import annotations

from tests.fuzz.hostile.body_modes import JSON_MODES, PACKED_MODES, SIZE_MODES
from tests.fuzz.hostile.entry_modes import MODES as ENTRY_MODES
from tests.fuzz.hostile.framing_modes import BEHIND_MODES, CHUNK_MODES, CLOSE_MODES, LENGTH_MODES, LINE_MODES
from tests.fuzz.hostile.interim_modes import MODES as INTERIM_MODES
from tests.fuzz.hostile.mode import Mode
from tests.fuzz.hostile.time_modes import TEXT_MODES, TIME_MODES
from tests.fuzz.hostile.way_modes import LINK_MODES, STATUS_MODES

__all__ = ["KINDS", "MODES", "REPRESENTATIVE", "Mode"]

KINDS: dict[str, tuple[Mode, ...]] = {
    "interim answers": INTERIM_MODES,
    "chunks": CHUNK_MODES,
    "lengths": LENGTH_MODES,
    "hanging up": CLOSE_MODES,
    "lines and headers": LINE_MODES,
    "what comes behind": BEHIND_MODES,
    "packed bodies": PACKED_MODES,
    "JSON": JSON_MODES,
    "sizes": SIZE_MODES,
    "next pages": LINK_MODES,
    "entries": ENTRY_MODES,
    "statuses": STATUS_MODES,
    "time": TIME_MODES,
    "texts": TEXT_MODES,
}
MODES: tuple[Mode, ...] = tuple(mode for modes in KINDS.values() for mode in modes)
_EVERY = 4
REPRESENTATIVE = frozenset(mode.name for mode in ENTRY_MODES).union(
    mode.name for modes in KINDS.values() for mode in modes[::_EVERY]
)
"""Those that are met in all ways; the others at the first call, for conditions only and on kept connections."""
