"""Pages of a search: does a page reach back far enough, so that later pages need not be read?

What may live here: dates of resources as far as paging needs them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, tzinfo
from itertools import pairwise
from typing import Any

from fhir_mappings.dates import read_moment
from fhir_mappings.fhir_json import Json, as_object

_DATES = (
    "effectiveDateTime",
    "effectiveInstant",
    "effectivePeriod",
    "performedDateTime",
    "performedPeriod",
    "occurrenceDateTime",
    "occurrencePeriod",
    "issued",
)


def ends_before(resources: Sequence[Any], oldest: date, zone: tzinfo) -> bool:
    """True when the page is sorted newest first and its last resource is older than `oldest`.

    Servers and proxies do not always sort; a page that is out of order, or holds a date that cannot be read, proves
    nothing about the pages after it.
    """
    days = [_day(resource, zone) for resource in resources if isinstance(resource, dict)]
    known = [day for day in days if day is not None]
    return bool(known) and len(known) == len(days) and known[-1] < oldest and _descend(known)


def is_newest_first(resources: Sequence[Any], zone: tzinfo) -> bool:
    """Is the page sorted newest first, as far as its resources have dates?"""
    days = (_day(resource, zone) for resource in resources if isinstance(resource, dict))
    return _descend([day for day in days if day is not None])


def _descend(days: Sequence[date]) -> bool:
    return all(later >= earlier for later, earlier in pairwise(days))


def _day(resource: Json, zone: tzinfo) -> date | None:
    for key in _DATES:
        value = resource.get(key)
        if value is not None:
            period = as_object(value)
            moment = read_moment((period.get("end") or period.get("start")) if period else value, zone)
            return moment.day if moment else None
    return None
