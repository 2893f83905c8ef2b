"""The spans of this process, kept in memory.

What may live here: recording for the length of a block, and looking a span up.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from cds_service.tracing import record_to


@contextmanager
def recorded_spans() -> Iterator[InMemorySpanExporter]:
    """Everything that ends in the block."""
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    record_to(provider)
    try:
        yield exporter
    finally:
        record_to(None)
        provider.shutdown()


def named(spans: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    """Those with this name, in the order of their end."""
    return [span for span in spans.get_finished_spans() if span.name == name]


def told(span: ReadableSpan) -> dict[str, object]:
    """Its attributes."""
    return dict(span.attributes or {})
