"""Everything that is read and checked at the start and that a call needs.

What may live here: the policy and vocabulary in force, and the orders that cards may suggest.
"""

from cds_service.knowledge.knowledge import InForce, Knowledge, knowledge_of, load_knowledge
from cds_service.knowledge.order_templates import TemplateError, filled, load_templates
from cds_service.knowledge.template_check import insist_on_valid_templates

__all__ = [
    "InForce",
    "Knowledge",
    "TemplateError",
    "filled",
    "insist_on_valid_templates",
    "knowledge_of",
    "load_knowledge",
    "load_templates",
]
