"""Addresses: one normal form, what lies below what, what is this machine, what is secure; one answer for all rooms."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.access.trusted_clients import _key_set_address
from cds_service.addresses import below, covers, is_loopback, is_loopback_url, is_secure, joined, normal_url
from cds_service.server import UnsafeStart, check_start
from cds_service.settings import Settings

FHIR = "https://ehr.example/fhir/r4"
LOOPBACK = ["127.0.0.1", "127.0.0.2", "127.8.8.8", "localhost", "LOCALHOST", "LocalHost", "[::1]", "[0:0::1]"]
OTHERS = ["0.0.0.0", "[::]", "192.168.1.4", "cds.example", "localhost.evil.example", "127.0.0.1.evil.example"]
DOTS = [".", "..", ".;", "..;", "..;x", "..;x=1", "..;;", ";", ";x", "%2e%2e", "%2E%2e;", "..%3b", ".%3B"]
PLACES = ["https://ehr.example/{}/manager", "https://ehr.example/fhir/{}", "https://ehr.example/fhir/{}/"]


# ------------------------------------------------------------------ the normal form
@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("HTTPS://Ehr.Example:443/Fhir/R4/", "https://ehr.example/Fhir/R4/"),
        ("http://ehr.example:0080", "http://ehr.example"),
        ("http://ehr.example:443/fhir", "http://ehr.example:443/fhir"),
        ("http://[0:0::1]:8080/fhir", "http://[::1]:8080/fhir"),
        ("http://fhir_server:8080/a@b:c/..d", "http://fhir_server:8080/a@b:c/..d"),
    ],
)
def test_an_address_has_one_normal_form(url: str, normal: str) -> None:
    assert normal_url(url) == normal


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ehr.example/fhir",
        "file:///etc/passwd",
        "ftp://ehr.example/fhir",
        "https://user@ehr.example/fhir",
        "https://user:pass@ehr.example/fhir",
        "https://ehr.example@evil.example/fhir",
        "https://ehr.example\\@evil.example/fhir",
        "https://ehr.example/fhir?x=1",
        "https://ehr.example/fhir#x",
        "https://ehr.example/fhir/../admin",
        "https://ehr.example/./fhir",
        "https://ehr.example/fhir/..",
        "https://ehr.example/fhir/%2e%2e/admin",
        "https://ehr.example/%66hir",
        "https://ehr.example//fhir",
        "https://ehr.example/fhir//",
        "https://ehr.example/fhir\n",
        " https://ehr.example/fhir",
        "https://ehr.example/fh ir",
        "https://ehr..example/fhir",
        "https://ehr.example./fhir",
        "https://éhr.example/fhir",
        "https:///fhir",
        "https://ehr.example:0/fhir",
        "https://ehr.example:65536/fhir",
        "https://ehr.example:/fhir",
        "https://[::1/fhir",
        "https://[::g]/fhir",
        "https://[1:2]/fhir",
        "https://[fe80::1%25eth0]/fhir",
    ],
)
def test_an_address_that_could_be_read_in_two_ways_is_none(url: str) -> None:
    assert normal_url(url) is None
    assert not Settings(dev=True, allowed_fhir_servers=(url,)).is_allowed_fhir_server(url)


@pytest.mark.parametrize("dots", DOTS)
@pytest.mark.parametrize("place", PLACES)
def test_dots_in_any_disguise_are_no_way_out_of_a_prefix(dots: str, place: str) -> None:
    assert normal_url(place.format(dots)) is None
    assert not Settings(allowed_fhir_servers=("https://ehr.example/",)).is_allowed_fhir_server(place.format(dots))


@pytest.mark.parametrize("name", ["...", "a;b", "a;..", "..d", "v1.2;x=..", "a..;"])
def test_dots_and_semicolons_inside_a_name_are_part_of_it(name: str) -> None:
    assert normal_url(f"https://ehr.example/{name}/fhir") == f"https://ehr.example/{name}/fhir"


@given(st.from_regex(r"https?://[A-Za-z0-9.-]{1,12}(:[0-9]{1,5})?(/[A-Za-z0-9._~-]{0,6}){0,3}", fullmatch=True))
def test_a_normal_form_is_its_own_normal_form(url: str) -> None:
    normal = normal_url(url)
    assert normal is None or normal_url(normal) == normal


# ------------------------------------------------------------------ below a base
@pytest.mark.parametrize(
    ("entry", "base", "expected"),
    [
        ("https://ehr.example/fhir", "https://ehr.example/fhir", True),
        ("https://ehr.example/fhir", "https://ehr.example/fhir/7", False),
        ("https://ehr.example/fhir/", "https://ehr.example/fhir", True),
        ("https://ehr.example/fhir/", "https://ehr.example/fhir/7", True),
        ("https://ehr.example/fhir/", "https://ehr.example/fhir7", False),
    ],
)
def test_an_entry_stands_for_one_base_or_for_all_below_it(entry: str, base: str, expected: bool) -> None:
    assert covers(entry, base) is expected


@pytest.mark.parametrize(
    "rest", ["", "/", "/Patient/1", "/Patient?name=a%20b", "?page=2", "/a;b?x=../..", "/x?y=http://z"]
)
def test_what_lies_below_a_base_is_kept_with_its_query(rest: str) -> None:
    assert below(FHIR, f"{FHIR}{rest}") == f"{FHIR}{rest}"
    assert below(FHIR, f"HTTPS://EHR.example:443/fhir/r4{rest}") == f"{FHIR}{rest}"


@pytest.mark.parametrize(
    "link",
    [
        "https://ehr.example/fhir/r4b/Patient",
        "https://ehr.example/fhir",
        "http://ehr.example/fhir/r4/Patient",
        "https://ehr.example:8443/fhir/r4/Patient",
        "https://evil.example/fhir/r4/Patient",
        "https://ehr.example/fhir/r4/../admin",
        "https://ehr.example/fhir/r4/..;/..;/manager/html",
        "https://ehr.example/fhir/r4/.;/Patient",
        "https://ehr.example/fhir/r4/%2e%2e/admin",
        "https://ehr.example/fhir/r4/..%3b/admin",
        "https://ehr.example/fhir/r4\\..\\admin",
        "https://ehr.example/fhir/r4/Patient?x=1#y",
        "https://ehr.example/fhir/r4/Patient#y",
    ],
)
def test_what_does_not_surely_lie_below_a_base_is_none(link: str) -> None:
    assert below(FHIR, link) is None


def test_a_link_is_read_from_the_page_that_holds_it() -> None:
    assert joined(f"{FHIR}/Patient", "?page=2") == f"{FHIR}/Patient?page=2"
    assert joined(f"{FHIR}/", "Patient") == f"{FHIR}/Patient"
    assert joined(FHIR, "http://[::1") is None


# ------------------------------------------------------------------ this machine
@pytest.mark.parametrize("host", [*LOOPBACK, "::1"])
def test_loopback_in_any_spelling_is_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", [*OTHERS, "", "2130706433", "0x7f.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"])
def test_what_others_can_reach_or_read_otherwise_is_not_this_machine(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("url", "base", "secure"),
    [
        ("https://a.example/t", FHIR, True),
        ("http://a.example/t", FHIR, False),
        ("http://127.0.0.1:9/t", FHIR, False),
        ("http://127.0.0.1:9/t", "http://127.0.0.1:8/fhir", True),
        ("http://localhost/t", "http://[::1]:8/fhir", True),
        ("http://localhost.evil.example/t", "http://127.0.0.1:8/fhir", False),
        ("http://127.0.0.1.evil.example/t", "http://127.0.0.1:8/fhir", False),
        ("http://127.0.0.1:9/t", "http://127.0.0.1.evil.example/fhir", False),
    ],
)
def test_plain_http_is_for_loopback_on_both_sides(url: str, base: str, secure: bool) -> None:
    assert is_secure(url, base) is secure


def test_without_a_neighbour_only_the_address_itself_counts() -> None:
    assert is_secure("http://LOCALHOST:8090/x")
    assert is_secure("HTTPS://ehr.example/x")
    assert not is_secure("http://ehr.example/x")
    assert not is_secure("ftp://localhost/x")
    assert not is_secure("http://localhost/x/..;/y")
    assert not is_loopback_url("http://localhost/.")


# ------------------------------------------------------------------ one answer for all
def may_be_read_in_development(host: str) -> bool:
    return Settings(dev=True).is_allowed_fhir_server(f"http://{host}:8090/fhir")


def may_be_listened_on(host: str) -> bool:
    try:
        check_start(host, dev=True, container=False, environment={})
    except UnsafeStart:
        return False
    return True


def may_hold_keys_over_http(host: str) -> bool:
    try:
        _key_set_address(f"http://{host}/jwks.json")
    except ValueError:
        return False
    return True


def may_sign_people_in_over_http(host: str) -> bool:
    return is_secure(f"http://{host}/token", "http://127.0.0.1:8090/fhir")


@pytest.mark.parametrize(
    "asked",
    [may_be_read_in_development, may_be_listened_on, may_hold_keys_over_http, may_sign_people_in_over_http],
)
@pytest.mark.parametrize("host", [*LOOPBACK, *OTHERS])
def test_every_room_gives_the_same_answer(asked: Callable[[str], bool], host: str) -> None:
    assert asked(host) is is_loopback(host) is is_loopback_url(f"http://{host}/")


def test_no_other_module_has_an_answer_of_its_own() -> None:
    service = Path(__file__).parents[3] / "cds_service"
    elsewhere = [module for module in service.rglob("*.py") if module.name != "addresses.py"]
    words = ("ipaddress", r"127\.0", "is_private")
    assert [module.name for module in elsewhere if any(word in module.read_text() for word in words)] == []
