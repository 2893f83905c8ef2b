"""What to register at each EHR: the addresses of the SMART app, as data and as lines for a person.

What may live here: that list. The redirect address is another one for each FHIR server, so nobody knows it by heart.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from cds_service.access import TrustedClient
from cds_service.addresses import covers
from cds_service.web.smart.redirects import redirect_address


@dataclass(frozen=True, slots=True)
class Redirect:
    """The redirect address for the EHR with this FHIR server, and whose that is ("": of no client).

    A `server` that ends in "/" stands for all below it, and each of them has its own: there is no `address` then.
    """

    tenant: str
    server: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Registration:
    """The addresses of the app."""

    launch: str
    key_set: str
    redirects: tuple[Redirect, ...]


def registration(public: str, clients: Iterable[TrustedClient], servers: Collection[str] = ()) -> Registration:
    """The addresses. `public` is our own address; `servers` are normal base URLs to tell as well, below a prefix or
    not."""
    launching = [client for client in clients if client.smart_client_id]
    listed = [
        Redirect(client.tenant, server, "" if server.endswith("/") else redirect_address(public, server))
        for client in launching
        for server in client.fhir_servers
    ]
    asked = [Redirect(_owner(launching, server), server, redirect_address(public, server)) for server in servers]
    return Registration(f"{public}/smart/launch", f"{public}/smart/jwks.json", (*listed, *asked))


def lines(found: Registration) -> Iterator[str]:
    """The same for a person."""
    yield f"launch address: {found.launch}"
    yield f"key set, for a client with a key pair: {found.key_set}"
    yield "redirect addresses, each for its own EHR and for no other:"
    if not found.redirects:
        yield "  none: no client of the file has a smart_client_id (or name a server with --server)"
    for redirect in found.redirects:
        if redirect.address:
            yield f"  {redirect.tenant or 'of no client here'}, {redirect.server}"
            yield f"    {redirect.address}"
        else:
            yield f"  {redirect.tenant}, below {redirect.server}: one for each server there, by --server"


def _owner(clients: Iterable[TrustedClient], server: str) -> str:
    owners = (client.tenant for client in clients if any(covers(entry, server) for entry in client.fhir_servers))
    return next(owners, "")
