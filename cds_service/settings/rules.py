"""What settings need of each other: rules between them, and the libraries that some of them need.

What may live here: such rules. What one setting may be stands with its reader.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.engine import make_url

from cds_service.addresses import is_secure
from cds_service.settings.model import ENDING_SECONDS, TRACING, WAITING_FOR_A_THREAD, Settings


def problems_between(values: Mapping[str, Any], dev: bool, is_installed: Callable[[str], bool]) -> list[str]:
    """What does not fit together in these settings, each by its variable. `is_installed` answers for a module."""
    return [
        *_clients_without_address(values),
        *_limits_out_of_order(values),
        *_serving_out_of_order(values),
        *_pages_out_of_place(values, dev),
        *_smart_out_of_place(values, dev),
        *_missing_libraries(values, is_installed),
    ]


def _clients_without_address(values: Mapping[str, Any]) -> list[str]:
    if values.get("trusted_clients") and not values.get("public_url"):
        return ["CDS_PUBLIC_URL: needed with CDS_TRUSTED_CLIENTS, because tokens name the endpoint they are for"]
    return []


def _limits_out_of_order(values: Mapping[str, Any]) -> list[str]:
    """A whole call is allowed as many bytes as a single answer, or more. The usual value stands for what is not set."""
    usual = Settings()
    answer, call = (values.get(name, getattr(usual, name)) for name in ("fhir_max_bytes", "fhir_max_call_bytes"))
    return [] if answer <= call else ["CDS_FHIR_MAX_CALL_BYTES: expected at least CDS_FHIR_MAX_BYTES"]


def _serving_out_of_order(values: Mapping[str, Any]) -> list[str]:
    """Fewer connections than threads can use, or an end that is over before those who are listened to are heard."""
    problems = []
    usual = Settings()
    threads, most = values.get("threads", usual.threads), values.get("max_connections")
    if most is not None and most < threads + WAITING_FOR_A_THREAD:
        problems.append(f"CDS_MAX_CONNECTIONS: expected {WAITING_FOR_A_THREAD} more than CDS_THREADS, or above")
    graceful, drain = (values.get(name, getattr(usual, name)) for name in ("graceful_seconds", "drain_seconds"))
    if drain > graceful - ENDING_SECONDS:
        problems.append(f"CDS_DRAIN_SECONDS: expected at least {ENDING_SECONDS} less than CDS_GRACEFUL_SECONDS")
    return problems


def _pages_out_of_place(values: Mapping[str, Any], dev: bool) -> list[str]:
    """Pages that show whole charts to everybody, outside --dev; and pages without what they read from."""
    wanted: frozenset[str] = values.get("pages", frozenset())
    open_charts = sorted(wanted & {"ehr", "course"})
    if open_charts and not dev:
        return [f"CDS_PAGES: {', '.join(open_charts)} show charts without asking who looks; only with --dev"]
    if "try" in wanted and not dev:
        return ["CDS_PAGES: try judges what anybody pastes, without asking who does; only with --dev"]
    if "feedback" in wanted and not (dev or values.get("pages_token") or values.get("pages_behind_proxy")):
        return [
            "CDS_PAGES: feedback would show its counts to whoever can reach it; set CDS_PAGES_TOKEN, or "
            "CDS_PAGES_BEHIND_PROXY=true where a proxy before the service asks who looks, or use --dev"
        ]
    if open_charts and not values.get("pages_fhir_server"):
        return [f"CDS_PAGES_FHIR_SERVER: needed for the pages {', '.join(open_charts)}"]
    return []


def _smart_out_of_place(values: Mapping[str, Any], dev: bool) -> list[str]:
    """The SMART app where nobody could sign in to it, or where its cookies would travel in clear."""
    problems = []
    if values.get("smart_client_id") and not dev:
        problems.append("CDS_SMART_CLIENT_ID: only with --dev; else each client in CDS_TRUSTED_CLIENTS has its own")
    public: str = values.get("public_url", "")
    if "smart" not in values.get("pages", ()):
        return problems
    if not dev and not values.get("trusted_clients"):
        problems.append("CDS_TRUSTED_CLIENTS: needed for the page smart, because it names who may launch it")
    if public.startswith("http:") and not is_secure(public):
        problems.append("CDS_PUBLIC_URL: https is needed for the page smart; http is for loopback addresses only")
    return problems


def _missing_libraries(values: Mapping[str, Any], is_installed: Callable[[str], bool]) -> list[str]:
    """What the chosen database and storage need that a plain installation does not bring."""
    needed = []
    database = make_url(values.get("database_url", "sqlite://"))
    if database.get_backend_name() == "postgresql":
        needed.append(("CDS_DATABASE_URL", database.get_driver_name(), "calciphylaxis-cds[postgres] brings psycopg"))
    for name, attribute in (("CDS_RATE_LIMIT_STORAGE", "rate_limit_storage"), ("CDS_REDIS_URL", "redis_url")):
        if values.get(attribute, "").startswith("redis"):
            needed.append((name, "redis", "calciphylaxis-cds[redis] brings it"))
    if values.get("tracing", TRACING[0]) != TRACING[0]:
        brings = "calciphylaxis-cds[tracing] brings it"
        needed += [("CDS_TRACING", f"opentelemetry.{part}", brings) for part in ("sdk", "exporter.otlp.proto.http")]
    return [
        f"{name}: the library {module} is not installed; {extra}"
        for name, module, extra in needed
        if not is_installed(module)
    ]
