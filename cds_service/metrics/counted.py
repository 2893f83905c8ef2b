"""Metrics that cost next to nothing until they are switched on.

What may live here: the two kinds, and switching all of them on. Which metrics there are stands in `names`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

NAME = "calciphylaxis_cds"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class _Metric:
    """One metric; it has no part until all are switched on."""

    def __init__(self, name: str, says: str, labels: Sequence[str] = ()) -> None:
        self.name, self.says, self.labels = f"{NAME}_{name}", says, tuple(labels)
        self._real: Any = None
        self._by_labels: dict[tuple[str, ...], Any] = {}
        _ALL.append(self)

    @property
    def is_on(self) -> bool:
        """Is it counted?"""
        return self._real is not None

    def begin(self) -> None:
        """Count from now on."""
        raise NotImplementedError

    def _of(self, labels: tuple[str, ...]) -> Any:
        """What counts for these labels. The library looks it up in a slower way."""
        found = self._by_labels.get(labels)
        if found is None:
            found = self._by_labels[labels] = self._real.labels(*labels) if labels else self._real
        return found


_ALL: list[_Metric] = []


class Counted(_Metric):
    """How often something happened."""

    def begin(self) -> None:
        """Count from now on."""
        from prometheus_client import Counter

        self._real = self._real or Counter(self.name, self.says, self.labels)

    def count(self, *labels: str, by: int = 1) -> None:
        """It happened, so often, with these values of the labels."""
        if self._real is not None:
            self._of(labels).inc(by)


class Timed(_Metric):
    """How many seconds something took."""

    def begin(self) -> None:
        """Time from now on."""
        from prometheus_client import Histogram

        self._real = self._real or Histogram(self.name, self.says, self.labels, buckets=_SECONDS)

    def took(self, seconds: float, *labels: str) -> None:
        """It took so long, with these values of the labels."""
        if self._real is not None:
            self._of(labels).observe(seconds)


def is_on() -> bool:
    """Is anything counted?"""
    return any(metric.is_on for metric in _ALL)


def switch_on() -> None:
    """Count from now on, in this process and in those that are forked from it."""
    from prometheus_client import disable_created_metrics

    disable_created_metrics()  # type: ignore[no-untyped-call]
    for metric in _ALL:
        metric.begin()
