"""Making spans. While nothing records them a span costs a call of a function and nothing else.

What may live here: a span as the other rooms see it. The library is imported where traces are on, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from cds_service.logs import trace_of

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span as Recorded
    from opentelemetry.trace import Tracer

Value = str | int
SERVER, CLIENT, _INSIDE = "SERVER", "CLIENT", "INTERNAL"
"""Whom a span is about: one who asks us, one whom we ask, ourselves."""
_NAME = "calciphylaxis-cds"
_tracer: Tracer | None = None


class Span:
    """One step of a call; None where nothing is recorded."""

    def __init__(self, recorded: Recorded | None) -> None:
        self._recorded = recorded

    def set(self, name: str, value: Value) -> None:
        """Tell more about it."""
        if self._recorded is not None:
            self._recorded.set_attribute(name, value)

    def failed(self, kind: str) -> None:
        """It did not bring what it should; `kind` is a word of ours or the name of an exception."""
        if self._recorded is not None:
            from opentelemetry.trace import StatusCode

            self._recorded.set_attribute("error.type", kind)
            self._recorded.set_status(StatusCode.ERROR)

    def end(self) -> None:
        """It is over; said twice, the first time counts."""
        if self._recorded is not None:
            self._recorded.end()
            self._recorded = None


_NOTHING = Span(None)
_AROUND_NOTHING = nullcontext(_NOTHING)


def record_to(provider: TracerProvider | None) -> None:
    """Let all spans of this process go there from now on; None: nowhere."""
    global _tracer
    _tracer = provider.get_tracer(_NAME) if provider is not None else None


def is_on() -> bool:
    """Is anything recorded?"""
    return _tracer is not None


def span(
    name: str, attributes: Mapping[str, Value] | None = None, *, kind: str = _INSIDE, traceparent: str = ""
) -> AbstractContextManager[Span]:
    """What is done in the block is this step; what is begun in it are its parts.

    `traceparent` is the header of a caller whose trace goes on here. Of an exception only the kind is told.
    """
    return _AROUND_NOTHING if _tracer is None else _recorded(_tracer, name, attributes, kind, traceparent)


def begin(name: str, attributes: Mapping[str, Value] | None = None, *, kind: str = _INSIDE) -> Span:
    """A step that goes on beside others, until its `end`."""
    return _NOTHING if _tracer is None else Span(_start(_tracer, name, attributes, kind, None))


@contextmanager
def _recorded(
    tracer: Tracer, name: str, attributes: Mapping[str, Value] | None, kind: str, traceparent: str
) -> Iterator[Span]:
    from opentelemetry.trace import use_span

    started = _start(tracer, name, attributes, kind, _parent(traceparent))
    # What an exception says may hold data of a patient, and so may its trace.
    with use_span(started, end_on_exit=True, record_exception=False, set_status_on_exception=False):
        made = Span(started)
        try:
            yield made
        except Exception as error:
            made.set("error.type", type(error).__name__)
            raise


def _start(tracer: Tracer, name: str, attributes: Mapping[str, Value] | None, kind: str, parent: Any) -> Recorded:
    from opentelemetry.trace import SpanKind

    return tracer.start_span(name, parent, SpanKind[kind], attributes)


def _parent(traceparent: str) -> Any:
    """The caller's span; None where it names none that could be nothing else. Its `tracestate` is not read."""
    found = trace_of(traceparent)
    if found is None:
        return None
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

    trace, parent, flags = (int(part, 16) for part in found)
    context = SpanContext(trace, parent, is_remote=True, trace_flags=TraceFlags(flags))
    return set_span_in_context(NonRecordingSpan(context))
