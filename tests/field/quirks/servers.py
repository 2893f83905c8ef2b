"""Habits of FHIR servers: links to the next page, and searches that they do not take."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from tests.contract.records import LOINC, Json, failure
from tests.field.quirks.kinds import of_server
from tests.field.server import Habits, Parameters

REFUSED = 400
TWO_A_PAGE = 2


def _next(habits: Habits, **parts: str) -> Habits:
    """Pages of two, whose next link has other parts than the address that was asked."""
    return replace(habits, page=TWO_A_PAGE, next_link=lambda url: urlsplit(url)._replace(**parts).geturl())


@of_server(spelling=True)
def pages_of_two(habits: Habits) -> Habits:
    """Small pages whatever is asked for (OpenEMR; LinuxForHealth/FHIR)."""
    return replace(habits, page=TWO_A_PAGE)


@of_server(spelling=True)
def next_by_https(habits: Habits) -> Habits:
    """The scheme before the proxy (microsoft/fhir-server#1080; hapifhir/hapi-fhir-jpaserver-starter#207)."""
    return _next(habits, scheme="https")


@of_server(spelling=True)
def next_at_an_inner_host(habits: Habits) -> Habits:
    """The name of the server behind the proxy (microsoft/fhir-server#1317)."""
    return _next(habits, netloc="fhir-internal:8080")


@of_server(spelling=True)
def next_without_the_port(habits: Habits) -> Habits:
    """The port is lost (samply/blaze#330)."""
    return _next(habits, netloc="127.0.0.1")


@of_server(spelling=True)
def next_relative(habits: Habits) -> Habits:
    """An address relative to the base (POLAR-fhiR/fhircrackr#110)."""
    return _next(habits, scheme="", netloc="")


@of_server(spelling=True)
def next_with_escaped_ampersands(habits: Habits) -> Habits:
    """&amp; in JSON (synthetichealth/gofhir#18)."""
    return replace(habits, page=TWO_A_PAGE, next_link=lambda url: url.replace("&", "&amp;"))


@of_server(spelling=True)
def next_with_a_fragment(habits: Habits) -> Habits:
    """A fragment behind the address (POLAR-fhiR/fhircrackr#123)."""
    return _next(habits, fragment="page")


@of_server(spelling=True)
def last_page_names_itself(habits: Habits) -> Habits:
    """The last page is its own next page (awbx/fhir-dsl#15)."""
    return replace(habits, page=TWO_A_PAGE, last_names_itself=True)


@of_server(spelling=True)
def totals_count_an_outcome(habits: Habits) -> Habits:
    """`total` counts an outcome entry (hapifhir/hapi-fhir#7153)."""

    def counted(bundle: Json) -> Json:
        remark = {"resource": failure("information"), "search": {"mode": "outcome"}}
        return {**bundle, "total": bundle["total"] + 1, "entry": [*bundle["entry"], remark]}

    return replace(habits, change=counted)


@of_server(spelling=True)
def no_sorting(habits: Habits) -> Habits:
    """`_sort` is answered with 400 (awslabs/fhir-works-on-aws-deployment#212; HealthIntersections/fhirserver#99)."""
    return replace(habits, refuse=lambda kind, asked: REFUSED if "_sort" in asked else 0)


@of_server(spelling=True)
def intent_required(habits: Habits) -> Habits:
    """athenahealth wants an intent with MedicationRequest (drajer-health/eCRNow#280, #381)."""

    def refuse(kind: str, asked: Parameters) -> int:
        return 403 if kind == "MedicationRequest" and "intent" not in asked else 0

    return replace(habits, refuse=refuse)


@of_server(spelling=True)
def codes_count_only_with_their_system(habits: Habits) -> Habits:
    """Oracle Health documents system|code (fhir.cerner.com, Observation; smart-on-fhir/growth-chart-app#8)."""

    def has(token: str, coding: Json) -> bool:
        return token == f"{coding.get('system', LOINC)}|{coding.get('code')}"

    return replace(habits, has_code=has)


@of_server(spelling=True)
def codes_count_only_without_system(habits: Habits) -> Habits:
    """A bare code works, system|code finds nothing (openemr/openemr#9399)."""
    return replace(habits, has_code=lambda token, coding: "|" not in token and token == str(coding.get("code")))
