"""What is read and checked at the start, and what every call needs of it.

What may live here: policy, vocabulary, queries and order templates as one frozen whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cds_service.knowledge.order_templates import load_templates
from cds_service.knowledge.site_policy import DEFAULT, SiteFacts, SitePolicy
from cds_service.knowledge.switch_reading import further_problems, read_switches
from cds_service.knowledge.switches import EVERYTHING_ON, Switches
from cds_service.settings import Settings
from fhir_mappings.data_files import DataFileError
from fhir_mappings.knowledge_files import knowledge_problems, read_knowledge, read_reasons, read_spelling
from fhir_mappings.packaged import default_knowledge, default_policy, default_spelling
from fhir_mappings.policy_folder import PolicyFiles, policy_files
from fhir_mappings.queries import Query, build_queries
from fhir_mappings.spelling import Spell
from fhir_mappings.vocabulary import Vocabulary
from hooks.policy import Policy
from hooks.reasons import Reasons
from hooks.thresholds import PolicyError


@dataclass(frozen=True)
class Knowledge:
    """Everything read and checked at start that a call needs; a process holds one `Knowledge` and swaps it as a whole.

    `reasons_url` and `launch_url` are where cards lead, None where those pages are off or we have no public address.
    `version` names the data files, a site policy among them, by their hash. `tenant` is the one whose policy this is,
    and `site` says who answers for it; None where only the packaged files count. `switches` say which cards are shown.
    """

    policy: Policy
    vocabulary: Vocabulary
    queries: tuple[Query, ...]
    templates: Mapping[str, Mapping[str, Any]]
    zone: ZoneInfo
    reasons_url: str | None = None
    launch_url: str | None = None
    version: str = ""
    tenant: str = DEFAULT
    site: SiteFacts | None = None
    switches: Switches = EVERYTHING_ON

    def queries_for(self, hook: str) -> tuple[Query, ...]:
        """The queries of one hook: its advertised prefetch and its fallback fetch."""
        return tuple(query for query in self.queries if hook in query.hooks)


@dataclass(frozen=True)
class InForce:
    """All that follows from one folder of data files: what calls need, what stands behind the cards, and the files."""

    knowledge: Knowledge
    reasons: Reasons
    files: PolicyFiles


def load_knowledge(settings: Settings) -> Knowledge:
    """Read and check every data file; nothing is read, compiled or built per request."""
    spelling = default_spelling(settings.locale)
    return _knowledge(*default_knowledge(settings.locale), spelling, settings, policy_files(None).digest)


def knowledge_of(folder: Path | None, settings: Settings, site: SitePolicy | None = None) -> InForce:
    """What follows from the data files of a folder, and from the packaged one for each that is missing there.

    None is the packaged files alone. Whatever a folder holds, it is checked as the packaged files are, and so is what a
    site policy makes of them.

    Raises:
        DataFileError: with every problem of the folder, or of the files.
        VocabularyError, TemplateError: the files are sound, and nothing can be asked or suggested by them.
    """
    files, locale = policy_files(folder), settings.locale
    if site:
        files = replace(files, changes=site.changes, site=site.text)
    try:
        policy, vocabulary = read_knowledge(files.texts, locale, files.changes)
        reasons = read_reasons(files.texts, policy, locale, files.changes)
    except (DataFileError, PolicyError):
        # What is wrong in one file hides nothing in the others.
        switched = further_problems(site.document, default_policy()) if site else ()
        raise DataFileError([*knowledge_problems(files.texts, locale, files.changes), *switched]) from None
    made = _knowledge(policy, vocabulary, read_spelling(files.texts, locale), settings, files.digest)
    knowledge = _of_tenant(made, site) if site else made
    return InForce(knowledge, reasons, files)


def _of_tenant(made: Knowledge, site: SitePolicy) -> Knowledge:
    reasons = f"{made.reasons_url}/of/{site.tenant}" if made.reasons_url else None
    switches = read_switches(site.document, made.policy)
    return replace(made, tenant=site.tenant, site=site.facts, reasons_url=reasons, switches=switches)


def _knowledge(policy: Policy, vocabulary: Vocabulary, spell: Spell, settings: Settings, version: str) -> Knowledge:
    base = settings.link_base
    return Knowledge(
        policy=policy,
        vocabulary=vocabulary,
        queries=build_queries(vocabulary, policy, settings.medication_history),
        templates=load_templates(policy.wording.actions, spell),
        zone=settings.timezone,
        reasons_url=f"{base}/reasons" if base and "reasons" in settings.pages else None,
        launch_url=f"{base}/smart/launch" if base and "smart" in settings.pages else None,
        version=version,
    )
