"""The stopped orders, which may end an entry of the medication history.

What may live here: asking for them once it is known that they matter. What they end is decided in `hooks`.
"""

from __future__ import annotations

from dataclasses import replace

from cds_service.api.drug_reading import DrugReads
from cds_service.api.gather import Collected, Gatherer
from fhir_mappings.chart import drug_shelf
from fhir_mappings.queries import STOPPED_ORDERS


def with_stopped_orders(gatherer: Gatherer, collected: Collected) -> Collected:
    """What was collected, and the stopped orders with the Medications that they refer to, from the server."""
    stopped = gatherer.fetch(STOPPED_ORDERS)
    reads = DrugReads(gatherer.talk, drug_shelf(collected.medications, [stopped], collected.bases))
    # Only what may expose somebody to a drug is read.
    reads.start([{**order, "status": "active"} for order in stopped.resources])
    reads.finish()
    medications = {**collected.medications, **reads.addressed(gatherer.base)}
    return replace(collected, queries=[*collected.queries, stopped], medications=medications)
