"""Which cases of a test with many are left out where time is short: CI runs one of so many, `make` by hand runs all.

What may live here: marking cases as thorough. Each test keeps its first case at least.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest


def mark_all_but_one_of(count: int, items: Iterable[pytest.Item], folder: Path) -> None:
    """Mark the cases below this folder as thorough, but for the first of each test and every so many after it."""
    seen: Counter[str] = Counter()
    for item in items:
        if item.path.is_relative_to(folder):
            test = item.nodeid.partition("[")[0]
            if seen[test] % count:
                item.add_marker(pytest.mark.thorough)
            seen[test] += 1
