"""The CDS Hooks client that we play ourselves: for the demo, for `invoke` and for the EHR page.

What may live here: what an EHR does with a CDS service. Nothing of the service itself.
"""

from cds_service.ehr_client.ehr import Ehr, EhrError, Resource, cards_of, chart_context, order_context, reference
from cds_service.ehr_client.exchange import Exchange, failure_of
from cds_service.ehr_client.terminal import print_cards

__all__ = [
    "Ehr",
    "EhrError",
    "Exchange",
    "Resource",
    "cards_of",
    "chart_context",
    "failure_of",
    "order_context",
    "print_cards",
    "reference",
]
