"""What a token must say, one check at a time: the same checks refuse a caller and explain a token to an engineer.

What may live here: pure checks of header and claims. Source: CDS Hooks, "Trusting CDS Clients"; RFC 7519; RFC 8725.
The text of a finding quotes the token and is for an engineer who holds it anyway: no log and no answer shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cds_service.access.bearer_token import BearerToken, Reason
from cds_service.access.trusted_clients import TrustedClient

_LAST_MOMENT = 253_402_300_799  # the end of the year 9999: the last that a date can hold
# Headers that bring a key along, and `crit`, whose extensions we do not know: RFC 8725 section 3.10, RFC 7515 4.1.11.
_FORBIDDEN = ("jwk", "x5c", "x5u", "crit", "b64")


@dataclass(frozen=True, slots=True)
class TokenFinding:
    """One check: whether it held, what was found and what was expected; `reason` is why a failure would refuse.

    `remedy` is what to do about a failure, in words, where somebody asked for that.
    """

    ok: bool
    text: str
    reason: Reason
    remedy: str = ""


def header_findings(token: BearerToken, client: TrustedClient) -> Iterator[TokenFinding]:
    """The checks of the header, none of which needs a key."""
    header = token.header
    algorithm, kind = header.get("alg"), header.get("typ", "JWT")
    allowed = isinstance(algorithm, str) and algorithm in client.algorithms
    names = ", ".join(sorted(client.algorithms))
    yield TokenFinding(allowed, f"alg is {quoted(algorithm)}; allowed: {names}", Reason.ALGORITHM)
    is_jwt = isinstance(kind, str) and kind.upper() == "JWT"
    yield TokenFinding(is_jwt, f"typ is {quoted(kind)}; expected: JWT", Reason.TYPE)
    found = [name for name in _FORBIDDEN if name in header]
    yield TokenFinding(not found, f"forbidden headers: {', '.join(found) or 'none'}", Reason.HEADER)
    if "jku" in header:
        yield _key_address_finding(header["jku"], client)


def _key_address_finding(jku: Any, client: TrustedClient) -> TokenFinding:
    """Where the token says that its key is. We never look there: the keys that we know decide."""
    if client.jku is None and client.keys is not None:
        text = f"jku is {quoted(jku)}; not looked at, since the keys stand in the file of trusted clients"
        return TokenFinding(True, text, Reason.KEY_ADDRESS)
    is_known = client.jku is not None and jku == client.jku
    return TokenFinding(is_known, f"jku is {quoted(jku)}; expected: {quoted(client.jku)}", Reason.KEY_ADDRESS)


def claim_findings(
    token: BearerToken, client: TrustedClient, audience: str, now: datetime, leeway_seconds: float
) -> Iterator[TokenFinding]:
    """The checks of the claims. `audience` is the URL of the called endpoint, or what the client writes instead."""
    claims, moment = token.claims, now.timestamp()
    issued, expires = moment_of(claims, "iat"), moment_of(claims, "exp")
    aud = claims.get("aud")
    meant = aud == audience or (isinstance(aud, list) and audience in aud)
    yield TokenFinding(meant, f"aud is {quoted(aud)}; expected: {quoted(audience)}", Reason.AUDIENCE)
    yield TokenFinding(
        issued is not None and issued <= moment + leeway_seconds,
        f"iat is {_written(claims, 'iat', moment)}; expected: no later than now",
        Reason.ISSUED,
    )
    yield TokenFinding(
        expires is not None and moment < expires + leeway_seconds,
        f"exp is {_written(claims, 'exp', moment)}; expected: later than now",
        Reason.EXPIRED,
    )
    if "nbf" in claims:
        begins = moment_of(claims, "nbf")
        yield TokenFinding(
            begins is not None and begins <= moment + leeway_seconds,
            f"nbf is {_written(claims, 'nbf', moment)}; expected: no later than now",
            Reason.NOT_BEFORE,
        )
    # With `exp` not passed, a lifetime within the limit also bounds the age of the token.
    lifetime = None if issued is None or expires is None else expires - issued
    yield TokenFinding(
        lifetime is not None and 0 < lifetime <= client.max_lifetime_seconds,
        f"exp - iat is {'unknown' if lifetime is None else f'{lifetime:g} s'}; "
        f"expected: more than 0, at most {client.max_lifetime_seconds} s",
        Reason.LIFETIME,
    )
    token_id = claims.get("jti")
    named = isinstance(token_id, str) and token_id != ""
    yield TokenFinding(named, f"jti is {'there' if named else 'missing or no text'}; expected: text", Reason.TOKEN_ID)


def moment_of(claims: Mapping[str, Any], name: str) -> float | None:
    """A NumericDate (RFC 7519 section 2): seconds since 1970, UTC. None for what is no such number."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if 0 <= value <= _LAST_MOMENT else None


def quoted(value: Any) -> str:
    """A value from a token for a terminal: escaped, and shortened where it is long."""
    try:
        text = ascii(value)
    except RecursionError:
        return "nested too deeply"
    return text if len(text) <= 300 else f"{text[:300]}…"


def _written(claims: Mapping[str, Any], name: str, now: float) -> str:
    moment = moment_of(claims, name)
    if moment is None:
        return f"{quoted(claims[name])}, no moment" if name in claims else "missing"
    away = moment - now
    side = "after" if away > 0 else "before"
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}, {abs(away):.0f} s {side} now"
