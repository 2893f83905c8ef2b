"""Is this caller an EHR that we trust? The CDS client's JWT (CDS Hooks 2.0 and 3.0, "Trusting CDS Clients").

What may live here: the order of the checks. Whom we trust stands in `trusted_clients`, what a token must say in
`token_checks`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from cds_service.access.bearer_token import BearerToken, Reason, Refused, bearer_token, read_token
from cds_service.access.key_sets import KeySets, KeySetUnavailable
from cds_service.access.token_checks import TokenFinding, claim_findings, header_findings, moment_of
from cds_service.access.token_log import TokenLog
from cds_service.access.trusted_clients import TrustedClient, TrustedClients

LEEWAY_SECONDS = 30.0
"""How far a client's clock may be from ours."""


class ClientAuthentication:
    """Decides about callers, for one worker.

    Create it anywhere; sockets, threads and database are used only by `begin` and `check`.
    """

    def __init__(
        self,
        clients: TrustedClients,
        token_log: TokenLog,
        public_url: str,
        clock: Callable[[], datetime],
        key_sets: KeySets,
        leeway_seconds: float = LEEWAY_SECONDS,
    ) -> None:
        """`public_url` is the address under which clients reach us; the Host of a request does not matter."""
        self._clients = clients
        self._token_log = token_log
        self._public_url = public_url.rstrip("/")
        self._clock = clock
        self._key_sets = key_sets
        self._leeway = leeway_seconds

    def begin(self) -> None:
        """In a new worker: have the keys of all clients fetched. This waits two seconds for them at most."""
        self._key_sets.begin(self._clients)

    def check(self, authorization: str | None, endpoint_path: str) -> TrustedClient:
        """The client that makes this call, by its Authorization header; its token is used up by that.

        `endpoint_path` begins with "/", as in "/cds-services/calciphylaxis-patient-view".

        Raises:
            Refused: not a caller that we trust.
            StoreError: the token is valid, but nobody could remember that it was used.
        """
        token = read_token(bearer_token(authorization))
        client = self._named_by(token)
        audience = client.audience or f"{self._public_url}{endpoint_path}"
        now = self._clock()
        _insist(header_findings(token, client))
        self._insist_on_signature(token, client)
        _insist(claim_findings(token, client, audience, now, self._leeway))
        # Last of all, so that only tokens of trusted clients reach the database.
        expires_at = moment_of(token.claims, "exp") or 0.0
        if not self._token_log.is_first_use(client.issuer, token.claims["jti"], expires_at, now):
            raise Refused(Reason.REPLAYED)
        return client

    def _named_by(self, token: BearerToken) -> TrustedClient:
        issuer = token.claims.get("iss")
        client = self._clients.with_issuer(issuer) if isinstance(issuer, str) else None
        if client is None:
            raise Refused(Reason.ISSUER)
        return client

    def _insist_on_signature(self, token: BearerToken, client: TrustedClient) -> None:
        kid, algorithm = token.header.get("kid"), token.header["alg"]
        if not isinstance(kid, str):
            raise Refused(Reason.KEY_ID)
        try:
            keys = self._key_sets.find(client, kid, algorithm)
        except KeySetUnavailable:
            raise Refused(Reason.NO_KEYS) from None
        if not keys:
            raise Refused(Reason.KEY_ID)
        if not any(key.verifies(token.compact, algorithm) for key in keys):
            raise Refused(Reason.SIGNATURE)


def _insist(findings: Iterable[TokenFinding]) -> None:
    for finding in findings:
        if not finding.ok:
            raise Refused(finding.reason)
