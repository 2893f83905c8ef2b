"""Every variable: the setting that it is, its reader, and what is expected of it in words.

What may live here: that table.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cds_service.addresses import network
from cds_service.logs import FORMS as LOG_FORMS
from cds_service.settings.model import LOCALES, MEDICATION_HISTORY, PAGES, TRACING
from cds_service.settings.readers import (
    address,
    database,
    file,
    folder,
    list_of,
    log_level,
    on_or_off,
    one_of,
    origins,
    rate,
    rate_storage,
    seconds,
    some_of,
    token,
    truth,
    visible,
    whole,
)
from cds_service.settings.redis_url import redis_url

_SIZE = whole(1_000, 1_000_000_000)
_WAITED = whole(1, 3_600), "seconds, from 1 to 3600"

_ENCODED = "in a password blanks and / ? # @ are percent-encoded"

VARIABLES: dict[str, tuple[str, Callable[[str], Any], str]] = {
    "CDS_DATABASE_URL": ("database_url", database, "a sqlite:/// or postgresql:// database URL"),
    "CDS_SPOOL": ("spool", Path, "the path of a folder on a disk of this machine"),
    "CDS_SPOOL_MAX_BYTES": ("spool_max_bytes", whole(1_000_000, 100_000_000_000), "bytes, from 1000000 up"),
    "CDS_SECRET_FILE": ("secret_file", file, "the path of a readable file"),
    "CDS_EVENT_DAYS": ("event_days", whole(1, 36_500), "days, from 1 to 36500"),
    "CDS_TIMEZONE": ("timezone", ZoneInfo, "an IANA time zone such as Europe/Berlin"),
    "CDS_LOCALE": ("locale", one_of(LOCALES), f"one of {', '.join(LOCALES)}"),
    "CDS_PUBLIC_URL": ("public_url", lambda text: address(text).rstrip("/"), "an absolute http(s) URL"),
    "CDS_ALLOWED_FHIR_SERVERS": (
        "allowed_fhir_servers",
        list_of(address),
        "http(s) base URLs separated by commas; one that ends in / is a prefix",
    ),
    "CDS_FHIR_DEADLINE_SECONDS": ("fhir_deadline_seconds", seconds, "seconds above 0, at most 60"),
    "CDS_FHIR_MAX_PAGES": ("fhir_max_pages", whole(1, 1_000), "a whole number from 1 to 1000"),
    "CDS_FHIR_MAX_BYTES": ("fhir_max_bytes", _SIZE, "bytes, from 1000 to 1000000000"),
    "CDS_FHIR_MAX_CALL_BYTES": ("fhir_max_call_bytes", _SIZE, "bytes, from 1000 to 1000000000"),
    "CDS_FHIR_MAX_ENTRIES": ("fhir_max_entries", whole(100, 1_000_000), "a whole number from 100 to 1000000"),
    "CDS_FHIR_POOL_SIZE": ("fhir_pool_size", whole(1, 1_000), "a whole number from 1 to 1000"),
    "CDS_FHIR_TRUST_ENVIRONMENT": ("fhir_trust_environment", truth, "true or false"),
    "CDS_FHIR_BATCH": ("fhir_batch", truth, "true or false"),
    "CDS_MEDICATION_HISTORY": (
        "medication_history",
        some_of(MEDICATION_HISTORY),
        f"none, or some of {', '.join(MEDICATION_HISTORY)}, separated by commas",
    ),
    "CDS_MAX_BODY_BYTES": ("max_body_bytes", _SIZE, "bytes, from 1000 to 1000000000"),
    "CDS_RATE_LIMIT": ("rate_limit", rate, "one rate of at least 1 call, such as 600 per minute"),
    "CDS_RATE_LIMIT_STORAGE": (
        "rate_limit_storage",
        rate_storage,
        "memory:// or redis://host:port (in a password, blanks and / ? # @ percent-encoded)",
    ),
    "CDS_REDIS_URL": (
        "redis_url",
        redis_url,
        "redis://host:port or rediss://host:port (in a password, blanks and / ? # @ percent-encoded)",
    ),
    "CDS_TRUSTED_PROXIES": ("trusted_proxies", whole(0, 10), "a whole number from 0 to 10"),
    "CDS_MAX_ENTRIES": ("max_entries", whole(1, 10_000_000), "a whole number from 1 to 10000000"),
    "CDS_TRUSTED_CLIENTS": ("trusted_clients", file, "the path of a readable file"),
    "CDS_SITE_POLICIES": ("site_policies", folder, "the path of a folder"),
    "CDS_OPEN_DISCOVERY": ("open_discovery", truth, "true or false"),
    "CDS_CORS_ORIGINS": ("cors_origins", origins, "* or origins such as https://ehr.example, separated by commas"),
    "CDS_PAGES": ("pages", some_of(PAGES), f"none, or some of {', '.join(sorted(PAGES))}, separated by commas"),
    "CDS_PAGES_FHIR_SERVER": ("pages_fhir_server", lambda text: address(text).rstrip("/"), "an http(s) base URL"),
    "CDS_PAGES_SERVICE": ("pages_service", lambda text: address(text).rstrip("/"), "an http(s) base URL"),
    "CDS_PAGES_TOKEN": ("pages_token", token, "32 to 200 letters, digits and signs, no blanks"),
    "CDS_PAGES_BEHIND_PROXY": ("pages_behind_proxy", truth, "true or false"),
    "CDS_SMART_CLIENT_ID": ("smart_client_id", visible, "1 to 200 letters, digits and signs, no blanks"),
    "CDS_WORKERS": ("workers", whole(1, 256), "a whole number from 1 to 256"),
    "CDS_THREADS": ("threads", whole(1, 1_000), "a whole number from 1 to 1000"),
    "CDS_WORKER_TIMEOUT_SECONDS": ("worker_timeout_seconds", whole(5, 600), "seconds, from 5 to 600"),
    "CDS_GRACEFUL_SECONDS": ("graceful_seconds", whole(3, 600), "seconds, from 3 to 600"),
    "CDS_DRAIN_SECONDS": ("drain_seconds", whole(1, 300), "seconds, from 1 to 300"),
    "CDS_BACKLOG": ("backlog", whole(16, 65_535), "a whole number from 16 to 65535"),
    "CDS_MAX_CONNECTIONS": ("max_connections", whole(33, 900), "a whole number from 33 to 900"),
    "CDS_SILENT_SECONDS": ("silent_seconds", *_WAITED),
    "CDS_REQUEST_SECONDS": ("request_seconds", *_WAITED),
    "CDS_IDLE_SECONDS": ("idle_seconds", *_WAITED),
    "CDS_WAIT_SECONDS": ("wait_seconds", *_WAITED),
    "CDS_SEND_SECONDS": ("send_seconds", *_WAITED),
    "CDS_METRICS": ("metrics", on_or_off, "on or off"),
    "CDS_METRICS_FROM": ("metrics_from", list_of(network), "addresses or networks (10.0.0.0/8), with commas between"),
    "CDS_LOG_LEVEL": ("log_level", log_level, "DEBUG, INFO, WARNING or ERROR"),
    "CDS_TRACING": ("tracing", one_of(TRACING), f"one of {', '.join(TRACING)}"),
    "CDS_LOG_FORMAT": ("log_format", one_of(LOG_FORMS), f"one of {', '.join(LOG_FORMS)}"),
}
