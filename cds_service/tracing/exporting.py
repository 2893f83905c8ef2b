"""Sending spans to a collector by OTLP, as the standard variables OTEL_… say.

What may live here: the beginning and the end of that in a worker.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from cds_service.tracing.spans import record_to

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

log = logging.getLogger("cds_service")

SERVICE = "calciphylaxis-cds"
_UNNAMED = "unknown_service"


class Exporting:
    """The spans of one worker. They are sent by a thread of the library, so it begins after the fork."""

    def __init__(self) -> None:
        self._provider: TracerProvider | None = None

    def begin(self) -> None:
        """In a worker, before its first call. Where the variables cannot be used calls are answered without traces."""
        try:
            self._provider = _provider()
        except Exception as error:
            # Whatever it is: nobody at a bedside is to wait for a trace. Its words may hold a key for the collector.
            log.error("there are no traces, the OTEL_ variables cannot be used (%s)", type(error).__name__)
        else:
            record_to(self._provider)

    def end(self, seconds: float) -> None:
        """In a worker, after its last call: send what waits. What the collector does not take in time is lost."""
        provider, self._provider = self._provider, None
        record_to(None)
        if provider is not None:
            # The library waits for as long as the collector may take for one answer.
            sending = threading.Thread(target=provider.shutdown, name="last-spans", daemon=True)
            sending.start()
            sending.join(seconds)


def _provider() -> TracerProvider:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create()
    if str(resource.attributes.get("service.name", _UNNAMED)).startswith(_UNNAMED):
        resource = resource.merge(Resource({"service.name": SERVICE}))
    made = TracerProvider(resource=resource, shutdown_on_exit=False)
    made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return made
