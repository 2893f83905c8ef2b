"""What is not shown now, for commands that tell what was: nobody may take silence in a report for "no risk".

What may live here: finding that out by the settings, in a process that is not the service.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from cds_service.commands.common import settings_for
from cds_service.commands.site_policies import tenants_of_the_service

if TYPE_CHECKING:
    from cds_service.knowledge import Knowledge
    from cds_service.settings import Settings

UNKNOWN = "The site policies cannot be used, so what they switch off is not told here."
LEFT_OUT = "The site policy {} cannot be used, so what it switches off is not told here."


def not_shown_now() -> list[str]:
    """A sentence for each of what is not shown to somebody, or cannot be told; none where every card is shown.

    And one for each site policy that nobody has reviewed in time.
    """
    from cds_service.api import NotShown
    from cds_service.clock import utc_now
    from cds_service.knowledge import NO_CARD, SitePolicyError, not_reviewed
    from cds_service.storage import KillSwitch, file_beside, spool_for

    settings, now = settings_for(dev=True), utc_now()
    policies: Mapping[str | None, Knowledge] = {}
    spool = spool_for(settings.database_url, settings.spool, settings.spool_max_bytes)
    try:
        policies, left_out = _policies(settings, now)
        unknown = [LEFT_OUT.format(name) for name in left_out]
    except SitePolicyError:
        unknown = [UNKNOWN]
    told = NotShown(KillSwitch(file_beside(spool)), lambda _: policies).to_all(now)
    # With something to tell, that no card is no all-clear stands there already.
    no_card = [NO_CARD] if unknown and not told else []
    return [*unknown, *told.sentences, *no_card, *not_reviewed(policies, now)]


def _policies(settings: Settings, now: datetime) -> tuple[Mapping[str | None, Knowledge], list[str]]:
    """What each tenant knows, and the names of the files that cannot be used.

    Nothing is read where there is no site policy: that takes a second.

    Raises:
        SitePolicyError: none of them can be read.
    """
    if settings.site_policies is None:
        return {}, []
    tenants, left_out = tenants_of_the_service(settings)
    return tenants.all(now), left_out
