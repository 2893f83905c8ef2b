"""Everything that is read and checked at the start and that a call needs.

What may live here: the policy and vocabulary in force, those of each tenant, the orders that cards may suggest, and
which cards are shown.
"""

from cds_service.knowledge.critical_cards import HOOK_OF, critical_topics, gap_topics, topics_of
from cds_service.knowledge.knowledge import InForce, Knowledge, knowledge_of, load_knowledge
from cds_service.knowledge.notices import NO_CARD, Notice, not_reviewed, notices_of, switched_in, why_held
from cds_service.knowledge.order_templates import TemplateError, filled, load_templates
from cds_service.knowledge.people import may_be_one
from cds_service.knowledge.policy_changes import PolicyChange
from cds_service.knowledge.policy_copies import copies_beside
from cds_service.knowledge.reload import Reload, open_tenants, read_tenants
from cds_service.knowledge.site_policy import (
    DEFAULT,
    SiteFacts,
    SitePolicy,
    SitePolicyError,
    load_site_policy,
    override_reasons_in,
)
from cds_service.knowledge.switch_reading import read_switches, switch_problems
from cds_service.knowledge.switches import ALL, REPEATS, Asking, HeldBack, Reason, Sorted, Switches
from cds_service.knowledge.template_check import insist_on_valid_templates
from cds_service.knowledge.tenants import Policies, Tenants

__all__ = [
    "ALL",
    "DEFAULT",
    "HOOK_OF",
    "NO_CARD",
    "REPEATS",
    "Asking",
    "HeldBack",
    "InForce",
    "Knowledge",
    "Notice",
    "Policies",
    "PolicyChange",
    "Reason",
    "Reload",
    "SiteFacts",
    "SitePolicy",
    "SitePolicyError",
    "Sorted",
    "Switches",
    "TemplateError",
    "Tenants",
    "copies_beside",
    "critical_topics",
    "filled",
    "gap_topics",
    "insist_on_valid_templates",
    "knowledge_of",
    "load_knowledge",
    "load_site_policy",
    "load_templates",
    "may_be_one",
    "not_reviewed",
    "notices_of",
    "open_tenants",
    "override_reasons_in",
    "read_switches",
    "read_tenants",
    "switch_problems",
    "switched_in",
    "topics_of",
    "why_held",
]
