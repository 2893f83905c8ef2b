"""What a page is given when it is switched on.

What may live here: that one type; pages are told nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cds_service.access import TrustedClients
from cds_service.fhir_client import FhirReader
from cds_service.knowledge import Knowledge
from cds_service.settings import Settings


@dataclass(frozen=True)
class PageContext:
    """What a page may use: the settings, the clinical knowledge, the FHIR client, the clock, the clients we trust."""

    settings: Settings
    knowledge: Knowledge
    client: FhirReader
    clock: Callable[[], datetime]
    trusted: TrustedClients | None = None
