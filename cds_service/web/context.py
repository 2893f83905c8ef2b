"""What a page is given when it is switched on.

What may live here: that one type; pages are told nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cds_service.access import TrustedClients
from cds_service.fhir_client import FhirReader
from cds_service.knowledge import Knowledge, Tenants
from cds_service.settings import Settings
from cds_service.storage import Database
from hooks.reasons import Reasons


def unchanged(knowledge: Knowledge) -> Knowledge:
    """Nothing is switched off."""
    return knowledge


def _everything(tenant: str) -> Sequence[str]:
    """Everything is shown to this tenant."""
    return ()


@dataclass(frozen=True)
class PageContext:
    """What a page may use: settings, clinical knowledge, the FHIR client, the clock, the database, trusted clients.

    `knowledge` is that of the packaged files, until a page asks what is `known_to` a tenant. `with_kill_switch` gives
    knowledge as the kill switch stands now. `not_shown` tells people which cards are not shown, a sentence each;
    `not_shown_to` only what concerns one tenant, "" being callers that are not known.
    """

    settings: Settings
    knowledge: Knowledge
    client: FhirReader
    clock: Callable[[], datetime]
    database: Database
    trusted: TrustedClients | None = None
    with_kill_switch: Callable[[Knowledge], Knowledge] = unchanged
    not_shown: Callable[[], Sequence[str]] = tuple
    tenants: Tenants | None = None
    not_shown_to: Callable[[str], Sequence[str]] = _everything

    def known_to(self, tenant: str | None) -> PageContext:
        """The same with what counts for this tenant now; None is nobody in particular."""
        return replace(self, knowledge=self.tenants.of(tenant, self.clock())) if self.tenants else self

    def override_reasons(self) -> Mapping[str, str]:
        """The words of every reason against a card, of all tenants, by code."""
        shipped = {code: one.display for code, one in self.knowledge.policy.wording.override_reasons.items()}
        return self.tenants.override_reasons() if self.tenants else shipped

    def in_force(self, packaged: Reasons) -> tuple[Knowledge, Reasons]:
        """What counts now for callers that are not known, those of pages of --dev too, and what stands behind it.

        `packaged` are the reasons of what ships.
        """
        policy = self.tenants.policy_of(None, self.clock()) if self.tenants else None
        knowledge, reasons = (policy.knowledge, policy.reasons) if policy else (self.knowledge, packaged)
        return self.with_kill_switch(knowledge), reasons
