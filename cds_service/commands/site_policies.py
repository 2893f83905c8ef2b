"""The site policies of a service, for commands beside it: as it goes on with them, and nothing of them is changed.

What may live here: finding its folders by the settings. What is made of the policies stands in the commands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cds_service.knowledge import Tenants
    from cds_service.settings import Settings


def packaged_version(settings: Settings) -> str:
    """The version of the packaged files without a site policy."""
    from cds_service.knowledge import load_knowledge

    return load_knowledge(settings).version


def tenants_of_the_service(settings: Settings) -> tuple[Tenants, list[str]]:
    """What each tenant knows, and the names of the files that cannot be used, and of which no earlier state goes on.

    Raises:
        SitePolicyError: none of them can be read.
    """
    from cds_service.knowledge import copies_beside, load_knowledge, read_tenants
    from cds_service.storage import spool_for

    spool = spool_for(settings.database_url, settings.spool, settings.spool_max_bytes)
    return read_tenants(settings, load_knowledge(settings), copies_beside(spool.folder) if spool else None)


def tenant_remarks(tenant: str, settings: Settings) -> list[str]:
    """What an approver should see of the tenant of a site policy: that no trusted client has it, or nobody knows that.

    None where it is one of them, and without CDS_TRUSTED_CLIENTS: the file may be written before it.
    """
    from cds_service.access import TrustedClientsError, load_trusted_clients
    from cds_service.knowledge import DEFAULT
    from fhir_mappings.site_names import unknown

    if settings.trusted_clients is None:
        return []
    try:
        clients = load_trusted_clients(settings.trusted_clients)
    except TrustedClientsError:
        return ["tenant: CDS_TRUSTED_CLIENTS cannot be used, so nobody knows whether a client has this tenant."]
    problem = unknown("trusted client of the tenant", tenant, {DEFAULT, *(client.tenant for client in clients)})
    return [f"tenant: the service would leave this file aside: {problem}"] if problem else []
