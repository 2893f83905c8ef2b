"""What a page is given when it is switched on.

What may live here: that one type; pages are told nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cds_service.access import TrustedClients
from cds_service.fhir_client import FhirReader
from cds_service.knowledge import Knowledge, Tenants
from cds_service.settings import Settings
from cds_service.storage import Database


@dataclass(frozen=True)
class PageContext:
    """What a page may use: settings, clinical knowledge, the FHIR client, the clock, the database, trusted clients.

    `knowledge` is that of the packaged files; `tenants` knows what counts where somebody is known.
    """

    settings: Settings
    knowledge: Knowledge
    client: FhirReader
    clock: Callable[[], datetime]
    database: Database
    trusted: TrustedClients | None = None
    tenants: Tenants | None = None
