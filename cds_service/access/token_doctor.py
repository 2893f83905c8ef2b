"""Why is this token refused? Every check of a client's JWT, with what was found and what was expected.

What may live here: explaining a token to an engineer. It runs the checks of `client_auth` on to the end, uses no token
up and never shows a signature, the id of the token or whom it is about. What to do about a failure stands in
`token_remedies`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from cds_service.access.bearer_token import MAX_CHARACTERS, BearerToken, Reason, Refused, read_token
from cds_service.access.client_auth import LEEWAY_SECONDS
from cds_service.access.key_sets import KeySets, KeySetUnavailable
from cds_service.access.public_keys import KeySet
from cds_service.access.token_checks import TokenFinding, claim_findings, header_findings, quoted
from cds_service.access.token_remedies import remedy
from cds_service.access.trusted_clients import TrustedClient, TrustedClients

_FORM = {
    Reason.TOO_LONG: f"the token is longer than {MAX_CHARACTERS} characters",
    Reason.NOT_A_JWT: "not a JWT: expected two base64url JSON objects and a signature, joined by dots",
}


def explain(
    token: str,
    clients: TrustedClients,
    endpoint: str,
    now: datetime,
    key_sets: KeySets,
    leeway_seconds: float = LEEWAY_SECONDS,
) -> list[TokenFinding]:
    """Every check of this token (with or without "Bearer " before it), in the order in which we make them.

    `endpoint` is the full public URL that was called. Keys are fetched where the client has its own key set. Whether
    the token was used before is not looked up.
    """
    compact = token.strip()
    if compact[:7].lower() == "bearer ":
        compact = compact[7:].strip()
    try:
        read = read_token(compact)
    except Refused as refusal:
        return [TokenFinding(False, _FORM[refusal.reason], refusal.reason)]
    issuer = read.claims.get("iss")
    client = clients.with_issuer(issuer) if isinstance(issuer, str) else None
    found = _findings(read, client, clients, endpoint, now, key_sets, leeway_seconds)
    return [each if each.ok else replace(each, remedy=remedy(each.reason, read, client, endpoint)) for each in found]


def _findings(
    token: BearerToken,
    client: TrustedClient | None,
    clients: TrustedClients,
    endpoint: str,
    now: datetime,
    key_sets: KeySets,
    leeway_seconds: float,
) -> Iterator[TokenFinding]:
    yield TokenFinding(True, "form: a JWT", Reason.NOT_A_JWT)
    issuer = token.claims.get("iss")
    known = ", ".join(quoted(trusted.issuer) for trusted in clients)
    text = f"iss is {quoted(issuer)}; " + (f"client of {client.tenant}" if client else f"trusted: {known}")
    yield TokenFinding(client is not None, text, Reason.ISSUER)
    if client is None:
        return
    yield from header_findings(token, client)
    yield from _signature_findings(token, client, key_sets)
    written = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    yield TokenFinding(True, f"our clock says {written}; it may differ by {leeway_seconds:g} s", Reason.ISSUED)
    yield from claim_findings(token, client, client.audience or endpoint, now, leeway_seconds)


def _signature_findings(token: BearerToken, client: TrustedClient, key_sets: KeySets) -> Iterator[TokenFinding]:
    kid, algorithm = token.header.get("kid"), token.header.get("alg")
    place = "the file of trusted clients" if client.keys is not None else str(client.jwks_url)
    try:
        all_keys = key_sets.all_of(client)
    except KeySetUnavailable as outage:
        yield TokenFinding(False, f"no keys from {place}: {outage}", Reason.NO_KEYS)
        return
    for problem in all_keys.unusable:
        yield TokenFinding(True, f"left out of the key set: {problem}", Reason.KEY_ID)
    text = f"kid is {quoted(kid)}; {place} has: {_listed(all_keys)}"
    if not isinstance(kid, str) or not isinstance(algorithm, str):
        yield TokenFinding(False, text, Reason.KEY_ID)
        return
    keys = all_keys.fitting(kid, algorithm)
    yield TokenFinding(bool(keys), text, Reason.KEY_ID)
    if keys:
        holds = any(key.verifies(token.compact, algorithm) for key in keys)
        prints = ", ".join(key.fingerprint for key in keys)
        verb = "verifies" if holds else "does not verify"
        yield TokenFinding(holds, f"the signature {verb} with the key of fingerprint {prints}", Reason.SIGNATURE)


def _listed(keys: KeySet) -> str:
    shown = (f"{quoted(key.kid)} for {'/'.join(key.verifiers)}, fingerprint {key.fingerprint}" for key in keys.keys)
    return "; ".join(shown) or "no usable key"
