"""What to write into the file of trusted clients when a token is refused, or what the EHR has to change instead.

What may live here: words for the operator of this installation, and lines for the file. A line only repeats what the
token says, which anybody can write: whether it is right, the EHR's administrators have to confirm. Nothing that a token
names is contacted.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from cds_service.access.bearer_token import BearerToken, Reason
from cds_service.access.public_keys import ALGORITHMS
from cds_service.access.token_checks import moment_of
from cds_service.access.trusted_clients import TrustedClient

_LONGEST_TEXT = 500
_LIFETIMES = range(60, 86_401)
_IF_CONFIRMED = "where the EHR's administrators confirm it"
_CLOCK = "nothing to write: the clocks of the EHR and of this machine differ, or the token was kept for too long"


def remedy(reason: Reason, token: BearerToken, client: TrustedClient | None, endpoint: str) -> str:
    """What to do about this failure; "" where there is nothing more to say than what was found.

    `endpoint` is the full public URL that was called.
    """
    if client is None:
        return _unknown_issuer(token) if reason is Reason.ISSUER else ""
    if reason is Reason.AUDIENCE:
        return _audience(token, client, endpoint)
    found = _REMEDIES.get(reason)
    return found(token, client) if callable(found) else found or ""


def _unknown_issuer(token: BearerToken) -> str:
    line = _line("issuer", token.claims.get("iss"))
    return _write(f"[[client]] with {line}", "and its keys, if this is an EHR of yours") if line else _CHANGE_TEXT


def _algorithm(token: BearerToken, client: TrustedClient) -> str:
    algorithm = token.header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        return "nothing to write: the EHR has to sign with a key pair, best by ES384 or RS384"
    names = ", ".join(f'"{name}"' for name in sorted(client.algorithms | {algorithm}))
    return _write(f"algorithms = [{names}]", _IF_CONFIRMED)


def _key_address(token: BearerToken, client: TrustedClient) -> str:
    line = _line("jku", token.header.get("jku"))
    return _write(line, f"{_IF_CONFIRMED}; it is compared and never contacted") if line else _CHANGE_TEXT


def _key(token: BearerToken, client: TrustedClient) -> str:
    if client.keys is None:
        return "nothing to write, unless the EHR's key set lies elsewhere (jwks_url)"
    line = _line("kid", token.header.get("kid"))
    return (
        _write(f"[[client.keys]] with {line}", "and the rest of that public key, from the EHR")
        if line
        else _CHANGE_TEXT
    )


def _audience(token: BearerToken, client: TrustedClient, endpoint: str) -> str:
    aud = token.claims.get("aud")
    one = aud[0] if isinstance(aud, list) and len(aud) == 1 else aud
    line = _line("audience", one)
    if not line:
        return "nothing to write: the EHR has to put one address into aud, best the one that it calls"
    if client.audience and one == endpoint:
        return "take audience out of the file of trusted clients: the EHR writes the endpoint that it calls"
    if _is_of_ours(one, endpoint):
        return (
            "nothing to write: this token is meant for another of our services than that of --endpoint; the EHR has to "
            "write the one that it calls"
        )
    return _write(line, "where the EHR writes the same for each of our services; else it has to write the one called")


def _lifetime(token: BearerToken, client: TrustedClient) -> str:
    issued, expires = moment_of(token.claims, "iat"), moment_of(token.claims, "exp")
    if issued is None or expires is None:
        return _SECONDS
    seconds = math.ceil(expires - issued)
    if seconds not in _LIFETIMES:
        most = client.max_lifetime_seconds
        return f"nothing to write: the EHR has to issue tokens for more than 0 and at most {most} seconds"
    return _write(f"max_lifetime_seconds = {seconds}", "where the EHR cannot issue shorter ones")


def _moment(name: str) -> Callable[[BearerToken, TrustedClient], str]:
    """What to do where this moment does not hold: it is none, or the clocks differ."""
    return lambda token, client: _SECONDS if moment_of(token.claims, name) is None else _CLOCK


_SECONDS = (
    "nothing to write: the EHR has to send iat, exp and nbf in seconds (not milliseconds) since 1970, UTC, as numbers"
)
_CHANGE_TEXT = "nothing to write: the EHR has to send plain text there"
_REMEDIES: Mapping[Reason, str | Callable[[BearerToken, TrustedClient], str]] = {
    Reason.ALGORITHM: _algorithm,
    Reason.TYPE: "nothing to write: the EHR has to send typ JWT, or none",
    Reason.HEADER: "nothing to write: the EHR has to leave these headers out",
    Reason.KEY_ADDRESS: _key_address,
    Reason.NO_KEYS: "check jwks_url, and whether this machine reaches it; or write the public keys as [[client.keys]]",
    Reason.KEY_ID: _key,
    Reason.SIGNATURE: "nothing to write, unless the EHR gives you another public key of this kid",
    Reason.ISSUED: _moment("iat"),
    Reason.EXPIRED: _moment("exp"),
    Reason.NOT_BEFORE: _moment("nbf"),
    Reason.LIFETIME: _lifetime,
    Reason.TOKEN_ID: "nothing to write: the EHR has to send another jti with each token",
}


def _is_of_ours(address: Any, endpoint: str) -> bool:
    """Is this the address of a service that lies beside that of the endpoint?"""
    place, mark, _ = endpoint.partition("/cds-services/")
    return isinstance(address, str) and bool(mark) and address.startswith(place + mark)


def _write(line: str, when: str) -> str:
    return f"write into the file of trusted clients: {line}   ({when})"


def _line(key: str, value: Any) -> str:
    """The line of the file with this text; "" where it is no text that the file could hold."""
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_TEXT:
        return ""
    if not value.isprintable() or value != value.strip():
        return ""
    # Escapes of JSON are escapes of TOML, but for half a surrogate pair, which is not printable.
    return f"{key} = {json.dumps(value)}"
