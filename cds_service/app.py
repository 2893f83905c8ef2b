"""The Flask application: the only place that wires things together and hands out the clock.

What may live here: `create_app` and what it needs to put the rooms together.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from flask import Flask

from cds_service.access import (
    ClientAuthentication,
    KeySets,
    RateLimit,
    RedisTokens,
    TokenLog,
    caller,
    counts_of,
    limit_rate,
    load_trusted_clients,
    protect,
    trust_proxies,
)
from cds_service.api import (
    SERVICES,
    Faults,
    Keeping,
    NotShown,
    Readers,
    blueprint,
    count_answers,
    identify_requests,
    keep_policy_change,
    metrics_page,
    register_cors,
    register_errors,
)
from cds_service.clock import utc_now
from cds_service.fhir_client import FhirClient, Limits
from cds_service.knowledge import Knowledge, Tenants, copies_beside, load_knowledge, open_tenants
from cds_service.logs import JSON
from cds_service.metrics import switch_on
from cds_service.settings import OTLP, Settings
from cds_service.storage import (
    Database,
    EventLog,
    KillSwitch,
    Places,
    Pseudonyms,
    Readiness,
    Retention,
    ShownBefore,
    ShownInLog,
    ShownInRedis,
    file_beside,
    read_keys,
    spool_for,
    write_heartbeat,
)
from cds_service.tracing import Exporting
from cds_service.web import PageContext, register_pages

_MOST_PLACES = 4
"""How many threads of a worker may wait for the database with feedback, and how many with pages: the rest is free."""


def create_app(
    settings: Settings,
    clock: Callable[[], datetime] = utc_now,
    *,
    knowledge: Knowledge | None = None,
    running: bool = False,
) -> Flask:
    """The Flask application for these settings. Threads, sockets and database are created in the worker.

    `knowledge` is read from the packaged files where it is None. `running`: made anew for a service that runs, so a
    faulty site policy holds nothing else back.
    """
    app = Flask("cds_service", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.url_map.strict_slashes = app.url_map.merge_slashes = False
    limits = Limits(
        deadline_seconds=settings.fhir_deadline_seconds,
        max_pages=settings.fhir_max_pages,
        max_bytes=settings.fhir_max_bytes,
        max_call_bytes=settings.fhir_max_call_bytes,
        max_entries=settings.fhir_max_entries,
        pool_size=settings.fhir_pool_size,
        threads=settings.threads,
    )

    def is_allowed(base: str) -> bool:
        """A caller that was checked has its own servers; otherwise the settings decide."""
        known = caller()
        return known.is_allowed_fhir_server(base) if known else settings.is_allowed_fhir_server(base)

    def takes_batches(base: str) -> bool:
        """The place that allows a server also says whether it may be asked in batches."""
        known = caller()
        return known.fhir_batch if known else settings.fhir_batch

    def client_name() -> str:
        """Whose access tokens we are sent."""
        known = caller()
        return known.issuer if known else ""

    client = FhirClient(
        limits,
        is_allowed,
        trust_environment=settings.fhir_trust_environment,
        takes_batches=takes_batches,
        client_name=client_name,
    )
    few = max(1, min(_MOST_PLACES, settings.threads // 4))
    database = Database(settings.database_url, few)
    spool = spool_for(settings.database_url, settings.spool, settings.spool_max_bytes)
    retention = Retention(database, settings.event_days, clock, spool=spool)
    log = EventLog(database, spool, retention=retention)
    pseudonyms = Pseudonyms(read_keys(settings.secret_file) if settings.secret_file else ())
    app.extensions["cds_database"] = database
    app.extensions["cds_event_log"], app.extensions["cds_fhir_client"] = log, client
    is_counted = settings.metrics or settings.dev
    if is_counted:
        switch_on()
        count_answers(app, [service.ID for service in SERVICES])
    register_errors(app)
    register_cors(app, settings.cors_origins)
    trusted = load_trusted_clients(settings.trusted_clients) if settings.trusted_clients and not settings.dev else None
    knowledge = knowledge or load_knowledge(settings)
    readiness = Readiness(partial(write_heartbeat, database))
    source = ShownInRedis(settings.redis_url) if settings.redis_url else ShownInLog(database, spool)
    before = ShownBefore(source)
    keeping = Keeping(log, pseudonyms, before, Places(few), readiness, Readiness(log.try_out))
    copies = copies_beside(spool.folder) if spool else None
    names = [one.tenant for one in trusted] if trusted else None
    keep = partial(keep_policy_change, log)
    tenants, reload = open_tenants(settings, knowledge, copies, names, running=running, clock=clock, keep=keep)
    app.extensions["cds_reload"] = reload
    kill_switch = app.extensions["cds_kill_switch"] = KillSwitch(file_beside(spool))
    not_shown = NotShown(kill_switch, tenants.all)
    faults: list[Faults] = []
    app.register_blueprint(blueprint(tenants, client, keeping, clock, settings.max_entries, not_shown, faults))
    if is_counted:
        app.register_blueprint(metrics_page(Readers(settings.metrics_from), tenants, not_shown, spool, clock))
    rate = RateLimit(counts_of(settings.rate_limit, settings.counts_storage)) if settings.rate_limit else None
    trust_proxies(app, settings.trusted_proxies)
    told, told_to = partial(_told_to_people, not_shown, clock), partial(_told_to_tenant, not_shown, tenants, clock)
    with_switch = not_shown.in_force
    context = PageContext(settings, knowledge, client, clock, database, trusted, with_switch, told, tenants, told_to)
    pages = register_pages(app, context)
    if trusted is not None and settings.public_url is not None:
        shared = RedisTokens(settings.redis_url, clock) if settings.redis_url else None
        token_log = app.extensions["cds_token_log"] = TokenLog(database, shared=shared)
        faults.append(token_log.faults)
        key_sets = KeySets(most_waiting=max(1, settings.threads // 2))
        authentication = ClientAuthentication(trusted, token_log, settings.public_url, clock, key_sets)
        app.extensions["cds_authentication"] = authentication
        protect(app, authentication, _open_endpoints(settings) | pages, rate)
    if rate is not None:
        faults.append(rate.faults)
        limit_rate(app, rate, settings.trusted_proxies)
    if settings.tracing == OTLP:
        app.extensions["cds_tracing"] = Exporting()
    identify_requests(app, tells_calls=settings.log_format == JSON)
    return app


def _told_to_people(not_shown: NotShown, clock: Callable[[], datetime]) -> list[str]:
    return not_shown.to_all(clock()).sentences


def _told_to_tenant(not_shown: NotShown, tenants: Tenants, clock: Callable[[], datetime], tenant: str) -> list[str]:
    now = clock()
    return not_shown.to_tenant(tenant, tenants.of(tenant, now), now).sentences


def _open_endpoints(settings: Settings) -> frozenset[str]:
    """What needs no JWT of a CDS client beside the pages: health, for load balancers, and what describes us."""
    always = {"cds.health", "cds.live", "cds.openapi", "metrics.read"}
    return frozenset(always | ({"cds.discover"} if settings.open_discovery else set()))
