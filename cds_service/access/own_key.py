"""Our own key, for EHRs that know us by a key pair instead of a shared secret (`private_key_jwt`).

What may live here: reading the private key, its public half for the EHR, and the assertion that is signed with it.
SMART App Launch 2.2, "Client Authentication: Asymmetric".
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import get_default_algorithms

from cds_service.access.public_keys import read_key
from cds_service.access.trusted_clients import TrustedClientsError

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LIFETIME_SECONDS = 240
_EXPECTED = "expected a PEM file with an RSA key of 2048 bits or more, or an EC key on P-384, without a password"


@dataclass(frozen=True, slots=True)
class ClientKey:
    """A key pair. `public` is the JWK that the EHR is given; its `kid` is the RFC 7638 thumbprint."""

    algorithm: str
    public: dict[str, Any]
    private: RSAPrivateKey | EllipticCurvePrivateKey = field(repr=False)

    def assertion(self, client_id: str, token_endpoint: str, now: datetime) -> str:
        """A JWT that proves to this token endpoint, once and for four minutes, that we are this client."""
        seconds = int(now.timestamp())
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": token_endpoint,
            "iat": seconds,
            "exp": seconds + _LIFETIME_SECONDS,
            "jti": secrets.token_urlsafe(24),
        }
        return jwt.encode(claims, self.private, self.algorithm, headers={"kid": self.public["kid"]})


def load_client_key(path: Path) -> ClientKey:
    """The key in this file. Raises TrustedClientsError."""
    try:
        private = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise TrustedClientsError(f"{path}: the key cannot be used ({type(error).__name__}): {_EXPECTED}") from None
    algorithm = _algorithm(private)
    if algorithm is None or not isinstance(private, RSAPrivateKey | EllipticCurvePrivateKey):
        raise TrustedClientsError(f"{path}: the key cannot be used: {_EXPECTED}")
    jwk = get_default_algorithms()[algorithm].to_jwk(private.public_key(), as_dict=True)
    jwk.pop("key_ops", None)
    public = {**jwk, "alg": algorithm, "use": "sig"}
    return ClientKey(algorithm, {**public, "kid": read_key({**public, "kid": "?"}).fingerprint}, private)


def _algorithm(private: object) -> str | None:
    """The two algorithms that SMART asks all servers to know."""
    if isinstance(private, RSAPrivateKey) and private.key_size >= 2048:
        return "RS384"
    return "ES384" if isinstance(private, EllipticCurvePrivateKey) and isinstance(private.curve, SECP384R1) else None
