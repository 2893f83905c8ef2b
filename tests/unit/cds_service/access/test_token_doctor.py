"""An engineer who asks why a token is refused sees each check, what was found and what was expected."""

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.access.bearer_token import Reason
from cds_service.access.key_sets import KeySets, KeySetUnavailable
from cds_service.access.public_keys import read_key
from cds_service.access.token_checks import TokenFinding
from cds_service.access.token_doctor import explain
from cds_service.access.trusted_clients import parse_trusted_clients
from tests.unit.cds_service.cds_client import (
    ISSUER,
    JWKS_URL,
    NOW,
    PATH,
    PUBLIC_URL,
    SECONDS,
    bearer,
    claims,
    nothing_is_fetched,
    part,
    signing_key,
    token,
    trust_file,
)

ENDPOINT = f"{PUBLIC_URL}{PATH}"


def examined(compact: str, key_sets: KeySets | None = None, **changed: Any) -> list[TokenFinding]:
    clients = parse_trusted_clients(trust_file(**changed), "clients.toml")
    return explain(compact, clients, ENDPOINT, NOW, key_sets or KeySets(nothing_is_fetched))


def failures(findings: list[TokenFinding]) -> dict[Reason, str]:
    return {finding.reason: finding.text for finding in findings if not finding.ok}


@pytest.mark.parametrize("compact", [token(), bearer(token()), f"  {token()}\n"])
def test_a_good_token_fails_no_check(compact: str) -> None:
    findings = examined(compact)
    assert failures(findings) == {}
    assert {finding.reason for finding in findings} >= {Reason.ISSUER, Reason.SIGNATURE, Reason.AUDIENCE}


def test_every_fault_is_found_not_only_the_first() -> None:
    bad = token(
        signing_key("2026-03x"),
        header={"kid": "2026-03", "typ": "at+jwt", "jku": "https://attacker.example/keys"},
        aud="https://other.example",
        iat=SECONDS + 31,
        exp=SECONDS + 5000,
        nbf=SECONDS + 40,
        jti=7,
    )
    assert set(failures(examined(bad, jku=JWKS_URL))) == {
        Reason.TYPE,
        Reason.KEY_ADDRESS,
        Reason.SIGNATURE,
        Reason.AUDIENCE,
        Reason.ISSUED,
        Reason.NOT_BEFORE,
        Reason.LIFETIME,
        Reason.TOKEN_ID,
    }


def test_a_key_address_beside_keys_in_place_is_told_and_no_failure() -> None:
    findings = examined(token(header={"jku": "https://other.example/keys"}))
    assert failures(findings) == {}
    assert any("jku is 'https://other.example/keys'; not looked at" in finding.text for finding in findings)


# ------------------------------------------------------------------ what to do
def remedies(compact: str, key_sets: KeySets | None = None, **changed: Any) -> dict[Reason, str]:
    return {finding.reason: finding.remedy for finding in examined(compact, key_sets, **changed) if not finding.ok}


WRITTEN = {
    "another algorithm": (token(signing_key("2026-03", "RS256")), {"keys": [signing_key("2026-03", "RS256").jwk]}),
    "a key address": (token(header={"jku": 'https://other.example/k?a="b"'}), {"jku": JWKS_URL}),
    "one audience for all": (token(aud="https://cds.example/\u00fc"), {}),
    "one audience in a list": (token(aud=["https://cds.example/\\"]), {}),
    "a long life": (token(exp=SECONDS + 86_400), {}),
    "a life of parts of seconds": (token(iat=SECONDS + 0.5, exp=SECONDS + 1000.9), {}),
}


@pytest.mark.parametrize(("compact", "entry"), WRITTEN.values(), ids=WRITTEN)
def test_what_the_doctor_says_to_write_mends_it(compact: str, entry: dict[str, Any]) -> None:
    ((reason, text),) = remedies(compact, **entry).items()
    line = text.partition("trusted clients: ")[2].partition("   (")[0]
    key, value = next(iter(tomllib.loads(line).items()))
    assert failures(examined(compact, **{**entry, key: value})) == {}, reason


def test_an_unknown_issuer_is_a_client_that_is_to_be_added() -> None:
    (text,) = remedies(token(iss='https://other.example/"x"')).values()
    assert '[[client]] with issuer = "https://other.example/\\"x\\""' in text
    assert "if this is an EHR of yours" in text


def test_an_unknown_key_is_one_that_is_to_be_added_or_fetched_elsewhere() -> None:
    compact = token(header={"kid": "2026-09"})
    assert '[[client.keys]] with kid = "2026-09"' in remedies(compact)[Reason.KEY_ID]
    body = json.dumps({"keys": [signing_key().jwk]}).encode()
    fetched = remedies(compact, KeySets(lambda url: body), keys=None, jwks_url=JWKS_URL)
    assert "jwks_url" in fetched[Reason.KEY_ID]


@pytest.mark.parametrize(
    ("compact", "reason"),
    [
        (token(header={"typ": "at+jwt"}), Reason.TYPE),
        (token(header={"x5u": "https://other.example"}), Reason.HEADER),
        (token(signing_key("x"), {"kid": "2026-03"}), Reason.SIGNATURE),
        (token(iat=SECONDS + 95), Reason.ISSUED),
        (token(iat=SECONDS - 300, exp=SECONDS - 60), Reason.EXPIRED),
        (token(nbf=SECONDS + 95), Reason.NOT_BEFORE),
        (token(exp=SECONDS + 86_401), Reason.LIFETIME),
        (token(exp=None), Reason.LIFETIME),
        (token(jti=None), Reason.TOKEN_ID),
        (token(aud=None), Reason.AUDIENCE),
        (token(aud=["a", "b"]), Reason.AUDIENCE),
        (token(aud="x" * 501), Reason.AUDIENCE),
        (token(aud="a\u202eb"), Reason.AUDIENCE),
        (token(iss=7), Reason.ISSUER),
    ],
)
def test_where_nothing_is_to_be_written_that_is_said(compact: str, reason: Reason) -> None:
    assert remedies(compact)[reason].startswith("nothing to write")


@pytest.mark.parametrize("name", ["iat", "exp", "nbf"])
@pytest.mark.parametrize("wrong", [SECONDS * 1000, "2026-11-22T00:00:00Z", True])
def test_a_moment_that_is_none_is_a_matter_of_how_it_is_written_and_not_of_clocks(name: str, wrong: Any) -> None:
    for reason, text in remedies(token(**{name: wrong})).items():
        assert "in seconds (not milliseconds) since 1970" in text, reason


@pytest.mark.parametrize("lifetime", [0, 86_401])
def test_a_lifetime_that_cannot_be_allowed_is_told_with_the_limit_in_force(lifetime: int) -> None:
    compact = token(iat=SECONDS, exp=SECONDS + lifetime)
    assert "at most 900 seconds" in remedies(compact)[Reason.LIFETIME]
    assert "at most 600 seconds" in remedies(compact, max_lifetime_seconds=600)[Reason.LIFETIME]


@pytest.mark.parametrize("service", ["calciphylaxis-order-sign", "no-such-service"])
@pytest.mark.parametrize("form", [str, lambda one: [one]])
def test_a_token_for_another_service_of_ours_is_no_reason_to_write_an_audience(service: str, form: Any) -> None:
    compact = token(aud=form(f"{PUBLIC_URL}/cds-services/{service}"))
    assert "another of our services" in remedies(compact)[Reason.AUDIENCE]
    clients = parse_trusted_clients(trust_file(), "clients.toml")
    found = explain(compact, clients, f"{PUBLIC_URL}/elsewhere", NOW, KeySets(nothing_is_fetched))
    (text,) = (finding.remedy for finding in found if finding.reason is Reason.AUDIENCE)
    assert text.startswith("write into the file")


def test_an_audience_that_the_ehr_does_not_write_is_taken_out_of_the_file() -> None:
    text = remedies(token(aud=ENDPOINT), audience="https://cds.example/for-all")[Reason.AUDIENCE]
    assert text.startswith("take audience out of the file of trusted clients")


def test_a_secret_shared_by_both_sides_is_never_something_to_allow() -> None:
    forged = f"{part({'alg': 'HS256', 'kid': '2026-03'})}.{part(claims())}.{part(b'x')}"
    assert remedies(forged)[Reason.ALGORITHM].startswith("nothing to write")


def test_an_outage_of_the_key_server_is_to_be_looked_into() -> None:
    def fail(url: str) -> bytes:
        raise KeySetUnavailable("down")

    assert "check jwks_url" in remedies(token(), KeySets(fail), keys=None, jwks_url=JWKS_URL)[Reason.NO_KEYS]


def test_what_was_found_right_needs_nothing() -> None:
    assert {finding.remedy for finding in examined(token())} == {""}


def test_the_audience_is_shown_as_seen_and_as_expected() -> None:
    text = failures(examined(token(aud="https://cds.example/")))[Reason.AUDIENCE]
    assert "'https://cds.example/'" in text
    assert f"'{ENDPOINT}'" in text


def test_the_distance_of_the_clocks_is_shown() -> None:
    findings = examined(token(iat=SECONDS + 95))
    assert "95 s after now" in failures(findings)[Reason.ISSUED]
    assert any("2026-03-02T12:00:00Z" in finding.text and "30 s" in finding.text for finding in findings)


def test_the_fingerprints_of_our_keys_are_shown() -> None:
    fingerprint = read_key(signing_key().jwk).fingerprint
    assert fingerprint in failures(examined(token(header={"kid": "unknown"})))[Reason.KEY_ID]
    wrong = token(signing_key("attacker"), header={"kid": "2026-03"})
    assert fingerprint in failures(examined(wrong))[Reason.SIGNATURE]


def test_an_unknown_issuer_ends_the_examination_with_the_known_ones() -> None:
    findings = examined(token(iss="https://other.example"))
    assert ISSUER in failures(findings)[Reason.ISSUER]
    assert findings[-1].reason is Reason.ISSUER


def test_an_outage_of_the_key_server_is_told_and_the_claims_are_still_examined() -> None:
    def fail(url: str) -> bytes:
        raise KeySetUnavailable("down")

    found = failures(examined(token(aud="x"), KeySets(fail), keys=None, jwks_url=JWKS_URL))
    assert JWKS_URL in found[Reason.NO_KEYS]
    assert Reason.AUDIENCE in found


def test_keys_left_out_of_a_fetched_set_are_told() -> None:
    body = json.dumps({"keys": [signing_key().jwk, {"kty": "EC", "kid": "half"}]}).encode()
    findings = examined(token(), KeySets(lambda url: body), keys=None, jwks_url=JWKS_URL)
    assert failures(findings) == {}
    assert any("left out of the key set: key 2" in finding.text for finding in findings)


@pytest.mark.parametrize(
    ("compact", "reason"), [("", Reason.NOT_A_JWT), ("a.b", Reason.NOT_A_JWT), ("x" * 9000, Reason.TOO_LONG)]
)
def test_what_is_no_token_is_told_as_that(compact: str, reason: Reason) -> None:
    assert list(failures(examined(compact))) == [reason]


def test_neither_signature_nor_id_nor_subject_is_shown() -> None:
    compact = token(jti="call-secret", sub="Mrs Example")
    shown = "\n".join(finding.text for finding in examined(compact))
    assert compact.split(".")[2] not in shown
    assert "call-secret" not in shown
    assert "Mrs Example" not in shown


def test_a_token_cannot_write_to_the_terminal() -> None:
    findings = examined(token(header={"jku": "\x1b[31m", "kid": "\x9b"}, aud="\x1b[31m\u202e"), jku=JWKS_URL)
    shown = "\n".join(finding.text + finding.remedy for finding in findings)
    assert "\x1b" not in shown
    assert "\x9b" not in shown
    assert "\u202e" not in shown


json_values = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=5)


@settings(deadline=None)
@given(st.sampled_from(["alg", "typ", "kid", "jku", "aud", "iat", "exp", "nbf", "jti", "crit"]), json_values)
def test_any_value_in_any_place_is_explained(name: str, value: Any) -> None:
    header = {"alg": "ES384", "kid": "2026-03", "typ": "JWT", name: value}
    forged = f"{part(header)}.{part(claims() | {name: value})}.{part(b'none')}"
    assert failures(examined(forged))


@settings(deadline=None)
@given(st.text())
def test_any_text_is_explained(text: str) -> None:
    assert failures(examined(text))
