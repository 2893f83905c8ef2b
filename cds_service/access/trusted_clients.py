"""Whom we trust: the file of CDS clients (setting CDS_TRUSTED_CLIENTS), read and checked whole at start.

What may live here: the type of a trusted client and reading the file. One table per client:

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
    # smart_open = false                                  # true, for test data only: whoever reaches us reads all there
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

import difflib
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cds_service.access.public_keys import ALGORITHMS, KeyProblem, KeySet, read_key
from cds_service.addresses import covers, is_secure, normal_url


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
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TrustedClientsError(f"{path}: cannot be read ({type(error).__name__})") from None
    return parse_trusted_clients(text, str(path))


def parse_trusted_clients(text: str, name: str) -> TrustedClients:
    """The clients in this TOML text; `name` is what errors call the file. Raises TrustedClientsError."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise TrustedClientsError(f"{name}: not valid TOML: {error}") from None
    tables = document.get("client")
    problems = [f"{key}: only [[client]] tables may stand here" for key in document if key != "client"]
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        problems.append("at least one [[client]] table was expected")
        tables = []
    clients = [_client(table, _title(number, table), problems) for number, table in enumerate(tables, 1)]
    problems += _repeated_issuers(tables)
    if problems:
        lines = "".join(f"\n  {problem}" for problem in problems)
        raise TrustedClientsError(f"{name}: the trusted clients cannot be used:{lines}")
    return TrustedClients(tuple(client for client in clients if client is not None))


def _client(table: Mapping[str, Any], title: str, problems: list[str]) -> TrustedClient | None:
    """This client, or None where the table has problems; they are added to the list."""
    found = [_unknown(key) for key in table if key not in _READERS]
    found += [f"{key}: is missing" for key in ("tenant", "issuer") if key not in table]
    if ("jwks_url" in table) == ("keys" in table):
        found.append("jwks_url, keys: exactly one of the two was expected")
    found += _smart_problems(table)
    values: dict[str, Any] = {}
    for key, read in _READERS.items():
        if key in table:
            try:
                values[key] = read(table[key])
            except ValueError as error:
                found.append(f"{key}: {error}")
    problems += [f"{title}: {problem}" for problem in found]
    return None if found else TrustedClient(**{"jku": values.get("jwks_url"), **values})


def _smart_problems(table: Mapping[str, Any]) -> list[str]:
    """Keys of the SMART app that do not go together."""
    proofs = [key for key in ("smart_client_secret_env", "smart_key_file") if key in table]
    problems = []
    if "smart_client_id" not in table:
        problems += [f"{key}: needs smart_client_id" for key in [*proofs, "smart_scopes"] if key in table]
    if len(proofs) > 1:
        problems.append(f"{', '.join(proofs)}: only one of the two was expected")
    servers = table.get("fhir_servers")
    prefixes = [one for one in servers if str(one).endswith("/")] if isinstance(servers, list) else []
    if "smart_client_secret_env" in table and prefixes:
        # Below a prefix, whoever holds one address there names the place that our secret is sent to.
        problems.append("smart_client_secret_env: needs exact fhir_servers; for a prefix use smart_key_file")
    return problems


def _title(number: int, table: Mapping[str, Any]) -> str:
    tenant = table.get("tenant")
    return f"client {number}" + (f" ({tenant})" if isinstance(tenant, str) and tenant.isprintable() else "")


def _unknown(key: str) -> str:
    near = difflib.get_close_matches(key, _READERS, n=1)
    return f"{key}: there is no such key" + (f"; did you mean {near[0]}?" if near else "")


def _repeated_issuers(tables: list[dict[str, Any]]) -> list[str]:
    first: dict[str, int] = {}
    problems = []
    for number, table in enumerate(tables, 1):
        issuer = table.get("issuer")
        if isinstance(issuer, str) and first.setdefault(issuer, number) != number:
            problems.append(f"{_title(number, table)}: issuer: the same as that of client {first[issuer]}")
    return problems


def _tenant(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", value):
        raise ValueError("expected up to 64 letters, digits, dots, dashes and underscores")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.isprintable() or not 0 < len(value) <= 500 or value != value.strip():
        raise ValueError("expected text of 1 to 500 characters, without blanks around it")
    return value


def _key_set_address(value: Any) -> str:
    if not isinstance(value, str) or normal_url(value) is None:
        raise ValueError("expected a plain https URL")
    if not is_secure(value):
        raise ValueError("expected https; http is for loopback addresses only")
    return value


def _keys(value: Any) -> KeySet:
    if not isinstance(value, list) or not value:
        raise ValueError("expected an array of at least one JWK")
    keys = []
    for number, entry in enumerate(value, 1):
        try:
            keys.append(read_key(entry))
        except KeyProblem as problem:
            raise ValueError(f"key {number}: {problem}") from None
    if len({key.kid for key in keys}) < len(keys):
        raise ValueError("the same `kid` twice")
    return KeySet(tuple(keys))


def _algorithms(value: Any) -> frozenset[str]:
    if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
        raise ValueError("expected an array of at least one name of an algorithm")
    if not ALGORITHMS.issuperset(value):
        raise ValueError(f"only asymmetric algorithms may be allowed: {', '.join(sorted(ALGORITHMS))}")
    return frozenset(value)


def _servers(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError("expected an array of http(s) base URLs")
    servers = [normal_url(item) if isinstance(item, str) else None for item in value]
    if None in servers:
        raise ValueError(f"entry {servers.index(None) + 1}: expected a plain http(s) base URL")
    return tuple(server for server in servers if server is not None)


def _lifetime(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 60 <= value <= 86_400:
        raise ValueError("expected a whole number of seconds from 60 to 86400")
    return value


def _variable(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch("[A-Za-z_][A-Za-z0-9_]{0,99}", value) or value.startswith("CDS_"):
        raise ValueError("expected the name of an environment variable that does not begin with CDS_")
    return value


def _key_path(value: Any) -> Path:
    if not isinstance(value, str) or not Path(value).is_file():
        raise ValueError("expected the path of a readable file")
    return Path(value)


def _scopes(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[!#-\[\]-~]+( [!#-\[\]-~]+){0,99}", value):
        raise ValueError("expected scopes with one blank between them")
    if {"offline_access", "online_access"} & set(value.split()):
        raise ValueError("refresh tokens are not used: leave offline_access and online_access out")
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("expected true or false")
    return value


def _origins(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError("expected an array of origins")
    origins = [normal_url(item) if isinstance(item, str) else None for item in value]
    for number, origin in enumerate(origins, 1):
        if origin is None or origin.count("/") != 2:
            raise ValueError(f"entry {number}: expected an origin such as https://ehr.example")
        if not is_secure(origin):
            raise ValueError(f"entry {number}: expected https; http is for loopback addresses only")
    return tuple(origin for origin in origins if origin is not None)


_READERS: dict[str, Callable[[Any], Any]] = {
    "tenant": _tenant,
    "issuer": _text,
    "jwks_url": _key_set_address,
    "keys": _keys,
    "jku": _text,
    "audience": _text,
    "algorithms": _algorithms,
    "fhir_servers": _servers,
    "max_lifetime_seconds": _lifetime,
    "fhir_batch": _truth,
    "smart_client_id": _text,
    "smart_client_secret_env": _variable,
    "smart_key_file": _key_path,
    "smart_scopes": _scopes,
    "smart_open": _truth,
    "frame_ancestors": _origins,
}
