"""Everything that was counted as the text that Prometheus reads.

What may live here: that text, of all workers together, with numbers of the moment beside it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cds_service.metrics.counted import NAME
from cds_service.metrics.sharing import MULTIPROCESS


class Now(NamedTuple):
    """A number as it is at the moment, with the values of its labels."""

    name: str
    says: str
    labels: Sequence[str]
    values: Mapping[tuple[str, ...], float]


def text(now: Iterable[Now]) -> bytes:
    """Everything that was counted, by all workers together, and these numbers of the moment, as Prometheus reads it."""
    from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector
    from prometheus_client.registry import Collector

    class _Moment(Collector):
        def collect(self) -> Iterator[Any]:
            yield from map(_family, now)

    registry = CollectorRegistry()
    if MULTIPROCESS in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(_Ours(REGISTRY.collect))
    registry.register(_Moment())
    return generate_latest(registry)


class _Ours:
    """What this process counts of ours: the library also tells of the process, and of Python."""

    def __init__(self, collect: Callable[[], Iterable[Any]]) -> None:
        self._collect = collect

    def collect(self) -> Iterator[Any]:
        """The metrics of this module."""
        return (family for family in self._collect() if family.name.startswith(NAME))


def _family(now: Now) -> Any:
    from prometheus_client.core import GaugeMetricFamily

    family = GaugeMetricFamily(f"{NAME}_{now.name}", now.says, labels=now.labels)
    for labels, value in now.values.items():
        family.add_metric(labels, value)
    return family
