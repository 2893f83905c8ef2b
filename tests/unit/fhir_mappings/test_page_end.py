"""Does a page of a search reach back far enough?"""

from __future__ import annotations

from datetime import UTC, date
from typing import Any

import pytest

from fhir_mappings.page_end import ends_before, is_newest_first

OLDEST = date(2026, 8, 24)


def page(*days: str) -> list[Any]:
    return [{"resourceType": "Observation", "effectiveDateTime": day} for day in days]


@pytest.mark.parametrize(
    ("resources", "enough"),
    [
        (page("2026-11-01", "2026-08-23"), True),
        (page("2026-11-01", "2026-08-24"), False),
        (page("2026-08-23", "2026-11-01"), False),
        (page("2026-11-01", "2026-10-01", "2026-10-02", "2026-08-23"), False),
        (page("2026-11-01", "sometime"), False),
        (page("2026", "2026-08-23"), False),
        ([{"resourceType": "Observation"}], False),
        ([], False),
        (["junk"], False),
        ([{"performedPeriod": {"start": "2026-01-01", "end": "2026-08-01T10:00:00Z"}}], True),
        ([{"performedPeriod": {"start": "2026-01-01"}}], True),
        ([{"effectivePeriod": "2026-01-01"}], True),
        ([{"issued": "2026-01-01T00:00:00Z"}], True),
    ],
)
def test_a_sorted_page_that_ends_before_the_look_back_is_enough(resources: list[Any], enough: bool) -> None:
    assert ends_before(resources, OLDEST, UTC) is enough


@pytest.mark.parametrize(
    ("resources", "sorted_so"),
    [
        (page("2026-11-01", "2026-08-23"), True),
        (page("2026-11-01", "2026-11-01"), True),
        (page("2026-08-23", "2026-11-01"), False),
        (page("2026-11-01", "sometime", "2026-08-23"), True),
        (page("2026-08-23", "sometime", "2026-11-01"), False),
        ([], True),
        (["junk"], True),
    ],
)
def test_a_page_is_sorted_as_far_as_its_resources_have_dates(resources: list[Any], sorted_so: bool) -> None:
    assert is_newest_first(resources, UTC) is sorted_so
