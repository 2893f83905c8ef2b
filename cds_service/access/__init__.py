"""Who may call: the JWT of a CDS client, checked or explained; the trusted clients; the rate of calls; our own key.

What may live here: everything that decides whether a caller is let in, and how we show others who we are.
"""

from cds_service.access.call_counts import counts_of
from cds_service.access.client_auth import ClientAuthentication
from cds_service.access.gate import caller, protect
from cds_service.access.key_sets import KeySets
from cds_service.access.own_key import ASSERTION_TYPE, ClientKey, load_client_key
from cds_service.access.proxies import trust_proxies
from cds_service.access.rate_limit import RateLimit, limit_rate
from cds_service.access.token_checks import TokenFinding
from cds_service.access.token_doctor import explain
from cds_service.access.token_log import TokenLog
from cds_service.access.trusted_clients import TrustedClient, TrustedClients, TrustedClientsError, load_trusted_clients
from cds_service.access.used_tokens import RedisTokens

__all__ = [
    "ASSERTION_TYPE",
    "ClientAuthentication",
    "ClientKey",
    "KeySets",
    "RateLimit",
    "RedisTokens",
    "TokenFinding",
    "TokenLog",
    "TrustedClient",
    "TrustedClients",
    "TrustedClientsError",
    "caller",
    "counts_of",
    "explain",
    "limit_rate",
    "load_client_key",
    "load_trusted_clients",
    "protect",
    "trust_proxies",
]
