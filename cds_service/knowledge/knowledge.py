"""What is read and checked at the start, and what every call needs of it.

What may live here: policy, vocabulary, queries and order templates as one frozen whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from cds_service.knowledge.order_templates import load_templates
from cds_service.settings import Settings
from fhir_mappings.packaged import default_knowledge, default_spelling
from fhir_mappings.queries import Query, build_queries
from fhir_mappings.vocabulary import Vocabulary
from hooks.policy import Policy


@dataclass(frozen=True)
class Knowledge:
    """Everything read and checked at start that a call needs; a process holds one `Knowledge` and swaps it as a whole.

    `reasons_url` and `launch_url` are where cards lead, None where those pages are off or we have no public address.
    """

    policy: Policy
    vocabulary: Vocabulary
    queries: tuple[Query, ...]
    templates: Mapping[str, Mapping[str, Any]]
    zone: ZoneInfo
    reasons_url: str | None = None
    launch_url: str | None = None

    def queries_for(self, hook: str) -> tuple[Query, ...]:
        """The queries of one hook: its advertised prefetch and its fallback fetch."""
        return tuple(query for query in self.queries if hook in query.hooks)


def load_knowledge(settings: Settings) -> Knowledge:
    """Read and check every data file; nothing is read, compiled or built per request."""
    (policy, vocabulary), public = default_knowledge(settings.locale), settings.public_url
    return Knowledge(
        policy=policy,
        vocabulary=vocabulary,
        queries=build_queries(vocabulary, policy, settings.medication_history),
        templates=load_templates(policy.wording.actions, default_spelling(settings.locale)),
        zone=settings.timezone,
        reasons_url=f"{public}/reasons" if public and "reasons" in settings.pages else None,
        launch_url=f"{public}/smart/launch" if public and "smart" in settings.pages else None,
    )
