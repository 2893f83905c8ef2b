"""How far the pages of a search must be read: until they end before the query's look-back.

What may live here: the end of paging for one query. Which dates a resource has is read in `fhir_mappings`.
"""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from cds_service.fhir_client import Past
from fhir_mappings.page_end import ends_before, is_newest_first
from fhir_mappings.queries import Query


def past_look_back(query: Query, on: date, zone: ZoneInfo) -> Past:
    """A function that sees page after page: is all that follows older than we look back, and without effect?

    A page that is not sorted newest first tells nothing of what follows it.
    """
    if query.newest_are_enough:
        return lambda page: is_newest_first(page, zone)
    if query.look_back_days is None:
        return lambda page: False
    oldest = on - timedelta(days=query.look_back_days)
    return lambda page: ends_before(page, oldest, zone)
