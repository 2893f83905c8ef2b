"""What is not shown now, for commands that tell what was: nobody may take silence in a report for "no risk".

What may live here: finding that out by the settings, in a process that is not the service.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from cds_service.commands.common import settings_for

if TYPE_CHECKING:
    from cds_service.knowledge import Knowledge
    from cds_service.settings import Settings

UNKNOWN = "The site policies cannot be used, so what they switch off is not told here."


def not_shown_now() -> list[str]:
    """A sentence for each of what is not shown to somebody, or cannot be told; none where every card is shown.

    And one for each site policy that nobody has reviewed in time.
    """
    from cds_service.api import NotShown
    from cds_service.clock import utc_now
    from cds_service.knowledge import SitePolicyError, not_reviewed
    from cds_service.storage import KillSwitch, file_beside, spool_for

    settings, now = settings_for(dev=True), utc_now()
    policies: Mapping[str | None, Knowledge] = {}
    unknown = []
    try:
        policies = _policies(settings, now)
    except SitePolicyError:
        unknown = [UNKNOWN]
    spool = spool_for(settings.database_url, settings.spool, settings.spool_max_bytes)
    told = NotShown(KillSwitch(file_beside(spool)), lambda _: policies).to_all(now)
    return [*unknown, *told.sentences, *not_reviewed(policies, now)]


def _policies(settings: Settings, now: datetime) -> Mapping[str | None, Knowledge]:
    """What each tenant knows. Nothing is read where there is no site policy: that takes a second.

    Raises:
        SitePolicyError: they cannot be used.
    """
    from cds_service.knowledge import load_knowledge, open_tenants

    if settings.site_policies is None:
        return {}
    tenants, _ = open_tenants(settings, load_knowledge(settings))
    return tenants.all(now)
