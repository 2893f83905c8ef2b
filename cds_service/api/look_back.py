"""How far the pages of a search must be read: until they end before the query's look-back.

What may live here: the end of paging for one query. Which dates and states a resource has is read in `fhir_mappings`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from cds_service.fhir_client import JsonObject, Past
from fhir_mappings.fhir_json import read_concept
from fhir_mappings.page_end import ends_before
from fhir_mappings.procedures import is_counted
from fhir_mappings.queries import Query


def past_look_back(query: Query, on: date, zone: ZoneInfo, *, may_ask: bool = True) -> Past:
    """A function that sees page after page: is all that follows older than we look back, and without effect?

    A search without a date may find, on its last page, something that began long ago and still runs. Where we can ask
    for more it is ended early only when its pages hold something of the last days, which counts as much. Each search
    needs its own function.
    """
    if query.newest_are_enough:
        return lambda page: True
    if query.look_back_days is None:
        return lambda page: False
    oldest = on - timedelta(days=query.look_back_days)
    is_settled = query.date_param is not None or not may_ask

    def past(page: Sequence[JsonObject]) -> bool:
        nonlocal is_settled
        is_settled = is_settled or any(_settles(resource, query, on, zone) for resource in page)
        return is_settled and ends_before(page, oldest, zone)

    return past


def _settles(resource: JsonObject, query: Query, on: date, zone: ZoneInfo) -> bool:
    """Was this done, or did it run, in the last days up to `on` that settle it, and is it what the query asks for?"""
    page = [resource]
    first, after = on - timedelta(days=query.settled_days), on + timedelta(days=1)
    is_late = ends_before(page, after, zone) and not ends_before(page, first, zone)
    if not is_late or not is_counted(resource):
        return False
    asked = dict(query.params)["code"].split(",")
    return any(coding.code in asked for coding in read_concept(resource.get("code")).codings)
