"""The reader for requests that bring all their data along: it stands where a FHIR server would be asked.

What may live here: that nobody is asked.
"""

from __future__ import annotations

import math
from contextlib import AbstractContextManager

from cds_service.fhir_client import Deadline, FhirServer, Talk


class _NoServer:
    """Nobody is asked: what is judged with it offers no server."""

    def deadline(self) -> Deadline:
        """There is no waiting."""
        return Deadline(math.inf, 0.0, lambda: 0.0)

    def talk(self, server: FhirServer, deadline: Deadline) -> AbstractContextManager[Talk]:
        """A request that names a server is a fault of the caller."""
        raise AssertionError("no FHIR server is asked here")


NO_SERVER = _NoServer()
