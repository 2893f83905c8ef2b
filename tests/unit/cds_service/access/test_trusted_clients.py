"""The file of trusted clients is understood wholly or refused wholly, with every problem named."""

import json
from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.access import trusted_clients
from cds_service.access.public_keys import ALGORITHMS
from cds_service.access.trusted_clients import (
    TrustedClient,
    TrustedClientsError,
    load_trusted_clients,
    parse_trusted_clients,
)
from tests.unit.cds_service.cds_client import ISSUER, JWKS_URL, signing_key, trust_file


def only(**changed: Any) -> TrustedClient:
    (client,) = parse_trusted_clients(trust_file(**changed), "clients.toml")
    return client


def problems(**changed: Any) -> str:
    with pytest.raises(TrustedClientsError) as error:
        only(**changed)
    return str(error.value)


def test_the_example_in_the_documentation_is_understood() -> None:
    lines = str(trusted_clients.__doc__).splitlines()
    example = "\n".join(line.strip().removeprefix("#").strip() for line in lines if line.strip().startswith("#"))
    public = signing_key().jwk
    for member in ("x", "y"):
        example = example.replace(f'{member} = "…"', f'{member} = "{public[member]}"')
    north, south = parse_trusted_clients(example, "clients.toml")
    assert north.tenant == "northern-dialysis"
    assert south.keys is not None
    assert [key.kid for key in south.keys.keys] == ["2026-01"]


def test_what_is_left_out_has_its_default() -> None:
    client = only()
    assert client.algorithms == {"ES384", "RS384"}
    assert client.max_lifetime_seconds == 900
    assert client.audience is None
    assert client.fhir_servers == ()


def test_the_key_address_is_what_tokens_may_name_unless_another_is_given() -> None:
    assert only(keys=None, jwks_url=JWKS_URL).jku == JWKS_URL
    assert only(keys=None, jwks_url="https://mirror.example/jwks.json", jku=JWKS_URL).jku == JWKS_URL
    assert only().jku is None


def test_a_file_is_read_from_its_path(tmp_path: Path) -> None:
    path = tmp_path / "clients.toml"
    path.write_text(trust_file())
    client = load_trusted_clients(path).with_issuer(ISSUER)
    assert client is not None
    assert client.tenant == "north"


@pytest.mark.parametrize(
    "content", [None, b"\xff\xfe", b"[[client", b"", b"client = 1", b"client = []", b"client = [1]"]
)
def test_a_file_that_cannot_be_understood_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "clients.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TrustedClientsError, match=r"clients\.toml: "):
        load_trusted_clients(path)


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "clients.toml"
    path.write_bytes(b"\xef\xbb\xbf" + trust_file().encode())
    assert load_trusted_clients(path).with_issuer(ISSUER) is not None


def test_a_file_that_is_not_utf_8_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "clients.toml"
    path.write_bytes(b"# Clients\n# M\xfcnchen\n" + trust_file().encode())
    with pytest.raises(TrustedClientsError, match=r"clients\.toml: line 2: is not UTF-8: save the file as UTF-8$"):
        load_trusted_clients(path)


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "HS384", "HS512", "ES256K", "es384", "", 384])
def test_only_asymmetric_algorithms_can_be_allowed(algorithm: Any) -> None:
    assert "client 1 (north): algorithms[2]: only asymmetric algorithms may be allowed" in problems(
        algorithms=["ES384", algorithm]
    )


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"tenant": None}, "client 1: tenant: is missing"),
        ({"tenant": ""}, "tenant: expected"),
        ({"tenant": "a b"}, "tenant: expected"),
        ({"tenant": "x" * 65}, "tenant: expected"),
        ({"issuer": None}, "issuer: is missing"),
        ({"issuer": ""}, "issuer: expected"),
        ({"issuer": " urn:a"}, "issuer: expected"),
        ({"issuer": "x" * 501}, "issuer: expected"),
        ({"issuer": "urn:a\u200bb"}, "issuer: expected"),
        ({"audience": "urn:a\tb"}, "audience: expected"),
        ({"issuer": ["urn:a"]}, "issuer: expected"),
        ({"keys": None}, "jwks_url, keys: exactly one"),
        ({"jwks_url": JWKS_URL}, "jwks_url, keys: exactly one"),
        ({"keys": None, "jwks_url": "http://ehr.example/jwks"}, "jwks_url: expected https"),
        ({"keys": None, "jwks_url": "http://localhost.attacker.example/jwks"}, "jwks_url: expected https"),
        ({"keys": None, "jwks_url": "http://127.0.0.1.attacker.example/jwks"}, "jwks_url: expected https"),
        ({"keys": None, "jwks_url": "https://user:secret@ehr.example/jwks"}, "jwks_url: expected a plain https URL"),
        ({"keys": None, "jwks_url": "file:///etc/passwd"}, "jwks_url: expected a plain https URL"),
        ({"keys": None, "jwks_url": 1}, "jwks_url: expected a plain https URL"),
        ({"keys": []}, "keys: expected"),
        ({"keys": "none"}, "keys: expected"),
        ({"keys": [{"kty": "oct", "kid": "a", "k": "AAAA"}]}, "keys[1]: holds a private or symmetric key"),
        ({"keys": [signing_key().jwk, {"kty": "EC"}]}, "keys[2]: has no `kid`"),
        ({"keys": [signing_key().jwk, signing_key().jwk]}, "keys: the same `kid` twice"),
        ({"audience": ""}, "audience: expected"),
        ({"algorithms": []}, "algorithms: expected"),
        ({"algorithms": "ES384"}, "algorithms: expected"),
        ({"fhir_servers": "https://ehr.example/fhir"}, "fhir_servers: expected"),
        ({"fhir_servers": ["https://ehr.example/fhir", "ehr.example"]}, "fhir_servers[2]: expected"),
        ({"max_lifetime_seconds": 59}, "max_lifetime_seconds: expected"),
        ({"max_lifetime_seconds": 86_401}, "max_lifetime_seconds: expected"),
        ({"max_lifetime_seconds": 900.5}, "max_lifetime_seconds: expected"),
        ({"max_lifetime_seconds": True}, "max_lifetime_seconds: expected"),
        ({"fhir_batch": "yes"}, "fhir_batch: must be true or false"),
        ({"fhir_batch": 1}, "fhir_batch: must be true or false"),
        ({"isuer": "urn:a"}, "isuer: there is no such key; did you mean issuer?"),
        ({"secret": "x"}, "secret: there is no such key"),
    ],
)
def test_a_fault_is_named_with_file_client_and_key(changed: dict[str, Any], expected: str) -> None:
    text = problems(**changed)
    assert text.startswith("clients.toml: ")
    assert "client 1" in text
    assert expected in text


def test_all_faults_are_named_at_once() -> None:
    file = trust_file(max_lifetime_seconds=1, audience="") + trust_file(tenant="south", algorithms=["none"])
    with pytest.raises(TrustedClientsError) as error:
        parse_trusted_clients(file + "[other]\n", "clients.toml")
    text = str(error.value)
    for expected in (
        "[other]: only [[client]] tables",
        "client 1 (north): max_lifetime_seconds",
        "client 1 (north): audience",
        "client 2 (south): algorithms",
        "client 2 (south): issuer: the same as that of client 1",
    ):
        assert expected in text


def test_schema_and_type_name_the_same_keys_and_algorithms() -> None:
    schema = json.loads(files("cds_service.schemas").joinpath("clients.json").read_text("utf-8"))
    keys = schema["$defs"]["client"]["properties"]
    assert set(keys) == {field.name for field in fields(TrustedClient)}
    allowed = keys["algorithms"]["items"]
    assert allowed["enum"] == sorted(ALGORITHMS)
    assert allowed["errorMessage"].endswith(", ".join(sorted(ALGORITHMS)))


def test_a_slip_of_the_syntax_is_told_with_file_line_and_column() -> None:
    with pytest.raises(TrustedClientsError, match=r"^clients\.toml: line 2, column 10: not valid TOML: "):
        parse_trusted_clients("[[client]]\ntenant = north\n", "clients.toml")


def test_a_table_among_things_that_are_none_keeps_its_number() -> None:
    with pytest.raises(TrustedClientsError) as error:
        parse_trusted_clients('client = [1, { tenant = "north", issuer = " urn:a" }]', "clients.toml")
    assert str(error.value).splitlines()[1:] == [
        "  client[1]: must be a table",
        "  client 2 (north): jwks_url, keys: exactly one of the two was expected",
        "  client 2 (north): issuer: expected text of 1 to 500 characters, without blanks around it",
    ]


@pytest.mark.parametrize(
    "changed",
    [
        {"smart_client_secret_env": "tell-nobody 1"},
        {"smart_client_secret_env": ["tell-nobody"]},
        {"smart_key_file": "tell-nobody"},
        {"audience": "tell-nobody\n"},
        {"keys": "tell-nobody"},
        {"keys": [{"kty": "EC", "kid": "1", "d": "tell-nobody"}]},
        {"jwks_url": "https://tell-nobody@ehr.example", "keys": None},
        {"secret": "tell-nobody"},
    ],
)
def test_no_value_of_the_file_gets_into_the_error(changed: dict[str, Any]) -> None:
    assert "tell-nobody" not in problems(**changed)


def test_a_tenant_may_have_two_clients() -> None:
    clients = parse_trusted_clients(trust_file() + trust_file(issuer="urn:second"), "clients.toml")
    assert [client.tenant for client in clients] == ["north", "north"]


@pytest.mark.parametrize("url", ["http://localhost:8080/jwks", "http://127.0.0.1/jwks", "http://[::1]:9000/jwks"])
def test_on_loopback_keys_may_come_without_tls(url: str) -> None:
    assert only(keys=None, jwks_url=url).jwks_url == url


@pytest.mark.parametrize("seconds", [60, 900, 86_400])
def test_the_lifetime_has_wide_limits(seconds: int) -> None:
    assert only(max_lifetime_seconds=seconds).max_lifetime_seconds == seconds


def test_no_part_of_a_private_key_gets_into_the_error() -> None:
    leaked = signing_key().jwk | {"d": "c2VjcmV0LW51bWJlcg"}
    assert "c2VjcmV0" not in problems(keys=[leaked])


@settings(deadline=None)
@given(st.text())
def test_any_text_is_understood_or_refused(text: str) -> None:
    with pytest.raises(TrustedClientsError):
        parse_trusted_clients(text, "clients.toml")


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://ehr.example/fhir", True),
        ("https://ehr.example/fhir/", True),
        ("HTTPS://EHR.example:443/fhir", True),
        ("https://ehr.example/fhir/deeper", False),
        ("https://ehr.example/fhirs", False),
        ("https://ehr.example", False),
        ("http://ehr.example/fhir", False),
        ("https://many.example/sites/7", True),
        ("https://many.example/sites/7/r4", True),
        ("https://many.example/sites", True),
        ("https://many.example/sites2", False),
        ("https://many.example/sites/../admin", False),
        ("https://many.example/sites/%2e%2e/admin", False),
        ("https://attacker.example/https://ehr.example/fhir", False),
        ("https://ehr.example@attacker.example/fhir", False),
        ("no address", False),
        ("", False),
    ],
)
def test_a_client_may_send_us_to_its_own_fhir_servers_only(url: str, allowed: bool) -> None:
    client = only(fhir_servers=["https://ehr.example/fhir", "https://many.example/sites/"])
    assert client.is_allowed_fhir_server(url) is allowed


def test_the_servers_of_a_client_are_sent_batches_only_where_its_table_says_so() -> None:
    assert [only().fhir_batch, only(fhir_batch=False).fhir_batch, only(fhir_batch=True).fhir_batch] == [
        False,
        False,
        True,
    ]


def test_a_client_without_fhir_servers_sends_us_nowhere() -> None:
    assert not only().is_allowed_fhir_server("https://ehr.example/fhir")


def test_a_client_in_a_log_or_trace_shows_no_key() -> None:
    assert json.dumps(signing_key().jwk["x"]).strip('"') not in repr(only())
