"""What a trace tells of one look-up: what was asked for by our own name, and what became of it.

What may live here: the span of a look-up. No address, no id and nothing of an answer goes into it.
"""

from __future__ import annotations

from cds_service.fhir_client.terms import LATE, FhirError, RefusedError
from cds_service.next_page import TYPES
from cds_service.tracing import CLIENT, begin

_OTHER = "other"


class Step:
    """A look-up under way: a search by the key of its query or else its type, a resource by its type."""

    def __init__(self, what: str, resource_type: str, key: str = "") -> None:
        # A type comes from a reference on a record, too: there it may be any word.
        told = key or (resource_type if resource_type in TYPES else _OTHER)
        self._span = begin(what, {"fhir.asked": told}, kind=CLIENT)

    def over(self, failure: Exception | None) -> None:
        """It is done; `failure` is why it brought nothing."""
        if isinstance(failure, RefusedError):
            self._span.set("http.response.status_code", failure.status)
        if failure is not None:
            self._span.failed(failure.reason if isinstance(failure, FhirError) else type(failure).__name__)
        self._span.end()

    def left(self) -> None:
        """Nobody waits for it any more."""
        self.over(FhirError(LATE))
