"""What to register at each EHR: the addresses of the SMART app, as lines for a person.

What may live here: that list. The redirect address is another one for each FHIR server, so nobody knows it by heart.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from cds_service.access import TrustedClient
from cds_service.addresses import covers
from cds_service.web.smart.redirects import redirect_address


def registration(public: str, clients: Iterable[TrustedClient], servers: Collection[str] = ()) -> Iterator[str]:
    """The lines. `public` is our own address; `servers` are normal base URLs to tell as well, below a prefix or not."""
    yield f"launch address: {public}/smart/launch"
    yield f"key set, for a client with a key pair: {public}/smart/jwks.json"
    yield "redirect addresses, each for its own EHR and for no other:"
    launching = [client for client in clients if client.smart_client_id]
    if not launching and not servers:
        yield "  none: no client of the file has a smart_client_id (or name a server with --server)"
    for client in launching:
        for server in client.fhir_servers:
            if server.endswith("/"):
                yield f"  {client.tenant}, below {server}: one for each server there, by --server"
            else:
                yield from _lines(public, client.tenant, server)
    for server in servers:
        owners = [client.tenant for client in launching if any(covers(entry, server) for entry in client.fhir_servers)]
        yield from _lines(public, owners[0] if owners else "of no client here", server)


def _lines(public: str, whose: str, server: str) -> Iterator[str]:
    yield f"  {whose}, {server}"
    yield f"    {redirect_address(public, server.rstrip('/'))}"
