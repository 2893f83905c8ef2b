"""What the client's JWT costs: patient-view outside --dev with a fresh token for each call, beside --dev without any.

What may live here: keys made for one run, the file of trusted clients, signing, and the comparison.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from bench.bodies import patient_view_body
from bench.figures import Comparison
from bench.load import Generator, Target
from bench.rounds import Plan, Side, alternate, discovered
from bench.servers import Running, running

PUBLIC_URL = "https://cds.example"
LIFETIME_SECONDS = 600
TOKENS_PER_SECOND = 1_000
"""More than a worker can use up with this body. Too few would show as refused calls, never as a better figure."""
DEV = ("cds_service.commands.cli", "serve", "--dev", "--port")
SERVICE = ("cds_service.commands.cli", "serve", "--port")


@dataclass(frozen=True)
class Signer:
    """A CDS client that signs with this algorithm; its key lives as long as this process."""

    algorithm: str
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

    @property
    def issuer(self) -> str:
        """`iss` of its tokens."""
        return f"urn:bench:{self.algorithm.lower()}"

    def client(self) -> str:
        """Its table in the file of trusted clients, the public key in place."""
        public = self.key.public_key()
        if isinstance(public, ec.EllipticCurvePublicKey):
            jwk: dict[str, Any] = ECAlgorithm.to_jwk(public, as_dict=True)
        else:
            jwk = RSAAlgorithm.to_jwk(public, as_dict=True)
        names = ("kty", "crv", "x", "y", "n", "e")
        members = {"kid": "bench", **{name: jwk[name] for name in names if name in jwk}}
        lines = [f"tenant = {json.dumps(self.algorithm)}", f"issuer = {json.dumps(self.issuer)}"]
        lines += ["[[client.keys]]", *(f"{name} = {json.dumps(value)}" for name, value in members.items())]
        return "\n".join(["[[client]]", *lines, ""])

    def sign(self, count: int, audience: str) -> Iterator[str]:
        """That many tokens, each with its own id."""
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": self.issuer, "aud": audience, "iat": now, "exp": now + LIFETIME_SECONDS}
        for _ in range(count):
            yield jwt.encode(claims | {"jti": str(uuid.uuid4())}, self.key, self.algorithm, headers={"kid": "bench"})


def signers() -> tuple[Signer, Signer]:
    """The public CDS Hooks sandbox signs with ES384, Epic with RS384."""
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return Signer("ES384", ec.generate_private_key(ec.SECP384R1())), Signer("RS384", rsa_key)


def cost_of_tokens(folder: Path, plan: Plan, load: Generator) -> list[Comparison]:
    """One worker each, in alternation: patient-view with a token of each algorithm against patient-view without."""
    clients, every = folder / "clients.toml", signers()
    clients.write_text("\n".join(signer.client() for signer in every), encoding="utf-8")
    variables = {"CDS_TRUSTED_CLIENTS": str(clients), "CDS_PUBLIC_URL": PUBLIC_URL}
    with (
        running("dev", DEV, 1, folder) as dev,
        running("with-clients", SERVICE, 1, folder, variables=variables) as closed,
    ):
        service = discovered(dev.port)["patient-view"]
        body = folder / "body.json"
        body.write_bytes(patient_view_body(service, datetime.now(UTC)))
        path = f"/cds-services/{service['id']}"
        sides = [
            Side("no token", dev, lambda _: Target(dev.port, path, body)),
            *(_side(signer, closed, path, body) for signer in every),
        ]
        found = alternate(sides, plan, load)
    title = f"patient-view, 1 worker, {plan.connections} connections"
    return [
        Comparison(f"{title}, {signer.algorithm}", {name: found[name] for name in (signer.algorithm, "no token")})
        for signer in every
    ]


def _side(signer: Signer, server: Running, path: str, body: Path) -> Side:
    """Tokens are signed right before each run, so that none is used twice and none has expired."""
    tokens = body.with_name(f"{signer.algorithm}.txt")

    def target(seconds: float) -> Target:
        count = round((seconds + 1) * TOKENS_PER_SECOND)
        tokens.write_text("\n".join(signer.sign(count, f"{PUBLIC_URL}{path}")))
        return Target(server.port, path, body, tokens)

    return Side(signer.algorithm, server, target)
