"""Whom we trust: the file of CDS clients (setting CDS_TRUSTED_CLIENTS), read and checked whole at start.

What may live here: the type of a trusted client, reading the file, and what its JSON Schema cannot check. One table
per client:

    # [[client]]
    # tenant = "northern-dialysis"                        # our name for the organisation behind this client
    # issuer = "https://ehr.example/oauth2"               # `iss` of its tokens, exactly; each issuer stands here once
    # jwks_url = "https://ehr.example/oauth2/jwks.json"   # where its public keys are; https, or http on loopback
    # fhir_servers = [                                    # FHIR base URLs that its calls may send us to
    #     "https://ehr.example/fhir/r4",                  #   this one and no other
    #     "https://ehr.example/tenants/",                 #   ends in "/": every base URL below it
    # ]
    # # What follows may be left out:
    # algorithms = ["ES384", "RS384"]                     # or ES256, ES512, RS256, RS512, PS256, PS384, PS512, EdDSA
    # audience = "https://cds.example"                    # `aud` of its tokens, where it is not the URL called
    # max_lifetime_seconds = 900                          # longest `exp` - `iat`; 60 to 86400
    # fhir_batch = true                                   # its FHIR servers answer a batch Bundle, entries side by side
    # jku = "https://ehr.example/jwks.json"               # `jku` of its tokens, where it is not jwks_url; only compared
    # # For the SMART app (docs/smart.md), all of it optional:
    # smart_client_id = "calciphylaxis"                   # our name at this EHR; without it, it launches no app
    # # smart_key_file = "/etc/calciphylaxis/smart.pem"   # our private key there; or, without any prefix above,
    # # smart_client_secret_env = "NORTHERN_SECRET"       #   NAME of the environment variable with our secret there;
    #                                                     #   with neither we are a public client
    # smart_scopes = "launch patient/*.rs"                # what to ask for; by default what the rules look at
    # smart_open = false                                  # true, for test data only: everybody can read all there
    # frame_ancestors = ["https://ehr.example"]           # origins that may show the app in a frame; by default none
    #
    # [[client]]
    # tenant = "southern-dialysis"
    # issuer = "urn:southern:ehr"
    # [[client.keys]]                                     # in place of jwks_url: the public keys themselves, as JWKs
    # kty = "EC"
    # crv = "P-384"
    # kid = "2026-01"
    # x = "…"
    # y = "…"
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from cds_service.access.public_keys import KeyProblem, KeySet, read_key
from cds_service.addresses import covers, is_secure, normal_url
from fhir_mappings.data_faults import place
from fhir_mappings.data_files import DataFileError, Schema, parsed, schema_of, text_of


class TrustedClientsError(Exception):
    """The file of trusted clients cannot be used. The text names file, client and key of every problem at once."""


@dataclass(frozen=True, slots=True)
class TrustedClient:
    """One CDS client. Either `jwks_url` or `keys` is there; `fhir_servers` are in the form of `normal_url`."""

    tenant: str
    issuer: str
    jwks_url: str | None = None
    keys: KeySet | None = None
    jku: str | None = None
    audience: str | None = None
    algorithms: frozenset[str] = frozenset({"ES384", "RS384"})
    fhir_servers: tuple[str, ...] = ()
    max_lifetime_seconds: int = 900
    fhir_batch: bool = False
    smart_client_id: str | None = None
    smart_client_secret_env: str | None = None
    smart_key_file: Path | None = None
    smart_scopes: str | None = None
    smart_open: bool = False
    frame_ancestors: tuple[str, ...] = ()

    def is_allowed_fhir_server(self, url: str) -> bool:
        """May a call of this client send us to this FHIR base URL?"""
        normal = normal_url(url)
        if normal is None:
            return False
        base = normal.rstrip("/")
        return any(covers(entry, base) for entry in self.fhir_servers)


class TrustedClients:
    """All clients that we trust, each known by its issuer."""

    def __init__(self, clients: tuple[TrustedClient, ...]) -> None:
        self._by_issuer = {client.issuer: client for client in clients}

    def __iter__(self) -> Iterator[TrustedClient]:
        return iter(self._by_issuer.values())

    def with_issuer(self, issuer: str) -> TrustedClient | None:
        """The client whose tokens carry exactly this `iss`."""
        return self._by_issuer.get(issuer)


def load_trusted_clients(path: Path) -> TrustedClients:
    """Read and check the file.

    Raises:
        TrustedClientsError: it cannot be read, or anything in it is wrong.
    """
    try:
        text = text_of(path.read_bytes())
    except OSError as error:
        raise TrustedClientsError(f"{path}: cannot be read ({type(error).__name__})") from None
    return parse_trusted_clients(text, str(path))


def parse_trusted_clients(text: str, name: str) -> TrustedClients:
    """The clients in this TOML text; `name` is what errors call the file. Raises TrustedClientsError."""
    try:
        document = parsed(text, name)
    except DataFileError as error:
        raise TrustedClientsError(str(error)) from None
    faults = _schema().faults(document)
    problems = [f"{place(document, fault.path)}: {fault.problem}" for fault in faults]
    faulty = {fault.path[:3] for fault in faults}
    tables = _tables(document)
    clients = []
    for number, table in tables.items():
        sound = {key: value for key, value in table.items() if ("client", number, key) not in faulty}
        values, found = _read(sound, table)
        problems += [f"{place(document, ('client', number))}: {problem}" for problem in found]
        clients.append(values)
    problems += _repeated_issuers(document, tables)
    if problems:
        lines = "".join(f"\n  {problem}" for problem in problems)
        raise TrustedClientsError(f"{name}: the trusted clients cannot be used:{lines}")
    return TrustedClients(tuple(TrustedClient(**{"jku": values.get("jwks_url"), **values}) for values in clients))


def _tables(document: Mapping[str, Any]) -> dict[int, Mapping[str, Any]]:
    """The tables of clients by their place; what is no table has been found by the schema."""
    clients = document.get("client")
    entries = clients if isinstance(clients, list) else []
    return {number: entry for number, entry in enumerate(entries) if isinstance(entry, dict)}


@cache
def _schema() -> Schema:
    return schema_of(files("cds_service.schemas").joinpath("clients.json").read_text(encoding="utf-8"))


def _read(sound: Mapping[str, Any], table: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The values of the keys that have the right shape, and the problems of this client beside those of shape."""
    values = dict(sound)
    problems = _problems_together(table)
    for key, read in _READERS.items():
        if key in sound:
            try:
                values[key] = read(sound[key])
            except ValueError as error:
                problems.append(f"{key}{error}")
    return values, problems


def _problems_together(table: Mapping[str, Any]) -> list[str]:
    """Keys that do not go together."""
    one_key_set = ("jwks_url" in table) != ("keys" in table)
    return [*([] if one_key_set else ["jwks_url, keys: exactly one of the two was expected"]), *_smart_problems(table)]


def _smart_problems(table: Mapping[str, Any]) -> list[str]:
    """Keys of the SMART app that do not go together."""
    proofs = [key for key in ("smart_client_secret_env", "smart_key_file") if key in table]
    problems = []
    if "smart_client_id" not in table:
        problems += [f"{key}: needs smart_client_id" for key in [*proofs, "smart_scopes"] if key in table]
    if len(proofs) > 1:
        problems.append(f"{', '.join(proofs)}: only one of the two was expected")
    servers = table.get("fhir_servers")
    prefixes = [server for server in servers if str(server).endswith("/")] if isinstance(servers, list) else []
    if "smart_client_secret_env" in table and prefixes:
        # Below a prefix, the owner of any address names the place that our secret is sent to.
        problems.append("smart_client_secret_env: needs exact fhir_servers; for a prefix use smart_key_file")
    return problems


def _repeated_issuers(document: Mapping[str, Any], tables: Mapping[int, Mapping[str, Any]]) -> list[str]:
    first: dict[str, int] = {}
    problems = []
    for number, table in tables.items():
        issuer = table.get("issuer")
        if isinstance(issuer, str) and first.setdefault(issuer, number) != number:
            where = place(document, ("client", number, "issuer"))
            problems.append(f"{where}: the same as that of client {first[issuer] + 1}")
    return problems


def _wrong(expected: str, entry: int | None = None) -> ValueError:
    """What is wrong with a value, or with one entry of it (counted from 0)."""
    return ValueError(f": {expected}" if entry is None else f"[{entry + 1}]: {expected}")


def _text(value: str) -> str:
    if not value.isprintable() or value != value.strip():
        raise _wrong("expected text of 1 to 500 characters, without blanks around it")
    return value


def _key_set_address(value: str) -> str:
    if normal_url(value) is None:
        raise _wrong("expected a plain https URL")
    if not is_secure(value):
        raise _wrong("expected https; http is for loopback addresses only")
    return value


def _keys(value: list[Any]) -> KeySet:
    keys = []
    for number, entry in enumerate(value):
        try:
            keys.append(read_key(entry))
        except KeyProblem as problem:
            raise _wrong(str(problem), number) from None
    if len({key.kid for key in keys}) < len(keys):
        raise _wrong("the same `kid` twice")
    return KeySet(tuple(keys))


def _servers(value: list[str]) -> tuple[str, ...]:
    servers = []
    for number, item in enumerate(value):
        server = normal_url(item)
        if server is None:
            raise _wrong("expected a plain http(s) base URL", number)
        servers.append(server)
    return tuple(servers)


def _key_path(value: str) -> Path:
    if not Path(value).is_file():
        raise _wrong("expected the path of a readable file")
    return Path(value)


def _scopes(value: str) -> str:
    if {"offline_access", "online_access"} & set(value.split()):
        raise _wrong("refresh tokens are not used: leave offline_access and online_access out")
    return value


def _origins(value: list[str]) -> tuple[str, ...]:
    origins = []
    for number, item in enumerate(value):
        origin = normal_url(item)
        if origin is None or origin.count("/") != 2:
            raise _wrong("expected an origin such as https://ehr.example", number)
        if not is_secure(origin):
            raise _wrong("expected https; http is for loopback addresses only", number)
        origins.append(origin)
    return tuple(origins)


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "issuer": _text,
    "jwks_url": _key_set_address,
    "keys": _keys,
    "jku": _text,
    "audience": _text,
    "algorithms": frozenset,
    "fhir_servers": _servers,
    "smart_client_id": _text,
    "smart_key_file": _key_path,
    "smart_scopes": _scopes,
    "frame_ancestors": _origins,
}
"""What is asked of a value beyond its shape."""
