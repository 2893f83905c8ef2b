"""Codes that could be a name and are seen on so many patients that they are none.

What may live here: on how many patients such a code was, in the memory of one worker.

By its look nobody can tell PHOS from SMITH, and there is no list of all names. What differs is whose records hold it:
the name of a patient stands on the records of that patient, a code of a laboratory on those of many. So a code of the
right form, under the address of a code system, is kept in the log from the fifth patient on; what came before is a
remark. A name that five patients share, in capitals, in the place of a code, would be kept, and would tell nobody which
of them; so would the name of a clinician after whom a panel is called.

No patient is remembered, but a number that Python makes from the id with a key of this process, and at most four of
these for each code. Nothing of it is written anywhere; each worker begins anew. Tenants and FHIR servers are counted
apart: what is a code of one may be a name to another.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable

FEWEST_PATIENTS = 5
MOST_CODES = 4096


class Crowd:
    """On how many patients each code was, until they are enough. For all threads of a worker."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self._lock = threading.Lock()
        self._few: dict[Hashable, set[int]] = {}
        self._many: dict[Hashable, None] = {}

    def vouches_for(self, code: Hashable, patient: Hashable) -> bool:
        """Was this code, with this patient, on FEWEST_PATIENTS? What was seen first is forgotten where it is much."""
        with self._lock:
            if code in self._many:
                return True
            patients = self._few.setdefault(code, set())
            patients.add(hash(patient))
            if len(patients) < FEWEST_PATIENTS:
                _forget_first(self._few)
                return False
            del self._few[code]
            self._many[code] = None
            _forget_first(self._many)
            return True


def _forget_first(codes: dict[Hashable, set[int]] | dict[Hashable, None]) -> None:
    if len(codes) > MOST_CODES:
        del codes[next(iter(codes))]
