"""A caller is served when its token is in order in every respect, and for no other reason."""

import hmac
import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from jwt.api_jws import encode

from cds_service.access.bearer_token import MAX_CHARACTERS, Reason, Refused
from cds_service.access.client_auth import LEEWAY_SECONDS, ClientAuthentication
from cds_service.access.key_sets import Fetch, KeySets, KeySetUnavailable
from cds_service.access.token_checks import quoted
from cds_service.access.token_log import TokenLog
from cds_service.access.trusted_clients import parse_trusted_clients
from cds_service.storage import Database
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

LEEWAY = int(LEEWAY_SECONDS)
ENDPOINT = f"{PUBLIC_URL}{PATH}"
Gate = Callable[..., ClientAuthentication]


@pytest.fixture
def gate() -> Iterator[Gate]:
    """Authentication that trusts one client, whose entry can be changed."""
    databases: list[Database] = []

    def make(
        file: str | None = None, fetch: Fetch = nothing_is_fetched, public_url: str = PUBLIC_URL, **changed: Any
    ) -> ClientAuthentication:
        databases.append(Database("sqlite://"))
        clients = parse_trusted_clients(file or trust_file(**changed), "clients.toml")
        return ClientAuthentication(clients, TokenLog(databases[-1]), public_url, lambda: NOW, KeySets(fetch))

    yield make
    for database in databases:
        database.close()


@pytest.fixture
def check(gate: Gate) -> Callable[[str | None], str]:
    """Present an Authorization header; the answer is the tenant, or why it was refused."""
    authentication = gate()
    return lambda authorization: outcome(authentication, authorization)


def outcome(authentication: ClientAuthentication, authorization: str | None, path: str = PATH) -> str:
    try:
        return authentication.check(authorization, path).tenant
    except Refused as refusal:
        return refusal.reason


Check = Callable[[str | None], str]


def test_a_good_token_names_its_client(check: Check) -> None:
    assert check(bearer(token())) == "north"


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
def test_the_scheme_may_be_in_any_case(check: Check, scheme: str) -> None:
    assert check(f"{scheme} {token()}") == "north"


@pytest.mark.parametrize(
    ("authorization", "reason"),
    [
        (None, Reason.NO_TOKEN),
        ("", Reason.NO_TOKEN),
        ("Basic dXNlcjpwYXNz", Reason.NOT_BEARER),
        (f"Bearer{token()}", Reason.NOT_BEARER),
        (token(), Reason.NOT_BEARER),
        ("Bearer", Reason.NOT_A_JWT),
        ("Bearer ", Reason.NOT_A_JWT),
        ("Bearer abc", Reason.NOT_A_JWT),
        ("Bearer a.b.c", Reason.NOT_A_JWT),
        (f"Bearer {token()},Bearer {token()}", Reason.NOT_A_JWT),
        (f"Bearer {token()}.{part({})}", Reason.NOT_A_JWT),
        (f"Bearer {token()}=", Reason.NOT_A_JWT),
        (f"Bearer {token()}\n", Reason.NOT_A_JWT),
        (f"Bearer {part([])}.{part({})}.{part(b'x')}", Reason.NOT_A_JWT),
        (f"Bearer {part({})}.{part(b'null')}.{part(b'x')}", Reason.NOT_A_JWT),
        (f"Bearer {part(b'{')}.{part({})}.{part(b'x')}", Reason.NOT_A_JWT),
        (f"Bearer {part(bytes([255]))}.{part({})}.{part(b'x')}", Reason.NOT_A_JWT),
        (f"Bearer {part(b'[' * 5000)}.{part({})}.{part(b'x')}", Reason.NOT_A_JWT),
    ],
)
def test_what_is_no_bearer_token_is_refused(check: Check, authorization: str | None, reason: Reason) -> None:
    assert check(authorization) == reason


@settings(deadline=None)
@given(
    st.text() | st.text().map(bearer) | st.lists(st.binary(), min_size=3, max_size=3).map(lambda p: bearer(joined(p)))
)
def test_any_garbage_is_refused_and_nothing_worse(authorization: str) -> None:
    authentication = trusting_nobody_else()
    assert outcome(authentication, authorization) in set(Reason)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner), max_leaves=5
)


@settings(deadline=None)
@given(st.sampled_from(["alg", "typ", "kid", "jku", "aud", "iat", "exp", "nbf", "jti", "iss", "crit"]), json_values)
def test_any_value_in_any_place_is_refused_and_nothing_worse(name: str, value: Any) -> None:
    header = {"alg": "ES384", "kid": "2026-03", "typ": "JWT", name: value}
    body = claims() | {name: value}
    forged = f"{part(header)}.{part(body)}.{part(b'no signature')}"
    assert outcome(trusting_nobody_else(), bearer(forged)) in set(Reason)


def joined(parts: list[bytes]) -> str:
    return ".".join(part(one) for one in parts)


@cache
def trusting_nobody_else() -> ClientAuthentication:
    # The database of this one is never reached: a refused token does not get there.
    clients = parse_trusted_clients(trust_file(), "clients.toml")
    log = TokenLog(Database("postgresql+psycopg://nowhere.invalid/none"))
    return ClientAuthentication(clients, log, PUBLIC_URL, lambda: NOW, KeySets(nothing_is_fetched))


@pytest.mark.parametrize("name", ["aud", "sub"])
@pytest.mark.parametrize("depth", [10, 900, 950, 980, 1000, 2000])
def test_deep_nesting_is_refused_and_nothing_worse(check: Check, name: str, depth: int) -> None:
    nested = json.dumps(claims(**{name: 1})).replace(f'"{name}": 1', f'"{name}": {"[" * depth}{"]" * depth}')
    forged = f"{part({'alg': 'ES384', 'kid': '2026-03'})}.{part(nested.encode())}.{part(b'x')}"
    assert check(bearer(forged)) in set(Reason)


def test_a_value_too_deep_to_be_written_down_is_named_as_that() -> None:
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    assert quoted(nested) == "nested too deeply"


def test_a_name_that_stands_twice_is_refused(check: Check) -> None:
    twice = json.dumps(claims()).replace("{", '{"iss": "https://other.example", ', 1).encode()
    forged = f"{part({'alg': 'ES384', 'kid': '2026-03'})}.{part(twice)}.{part(b'x')}"
    assert check(bearer(forged)) == Reason.NOT_A_JWT


def test_the_length_of_a_token_is_limited(check: Check) -> None:
    room = MAX_CHARACTERS - len(token(extra=""))
    fits = token(extra="x" * (room * 3 // 4 - 4))
    assert MAX_CHARACTERS - 10 < len(fits) <= MAX_CHARACTERS
    assert check(bearer(fits)) == "north"
    assert check(bearer(fits + "x" * (MAX_CHARACTERS + 1 - len(fits)))) == Reason.TOO_LONG


class TestIssuer:
    @pytest.mark.parametrize("issuer", [None, "https://other.example", f"{ISSUER}/", ISSUER.upper(), "", [ISSUER], 1])
    def test_another_issuer_is_refused(self, check: Check, issuer: Any) -> None:
        assert check(bearer(token(iss=issuer))) == Reason.ISSUER

    def test_one_client_cannot_speak_for_another_with_its_own_key(self, gate: Gate) -> None:
        foreign = signing_key("theirs")
        authentication = gate(trust_file() + trust_file(tenant="south", issuer="urn:south", keys=[foreign.jwk]))
        assert outcome(authentication, bearer(token(foreign, iss="urn:south"))) == "south"
        assert outcome(authentication, bearer(token(foreign))) == Reason.KEY_ID
        assert outcome(authentication, bearer(token(foreign, header={"kid": "2026-03"}))) == Reason.SIGNATURE


class TestAlgorithm:
    @pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", ""])
    def test_an_unsigned_token_is_refused(self, check: Check, name: str) -> None:
        head = f"{part({'alg': name, 'kid': '2026-03'})}.{part(claims())}"
        assert check(bearer(f"{head}.")) == Reason.NOT_A_JWT
        assert check(bearer(f"{head}.{part(b'x')}")) == Reason.ALGORITHM

    @pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
    def test_the_public_key_is_no_shared_secret(self, check: Check, algorithm: str) -> None:
        public = signing_key().private.public_key()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        head = f"{part({'alg': algorithm, 'kid': '2026-03', 'typ': 'JWT'})}.{part(claims())}"
        signature = hmac.digest(pem, head.encode(), f"sha{algorithm[2:]}")
        assert check(bearer(f"{head}.{part(signature)}")) == Reason.ALGORITHM

    @pytest.mark.parametrize("algorithm", ["ES384", "RS384"])
    def test_the_two_recommended_algorithms_are_accepted_unasked(self, gate: Gate, algorithm: str) -> None:
        key = signing_key("k", algorithm)
        assert outcome(gate(keys=[key.jwk]), bearer(token(key))) == "north"

    @pytest.mark.parametrize("algorithm", ["ES256", "ES512", "RS256", "RS512", "PS256", "PS384", "PS512", "EdDSA"])
    def test_the_others_are_accepted_only_where_they_are_named(self, gate: Gate, algorithm: str) -> None:
        key = signing_key("k", algorithm)
        assert outcome(gate(keys=[key.jwk]), bearer(token(key))) == Reason.ALGORITHM
        assert outcome(gate(keys=[key.jwk], algorithms=[algorithm]), bearer(token(key))) == "north"

    def test_naming_one_algorithm_excludes_the_recommended_ones(self, gate: Gate) -> None:
        assert outcome(gate(algorithms=["RS384"]), bearer(token())) == Reason.ALGORITHM

    @pytest.mark.parametrize("algorithm", [None, 384, ["ES384"], "es384", "ES384 "])
    def test_a_header_without_a_known_algorithm_is_refused(self, check: Check, algorithm: Any) -> None:
        forged = f"{part({'alg': algorithm, 'kid': '2026-03'})}.{part(claims())}.{part(b'x')}"
        assert check(bearer(forged)) == Reason.ALGORITHM

    def test_a_key_made_for_one_algorithm_serves_no_other(self, gate: Gate) -> None:
        key = signing_key("k", "RS384")
        authentication = gate(keys=[{**key.jwk, "alg": "PS384"}], algorithms=["RS384", "PS384"])
        assert outcome(authentication, bearer(token(key))) == Reason.KEY_ID


class TestHeader:
    @pytest.mark.parametrize("kind", ["JWT", "jwt", None])
    def test_the_type_is_jwt_or_left_out(self, check: Check, kind: str | None) -> None:
        assert check(bearer(token(header={"typ": kind}))) == "north"

    @pytest.mark.parametrize("kind", ["at+jwt", "logout+jwt", "JOSE"])
    def test_a_token_made_for_something_else_is_refused(self, check: Check, kind: str) -> None:
        assert check(bearer(token(header={"typ": kind}))) == Reason.TYPE

    @pytest.mark.parametrize(
        "extra",
        [
            {"jwk": signing_key("attacker").jwk},
            {"x5c": ["MIIB"]},
            {"x5u": "https://attacker.example/cert"},
            {"crit": ["exp"]},
            {"crit": []},
            {"b64": True},
        ],
    )
    def test_a_token_that_brings_its_key_or_extensions_along_is_refused(
        self, check: Check, extra: dict[str, Any]
    ) -> None:
        rest = token().partition(".")[2]
        forged = f"{part({'alg': 'ES384', 'kid': '2026-03', 'typ': 'JWT', **extra})}.{rest}"
        assert check(bearer(forged)) == Reason.HEADER

    def test_an_embedded_key_does_not_verify_its_own_token(self, check: Check) -> None:
        attacker = signing_key("attacker")
        assert check(bearer(token(attacker, header={"kid": "2026-03", "jwk": attacker.jwk}))) == Reason.HEADER

    @pytest.mark.parametrize("jku", ["https://attacker.example/jwks.json", f"{JWKS_URL}/", JWKS_URL.upper(), "", 1, []])
    def test_a_foreign_key_address_is_refused_and_never_contacted(self, gate: Gate, jku: Any) -> None:
        authentication = gate(keys=None, jwks_url=JWKS_URL)
        attacker = signing_key("attacker")
        assert outcome(authentication, bearer(token(attacker, header={"jku": jku}))) == Reason.KEY_ADDRESS

    @pytest.mark.parametrize("jku", ["https://attacker.example/jwks.json", JWKS_URL, "", 1, [], "file:///etc/passwd"])
    def test_a_key_address_is_not_looked_at_where_keys_stand_in_place(self, check: Check, jku: Any) -> None:
        assert check(bearer(token(header={"jku": jku}))) == "north"
        attacker = signing_key("attacker")
        assert check(bearer(token(attacker, header={"jku": jku, "kid": "2026-03"}))) == Reason.SIGNATURE

    def test_an_empty_key_address_is_a_foreign_one(self, gate: Gate) -> None:
        head = part({"alg": "ES384", "kid": "2026-03", "jku": None})
        authentication = gate(keys=None, jwks_url=JWKS_URL)
        assert outcome(authentication, bearer(f"{head}.{part(claims())}.{part(b'x')}")) == Reason.KEY_ADDRESS

    def test_a_key_address_can_be_registered_beside_keys_in_place(self, gate: Gate) -> None:
        assert outcome(gate(jku=JWKS_URL), bearer(token(header={"jku": JWKS_URL}))) == "north"
        assert outcome(gate(jku=JWKS_URL), bearer(token(header={"jku": f"{JWKS_URL}x"}))) == Reason.KEY_ADDRESS

    def test_the_registered_key_address_is_accepted(self, gate: Gate) -> None:
        body = json.dumps({"keys": [signing_key().jwk]}).encode()
        asked: list[str] = []

        def fetch(url: str) -> bytes:
            asked.append(url)
            return body

        authentication = gate(fetch=fetch, keys=None, jwks_url=JWKS_URL)
        assert outcome(authentication, bearer(token(header={"jku": JWKS_URL}))) == "north"
        assert asked == [JWKS_URL]


class TestSignature:
    def test_another_key_under_the_same_id_is_refused(self, check: Check) -> None:
        assert check(bearer(token(signing_key("attacker"), header={"kid": "2026-03"}))) == Reason.SIGNATURE

    @pytest.mark.parametrize("kid", ["attacker", "", "2026-03 "])
    def test_an_unknown_key_id_is_refused(self, check: Check, kid: str) -> None:
        assert check(bearer(token(header={"kid": kid}))) == Reason.KEY_ID

    @pytest.mark.parametrize("header", [{"alg": "ES384"}, {"alg": "ES384", "kid": 1}, {"alg": "ES384", "kid": None}])
    def test_a_token_without_a_key_id_is_refused(self, check: Check, header: dict[str, Any]) -> None:
        _, payload, signature = token().split(".")
        assert check(bearer(f"{part(header)}.{payload}.{signature}")) == Reason.KEY_ID

    def test_an_altered_payload_is_refused(self, check: Check) -> None:
        head, _, signature = token().split(".")
        assert check(bearer(f"{head}.{part(claims(exp=SECONDS + 301))}.{signature}")) == Reason.SIGNATURE

    def test_an_altered_header_is_refused(self, check: Check) -> None:
        _, payload, signature = token().split(".")
        head = part({"alg": "ES384", "kid": "2026-03", "typ": "JWT", "extra": 1})
        assert check(bearer(f"{head}.{payload}.{signature}")) == Reason.SIGNATURE

    @settings(deadline=None)
    @given(st.binary(min_size=1, max_size=200))
    def test_a_made_up_signature_is_refused(self, signature: bytes) -> None:
        head, payload, _ = token().split(".")
        refused = outcome(trusting_nobody_else(), bearer(f"{head}.{payload}.{part(signature)}"))
        assert refused == Reason.SIGNATURE

    def test_without_any_keys_nobody_is_let_in(self, gate: Gate) -> None:
        def fail(url: str) -> bytes:
            raise KeySetUnavailable("down")

        assert outcome(gate(fetch=fail, keys=None, jwks_url=JWKS_URL), bearer(token())) == Reason.NO_KEYS


class TestAudience:
    @pytest.mark.parametrize("audience", [ENDPOINT, [ENDPOINT], ["https://other.example", ENDPOINT]])
    def test_the_endpoint_is_meant_alone_or_in_an_array(self, check: Check, audience: Any) -> None:
        assert check(bearer(token(aud=audience))) == "north"

    @pytest.mark.parametrize(
        "audience",
        [
            None,
            "",
            [],
            {},
            1,
            {ENDPOINT: True},
            [[ENDPOINT]],
            PUBLIC_URL,
            f"{PUBLIC_URL}/cds-services",
            f"{PUBLIC_URL}/cds-services/calciphylaxis-order-sign",
            f"{ENDPOINT}/",
            f"{ENDPOINT}/feedback",
            f"{ENDPOINT}?x=1",
            ENDPOINT.replace("https", "http"),
            ENDPOINT.replace("cds.example", "cds.example:443"),
            ENDPOINT.replace("cds.example", "attacker.example"),
            ENDPOINT.upper(),
            PATH,
        ],
    )
    def test_any_other_audience_is_refused(self, check: Check, audience: Any) -> None:
        assert check(bearer(token(aud=audience))) == Reason.AUDIENCE

    def test_each_endpoint_wants_its_own_token(self, gate: Gate) -> None:
        authentication = gate()
        assert outcome(authentication, bearer(token()), f"{PATH}/feedback") == Reason.AUDIENCE
        feedback = token(aud=f"{ENDPOINT}/feedback")
        assert outcome(authentication, bearer(feedback), f"{PATH}/feedback") == "north"

    def test_an_audience_agreed_with_the_client_replaces_the_endpoint(self, gate: Gate) -> None:
        authentication = gate(audience="calciphylaxis")
        assert outcome(authentication, bearer(token())) == Reason.AUDIENCE
        assert outcome(authentication, bearer(token(aud="calciphylaxis"))) == "north"

    def test_a_slash_at_the_end_of_our_own_address_changes_nothing(self, gate: Gate) -> None:
        assert outcome(gate(public_url=f"{PUBLIC_URL}/"), bearer(token())) == "north"


NO_MOMENTS: list[Any] = [None, "1772452800", True, [SECONDS], {}, -1, 1e300, 10**30]


class TestTimes:
    def test_a_token_is_good_until_the_leeway_after_its_end_is_over(self, check: Check) -> None:
        assert check(bearer(token(iat=SECONDS - 300, exp=SECONDS - LEEWAY + 1))) == "north"
        assert check(bearer(token(iat=SECONDS - 300, exp=SECONDS - LEEWAY))) == Reason.EXPIRED

    def test_a_token_may_come_from_the_future_by_the_leeway(self, check: Check) -> None:
        assert check(bearer(token(iat=SECONDS + LEEWAY))) == "north"
        assert check(bearer(token(iat=SECONDS + LEEWAY + 1))) == Reason.ISSUED

    def test_a_token_may_begin_later_than_now_by_the_leeway(self, check: Check) -> None:
        assert check(bearer(token(nbf=SECONDS + LEEWAY))) == "north"
        assert check(bearer(token(nbf=SECONDS + LEEWAY + 1))) == Reason.NOT_BEFORE

    def test_a_token_may_begin_five_minutes_before_it_was_issued(self, check: Check) -> None:
        assert check(bearer(token(nbf=SECONDS - 300))) == "north"

    def test_fractions_of_seconds_are_moments_too(self, check: Check) -> None:
        assert check(bearer(token(iat=SECONDS + 0.5, exp=SECONDS + 60.25, nbf=SECONDS - 0.5))) == "north"

    @pytest.mark.parametrize("moment", NO_MOMENTS)
    def test_an_end_that_is_no_moment_is_refused(self, check: Check, moment: Any) -> None:
        assert check(bearer(token(exp=moment))) == Reason.EXPIRED

    @pytest.mark.parametrize("moment", NO_MOMENTS)
    def test_an_issue_time_that_is_no_moment_is_refused(self, check: Check, moment: Any) -> None:
        assert check(bearer(token(iat=moment))) == Reason.ISSUED

    @pytest.mark.parametrize("moment", [one for one in NO_MOMENTS if one is not None])
    def test_a_beginning_that_is_no_moment_is_refused(self, check: Check, moment: Any) -> None:
        assert check(bearer(token(nbf=moment))) == Reason.NOT_BEFORE

    @pytest.mark.parametrize("moment", [b"NaN", b"Infinity", b"-Infinity", b"1e999"])
    def test_what_is_no_number_in_json_is_no_moment(self, check: Check, moment: bytes) -> None:
        key = signing_key()
        payload = json.dumps(claims()).encode().replace(str(SECONDS + 300).encode(), moment)
        assert check(bearer(encode(payload, key.private, "ES384", headers={"kid": key.kid}))) == Reason.EXPIRED

    def test_the_lifetime_is_limited_to_fifteen_minutes(self, check: Check) -> None:
        assert check(bearer(token(exp=SECONDS + 900))) == "north"
        assert check(bearer(token(exp=SECONDS + 901))) == Reason.LIFETIME

    def test_a_client_can_have_another_limit(self, gate: Gate) -> None:
        authentication = gate(max_lifetime_seconds=60)
        assert outcome(authentication, bearer(token(exp=SECONDS + 60))) == "north"
        assert outcome(authentication, bearer(token(exp=SECONDS + 61))) == Reason.LIFETIME

    def test_a_token_that_ends_before_it_begins_is_refused(self, check: Check) -> None:
        assert check(bearer(token(iat=SECONDS + 10, exp=SECONDS + 11))) == "north"
        assert check(bearer(token(iat=SECONDS + 10, exp=SECONDS + 10))) == Reason.LIFETIME

    def test_an_old_token_is_refused_however_late_it_ends(self, check: Check) -> None:
        day = int(timedelta(days=1).total_seconds())
        assert check(bearer(token(iat=SECONDS - day, exp=SECONDS + 300))) == Reason.LIFETIME


@pytest.mark.parametrize("jti", [None, "", 1, True, ["call-1"], {}])
def test_a_token_without_an_id_is_refused(check: Check, jti: Any) -> None:
    assert check(bearer(token(jti=jti))) == Reason.TOKEN_ID


def test_a_refusal_says_nothing_of_the_token() -> None:
    with pytest.raises(Refused) as refusal:
        trusting_nobody_else().check(bearer(token(signing_key("attacker"), sub="Mrs Example")), PATH)
    assert str(refusal.value) == "unknown-kid"


def test_a_worker_that_begins_has_the_keys_of_each_client_fetched(gate: Gate) -> None:
    fetched = threading.Event()

    def fetch(url: str) -> bytes:
        assert url == JWKS_URL
        fetched.set()
        return json.dumps({"keys": [signing_key().jwk]}).encode()

    gate(fetch=fetch, keys=None, jwks_url=JWKS_URL).begin()
    assert fetched.wait(10)
