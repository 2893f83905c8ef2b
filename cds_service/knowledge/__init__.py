"""Everything that is read and checked at the start and that a call needs.

What may live here: the policy and vocabulary in force, those of each tenant, and the orders that cards may suggest.
"""

from cds_service.knowledge.knowledge import InForce, Knowledge, knowledge_of, load_knowledge
from cds_service.knowledge.order_templates import TemplateError, filled, load_templates
from cds_service.knowledge.reload import Reload, open_tenants
from cds_service.knowledge.site_policy import DEFAULT, SiteFacts, SitePolicy, SitePolicyError, load_site_policy
from cds_service.knowledge.template_check import insist_on_valid_templates
from cds_service.knowledge.tenants import Policies, Tenants

__all__ = [
    "DEFAULT",
    "InForce",
    "Knowledge",
    "Policies",
    "Reload",
    "SiteFacts",
    "SitePolicy",
    "SitePolicyError",
    "TemplateError",
    "Tenants",
    "filled",
    "insist_on_valid_templates",
    "knowledge_of",
    "load_knowledge",
    "load_site_policy",
    "load_templates",
    "open_tenants",
]
