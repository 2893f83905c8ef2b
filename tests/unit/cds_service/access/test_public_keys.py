"""Only a sound public key for signatures is a key to us; whatever else stands in a key set is no trouble."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from jwt.algorithms import RSAAlgorithm

from cds_service.access.public_keys import ALGORITHMS, KeyProblem, read_key, read_keys
from tests.unit.cds_service.cds_client import signing_key, token

# The example of RFC 7638 section 3.1 and its thumbprint.
RFC_7638_KEY = {
    "kty": "RSA",
    "n": (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3okn"
        "jhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvR"
        "L5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    ),
    "e": "AQAB",
    "alg": "RS256",
    "kid": "2011-04-29",
}


def problem(jwk: Any) -> str:
    with pytest.raises(KeyProblem) as error:
        read_key(jwk)
    return str(error.value)


def rsa_jwk(bits: int) -> dict[str, Any]:
    public = rsa.generate_private_key(public_exponent=65537, key_size=bits).public_key()
    return {**RSAAlgorithm.to_jwk(public, as_dict=True), "kid": "k"}


def test_the_fingerprint_is_the_thumbprint_of_rfc_7638() -> None:
    assert read_key(RFC_7638_KEY).fingerprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_neither_none_nor_hmac_is_an_algorithm() -> None:
    assert not [name for name in ALGORITHMS if name.lower() == "none" or name.startswith("HS")]


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_a_key_verifies_what_its_private_half_signed(algorithm: str) -> None:
    pair = signing_key("k", algorithm)
    key = read_key(pair.jwk)
    assert key.verifies(token(pair), algorithm)
    assert not key.verifies(token(signing_key("other", algorithm)), algorithm)


@pytest.mark.parametrize("algorithm", sorted({*ALGORITHMS, "none", "HS256"} - {"ES384"}))
def test_a_key_verifies_nothing_by_an_algorithm_that_does_not_fit(algorithm: str) -> None:
    assert not read_key(signing_key().jwk).verifies(token(), algorithm)


def test_the_algorithm_of_the_token_counts_only_when_it_is_the_one_asked_for() -> None:
    pair = signing_key("k", "RS384")
    assert not read_key(pair.jwk).verifies(token(pair), "PS384")


@pytest.mark.parametrize("bits", [1024, 2047])
def test_a_short_rsa_key_is_refused(bits: int) -> None:
    assert "2048 to 8192 bits" in problem(rsa_jwk(bits))


def test_an_rsa_key_of_2048_bits_is_accepted() -> None:
    assert read_key(rsa_jwk(2048)).kid == "k"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"d": "AAAA"}, "private"),
        ({"k": "AAAA"}, "private"),
        ({"kty": "oct"}, "`kty`"),
        ({"kty": None}, "`kty`"),
        ({"kty": ["EC"]}, "`kty`"),
        ({"kid": None}, "`kid`"),
        ({"kid": ""}, "`kid`"),
        ({"kid": 1}, "`kid`"),
        ({"crv": "secp256k1"}, "`crv`"),
        ({"crv": "P-256"}, "not valid"),
        ({"crv": 384}, "as text"),
        ({"x": None}, "as text"),
        ({"x": "!!!"}, "not valid"),
        ({"x": "AAAA"}, "not valid"),
        ({"x": "A" * 64, "y": "A" * 64}, "not valid"),
        ({"use": "enc"}, "`use`"),
        ({"key_ops": ["sign"]}, "`key_ops`"),
        ({"key_ops": "verify"}, "`key_ops`"),
        ({"alg": "HS256"}, "`alg`"),
        ({"alg": "none"}, "`alg`"),
        ({"alg": "ES256"}, "`alg`"),
        ({"alg": ["ES384"]}, "`alg`"),
    ],
)
def test_a_key_that_is_not_for_verifying_is_refused(changed: dict[str, Any], expected: str) -> None:
    assert expected in problem(signing_key().jwk | changed)


@pytest.mark.parametrize("changed", [{"use": "sig"}, {"key_ops": ["verify"]}, {"alg": "ES384"}, {"x5t": "abc"}])
def test_what_else_a_key_says_of_itself_is_no_hindrance(changed: dict[str, Any]) -> None:
    assert read_key(signing_key().jwk | changed).kid == "2026-03"


members = st.sampled_from(["kty", "kid", "crv", "x", "y", "n", "e", "alg", "use", "key_ops", "d"])
values = (
    st.none()
    | st.integers()
    | st.text(max_size=20)
    | st.sampled_from(["RSA", "EC", "OKP", "P-384", "Ed25519", "AQAB"])
    | st.lists(st.text(max_size=5), max_size=2)
)


@settings(deadline=None)
@given(st.dictionaries(members, values) | values)
def test_any_json_is_a_key_or_a_known_problem(jwk: Any) -> None:
    found = read_keys([jwk, signing_key().jwk])
    assert found.keys[-1].kid == "2026-03"
    assert len(found.keys) + len(found.unusable) == 2


@settings(deadline=None)
@given(members, values)
def test_any_change_to_a_good_key_is_a_key_or_a_known_problem(member: str, value: Any) -> None:
    for algorithm in ("ES384", "RS384", "EdDSA"):
        found = read_keys([signing_key("k", algorithm).jwk | {member: value}])
        assert len(found.keys) + len(found.unusable) == 1
