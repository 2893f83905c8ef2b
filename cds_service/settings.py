"""What an operator can set: one frozen, typed object, read from environment variables and checked at start.

What may live here: the settings, and how each is read. Only the caller reads the environment, and passes it in.
"""

from __future__ import annotations

import difflib
import importlib
import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from limits import parse_many
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from cds_service.addresses import LOOPBACK, covers, is_loopback_url, is_secure, network, normal_url
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

_PREFIX = "CDS_"


class SettingsError(Exception):
    """The settings cannot be used. The text names every faulty variable and what was expected, never a value."""


def can_import(module: str) -> bool:
    """Is this library installed, with all that it needs itself?"""
    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return True


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


def from_environment(
    environment: Mapping[str, str], *, dev: bool = False, is_installed: Callable[[str], bool] = can_import
) -> Settings:
    """Read the CDS_ variables of `environment`; an empty one counts as not set. `is_installed` answers for a module.

    Raises SettingsError, naming all faulty and unknown variables at once.
    """
    values: dict[str, Any] = {}
    problems = [_unknown(name) for name in sorted(environment) if name.startswith(_PREFIX) and not _is_known(name)]
    for name, (attribute, read, expected) in _VARIABLES.items():
        text = environment.get(name, "").strip()
        if not text:
            continue
        try:
            values[attribute] = read(text)
        except (ValueError, KeyError, OSError, ArgumentError):
            problems.append(f"{name}: expected {expected}")
    if values.get("trusted_clients") and not values.get("public_url"):
        problems.append(
            "CDS_PUBLIC_URL: needed with CDS_TRUSTED_CLIENTS, because tokens name the endpoint they are for"
        )
    problems += _limits_out_of_order(values)
    problems += _serving_out_of_order(values)
    problems += _pages_out_of_place(values, dev)
    problems += _smart_out_of_place(values, dev)
    problems += _missing_libraries(values, is_installed)
    if problems:
        raise SettingsError("the settings cannot be used:\n" + "\n".join(f"  {problem}" for problem in problems))
    return Settings(**values, dev=dev)


def _is_known(name: str) -> bool:
    """A setting, or a variable that belongs to the command line or to the tests of the project."""
    return name in _VARIABLES or name == "CDS_IN_CONTAINER" or name.startswith(("CDS_TEST_", "CDS_REAL_", "CDS_HAPI_"))


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, _VARIABLES, n=1)
    return f"{name}: there is no such setting" + (f"; did you mean {near[0]}?" if near else "")


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


def _database(text: str) -> str:
    url = make_url(text)
    if url.get_backend_name() not in {"sqlite", "postgresql"} or url.get_dialect().is_async:
        raise ValueError
    return text


def _address(text: str) -> str:
    normal = normal_url(text)
    if normal is None:
        raise ValueError
    return normal


def _origin(text: str) -> str:
    address = _address(text)
    if address.count("/") != 2:
        raise ValueError
    return address


def _origins(text: str) -> tuple[str, ...]:
    return ("*",) if text == "*" else _list_of(_origin)(text)


def _list_of(read: Callable[[str], str]) -> Callable[[str], tuple[str, ...]]:
    return lambda text: tuple(read(item.strip()) for item in text.split(",") if item.strip())


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch("[0-9]{1,12}", text) or not least <= int(text) <= most:
            raise ValueError
        return int(text)

    return read


def _seconds(text: str) -> float:
    seconds = float(text)
    if not (math.isfinite(seconds) and 0 < seconds <= 60):
        raise ValueError
    return seconds


def _rate(text: str) -> str:
    """One rate: of several, only the first would hold, and by one of no calls nobody would be let in."""
    (rate,) = parse_many(text)
    if rate.amount < 1:
        raise ValueError
    return text


def _redis(text: str) -> str:
    if not text.startswith(("redis://", "rediss://")):
        raise ValueError
    return text


def _rate_storage(text: str) -> str:
    if not text.startswith(("memory://", "redis://", "rediss://")):
        raise ValueError
    return text


def _file(text: str) -> Path:
    path = Path(text)
    if not path.is_file():
        raise ValueError
    return path


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise ValueError
    return path


def _some_of(known: Collection[str]) -> Callable[[str], frozenset[str]]:
    def read(text: str) -> frozenset[str]:
        names = frozenset(name.strip() for name in text.split(",") if name.strip())
        if text == "none":
            return frozenset()
        if not names <= frozenset(known):
            raise ValueError
        return names

    return read


def _visible(text: str) -> str:
    if not re.fullmatch("[!-~]{1,200}", text):
        raise ValueError
    return text


def _token(text: str) -> str:
    """Long enough that nobody guesses it, and such that it can be typed and sent in a header."""
    if not re.fullmatch("[!-~]{32,200}", text):
        raise ValueError
    return text


def _one_of(known: Collection[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in known:
            raise ValueError
        return text

    return read


def _truth(text: str) -> bool:
    return {"true": True, "false": False, "1": True, "0": False}[text.lower()]


def _on_or_off(text: str) -> bool:
    return {"on": True, "off": False}[text.lower()]


def _log_level(text: str) -> str:
    if text.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise ValueError
    return text.upper()


_SIZE = _whole(1_000, 1_000_000_000)
_WAITED = _whole(1, 3_600), "seconds, from 1 to 3600"

_VARIABLES: dict[str, tuple[str, Callable[[str], Any], str]] = {
    "CDS_DATABASE_URL": ("database_url", _database, "a sqlite:/// or postgresql:// database URL"),
    "CDS_SPOOL": ("spool", Path, "the path of a folder on a disk of this machine"),
    "CDS_SPOOL_MAX_BYTES": ("spool_max_bytes", _whole(1_000_000, 100_000_000_000), "bytes, from 1000000 up"),
    "CDS_SECRET_FILE": ("secret_file", _file, "the path of a readable file"),
    "CDS_EVENT_DAYS": ("event_days", _whole(1, 36_500), "days, from 1 to 36500"),
    "CDS_TIMEZONE": ("timezone", ZoneInfo, "an IANA time zone such as Europe/Berlin"),
    "CDS_LOCALE": ("locale", _one_of(LOCALES), f"one of {', '.join(LOCALES)}"),
    "CDS_PUBLIC_URL": ("public_url", lambda text: _address(text).rstrip("/"), "an absolute http(s) URL"),
    "CDS_ALLOWED_FHIR_SERVERS": (
        "allowed_fhir_servers",
        _list_of(_address),
        "http(s) base URLs separated by commas; one that ends in / is a prefix",
    ),
    "CDS_FHIR_DEADLINE_SECONDS": ("fhir_deadline_seconds", _seconds, "seconds above 0, at most 60"),
    "CDS_FHIR_MAX_PAGES": ("fhir_max_pages", _whole(1, 1_000), "a whole number from 1 to 1000"),
    "CDS_FHIR_MAX_BYTES": ("fhir_max_bytes", _SIZE, "bytes, from 1000 to 1000000000"),
    "CDS_FHIR_MAX_CALL_BYTES": ("fhir_max_call_bytes", _SIZE, "bytes, from 1000 to 1000000000"),
    "CDS_FHIR_MAX_ENTRIES": ("fhir_max_entries", _whole(100, 1_000_000), "a whole number from 100 to 1000000"),
    "CDS_FHIR_POOL_SIZE": ("fhir_pool_size", _whole(1, 1_000), "a whole number from 1 to 1000"),
    "CDS_FHIR_TRUST_ENVIRONMENT": ("fhir_trust_environment", _truth, "true or false"),
    "CDS_FHIR_BATCH": ("fhir_batch", _truth, "true or false"),
    "CDS_MEDICATION_HISTORY": (
        "medication_history",
        _some_of(MEDICATION_HISTORY),
        f"none, or some of {', '.join(MEDICATION_HISTORY)}, separated by commas",
    ),
    "CDS_MAX_BODY_BYTES": ("max_body_bytes", _SIZE, "bytes, from 1000 to 1000000000"),
    "CDS_RATE_LIMIT": ("rate_limit", _rate, "one rate of at least 1 call, such as 600 per minute"),
    "CDS_RATE_LIMIT_STORAGE": ("rate_limit_storage", _rate_storage, "memory:// or redis://host:port"),
    "CDS_REDIS_URL": ("redis_url", _redis, "redis://host:port or rediss://host:port"),
    "CDS_TRUSTED_PROXIES": ("trusted_proxies", _whole(0, 10), "a whole number from 0 to 10"),
    "CDS_MAX_ENTRIES": ("max_entries", _whole(1, 10_000_000), "a whole number from 1 to 10000000"),
    "CDS_TRUSTED_CLIENTS": ("trusted_clients", _file, "the path of a readable file"),
    "CDS_SITE_POLICIES": ("site_policies", _folder, "the path of a folder"),
    "CDS_OPEN_DISCOVERY": ("open_discovery", _truth, "true or false"),
    "CDS_CORS_ORIGINS": ("cors_origins", _origins, "* or origins such as https://ehr.example, separated by commas"),
    "CDS_PAGES": ("pages", _some_of(PAGES), f"none, or some of {', '.join(sorted(PAGES))}, separated by commas"),
    "CDS_PAGES_FHIR_SERVER": ("pages_fhir_server", lambda text: _address(text).rstrip("/"), "an http(s) base URL"),
    "CDS_PAGES_SERVICE": ("pages_service", lambda text: _address(text).rstrip("/"), "an http(s) base URL"),
    "CDS_PAGES_TOKEN": ("pages_token", _token, "32 to 200 letters, digits and signs, no blanks"),
    "CDS_PAGES_BEHIND_PROXY": ("pages_behind_proxy", _truth, "true or false"),
    "CDS_SMART_CLIENT_ID": ("smart_client_id", _visible, "1 to 200 letters, digits and signs, no blanks"),
    "CDS_WORKERS": ("workers", _whole(1, 256), "a whole number from 1 to 256"),
    "CDS_THREADS": ("threads", _whole(1, 1_000), "a whole number from 1 to 1000"),
    "CDS_WORKER_TIMEOUT_SECONDS": ("worker_timeout_seconds", _whole(5, 600), "seconds, from 5 to 600"),
    "CDS_GRACEFUL_SECONDS": ("graceful_seconds", _whole(3, 600), "seconds, from 3 to 600"),
    "CDS_DRAIN_SECONDS": ("drain_seconds", _whole(1, 300), "seconds, from 1 to 300"),
    "CDS_BACKLOG": ("backlog", _whole(16, 65_535), "a whole number from 16 to 65535"),
    "CDS_MAX_CONNECTIONS": ("max_connections", _whole(33, 900), "a whole number from 33 to 900"),
    "CDS_SILENT_SECONDS": ("silent_seconds", *_WAITED),
    "CDS_REQUEST_SECONDS": ("request_seconds", *_WAITED),
    "CDS_IDLE_SECONDS": ("idle_seconds", *_WAITED),
    "CDS_WAIT_SECONDS": ("wait_seconds", *_WAITED),
    "CDS_SEND_SECONDS": ("send_seconds", *_WAITED),
    "CDS_METRICS": ("metrics", _on_or_off, "on or off"),
    "CDS_METRICS_FROM": ("metrics_from", _list_of(network), "addresses or networks (10.0.0.0/8), with commas between"),
    "CDS_LOG_LEVEL": ("log_level", _log_level, "DEBUG, INFO, WARNING or ERROR"),
    "CDS_TRACING": ("tracing", _one_of(TRACING), f"one of {', '.join(TRACING)}"),
    "CDS_LOG_FORMAT": ("log_format", _one_of(LOG_FORMS), f"one of {', '.join(LOG_FORMS)}"),
}
