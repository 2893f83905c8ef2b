"""The CDS Hooks endpoints: a request read and checked, data gathered, the cards as JSON, feedback, headers.

What may live here: the way of one request from HTTP to the rules and back.
"""

from cds_service.api.card_json import OVERRIDE_SYSTEM
from cds_service.api.drug_reading import DrugReads
from cds_service.api.gather import Collected, Gatherer, gathering
from cds_service.api.headers import headers_of_refusals, register_cors
from cds_service.api.hook_request import HookRequest
from cds_service.api.look_back import past_look_back
from cds_service.api.routes import blueprint, register_errors
from cds_service.api.services import SERVICES

__all__ = [
    "OVERRIDE_SYSTEM",
    "SERVICES",
    "Collected",
    "DrugReads",
    "Gatherer",
    "HookRequest",
    "blueprint",
    "gathering",
    "headers_of_refusals",
    "past_look_back",
    "register_cors",
    "register_errors",
]
