"""What a page knows: what ships, until it asks what is known to a tenant."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from cds_service.knowledge import Policies, Tenants, knowledge_of, load_knowledge
from cds_service.knowledge.site_policy import parse_site_policy
from cds_service.settings import Settings
from cds_service.web import PageContext
from fhir_mappings.packaged import default_reasons
from tests.unit.cds_service.knowledge.policies import policy_file

SETTINGS = Settings()
PACKAGED = load_knowledge(SETTINGS)
UNUSED: Any = None


def context(now: datetime, tenants: Tenants | None) -> PageContext:
    return PageContext(SETTINGS, PACKAGED, UNUSED, lambda: now, UNUSED, tenants=tenants)


def test_a_page_knows_what_counts_for_a_tenant_on_the_day() -> None:
    site = parse_site_policy(policy_file("north", effective=date(2026, 2, 1)), "north.toml")
    own = knowledge_of(None, SETTINGS, site)
    tenants = Tenants(Policies.of(PACKAGED, [own]))
    before, since = (context(datetime(2026, 2, day, 12, tzinfo=UTC), tenants) for day in (1, 2))
    assert since.known_to("north").knowledge is before.known_to("north").knowledge is own.knowledge
    assert since.known_to(None).knowledge is since.known_to("south").knowledge is PACKAGED
    early = context(datetime(2026, 1, 31, 12, tzinfo=UTC), tenants)
    assert early.known_to("north").knowledge is PACKAGED


def test_a_page_of_dev_explains_by_the_default_policy_and_by_its_own_reasons() -> None:
    own = knowledge_of(None, SETTINGS, parse_site_policy(policy_file("default"), "default.toml"))
    tenants = Tenants(Policies.of(PACKAGED, [own]))
    packaged = default_reasons(PACKAGED.policy)
    knowledge, reasons = context(datetime(2026, 2, 1, tzinfo=UTC), tenants).in_force(packaged)
    assert (knowledge, reasons) == (own.knowledge, own.reasons)
    assert context(datetime(2026, 1, 1, tzinfo=UTC), tenants).in_force(packaged) == (PACKAGED, packaged)
    assert context(datetime(2026, 2, 1, tzinfo=UTC), None).in_force(packaged) == (PACKAGED, packaged)


def test_without_tenants_it_knows_what_ships() -> None:
    alone = context(datetime(2026, 2, 1, tzinfo=UTC), None)
    assert alone.known_to("north") is alone
