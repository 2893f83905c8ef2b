"""The Flask application: the only place that wires things together and hands out the clock.

What may live here: `create_app` and what it needs to put the rooms together.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

from flask import Flask

from cds_service.access.client_auth import ClientAuthentication
from cds_service.access.gate import caller, protect
from cds_service.access.key_sets import KeySets
from cds_service.access.rate_limit import limit_rate
from cds_service.access.token_log import TokenLog
from cds_service.access.trusted_clients import TrustedClients, load_trusted_clients
from cds_service.api.headers import register_cors
from cds_service.api.routes import blueprint, register_errors
from cds_service.api.services import Knowledge
from cds_service.fhir_client import FhirClient, Limits
from cds_service.knowledge.order_templates import load_templates
from cds_service.settings import Settings
from cds_service.storage.cards_and_feedback import Store
from cds_service.web import Surroundings, register_pages
from fhir_mappings.queries import build_queries
from fhir_mappings.vocabulary import default_vocabulary
from hooks.policy import Policy, load_policy


def utc_now() -> datetime:
    """The clock of the service."""
    return datetime.now(UTC)


def default_policy() -> Policy:
    """The policy of the packaged data files. Raises PolicyError with every problem of the files."""

    def parsed(name: str) -> dict[str, Any]:
        return tomllib.loads(files("hooks").joinpath(name).read_text(encoding="utf-8"))

    return load_policy(
        parsed("thresholds.toml"), parsed("drug_rules.toml"), parsed("status_cards.toml"), parsed("wording.toml")
    )


def load_knowledge(settings: Settings) -> Knowledge:
    """Read and check every data file; nothing is read, compiled or built per request."""
    policy, vocabulary, public = default_policy(), default_vocabulary(), settings.public_url
    return Knowledge(
        policy=policy,
        vocabulary=vocabulary,
        queries=build_queries(vocabulary),
        templates=load_templates(policy.wording.actions),
        zone=settings.timezone,
        reasons_url=f"{public}/reasons" if public and "reasons" in settings.pages else None,
        launch_url=f"{public}/smart/launch" if public and "smart" in settings.pages else None,
    )


def create_app(settings: Settings, clock: Callable[[], datetime] = utc_now) -> Flask:
    """The Flask application for these settings. Threads, sockets and database come to life in the worker."""
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
        """A caller that was checked has servers of its own; otherwise the settings decide."""
        known = caller()
        return known.is_allowed_fhir_server(base) if known else settings.is_allowed_fhir_server(base)

    def takes_batches(base: str) -> bool:
        """Whether a server may be asked in batches is said where it is allowed."""
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
    open_to_all: set[str] = set()
    if trusted is not None and settings.public_url is not None:
        _let_in_only_trusted_clients(app, trusted, settings.public_url, settings, clock, open_to_all)
    if settings.rate_limit:
        limit_rate(app, settings.rate_limit, settings.rate_limit_storage)
    knowledge = load_knowledge(settings)
    app.register_blueprint(blueprint(knowledge, client, store, clock, settings.max_entries))
    open_to_all |= register_pages(app, Surroundings(settings, knowledge, client, clock, trusted))
    return app


def _let_in_only_trusted_clients(
    app: Flask,
    trusted: TrustedClients,
    public_url: str,
    settings: Settings,
    clock: Callable[[], datetime],
    open_to_all: set[str],
) -> None:
    """Discovery, calls and feedback need the CDS client's JWT; health, for load balancers, does not.

    `open_to_all` is asked at each request, so that pages which are registered later can be added to it.
    """
    token_log = TokenLog(settings.database_url)
    app.extensions["cds_token_log"] = token_log
    authentication = ClientAuthentication(trusted, token_log, public_url, clock, KeySets())
    open_to_all |= {"cds.health", "cds.openapi"} | ({"cds.discover"} if settings.open_discovery else set())
    protect(app, authentication, open_to_all)
