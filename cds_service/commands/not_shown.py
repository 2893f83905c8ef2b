"""What is not shown now, for commands that tell what was: nobody may take silence in a report for "no risk".

What may live here: finding that out by the settings, in a process that is not the service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from cds_service.commands.common import settings_for
from cds_service.commands.site_policies import tenants_of_the_service

if TYPE_CHECKING:
    from cds_service.knowledge import Knowledge, Tenants
    from cds_service.settings import Settings

UNKNOWN = "The site policies cannot be used, so what they switch off is not told here."
LEFT_OUT = "The site policy {} cannot be used, so what it switches off is not told here."


def not_shown_now(tenant: str | None = None) -> list[str]:
    """A sentence for each of what is not shown to somebody, or cannot be told; none where every card is shown.

    And one for each site policy that nobody has reviewed in time. With a `tenant` only what concerns it, "" being
    callers that are not known; None is everybody.
    """
    from cds_service.api import NotShown
    from cds_service.clock import utc_now
    from cds_service.knowledge import DEFAULT, NO_CARD, SitePolicyError, not_reviewed
    from cds_service.storage import KillSwitch, file_beside, spool_for

    settings, now = settings_for(dev=True), utc_now()
    policies: Mapping[str | None, Knowledge] = {}
    theirs = None
    spool = spool_for(settings.database_url, settings.spool, settings.spool_max_bytes)
    try:
        tenants, left_out = _policies(settings)
        if tenants is not None:
            policies = tenants.all(now)
            theirs = None if tenant is None else tenants.of(tenant, now)
        unknown = [LEFT_OUT.format(name) for name in left_out]
    except SitePolicyError:
        unknown = [UNKNOWN]
    not_shown = NotShown(KillSwitch(file_beside(spool)), lambda _: policies)
    told = not_shown.to_all(now)
    if tenant is not None and theirs is not None:
        told = not_shown.to_tenant(tenant, theirs, now)
        whose = tenant if tenant in policies else None
        policies = {name: known for name, known in policies.items() if name == whose}
    elif tenant is not None:
        # Nobody has a policy of its own, so what is off for the default is off for everybody.
        told = replace(told, notices=tuple(one for one in told.notices if one.tenant in (None, DEFAULT, tenant)))
    # With something to tell, that no card is no all-clear stands there already.
    no_card = [NO_CARD] if unknown and not told else []
    return [*unknown, *told.sentences, *no_card, *not_reviewed(policies, now)]


def _policies(settings: Settings) -> tuple[Tenants | None, list[str]]:
    """What each tenant knows, and the names of the files that cannot be used.

    Nothing is read where there is no site policy: that takes a second.

    Raises:
        SitePolicyError: none of them can be read.
    """
    if settings.site_policies is None:
        return None, []
    return tenants_of_the_service(settings)
