"""The CDS Hooks endpoints: a request read and checked, data gathered, the cards as JSON, feedback, headers.

What may live here: the way of one request from HTTP to the rules and back.
"""

from cds_service.api.answering import cards_for, checked, refused_for
from cds_service.api.answers import count_answers
from cds_service.api.calls import identify_requests
from cds_service.api.card_json import OVERRIDE_SYSTEM
from cds_service.api.drug_reading import DrugReads
from cds_service.api.explained import Explained, explained_call
from cds_service.api.explanation_data import is_explanation
from cds_service.api.exposing import Readers, metrics_page
from cds_service.api.gather import Collected, Gatherer, gathering
from cds_service.api.headers import headers_of_refusals, register_cors
from cds_service.api.health import Faults
from cds_service.api.hook_request import HookRequest, parse_hook_request
from cds_service.api.keeping import Keeping
from cds_service.api.look_back import past_look_back
from cds_service.api.no_server import NO_SERVER
from cds_service.api.not_shown import NotShown, Told, killed_notice
from cds_service.api.policy_events import keep_policy_change
from cds_service.api.routes import blueprint, register_errors
from cds_service.api.services import SERVICES, Service, call
from cds_service.api.validation import InvalidField

__all__ = [
    "NO_SERVER",
    "OVERRIDE_SYSTEM",
    "SERVICES",
    "Collected",
    "DrugReads",
    "Explained",
    "Faults",
    "Gatherer",
    "HookRequest",
    "InvalidField",
    "Keeping",
    "NotShown",
    "Readers",
    "Service",
    "Told",
    "blueprint",
    "call",
    "cards_for",
    "checked",
    "count_answers",
    "explained_call",
    "gathering",
    "headers_of_refusals",
    "identify_requests",
    "is_explanation",
    "keep_policy_change",
    "killed_notice",
    "metrics_page",
    "parse_hook_request",
    "past_look_back",
    "refused_for",
    "register_cors",
    "register_errors",
]
