"""The settings: one frozen, typed object.

What may live here: what can be set, and what follows from it. How it is read from text stands in `reading`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from cds_service.addresses import LOOPBACK, covers, is_loopback_url, normal_url
from cds_service.logs import FORMS as LOG_FORMS

PAGES = frozenset({"reasons", "ehr", "course", "smart", "try", "feedback"})
"""The pages for people. The reasons are public; the SMART app has the EHR's authorization, the feedback page a token or
a proxy that asks who looks; the others need --dev."""

MEDICATION_HISTORY = ("statements", "administrations", "dispenses")
"""What of the medication history can be asked for, the first one usually; what comes along is read in any case."""

LOCALES = ("en-GB", "en-US")
"""The spellings in which the service can speak, the first one usually."""

TRACING = ("off", "otlp")
"""Where traces can go, the first one usually."""
OTLP = TRACING[1]

WAITING_FOR_A_THREAD = 32
"""Beside one connection for each thread of a worker there is always room for these."""

ENDING_SECONDS = 2
"""So much of the time for its end a worker needs for what waits for the database."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that differs between two installations. Seconds are seconds, sizes are bytes.

    `spool` is the folder of the spool (None: beside the database file, or in the working folder), which together may
    have `spool_max_bytes`. `secret_file` holds the site's keys for pseudonyms in the log; without it there are none.
    Events are kept for `event_days`.
    `locale` is the spelling of our own words, on cards, orders and pages; it changes no code and nothing recorded.
    An entry of `allowed_fhir_servers` is one base URL, or a prefix when it ends in "/". `fhir_trust_environment` lets
    the proxy and certificate variables of the environment (HTTPS_PROXY, REQUESTS_CA_BUNDLE) take effect; `fhir_batch`
    asks FHIR servers for everything in one batch Bundle (of trusted clients, each says so for its own servers).
    `medication_history` names what of the medication history is advertised and asked for.
    `trusted_clients` is the file that names who may call; `site_policies` is the folder with the policies of their
    tenants; `open_discovery` lets anybody read the discovery document.
    `max_entries` bounds the Bundle entries of one request and what these contain, `rate_limit` the calls of one client.
    These are counted in `rate_limit_storage`: None is Redis where there is one, else each worker counts for itself.
    `redis_url` is the Redis that the workers of several machines share, for used tokens too.
    `trusted_proxies` is how many proxies stand in front of us, whose X-Forwarded-For says where a call comes from.
    `pages` names the pages for people that are on; the EHR page and the patient's course read from `pages_fhir_server`,
    and the EHR page calls `pages_service` (this service where it is None).
    `pages_token` lets people see the feedback page; `pages_behind_proxy` says that the proxy before us asks who looks.
    Each of `workers` has so many `threads`. Without a sign of life for `worker_timeout_seconds` it is replaced, and it
    has `graceful_seconds` for its end; its connections, of which there are `max_connections` at most, are bounded as
    `serving.Bounds` says, and `backlog` may wait to be let in.
    `metrics` switches /metrics on, for callers from the networks `metrics_from`; with `dev` it is on anyway.
    `smart_client_id` is our name at the EHRs that launch the
    SMART app with --dev; elsewhere each trusted client has its own. `dev` and `own_url` are set by the command line,
    not by a variable: `dev` also admits FHIR servers on this machine's loopback addresses, and `own_url` is where
    `serve --dev` listens.
    """

    database_url: str = field(default="sqlite:///calciphylaxis-cds.sqlite3", repr=False)
    spool: Path | None = None
    spool_max_bytes: int = 500_000_000
    secret_file: Path | None = None
    event_days: int = 730
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    locale: str = LOCALES[0]
    public_url: str | None = None
    allowed_fhir_servers: tuple[str, ...] = ()
    fhir_deadline_seconds: float = 1.5
    fhir_max_pages: int = 100
    fhir_max_bytes: int = 20_000_000
    fhir_max_call_bytes: int = 40_000_000
    fhir_max_entries: int = 10_000
    fhir_pool_size: int = 128
    fhir_trust_environment: bool = False
    fhir_batch: bool = False
    medication_history: frozenset[str] = frozenset(MEDICATION_HISTORY[:1])
    max_body_bytes: int = 10_000_000
    trusted_clients: Path | None = None
    site_policies: Path | None = None
    open_discovery: bool = False
    max_entries: int = 50_000
    rate_limit: str | None = None
    rate_limit_storage: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)
    trusted_proxies: int = 0
    cors_origins: tuple[str, ...] = ("*",)
    pages: frozenset[str] = frozenset({"reasons"})
    pages_fhir_server: str | None = None
    pages_service: str | None = None
    pages_token: str | None = field(default=None, repr=False)
    pages_behind_proxy: bool = False
    smart_client_id: str | None = None
    workers: int = 2
    threads: int = 16
    worker_timeout_seconds: int = 60
    graceful_seconds: int = 10
    drain_seconds: int = 1
    backlog: int = 2_048
    max_connections: int = 400
    silent_seconds: int = 15
    request_seconds: int = 10
    idle_seconds: int = 15
    wait_seconds: int = 5
    send_seconds: int = 60
    log_level: str = "INFO"
    log_format: str = LOG_FORMS[0]
    tracing: str = TRACING[0]
    metrics: bool = False
    metrics_from: tuple[str, ...] = LOOPBACK
    dev: bool = False
    own_url: str | None = None

    @property
    def counts_storage(self) -> str:
        """Where calls are counted for the rate, as the library `limits` writes it."""
        return self.rate_limit_storage or self.redis_url or "memory://"

    @property
    def link_base(self) -> str | None:
        """Our address in links on cards; None where nobody has told us: then cards have no links to us."""
        return self.public_url or (self.own_url if self.dev else None)

    def is_allowed_fhir_server(self, url: str) -> bool:
        """May this base URL be contacted? Only what is listed, and in development this machine itself.

        Every address that is not listed is refused, so link-local and private ones are too.
        """
        normal = normal_url(url)
        if normal is None:
            return False
        base = normal.rstrip("/")
        return any(covers(entry, base) for entry in self.allowed_fhir_servers) or (self.dev and is_loopback_url(base))
