"""The public keys of CDS clients: from JWK (RFC 7517) to something that verifies a signature.

What may live here: reading keys and key sets, and the one call that verifies. Only asymmetric algorithms exist here:
neither `none` nor HMAC can be reached by any spelling.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from jwt import PyJWK, PyJWS
from jwt.exceptions import PyJWTError

_RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_FITTING = {
    ("RSA", None): _RSA,
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("EdDSA",),
}
_PUBLIC_MEMBERS = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}
_SECRET_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
# Below 2048 bits RSA can be broken (RFC 7518 section 3.3); far above, each forged token would cost us noticeable time.
_RSA_BITS = range(2048, 8193)
_MOST_KEYS = 100

ALGORITHMS = frozenset(name for names in _FITTING.values() for name in names)
"""Every signature algorithm that a client may be allowed to use (RFC 7518 and RFC 8037 names)."""

_VERIFIER = PyJWS(algorithms=sorted(ALGORITHMS), options={"enforce_minimum_key_length": True})


class KeyProblem(ValueError):
    """A key or a key set cannot be used. The text never holds a part of the key."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One verification key. `fingerprint` is its RFC 7638 thumbprint (SHA-256, base64url), fit to be compared aloud."""

    kid: str
    fingerprint: str
    verifiers: Mapping[str, PyJWK] = field(repr=False, compare=False)

    def verifies(self, token: str, algorithm: str) -> bool:
        """Was this JWT (in its compact form) signed with the private half of this key, by this algorithm?"""
        verifier = self.verifiers.get(algorithm)
        if verifier is None:
            return False
        try:
            _VERIFIER.decode_complete(token, verifier, algorithms=[algorithm])
        except PyJWTError:
            return False
        return True


@dataclass(frozen=True, slots=True)
class KeySet:
    """The keys of one client. `unusable` says, for people, which entries were left out and why."""

    keys: tuple[PublicKey, ...]
    unusable: tuple[str, ...] = ()

    def fitting(self, kid: str, algorithm: str) -> tuple[PublicKey, ...]:
        """The keys with this id that can verify this algorithm. RFC 7517 lets several keys share an id."""
        return tuple(key for key in self.keys if key.kid == kid and algorithm in key.verifiers)

    def usable_with(self, algorithms: Collection[str]) -> bool:
        """Is there any key here that can verify one of these algorithms?"""
        return any(algorithm in key.verifiers for key in self.keys for algorithm in algorithms)


def read_key_set(body: bytes) -> KeySet:
    """The key set in this JSON document; entries that we cannot use are left out, as RFC 7517 section 5 asks.

    Raises:
        KeyProblem: the document is no JWK set.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = None
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise KeyProblem("not a JWK set: a JSON object with an array `keys` was expected")
    if len(entries) > _MOST_KEYS:
        raise KeyProblem(f"more than {_MOST_KEYS} keys")
    return read_keys(entries)


def read_keys(entries: list[Any]) -> KeySet:
    """The usable keys among these JWKs, and why the others are not."""
    keys: list[PublicKey] = []
    unusable: list[str] = []
    for number, entry in enumerate(entries, 1):
        try:
            keys.append(read_key(entry))
        except KeyProblem as problem:
            unusable.append(f"key {number}: {problem}")
    return KeySet(tuple(keys), tuple(unusable))


def read_key(jwk: Any) -> PublicKey:
    """One public key from its JWK.

    Raises:
        KeyProblem: no public key for signatures, or a key that is not safe to use.
    """
    if not isinstance(jwk, Mapping):
        raise KeyProblem("not a JSON object")
    if _SECRET_MEMBERS & set(jwk):
        raise KeyProblem("holds a private or symmetric key; only public keys belong here")
    kid, kty = jwk.get("kid"), jwk.get("kty")
    if not isinstance(kid, str) or not kid:
        raise KeyProblem("has no `kid`, which tokens name it by")
    members = _PUBLIC_MEMBERS.get(kty) if isinstance(kty, str) else None
    if members is None:
        raise KeyProblem("`kty` must be RSA, EC or OKP")
    if not all(isinstance(jwk.get(member), str) for member in members):
        raise KeyProblem(f"an {kty} key needs {', '.join(members)} as text")
    algorithms = _algorithms(jwk)
    return PublicKey(kid, _fingerprint(jwk, members), {name: _verifier(jwk, name) for name in algorithms})


def _algorithms(jwk: Mapping[str, Any]) -> tuple[str, ...]:
    curve = jwk["crv"] if jwk["kty"] != "RSA" else None
    fitting = _FITTING.get((jwk["kty"], curve), ())
    if not fitting:
        raise KeyProblem("`crv` must be P-256, P-384, P-521 or Ed25519")
    if jwk.get("use", "sig") != "sig":
        raise KeyProblem("`use` is not sig")
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise KeyProblem("`key_ops` does not hold verify")
    if jwk.get("alg") is None:
        return fitting
    if jwk["alg"] not in fitting:
        raise KeyProblem("`alg` does not fit the type of the key")
    return (jwk["alg"],)


def _verifier(jwk: Mapping[str, Any], algorithm: str) -> PyJWK:
    # The library's messages quote the whole key; they are not passed on.
    try:
        verifier = PyJWK(dict(jwk), algorithm)
    except (PyJWTError, ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyProblem("the numbers of the key are not valid") from None
    if algorithm in _RSA and verifier.key.key_size not in _RSA_BITS:
        raise KeyProblem(f"an RSA key needs {_RSA_BITS.start} to {_RSA_BITS.stop - 1} bits")
    return verifier


def _fingerprint(jwk: Mapping[str, Any], members: tuple[str, ...]) -> str:
    canonical = json.dumps({member: jwk[member] for member in members}, separators=(",", ":"), sort_keys=True)
    digest = hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
