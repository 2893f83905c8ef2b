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


def remedy(reason: Reason, token: BearerToken, client: TrustedClient | None) -> str:
    """What to do about this failure; "" where there is nothing more to say than what was found."""
    if client is None:
        return _unknown_issuer(token) if reason is Reason.ISSUER else ""
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


def _audience(token: BearerToken, client: TrustedClient) -> str:
    aud = token.claims.get("aud")
    line = _line("audience", aud[0] if isinstance(aud, list) and len(aud) == 1 else aud)
    if not line:
        return "nothing to write: the EHR has to put one address into aud, best the one that it calls"
    return _write(line, "where the EHR writes the same for each of our services; else it has to write the one called")


def _lifetime(token: BearerToken, client: TrustedClient) -> str:
    issued, expires = moment_of(token.claims, "iat"), moment_of(token.claims, "exp")
    seconds = 0 if issued is None or expires is None else math.ceil(expires - issued)
    if seconds not in _LIFETIMES:
        return f"nothing to write: the EHR has to issue tokens for {_LIFETIMES.stop - 1} seconds at most"
    return _write(f"max_lifetime_seconds = {seconds}", "where the EHR cannot issue shorter ones")


_CHANGE_TEXT = "nothing to write: the EHR has to send plain text there"
_REMEDIES: Mapping[Reason, str | Callable[[BearerToken, TrustedClient], str]] = {
    Reason.ALGORITHM: _algorithm,
    Reason.TYPE: "nothing to write: the EHR has to send typ JWT, or none",
    Reason.HEADER: "nothing to write: the EHR has to leave these headers out",
    Reason.KEY_ADDRESS: _key_address,
    Reason.NO_KEYS: "check jwks_url, and whether this machine reaches it; or write the public keys as [[client.keys]]",
    Reason.KEY_ID: _key,
    Reason.SIGNATURE: "nothing to write, unless the EHR gives you another public key of this kid",
    Reason.AUDIENCE: _audience,
    Reason.ISSUED: _CLOCK,
    Reason.EXPIRED: _CLOCK,
    Reason.NOT_BEFORE: _CLOCK,
    Reason.LIFETIME: _lifetime,
    Reason.TOKEN_ID: "nothing to write: the EHR has to send another jti with each token",
}


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
