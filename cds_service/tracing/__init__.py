"""Traces by OpenTelemetry, where an operator wants them: what a call did, one span for each of its steps.

What may live here: making spans, and where they go. Which steps have one is decided by the room that takes them. An
attribute is a name of ours, a number, a status or a request id; never anything of a patient, a token or an address.
"""

from cds_service.tracing.exporting import Exporting
from cds_service.tracing.spans import CLIENT, SERVER, Span, begin, is_on, record_to, span

__all__ = ["CLIENT", "SERVER", "Exporting", "Span", "begin", "is_on", "record_to", "span"]
