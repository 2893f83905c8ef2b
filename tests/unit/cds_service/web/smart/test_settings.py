"""Who may open the app stands in the settings and the file of trusted clients; what does not go together is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from cds_service.access.own_key import load_client_key
from cds_service.access.trusted_clients import TrustedClients, TrustedClientsError, parse_trusted_clients
from cds_service.settings import Settings, SettingsError, from_environment
from cds_service.web.smart.scopes import DEFAULT
from cds_service.web.smart.sites import sites_of
from tests.unit.cds_service.cds_client import trust_file

SERVERS = ["https://ehr.example/fhir/r4", "https://ehr.example/tenants/"]


def clients(**changed: Any) -> TrustedClients:
    return parse_trusted_clients(trust_file(**{"fhir_servers": SERVERS, **changed}), "clients.toml")


def problem(**changed: Any) -> str:
    with pytest.raises(TrustedClientsError) as error:
        clients(**changed)
    return str(error.value)


def environment(tmp_path: Path, **changed: str | None) -> dict[str, str]:
    file = tmp_path / "clients.toml"
    file.write_text(trust_file())
    honest = {"CDS_PAGES": "smart", "CDS_TRUSTED_CLIENTS": str(file), "CDS_PUBLIC_URL": "https://cds.example"}
    return {name: value for name, value in {**honest, **changed}.items() if value is not None}


# ------------------------------------------------------------------ the file of trusted clients
def test_without_a_word_about_it_a_client_opens_no_app() -> None:
    assert sites_of(Settings(), clients(), {}).all == ()


def test_a_client_id_is_enough_for_a_public_client() -> None:
    (site,) = sites_of(Settings(), clients(smart_client_id="app"), {}).all
    assert (site.client_id, site.secret, site.key) == ("app", None, None)
    assert site.scopes == DEFAULT
    assert not site.may_be_open
    assert site.frame_ancestors == ()


def test_the_secret_comes_from_the_environment_and_is_not_shown() -> None:
    trusted = clients(smart_client_id="app", smart_client_secret_env="NORTH_SECRET", fhir_servers=SERVERS[:1])
    (site,) = sites_of(Settings(), trusted, {"NORTH_SECRET": "sesame"}).all
    assert site.secret == "sesame"
    assert "sesame" not in repr(site)


@pytest.mark.parametrize("values", [{}, {"NORTH_SECRET": ""}])
def test_a_secret_that_is_missing_stops_the_start(values: dict[str, str]) -> None:
    trusted = clients(smart_client_id="app", smart_client_secret_env="NORTH_SECRET", fhir_servers=SERVERS[:1])
    with pytest.raises(TrustedClientsError, match="NORTH_SECRET holds no secret"):
        sites_of(Settings(), trusted, values)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"smart_client_id": ""}, "smart_client_id: expected text"),
        ({"smart_client_id": "a", "smart_client_secret_env": "s3cret value"}, "the name of an environment variable"),
        ({"smart_client_id": "a", "smart_client_secret_env": "CDS_SECRET"}, "does not begin with CDS_"),
        ({"smart_client_secret_env": "NORTH"}, "smart_client_secret_env: needs smart_client_id"),
        ({"smart_scopes": "launch"}, "smart_scopes: needs smart_client_id"),
        ({"smart_client_id": "a", "smart_scopes": "launch  x"}, "scopes with one blank"),
        ({"smart_client_id": "a", "smart_scopes": ""}, "scopes with one blank"),
        ({"smart_client_id": "a", "smart_scopes": "launch offline_access"}, "refresh tokens are not used"),
        ({"smart_client_id": "a", "smart_key_file": "/no/such/file"}, "path of a readable file"),
        ({"smart_open": "yes"}, "must be true or false"),
        ({"frame_ancestors": "https://ehr.example"}, "an array of origins"),
        ({"frame_ancestors": ["https://ehr.example/x"]}, "an origin such as"),
        ({"frame_ancestors": ["https://*.ehr.example"]}, "an origin such as"),
        ({"frame_ancestors": ["https://ehr.example; script-src *"]}, "an origin such as"),
        ({"frame_ancestors": ["http://ehr.example"]}, "expected https"),
        ({"frame_ancestors": [7]}, "an origin such as"),
        ({"smart_cliend_id": "a"}, "did you mean smart_client_id?"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(changed: dict[str, Any], said: str) -> None:
    assert said in problem(**changed)


@pytest.mark.parametrize("servers", [SERVERS, ["https://ehr.example/"]])
def test_a_secret_goes_to_servers_that_are_named_exactly(servers: list[str], tmp_path: Path) -> None:
    secret = {"smart_client_id": "a", "smart_client_secret_env": "NORTH", "fhir_servers": servers}
    assert "smart_client_secret_env: needs exact fhir_servers; for a prefix use smart_key_file" in problem(**secret)
    key = tmp_path / "key.pem"
    key.write_text("x")
    (client,) = clients(smart_client_id="a", smart_key_file=str(key), fhir_servers=servers)
    assert client.fhir_servers == tuple(servers)


@pytest.mark.parametrize("servers", ["https://ehr.example/fhir/", [7]])
def test_servers_that_cannot_be_read_are_named_beside_a_secret_too(servers: Any) -> None:
    assert "client 1 (north): fhir_servers" in problem(
        smart_client_id="a", smart_client_secret_env="NORTH", fhir_servers=servers
    )


def test_a_secret_and_a_key_together_are_refused(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_text("x")
    values = {"smart_client_id": "a", "smart_client_secret_env": "NORTH", "smart_key_file": str(key)}
    assert "only one of the two" in problem(**values)


def test_origins_and_scopes_are_taken_as_they_stand() -> None:
    origins = ["https://EHR.example:443", "http://localhost:8000"]
    (client,) = clients(smart_client_id="a", smart_scopes="launch user/*.rs", frame_ancestors=origins, smart_open=True)
    assert client.frame_ancestors == ("https://ehr.example", "http://localhost:8000")
    assert client.smart_scopes == "launch user/*.rs"
    assert client.smart_open


def test_a_server_that_is_named_alone_can_be_chosen_and_a_prefix_can_only_launch() -> None:
    sites = sites_of(Settings(), clients(smart_client_id="app"), {})
    assert sites.choices() == [("north", "https://ehr.example/fhir/r4")]
    found = sites.of("https://EHR.example/tenants/nine/")
    assert found is not None
    assert found[1] == "https://ehr.example/tenants/nine"
    assert sites.of("https://ehr.example/tenantsnine") is None


# ------------------------------------------------------------------ our key
def pem(private: Any, password: bytes | None = None) -> bytes:
    lock = BestAvailableEncryption(password) if password else NoEncryption()
    return bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))


def test_a_key_is_published_without_its_private_half(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(pem(ec.generate_private_key(ec.SECP384R1())))
    key = load_client_key(path)
    assert key.algorithm == "ES384"
    assert set(key.public) == {"kty", "crv", "x", "y", "alg", "use", "kid"}
    assert load_client_key(path).public["kid"] == key.public["kid"]
    assert "private" not in repr(key)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no key",
        pem(ec.generate_private_key(ec.SECP256R1())),
        pem(ed25519.Ed25519PrivateKey.generate()),
        pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)),
        pem(ec.generate_private_key(ec.SECP384R1()), b"locked"),
    ],
    ids=["empty", "text", "P-256", "Ed25519", "1024 bits", "with a password"],
)
def test_a_key_that_no_ehr_must_accept_stops_the_start(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(content)
    with pytest.raises(TrustedClientsError, match="the key cannot be used"):
        load_client_key(path)


def test_a_key_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(TrustedClientsError, match="the key cannot be used"):
        load_client_key(tmp_path / "missing.pem")


# ------------------------------------------------------------------ settings
def test_the_app_stands_with_clients_and_an_https_address(tmp_path: Path) -> None:
    assert from_environment(environment(tmp_path)).pages == {"smart"}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"CDS_TRUSTED_CLIENTS": None}, "CDS_TRUSTED_CLIENTS: needed for the page smart"),
        ({"CDS_PUBLIC_URL": "http://cds.example"}, "https is needed for the page smart"),
        ({"CDS_SMART_CLIENT_ID": "app"}, "CDS_SMART_CLIENT_ID: only with --dev"),
        ({"CDS_SMART_CLIENT_ID": "a b"}, "CDS_SMART_CLIENT_ID: expected"),
    ],
)
def test_settings_that_do_not_go_together_are_named(changed: dict[str, str | None], said: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        from_environment(environment(tmp_path, **changed))
    assert said in str(error.value)


def test_plain_http_is_for_loopback(tmp_path: Path) -> None:
    assert from_environment(environment(tmp_path, CDS_PUBLIC_URL="http://127.0.0.1:5000"))


def test_other_pages_need_none_of_it(tmp_path: Path) -> None:
    assert from_environment({"CDS_PAGES": "reasons", "CDS_PUBLIC_URL": "http://cds.example"})


def test_in_development_the_allowed_servers_may_open_it_without_authorization() -> None:
    settings = Settings(
        dev=True, smart_client_id="app", allowed_fhir_servers=("https://ehr.example/r4",), pages_fhir_server="http://127.0.0.1:9/fhir"
    )  # fmt: skip
    sites = sites_of(settings, None, {})
    (site,) = sites.all
    assert site.client_id == "app"
    assert site.may_be_open
    assert sites.of("http://127.0.0.1:1/fhir") is not None
    assert sites.of("https://elsewhere.example/fhir") is None
    assert sites.choices() == [("", "https://ehr.example/r4"), ("", "http://127.0.0.1:9/fhir")]


def test_outside_development_nobody_opens_it_without_a_file() -> None:
    assert sites_of(Settings(), None, {}).all == ()
