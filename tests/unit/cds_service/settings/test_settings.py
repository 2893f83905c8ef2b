"""What an operator may set, and what is refused at start rather than found out at the bedside."""

from contextlib import nullcontext
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.settings import MEDICATION_HISTORY, Settings, SettingsError, can_import, from_environment
from fhir_mappings.queries import HISTORY

LISTED = Settings(allowed_fhir_servers=("https://ehr.example/fhir", "https://many.example/sites/"))
DEV = Settings(dev=True)


def everything(module: str) -> bool:
    return True


def nothing(module: str) -> bool:
    return False


def test_an_empty_environment_gives_the_defaults() -> None:
    assert from_environment({}) == Settings()
    assert from_environment({"PATH": "/bin", "CDS_WORKERS": " "}) == Settings()


def test_every_variable_is_read() -> None:
    settings = from_environment(
        {
            "CDS_DATABASE_URL": "postgresql+psycopg://cds@db/cds",
            "CDS_TIMEZONE": "Europe/Berlin",
            "CDS_LOCALE": "en-US",
            "CDS_PUBLIC_URL": "https://CDS.example:443/kidney/",
            "CDS_ALLOWED_FHIR_SERVERS": "https://EHR.example/fhir, https://many.example/sites/ ,",
            "CDS_FHIR_DEADLINE_SECONDS": "0.8",
            "CDS_FHIR_MAX_PAGES": "5",
            "CDS_FHIR_MAX_BYTES": "1000",
            "CDS_FHIR_POOL_SIZE": "8",
            "CDS_FHIR_TRUST_ENVIRONMENT": "True",
            "CDS_FHIR_BATCH": "true",
            "CDS_MEDICATION_HISTORY": "statements, dispenses",
            "CDS_MAX_BODY_BYTES": "2000",
            "CDS_CORS_ORIGINS": "https://ehr.example, http://localhost:9000",
            "CDS_PAGES": "ehr, course",
            "CDS_PAGES_FHIR_SERVER": "http://127.0.0.1:8080/fhir/",
            "CDS_PAGES_SERVICE": "https://other.example/",
            "CDS_WORKERS": "3",
            "CDS_THREADS": "4",
            "CDS_WORKER_TIMEOUT_SECONDS": "30",
            "CDS_GRACEFUL_SECONDS": "40",
            "CDS_DRAIN_SECONDS": "5",
            "CDS_BACKLOG": "128",
            "CDS_MAX_CONNECTIONS": "50",
            "CDS_SILENT_SECONDS": "1",
            "CDS_REQUEST_SECONDS": "2",
            "CDS_IDLE_SECONDS": "3600",
            "CDS_WAIT_SECONDS": "4",
            "CDS_SEND_SECONDS": "5",
            "CDS_LOG_LEVEL": "warning",
            "CDS_LOG_FORMAT": "json",
            "CDS_TRACING": "otlp",
            "CDS_METRICS": "On",
            "CDS_METRICS_FROM": "10.1.2.3, 192.0.2.0/24, ::1",
        },
        dev=True,
        is_installed=everything,
    )
    assert settings == Settings(
        database_url="postgresql+psycopg://cds@db/cds",
        timezone=ZoneInfo("Europe/Berlin"),
        locale="en-US",
        public_url="https://cds.example/kidney",
        allowed_fhir_servers=("https://ehr.example/fhir", "https://many.example/sites/"),
        fhir_deadline_seconds=0.8,
        fhir_max_pages=5,
        fhir_max_bytes=1000,
        fhir_pool_size=8,
        fhir_trust_environment=True,
        fhir_batch=True,
        medication_history=frozenset({"statements", "dispenses"}),
        max_body_bytes=2000,
        cors_origins=("https://ehr.example", "http://localhost:9000"),
        pages=frozenset({"ehr", "course"}),
        pages_fhir_server="http://127.0.0.1:8080/fhir",
        pages_service="https://other.example",
        workers=3,
        threads=4,
        worker_timeout_seconds=30,
        graceful_seconds=40,
        drain_seconds=5,
        backlog=128,
        max_connections=50,
        silent_seconds=1,
        request_seconds=2,
        idle_seconds=3600,
        wait_seconds=4,
        send_seconds=5,
        log_level="WARNING",
        log_format="json",
        tracing="otlp",
        metrics=True,
        metrics_from=("10.1.2.3/32", "192.0.2.0/24", "::1/128"),
        dev=True,
    )


def test_pages_can_all_be_off() -> None:
    assert from_environment({"CDS_PAGES": "none"}).pages == frozenset()


@pytest.mark.parametrize("page", ["ehr", "course"])
def test_pages_that_show_charts_to_anybody_are_for_development_only(page: str) -> None:
    environment = {"CDS_PAGES": page, "CDS_PAGES_FHIR_SERVER": "http://127.0.0.1:8080/fhir"}
    assert from_environment(environment, dev=True).pages == {page}
    with pytest.raises(SettingsError, match=f"CDS_PAGES: {page} show charts without asking who looks"):
        from_environment(environment)


def test_pages_that_show_charts_need_a_server_to_read_them_from() -> None:
    with pytest.raises(SettingsError, match="CDS_PAGES_FHIR_SERVER: needed for the pages course, ehr"):
        from_environment({"CDS_PAGES": "ehr,course"}, dev=True)


def test_any_origin_may_be_named_by_a_star() -> None:
    assert from_environment({"CDS_CORS_ORIGINS": "*"}).cors_origins == ("*",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CDS_DATABASE_URL", "no url"),
        ("CDS_DATABASE_URL", "mysql://secret@db/cds"),
        ("CDS_DATABASE_URL", "postgresql+unheardof://secret@db/cds"),
        ("CDS_DATABASE_URL", "postgresql+asyncpg://secret@db/cds"),
        ("CDS_PAGES", "reasons,dashboard"),
        ("CDS_PAGES_SERVICE", "file:///etc"),
        ("CDS_TIMEZONE", "Europe/Atlantis"),
        ("CDS_TIMEZONE", "../etc"),
        ("CDS_TIMEZONE", "Europe"),
        ("CDS_LOCALE", "en"),
        ("CDS_LOCALE", "en_US"),
        ("CDS_LOCALE", "de-DE"),
        ("CDS_PUBLIC_URL", "cds.example"),
        ("CDS_PUBLIC_URL", "https://cds.example/?a=1"),
        ("CDS_ALLOWED_FHIR_SERVERS", "https://ehr.example/fhir,ftp://ehr.example"),
        ("CDS_FHIR_DEADLINE_SECONDS", "0"),
        ("CDS_FHIR_DEADLINE_SECONDS", "60.1"),
        ("CDS_FHIR_DEADLINE_SECONDS", "nan"),
        ("CDS_FHIR_DEADLINE_SECONDS", "soon"),
        ("CDS_FHIR_MAX_PAGES", "0"),
        ("CDS_FHIR_MAX_BYTES", "999"),
        ("CDS_FHIR_POOL_SIZE", "-1"),
        ("CDS_FHIR_POOL_SIZE", "1001"),
        ("CDS_FHIR_TRUST_ENVIRONMENT", "maybe"),
        ("CDS_FHIR_BATCH", "sometimes"),
        ("CDS_MEDICATION_HISTORY", "MedicationStatement"),
        ("CDS_MEDICATION_HISTORY", "statements,none"),
        ("CDS_MAX_BODY_BYTES", "10 MB"),
        ("CDS_CORS_ORIGINS", "https://ehr.example/app"),
        ("CDS_CORS_ORIGINS", "*,https://ehr.example"),
        ("CDS_WORKERS", "1.5"),
        ("CDS_THREADS", "٣"),
        ("CDS_WORKER_TIMEOUT_SECONDS", "4"),
        ("CDS_WORKER_TIMEOUT_SECONDS", "601"),
        ("CDS_GRACEFUL_SECONDS", "2"),
        ("CDS_GRACEFUL_SECONDS", "601"),
        ("CDS_DRAIN_SECONDS", "0"),
        ("CDS_DRAIN_SECONDS", "301"),
        ("CDS_BACKLOG", "15"),
        ("CDS_BACKLOG", "65536"),
        ("CDS_MAX_CONNECTIONS", "32"),
        ("CDS_MAX_CONNECTIONS", "901"),
        *[
            (f"CDS_{name}_SECONDS", value)
            for name in ("SILENT", "REQUEST", "IDLE", "WAIT", "SEND")
            for value in ("0", "3601", "1.5")
        ],
        ("CDS_LOG_LEVEL", "loud"),
        ("CDS_LOG_FORMAT", "JSON"),
        ("CDS_LOG_FORMAT", "logfmt"),
        ("CDS_TRACING", "on"),
        ("CDS_METRICS", "yes"),
        ("CDS_METRICS_FROM", "ehr.example"),
        ("CDS_METRICS_FROM", "10.0.0.0/33"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{name}: expected "):
        from_environment({name: value})


def test_a_refused_locale_is_told_with_those_that_there_are() -> None:
    with pytest.raises(
        SettingsError, match=r"^the settings cannot be used:\n  CDS_LOCALE: expected one of en-GB, en-US$"
    ):
        from_environment({"CDS_LOCALE": "fr-FR"})
    assert from_environment({}).locale == "en-GB"


def test_of_the_medication_history_statements_are_usual_and_nothing_can_be_wanted() -> None:
    assert from_environment({}).medication_history == {"statements"}
    assert from_environment({"CDS_MEDICATION_HISTORY": "none"}).medication_history == frozenset()


def test_what_can_be_asked_for_is_what_there_are_searches_for() -> None:
    assert set(MEDICATION_HISTORY) == HISTORY


def test_a_refused_value_is_not_shown() -> None:
    with pytest.raises(SettingsError) as refused:
        from_environment({"CDS_DATABASE_URL": "mysql://cds:secret@db/cds"})
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "rate",
    ["0 per minute", "10 per second; 600 per minute", "10 per second, 600 per minute", "many", "600"],
)
def test_a_rate_that_would_let_nobody_in_and_several_rates_are_refused_in_words(rate: str) -> None:
    with pytest.raises(SettingsError) as refused:
        from_environment({"CDS_RATE_LIMIT": rate})
    assert "CDS_RATE_LIMIT: expected one rate of at least 1 call, such as 600 per minute" in str(refused.value)


@pytest.mark.parametrize("rate", ["1 per second", "600 per minute", "600/minute", "5 per 2 hours"])
def test_one_rate_is_taken_as_it_is_written(rate: str) -> None:
    assert from_environment({"CDS_RATE_LIMIT": rate}).rate_limit == rate


def test_the_edges_of_a_range_are_inside() -> None:
    assert from_environment({"CDS_FHIR_DEADLINE_SECONDS": "60"}).fhir_deadline_seconds == 60
    assert from_environment({"CDS_FHIR_MAX_PAGES": "1"}).fhir_max_pages == 1
    assert from_environment({"CDS_FHIR_POOL_SIZE": "1000"}).fhir_pool_size == 1000


def test_all_problems_are_told_at_once_and_a_typo_is_recognised() -> None:
    with pytest.raises(SettingsError) as refused:
        from_environment({"CDS_THREADS": "many", "CDS_TIMEZON": "UTC", "CDS_X": "1"})
    assert str(refused.value).splitlines() == [
        "the settings cannot be used:",
        "  CDS_TIMEZON: there is no such setting; did you mean CDS_TIMEZONE?",
        "  CDS_X: there is no such setting",
        "  CDS_THREADS: expected a whole number from 1 to 1000",
    ]


def test_the_database_password_is_not_shown() -> None:
    assert "hush" not in repr(Settings(database_url="postgresql://cds:hush@db/cds"))


@pytest.mark.parametrize(
    ("name", "value", "library", "extra"),
    [
        ("CDS_DATABASE_URL", "postgresql://cds:secret@db/cds", "psycopg", "postgres"),
        ("CDS_DATABASE_URL", "postgresql+psycopg2://cds:secret@db/cds", "psycopg2", "postgres"),
        ("CDS_RATE_LIMIT_STORAGE", "redis://:secret@cache:6379", "redis", "redis"),
        ("CDS_RATE_LIMIT_STORAGE", "rediss://:secret@cache:6379", "redis", "redis"),
        ("CDS_REDIS_URL", "redis://:secret@cache:6379/2", "redis", "redis"),
        ("CDS_TRACING", "otlp", "opentelemetry.sdk", "tracing"),
        ("CDS_TRACING", "otlp", "opentelemetry.exporter.otlp.proto.http", "tracing"),
    ],
)
def test_a_library_that_is_not_installed_is_named_with_the_extra_that_brings_it(
    name: str, value: str, library: str, extra: str
) -> None:
    assert from_environment({name: value}, is_installed=everything)
    with pytest.raises(SettingsError) as refused:
        from_environment({name: value}, is_installed=nothing)
    assert f"{name}: the library {library} is not installed; calciphylaxis-cds[{extra}] brings" in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("CDS_DATABASE_URL", "sqlite:///x"), ("CDS_RATE_LIMIT_STORAGE", "memory://"), ("CDS_TRACING", "off")],
)
def test_what_a_plain_installation_brings_is_enough_for_the_rest(name: str, value: str) -> None:
    assert from_environment({name: value}, is_installed=nothing)


def test_a_library_is_looked_for_where_it_would_be_used() -> None:
    assert can_import("sqlalchemy")
    assert not can_import("no_such_library_at_all")


@given(st.text())
def test_no_text_at_all_is_an_allowed_server_when_none_is_listed(url: str) -> None:
    assert not Settings().is_allowed_fhir_server(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://ehr.example/fhir",
        "https://ehr.example/fhir/",
        "https://EHR.example:443/fhir",
        "https://many.example/sites",
        "https://many.example/sites/7",
        "https://many.example/sites/7/fhir/",
    ],
)
def test_a_listed_server_is_allowed(url: str) -> None:
    assert LISTED.is_allowed_fhir_server(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://ehr.example",
        "https://ehr.example/fhir/7",
        "https://ehr.example/fhirother",
        "https://ehr.example/FHIR",
        "http://ehr.example/fhir",
        "https://ehr.example:8443/fhir",
        "https://ehr.example.evil.example/fhir",
        "https://many.example/sites7",
        "https://many.example/sites/../admin",
        "http://169.254.169.254/latest",
        "http://10.0.0.1/fhir",
        "http://127.0.0.1/fhir",
        "http://localhost/fhir",
    ],
)
def test_a_server_that_is_not_listed_is_refused(url: str) -> None:
    assert not LISTED.is_allowed_fhir_server(url)


@pytest.mark.parametrize(
    "url", ["http://localhost:8080/fhir", "http://127.0.0.1/fhir", "http://127.9.9.9/", "https://[::1]:8443/fhir"]
)
def test_this_machine_is_allowed_in_development(url: str) -> None:
    assert DEV.is_allowed_fhir_server(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://[fe80::1]/fhir",
        "http://10.0.0.1/fhir",
        "http://192.168.1.1/fhir",
        "http://128.0.0.1/fhir",
        "http://0.0.0.0/fhir",
        "http://2130706433/fhir",
        "http://127.1/fhir",
        "http://localhost.example/fhir",
        "http://[::ffff:127.0.0.1]/fhir",
        "https://ehr.example/fhir",
    ],
)
def test_development_allows_no_other_machine(url: str) -> None:
    assert not DEV.is_allowed_fhir_server(url)


def test_a_private_address_is_allowed_where_it_is_listed() -> None:
    assert Settings(allowed_fhir_servers=("http://10.0.0.1/fhir",)).is_allowed_fhir_server("http://10.0.0.1/fhir")


@pytest.mark.parametrize(
    ("answer", "call", "fits"), [(2_000, 2_000, True), (2_001, 2_000, False), (50_000_000, 0, False)]
)
def test_a_call_may_bring_as_much_as_one_answer(answer: int, call: int, fits: bool) -> None:
    environment = {"CDS_FHIR_MAX_BYTES": str(answer)} | ({"CDS_FHIR_MAX_CALL_BYTES": str(call)} if call else {})
    if fits:
        assert from_environment(environment).fhir_max_call_bytes == call
    else:
        with pytest.raises(SettingsError, match="CDS_FHIR_MAX_CALL_BYTES: expected at least CDS_FHIR_MAX_BYTES"):
            from_environment(environment)


@pytest.mark.parametrize(
    ("environment", "fault"),
    [
        ({"CDS_MAX_CONNECTIONS": "48"}, ""),
        ({"CDS_MAX_CONNECTIONS": "47"}, "CDS_MAX_CONNECTIONS: expected 32 more than CDS_THREADS, or above"),
        ({"CDS_MAX_CONNECTIONS": "48", "CDS_THREADS": "17"}, "CDS_MAX_CONNECTIONS: expected 32 more than CDS_THREADS"),
        ({"CDS_THREADS": "1000"}, ""),
        ({"CDS_DRAIN_SECONDS": "8"}, ""),
        ({"CDS_DRAIN_SECONDS": "9"}, "CDS_DRAIN_SECONDS: expected at least 2 less than CDS_GRACEFUL_SECONDS"),
        ({"CDS_GRACEFUL_SECONDS": "3"}, ""),
        ({"CDS_GRACEFUL_SECONDS": "31", "CDS_DRAIN_SECONDS": "30"}, "CDS_DRAIN_SECONDS: expected at least 2 less"),
    ],
)
def test_bounds_of_the_server_that_contradict_each_other_are_refused(environment: dict[str, str], fault: str) -> None:
    with pytest.raises(SettingsError, match=fault) if fault else nullcontext():
        from_environment(environment)
