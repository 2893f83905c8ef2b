"""The Flask application: the only place that wires things together and hands out the clock.

What may live here: `create_app` and what it needs to put the rooms together.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Flask

from cds_service.access import (
    ClientAuthentication,
    KeySets,
    TokenLog,
    caller,
    limit_rate,
    load_trusted_clients,
    protect,
)
from cds_service.api import blueprint, register_cors, register_errors
from cds_service.clock import utc_now
from cds_service.fhir_client import FhirClient, Limits
from cds_service.knowledge import load_knowledge
from cds_service.settings import Settings
from cds_service.storage import Store
from cds_service.web import PageContext, register_pages


def create_app(settings: Settings, clock: Callable[[], datetime] = utc_now) -> Flask:
    """The Flask application for these settings. Threads, sockets and database are created in the worker."""
    app = Flask("cds_service", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.url_map.strict_slashes = app.url_map.merge_slashes = False
    limits = Limits(
        deadline_seconds=settings.fhir_deadline_seconds,
        max_pages=settings.fhir_max_pages,
        max_bytes=settings.fhir_max_bytes,
        max_call_bytes=settings.fhir_max_call_bytes,
        pool_size=settings.fhir_pool_size,
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
    store = Store(settings.database_url)
    app.extensions["cds_store"], app.extensions["cds_fhir_client"] = store, client
    register_errors(app)
    register_cors(app, settings.cors_origins)
    trusted = load_trusted_clients(settings.trusted_clients) if settings.trusted_clients and not settings.dev else None
    knowledge = load_knowledge(settings)
    app.register_blueprint(blueprint(knowledge, client, store, clock, settings.max_entries))
    pages = register_pages(app, PageContext(settings, knowledge, client, clock, trusted))
    if trusted is not None and settings.public_url is not None:
        token_log = app.extensions["cds_token_log"] = TokenLog(settings.database_url)
        authentication = ClientAuthentication(trusted, token_log, settings.public_url, clock, KeySets())
        protect(app, authentication, _open_endpoints(settings) | pages)
    if settings.rate_limit:
        limit_rate(app, settings.rate_limit, settings.rate_limit_storage)
    return app


def _open_endpoints(settings: Settings) -> frozenset[str]:
    """What needs no JWT of a CDS client beside the pages: health, for load balancers, and what describes us."""
    return frozenset({"cds.health", "cds.openapi"} | ({"cds.discover"} if settings.open_discovery else set()))
