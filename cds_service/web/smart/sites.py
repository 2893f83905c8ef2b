"""Which EHRs may open the SMART app, and how we identify ourselves there.

What may live here: turning settings and trusted clients into that list. An address that a browser brings along (`iss`)
is matched against it and trusted for nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cds_service.access import ClientKey, TrustedClient, TrustedClients, TrustedClientsError, load_client_key
from cds_service.addresses import normal_url
from cds_service.settings import Settings
from cds_service.web.smart.scopes import DEFAULT


@dataclass(frozen=True, slots=True)
class Site:
    """One EHR. `client` is the trusted client behind it, None with --dev.

    With neither `secret` nor `key` we are a public client; without `client_id` only servers that ask for no
    authorization can be opened, and those only where they `may_be_open`. `servers` may end in "/" (a prefix).
    """

    name: str
    servers: tuple[str, ...]
    is_allowed: Callable[[str], bool] = field(repr=False)
    client_id: str | None = None
    secret: str | None = field(default=None, repr=False)
    key: ClientKey | None = None
    scopes: str = DEFAULT
    may_be_open: bool = False
    frame_ancestors: tuple[str, ...] = ()
    client: TrustedClient | None = None


@dataclass(frozen=True, slots=True)
class Sites:
    """All EHRs that may open the app, in the operator's order."""

    all: tuple[Site, ...]

    def of(self, iss: str) -> tuple[Site, str] | None:
        """The EHR that this `iss` belongs to, with its FHIR base URL in normal form; None for a stranger."""
        normal = normal_url(iss)
        if normal is None:
            return None
        base = normal.rstrip("/")
        return next(((site, base) for site in self.all if site.is_allowed(base)), None)

    def choices(self) -> list[tuple[str, str]]:
        """Name ("" with --dev) and FHIR base URL of each server that a person can choose. A prefix is no server."""
        return [
            (site.name if site.client else "", server)
            for site in self.all
            for server in site.servers
            if not server.endswith("/")
        ]

    def frame_ancestors(self) -> tuple[str, ...]:
        """Every origin that may frame the app of some EHR; for pages that belong to no session and show no data."""
        return tuple(dict.fromkeys(origin for site in self.all for origin in site.frame_ancestors))


def sites_of(settings: Settings, trusted: TrustedClients | None, environment: Mapping[str, str]) -> Sites:
    """The EHRs of this installation. Raises TrustedClientsError where a secret or a key is missing."""
    if trusted is None:
        return Sites((_development(settings),) if settings.dev else ())
    return Sites(tuple(_site(client, environment) for client in trusted if client.smart_client_id or client.smart_open))


def _development(settings: Settings) -> Site:
    listed = (*settings.allowed_fhir_servers, *filter(None, [settings.pages_fhir_server]))
    return Site(
        name="development",
        servers=tuple(dict.fromkeys(server for server in listed if settings.is_allowed_fhir_server(server))),
        is_allowed=settings.is_allowed_fhir_server,
        client_id=settings.smart_client_id,
        may_be_open=True,
    )


def _site(client: TrustedClient, environment: Mapping[str, str]) -> Site:
    return Site(
        name=client.tenant,
        servers=client.fhir_servers,
        is_allowed=client.is_allowed_fhir_server,
        client_id=client.smart_client_id,
        secret=_secret(client, environment),
        key=load_client_key(client.smart_key_file) if client.smart_key_file else None,
        scopes=client.smart_scopes or DEFAULT,
        may_be_open=client.smart_open,
        frame_ancestors=client.frame_ancestors,
        client=client,
    )


def _secret(client: TrustedClient, environment: Mapping[str, str]) -> str | None:
    name = client.smart_client_secret_env
    if name is None:
        return None
    secret = environment.get(name, "")
    if not secret:
        raise TrustedClientsError(f"client {client.tenant}: the environment variable {name} holds no secret")
    return secret
