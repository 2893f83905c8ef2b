"""Drugs by name, and the draft order of one: for the EHR page, the try page and the commands that play an EHR.

What may live here: names, codes and the shape of a draft. What a drug means for a patient is decided elsewhere.
"""

from cds_service.drug_orders.catalogue import (
    ROUTES,
    RXNORM,
    Catalogue,
    DrugName,
    draft_order,
    load_catalogue,
    new_draft_id,
)

__all__ = ["ROUTES", "RXNORM", "Catalogue", "DrugName", "draft_order", "load_catalogue", "new_draft_id"]
