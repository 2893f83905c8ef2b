"""The service: HTTP in, HTTP out, and everything with a side effect. Nothing clinical is decided here.

`create_app` is the only place that wires things together and hands out the clock.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

from flask import Flask

from cds_service.cors import register_cors
from cds_service.fhir_client import FhirClient, Limits
from cds_service.order_templates import load_templates
from cds_service.routes import blueprint, register_errors
from cds_service.services import Knowledge
from cds_service.settings import Settings
from cds_service.store import Store
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
    policy, vocabulary = default_policy(), default_vocabulary()
    return Knowledge(
        policy=policy,
        vocabulary=vocabulary,
        queries=build_queries(vocabulary),
        templates=load_templates(policy.wording.actions),
        zone=settings.timezone,
        source_url=settings.public_url,
    )


def create_app(settings: Settings, clock: Callable[[], datetime] = utc_now) -> Flask:
    """The Flask application for these settings. Threads, sockets and database come to life in the worker."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.url_map.strict_slashes = app.url_map.merge_slashes = False
    limits = Limits(
        deadline_seconds=settings.fhir_deadline_seconds,
        max_pages=settings.fhir_max_pages,
        max_bytes=settings.fhir_max_bytes,
        pool_size=settings.fhir_pool_size,
    )
    client = FhirClient(limits, settings.is_allowed_fhir_server, trust_environment=settings.fhir_trust_environment)
    store = Store(settings.database_url)
    app.extensions["cds_store"], app.extensions["cds_fhir_client"] = store, client
    register_errors(app)
    register_cors(app, settings.cors_origins)
    app.register_blueprint(blueprint(load_knowledge(settings), client, store, clock))
    return app
