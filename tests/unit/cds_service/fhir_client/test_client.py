"""The FHIR server is asked politely, and never trusted."""

import json
import traceback
from typing import Any

import pytest

from cds_service.fhir_client import (
    FhirClient,
    FhirError,
    FhirServer,
    SearchResult,
    bundles,
)
from cds_service.fhir_client import terms as fhir_terms
from tests.fhir_stand_in import EHR, FhirStandIn, without_port
from tests.unit.cds_service.fhir_client.asking import (
    BASE,
    HOST,
    PATIENT,
    SEARCH,
    SERVER,
    SHORT,
    bundle,
    ids,
    observation,
    read,
    reason_of,
    remark,
    search,
)

# One resource


def test_a_resource_is_read_with_the_token(client: FhirClient, ehr: FhirStandIn) -> None:
    ehr.get(f"{BASE}/Patient/1", json=PATIENT)
    assert read(client) == PATIENT
    assert ehr.calls[0].headers["Authorization"] == "Bearer the-token"
    assert ehr.calls[0].headers["Accept"] == "application/fhir+json"


def test_without_a_token_none_is_sent(client: FhirClient, ehr: FhirStandIn) -> None:
    ehr.get(f"{BASE}/Patient/1", json=PATIENT)
    read(client)
    read(client, FhirServer(BASE))
    assert "Authorization" not in ehr.calls[1].headers


@pytest.mark.parametrize("base", [BASE, f"{BASE}/", f"HTTP://{HOST}/fhir"], ids=without_port)
@pytest.mark.parametrize("path", ["Patient/1", "/Patient/1"])
def test_slashes_meet_once(client: FhirClient, ehr: FhirStandIn, base: str, path: str) -> None:
    ehr.get(f"{BASE}/Patient/1", json=PATIENT)
    assert read(client, FhirServer(base), path) == PATIENT


def test_a_base_may_be_the_root_of_a_host(client: FhirClient, ehr: FhirStandIn) -> None:
    ehr.get(f"{EHR.origin}/Patient/1", json=PATIENT)
    assert read(client, FhirServer(f"{EHR.origin}/")) == PATIENT


@pytest.mark.parametrize("status", [204, 301, 302, 304, 307, 400, 401, 403, 404, 410, 500, 502])
def test_any_status_but_200_is_a_failure(client: FhirClient, ehr: FhirStandIn, status: int) -> None:
    ehr.get(f"{BASE}/Patient/1", json=PATIENT, status=status, headers={"Location": f"{BASE}/Patient/2"})
    assert reason_of(read, client) == f"the FHIR server answered {status}"
    assert len(ehr.calls) == 1


@pytest.mark.parametrize(
    "body",
    ["", "null", "[]", "7", '"Patient"', "{}", '{"resourceType": 1}', "<html></html>", '{"resourceType": "Pa', "ÿ"],
)
def test_what_is_not_a_resource_is_a_failure_whatever_it_is_called(
    client: FhirClient, ehr: FhirStandIn, body: str
) -> None:
    ehr.get(f"{BASE}/Patient/1", body=body.encode("latin-1"), content_type="application/fhir+json")
    assert reason_of(read, client) == fhir_terms.NOT_FHIR


@pytest.mark.parametrize("content_type", ["text/html", "application/octet-stream", "nonsense"])
def test_a_resource_is_a_resource_whatever_it_is_called(
    client: FhirClient, ehr: FhirStandIn, content_type: str
) -> None:
    body = b"\xef\xbb\xbf" + json.dumps(PATIENT).encode()
    ehr.get(f"{BASE}/Patient/1", body=body, content_type=content_type)
    assert read(client) == PATIENT


def test_another_resource_than_asked_for_is_a_failure(client: FhirClient, ehr: FhirStandIn) -> None:
    ehr.get(f"{BASE}/Patient/1", json=observation(1))
    assert reason_of(read, client) == fhir_terms.OTHER_RESOURCE


@pytest.mark.parametrize(
    ("severity", "reason"),
    [
        ("fatal", bundles.REPORTED_ERROR),
        ("error", bundles.REPORTED_ERROR),
        ("warning", fhir_terms.OTHER_RESOURCE),
    ],
)
def test_an_operation_outcome_is_no_resource(client: FhirClient, ehr: FhirStandIn, severity: str, reason: str) -> None:
    ehr.get(f"{BASE}/Patient/1", json=remark(severity))
    assert reason_of(read, client) == reason


@pytest.mark.parametrize("path", ["Patient/../../admin", "Patient/%2e%2e/1", "Patient//1", "Patient/1#x", "Pa tient/1"])
def test_a_path_that_could_lead_elsewhere_is_not_asked_for(client: FhirClient, ehr: FhirStandIn, path: str) -> None:
    assert reason_of(read, client, SERVER, path) == fhir_terms.BAD_PATH
    assert len(ehr.calls) == 0


# Whom we talk to


def test_a_server_that_is_not_allowed_is_not_contacted(ehr: FhirStandIn) -> None:
    asked: list[str] = []

    def nobody(base: str) -> bool:
        asked.append(base)
        return False

    client = FhirClient(SHORT, nobody)
    assert reason_of(read, client) == fhir_terms.NOT_ALLOWED
    assert reason_of(search, client) == fhir_terms.NOT_ALLOWED
    assert asked == [BASE, BASE]
    assert len(ehr.calls) == 0
    client.close()


@pytest.mark.parametrize(
    "base",
    [
        "",
        "file:///etc/passwd",
        "ftp://ehr.example/fhir",
        "https://user:pass@ehr.example/fhir",
        "https://ehr.example/fhir?x=1",
        "https://ehr.example/fhir#x",
        "https://ehr.example/fhir/..",
        "ehr.example",
    ],
)
def test_an_address_that_is_no_server_is_not_contacted(client: FhirClient, ehr: FhirStandIn, base: str) -> None:
    assert reason_of(read, client, FhirServer(base)) == fhir_terms.NOT_A_SERVER
    assert len(ehr.calls) == 0


@pytest.mark.parametrize("token", ["", "two words", "line\r\nX-Evil: 1", "tökén", "nul\x00"])
def test_a_token_that_is_none_is_not_sent(client: FhirClient, ehr: FhirStandIn, token: str) -> None:
    assert reason_of(read, client, FhirServer(BASE, token)) == fhir_terms.BAD_TOKEN
    assert len(ehr.calls) == 0


def test_a_token_is_not_shown() -> None:
    assert "the-token" not in repr(SERVER)


# Searches and their pages


def test_a_search_brings_its_matches_and_drops_remarks(client: FhirClient, ehr: FhirStandIn) -> None:
    page = bundle(1, 2, total=2)
    page["entry"] += [{"resource": remark("warning")}, {}]
    ehr.get(f"{BASE}/{SEARCH}", json=page)
    result = search(client)
    assert (ids(result), result.complete, result.reason) == (["1", "2"], True, "")


def test_a_search_that_finds_nothing_is_complete(client: FhirClient, ehr: FhirStandIn) -> None:
    ehr.get(f"{BASE}/Observation", json={"resourceType": "Bundle", "total": 0})
    assert search(client) == SearchResult([])


@pytest.mark.parametrize("answer", [observation(1), remark("warning"), {"resourceType": "Bundle", "entry": {}}])
def test_an_answer_that_is_no_sound_bundle_is_a_failure(
    client: FhirClient, ehr: FhirStandIn, answer: dict[str, Any]
) -> None:
    ehr.get(f"{BASE}/Observation", json=answer)
    assert reason_of(search, client) in {bundles.NOT_A_BUNDLE, bundles.UNREADABLE_ENTRY}


def test_an_error_beside_the_matches_is_a_failure(client: FhirClient, ehr: FhirStandIn) -> None:
    page = bundle(1)
    page["entry"].append({"resource": remark("error")})
    ehr.get(f"{BASE}/Observation", json=page)
    assert reason_of(search, client) == bundles.REPORTED_ERROR


@pytest.mark.parametrize(
    ("link", "second"),
    [
        (f"{BASE}?_getpages=abc&_getpagesoffset=2", f"{BASE}?_getpages=abc&_getpagesoffset=2"),
        (f"{BASE}/?_getpages=abc", f"{BASE}/?_getpages=abc"),
        (f"{BASE}/Observation?page=2", f"{BASE}/Observation?page=2"),
        (f"HTTP://{HOST}/fhir/Observation?page=2", f"{BASE}/Observation?page=2"),
        ("Observation?page=2", f"{BASE}/Observation?page=2"),
        ("/fhir/Observation?page=2", f"{BASE}/Observation?page=2"),
        ("?page=2", f"{BASE}/Observation?page=2"),
        (f"//{HOST}/fhir/Observation?page=2", f"{BASE}/Observation?page=2"),
    ],
    ids=without_port,
)
def test_the_next_page_is_fetched_with_the_token(client: FhirClient, ehr: FhirStandIn, link: str, second: str) -> None:
    ehr.get(f"{BASE}/{SEARCH}", json=bundle(1, next_page=link), match_querystring=None)
    ehr.get(second, json=bundle(2), match_querystring=None)
    result = search(client)
    assert (ids(result), result.complete) == (["1", "2"], True)
    assert ehr.calls[1].url == second
    assert ehr.calls[1].headers["Authorization"] == "Bearer the-token"


@pytest.mark.parametrize(
    ("link", "second"),
    [
        (f"https://{HOST}/fhir/Observation?page=2", f"{BASE}/Observation?page=2"),
        ("http://inner:8080/fhir/Observation?page=2", f"{BASE}/Observation?page=2"),
        ("http://127.0.0.1/fhir/Observation?page=2", f"{BASE}/Observation?page=2"),
        (f"http://{HOST}:8080/fhir/Observation?page=2", f"{BASE}/Observation?page=2"),
        (f"http://{HOST}/Observation?page=2", f"{BASE}/Observation?page=2"),
        ("http://inner/hapi/r4/Observation/page/2", f"{BASE}/Observation/page/2"),
        ("/inner/Observation?page=2", f"{BASE}/Observation?page=2"),
        ("//inner/fhir/page/2?a=b", f"{BASE}/page/2?a=b"),
        ("http://inner:8080/hapi/fhir?_getpages=x", f"{BASE}?_getpages=x"),
        ("http://inner?_getpages=x", f"{BASE}?_getpages=x"),
        (f"http://user@{HOST}/fhir?page=2", f"{BASE}?page=2"),
        (f"http://{HOST}\\@evil.example/fhir?page=2", f"{BASE}?page=2"),
        ("https://[inner/fhir/?page=2", f"{BASE}?page=2"),
        (f"{BASE}/Observation?a=b&amp;page=2", f"{BASE}/Observation?a=b&page=2"),
        (f"{BASE}/Observation?page=2#top", f"{BASE}/Observation?page=2"),
    ],
    ids=without_port,
)
def test_a_next_page_that_names_the_server_otherwise_is_fetched_at_the_base_that_was_given(
    client: FhirClient, ehr: FhirStandIn, link: str, second: str
) -> None:
    ehr.get(f"{BASE}/{SEARCH}", json=bundle(1, next_page=link))
    ehr.get(second, json=bundle(2))
    result = search(client)
    assert (ids(result), result.complete) == (["1", "2"], True)
    assert ehr.calls[1].url == second


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/fhir/../admin?page=2",
        "https://evil.example/Observation/..;/admin?page=2",
        f"http://{HOST}/fhir/../admin?page=2",
        "../admin?page=2",
        f"http://{HOST}/fhir/%2e%2e/admin?page=2",
        "https://evil.example/Patient?name=a",
        "https://evil.example/page/2",
        "https://[evil/other",
        "file:///etc/passwd",
        "javascript:alert(1)",
    ],
    ids=without_port,
)
def test_a_next_page_elsewhere_is_not_fetched_and_the_result_is_incomplete(
    client: FhirClient, ehr: FhirStandIn, link: str
) -> None:
    ehr.get(f"{BASE}/Observation", json=bundle(1, next_page=link))
    result = search(client)
    assert (ids(result), result.complete, result.reason) == (["1"], False, fhir_terms.ELSEWHERE)
    assert len(ehr.calls) == 1


def test_an_endless_next_link_is_not_taken_apart(client: FhirClient, ehr: FhirStandIn) -> None:
    ehr.get(f"{BASE}/{SEARCH}", json=bundle(1, next_page=f"{BASE}?page={'x' * 16_000}"))
    result = search(client)
    assert (ids(result), result.complete, result.reason) == (["1"], False, fhir_terms.BAD_PATH)


@pytest.mark.parametrize(("total", "reason"), [(None, ""), (1, ""), (2, fhir_terms.TOO_FEW)])
def test_a_page_that_names_itself_as_the_next_is_the_last(
    client: FhirClient, ehr: FhirStandIn, total: int | None, reason: str
) -> None:
    ehr.get(f"{BASE}/Observation", json=bundle(1, next_page=f"{BASE}/{SEARCH}", total=total))
    result = search(client)
    assert (ids(result), result.complete, result.reason) == (["1"], not reason, reason)
    assert len(ehr.calls) == 1


@pytest.mark.parametrize(("total", "reason"), [(None, fhir_terms.REPEATED), (2, ""), (3, fhir_terms.TOO_FEW)])
def test_a_next_page_that_was_read_before_is_the_end_where_all_that_was_counted_is_there(
    client: FhirClient, ehr: FhirStandIn, total: int | None, reason: str
) -> None:
    ehr.get(f"{BASE}/Observation/page/1", json=bundle(1, next_page="Observation/page/2", total=total))
    ehr.get(f"{BASE}/Observation/page/2", json=bundle(2, next_page="Observation/page/1", total=total))
    result = search(client, path="Observation/page/1")
    assert (ids(result), result.complete, result.reason) == (["1", "2"], not reason, reason)
    assert len(ehr.calls) == 2


@pytest.mark.parametrize(("pages", "complete"), [(4, True), (5, False)])
def test_pages_are_followed_up_to_the_limit(client: FhirClient, ehr: FhirStandIn, pages: int, complete: bool) -> None:
    for number in range(1, pages + 1):
        link = f"{BASE}/Observation/page/{number + 1}" if number < pages else None
        ehr.get(f"{BASE}/Observation/page/{number}", json=bundle(number, next_page=link))
    result = search(client, path="Observation/page/1")
    assert ids(result) == ["1", "2", "3", "4"]
    assert (result.complete, result.reason) == (complete, "" if complete else fhir_terms.TOO_MANY_PAGES)


def test_a_page_that_is_past_the_look_back_ends_the_search_complete(client: FhirClient, ehr: FhirStandIn) -> None:
    ehr.get(f"{BASE}/Observation/page/1", json=bundle(1, next_page="Observation/page/2", total=9))
    ehr.get(f"{BASE}/Observation/page/2", json=bundle(2, next_page="Observation/page/3", total=9))
    result = search(client, path="Observation/page/1", past=lambda page: page[-1]["id"] == "2")
    assert (ids(result), result.complete) == (["1", "2"], True)


@pytest.mark.parametrize("trouble", ["500", "html", "error", "bundle"])
def test_a_later_page_that_fails_leaves_the_first_ones_and_an_incomplete_result(
    client: FhirClient, ehr: FhirStandIn, trouble: str
) -> None:
    ehr.get(f"{BASE}/Observation/page/1", json=bundle(1, next_page="Observation/page/2"))
    if trouble == "500":
        ehr.get(f"{BASE}/Observation/page/2", status=500)
    else:
        bodies = {"html": "<html>", "error": json.dumps(remark("error")), "bundle": json.dumps(observation(2))}
        ehr.get(f"{BASE}/Observation/page/2", body=bodies[trouble])
    reasons = {
        "500": "the FHIR server answered 500",
        "html": fhir_terms.NOT_FHIR,
        "error": bundles.REPORTED_ERROR,
        "bundle": bundles.NOT_A_BUNDLE,
    }
    result = search(client, path="Observation/page/1")
    assert (ids(result), result.complete, result.reason) == (["1"], False, reasons[trouble])


@pytest.mark.parametrize(("total", "complete"), [(2, True), (3, False), (1, True), (None, True)])
def test_fewer_matches_than_the_server_counted_make_the_result_incomplete(
    client: FhirClient, ehr: FhirStandIn, total: int | None, complete: bool
) -> None:
    ehr.get(f"{BASE}/Observation/page/1", json=bundle(1, next_page="Observation/page/2", total=total))
    ehr.get(f"{BASE}/Observation/page/2", json=bundle(2))
    result = search(client, path="Observation/page/1")
    assert (ids(result), result.complete) == (["1", "2"], complete)
    assert result.reason == ("" if complete else fhir_terms.TOO_FEW)


@pytest.mark.parametrize("path", [SEARCH, ""])
def test_a_first_page_that_was_sent_along_is_continued_and_not_asked_for_again(
    client: FhirClient, ehr: FhirStandIn, path: str
) -> None:
    ehr.get(f"{BASE}/Observation/page/2", json=bundle(2))
    result = search(client, path=path, first=bundle(1, next_page="Observation/page/2"))
    assert (ids(result), result.complete) == (["1", "2"], True)
    assert len(ehr.calls) == 1


def test_a_first_page_that_was_sent_along_is_trusted_no_more_than_a_fetched_one(
    client: FhirClient, ehr: FhirStandIn
) -> None:
    elsewhere = bundle(1, next_page="https://evil.example/Patient?page=2")
    assert search(client, first=elsewhere).reason == fhir_terms.ELSEWHERE
    assert reason_of(search, client, first=remark("error")) == bundles.REPORTED_ERROR
    assert search(client, first=bundle(1, next_page="Observation/page/2"), past=lambda page: True).complete
    assert len(ehr.calls) == 0


# Trying once more


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("headers", [{}, {"Retry-After": "0"}])
def test_a_busy_server_is_asked_once_more(
    client: FhirClient, ehr: FhirStandIn, status: int, headers: dict[str, str]
) -> None:
    ehr.get(f"{BASE}/Patient/1", status=status, headers=headers)
    ehr.get(f"{BASE}/Patient/1", json=PATIENT)
    assert read(client) == PATIENT


@pytest.mark.parametrize("asked", ["Wed, 21 Oct 2020 07:28:00 GMT", "soon", "-1", ""])
def test_a_pause_that_is_over_or_cannot_be_read_is_a_short_one(
    client: FhirClient, ehr: FhirStandIn, asked: str
) -> None:
    ehr.get(f"{BASE}/Patient/1", status=429, headers={"Retry-After": asked})
    ehr.get(f"{BASE}/Patient/1", json=PATIENT)
    assert read(client) == PATIENT


def test_a_server_that_stays_busy_is_not_asked_a_third_time(client: FhirClient, ehr: FhirStandIn) -> None:
    ehr.get(f"{BASE}/Patient/1", status=503)
    assert reason_of(read, client) == "the FHIR server answered 503"
    assert len(ehr.calls) == 2


@pytest.mark.parametrize("asked", ["2", "120", "Wed, 21 Oct 2126 07:28:00 GMT"])
def test_a_pause_that_does_not_fit_is_a_no(client: FhirClient, ehr: FhirStandIn, asked: str) -> None:
    ehr.get(f"{BASE}/Patient/1", status=429, headers={"Retry-After": asked})
    assert reason_of(read, client) == "the FHIR server answered 429"
    assert len(ehr.calls) == 1


def test_a_lost_connection_is_tried_once_more(client: FhirClient, ehr: FhirStandIn) -> None:
    ehr.get(f"{BASE}/Patient/1", body=None)
    ehr.get(f"{BASE}/Patient/1", json=PATIENT)
    assert read(client) == PATIENT


def test_an_error_says_nothing_of_the_address(client: FhirClient, ehr: FhirStandIn) -> None:
    ehr.get(f"{BASE}/Patient/1", body=None)
    with pytest.raises(FhirError) as failure:
        read(client)
    assert failure.value.reason == fhir_terms.UNREACHABLE
    assert "Patient/1" not in "".join(traceback.format_exception(failure.value))
