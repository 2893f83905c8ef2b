"""A CDS client for the tests: its keys, its tokens, honest or forged, and the file that trusts it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms
from jwt.api_jws import encode

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
PUBLIC_URL = "https://cds.example"
PATH = "/cds-services/calciphylaxis-patient-view"
ISSUER = "https://ehr.example/oauth2"
JWKS_URL = "https://ehr.example/oauth2/jwks.json"

_MAKERS: Mapping[str, Callable[[], Any]] = {
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ES512": lambda: ec.generate_private_key(ec.SECP521R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


@dataclass(frozen=True)
class SigningKey:
    """A key pair; `jwk` is the public half as a client publishes it."""

    kid: str
    algorithm: str
    private: Any = field(repr=False)

    @property
    def jwk(self) -> dict[str, Any]:
        jwk = get_default_algorithms()[self.algorithm].to_jwk(self.private.public_key(), as_dict=True)
        jwk.pop("key_ops", None)
        return {**jwk, "kid": self.kid, "use": "sig"}


@cache
def signing_key(kid: str = "2026-03", algorithm: str = "ES384") -> SigningKey:
    """The same key for the same name and algorithm."""
    maker = _MAKERS.get(algorithm, lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048))
    return SigningKey(kid, algorithm, maker())


def claims(**changed: Any) -> dict[str, Any]:
    """What an honest client claims; a change to None leaves the claim out."""
    honest = {
        "iss": ISSUER,
        "aud": f"{PUBLIC_URL}{PATH}",
        "iat": SECONDS,
        "exp": SECONDS + 300,
        "jti": "call-1",
    }
    return {name: value for name, value in (honest | changed).items() if value is not None}


def token(key: SigningKey | None = None, header: Mapping[str, Any] | None = None, **changed: Any) -> str:
    """A token signed with this key (by default the client's own), with these claims changed."""
    key = key or signing_key()
    payload = json.dumps(claims(**changed)).encode()
    # A header that is None is left out, as the library itself does with `typ`.
    headers = {name: value for name, value in {"kid": key.kid, **(header or {})}.items() if value is not None}
    return encode(payload, key.private, key.algorithm, headers=headers)


def part(value: Any) -> str:
    """One part of a token that is put together by hand: JSON, or bytes as they are."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def bearer(compact: str) -> str:
    return f"Bearer {compact}"


def trust_file(**changed: Any) -> str:
    """The file of trusted clients with this one client in it; a change to None leaves the key out."""
    honest = {"tenant": "north", "issuer": ISSUER, "keys": [signing_key().jwk]}
    values = {name: value for name, value in (honest | changed).items() if value is not None}
    return "[[client]]\n" + "".join(f"{name} = {in_toml(value)}\n" for name, value in values.items())


def in_toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {in_toml(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(in_toml(item) for item in value) + "]"
    return json.dumps(value)


def nothing_is_fetched(url: str) -> bytes:
    """For key sets that must not be asked for."""
    raise AssertionError(f"{url} was contacted")
