"""The pages of --dev ask nobody who they are: pages of other sites, and names that are not this machine's, get nothing.

The EHR page's own tests say the same of /ehr.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cds_service import create_app
from cds_service.settings import Settings
from tests.unit.cds_service.cds_client import trust_file

PAGES = ["/try", "/feedback", "/course", "/course/anna-7", "/smart", "/smart/launch?iss=x", "/smart/course"]
PAGES += ["/smart/jwks.json"]
REFUSED = [
    {"Host": "rebound.example"},
    {"Host": "127.0.0.1.rebound.example:5000"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "empty"},
    {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "empty"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe"},
]
SHARED = "Access-Control-Allow-Origin"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Flask]:
    """A service of --dev whose FHIR server does not answer."""
    fhir = "http://127.0.0.1:1/fhir"
    pages = frozenset({"reasons", "ehr", "course", "smart", "try", "feedback"})
    database = f"sqlite:///{tmp_path}/cards.sqlite3"
    app = create_app(Settings(dev=True, database_url=database, pages=pages, pages_fhir_server=fhir))
    yield app
    close(app)


@pytest.fixture
def visitor(made: Flask) -> FlaskClient:
    return made.test_client()


def close(app: Flask) -> None:
    for name in ("cds_database", "cds_fhir_client"):
        if name in app.extensions:
            app.extensions[name].close()


@pytest.mark.parametrize("headers", REFUSED)
@pytest.mark.parametrize("page", PAGES)
def test_another_site_reads_no_page_of_development(page: str, headers: dict[str, str], visitor: FlaskClient) -> None:
    answer = visitor.get(page, headers=headers)
    assert answer.status_code == 403
    assert "<h1>Refused</h1>" in answer.text
    assert answer.headers.get(SHARED) not in ("*", headers.get("Origin"))


@pytest.mark.parametrize("page", PAGES)
def test_a_link_or_a_launch_from_another_site_opens_the_page(page: str, visitor: FlaskClient) -> None:
    opened = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"}
    answer = visitor.get(page, headers=opened)
    assert "This request comes from another site" not in answer.text
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("page", ["/smart", "/smart/end"])
def test_another_site_sends_no_form(page: str, visitor: FlaskClient) -> None:
    form = {"iss": "http://127.0.0.1:1/fhir", "patient": "anna-7", "session": "x"}
    opened = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}
    assert visitor.post(page, data=form, headers=opened).status_code == 403
    own = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "document"}
    assert visitor.post(page, data=form, headers=own).status_code != 403


@pytest.mark.parametrize("page", [*PAGES, "/ehr", "/reasons"])
def test_no_page_is_shared_with_every_origin_though_the_cds_endpoints_are(page: str, visitor: FlaskClient) -> None:
    assert visitor.get("/cds-services").headers[SHARED] == "*"
    assert visitor.get(page).headers.get(SHARED) != "*"


def test_in_a_clinic_the_app_answers_under_its_own_name_and_in_the_ehrs_frame(tmp_path: Path) -> None:
    file = tmp_path / "clients.toml"
    file.write_text(trust_file(smart_client_id="app"))
    database = f"sqlite:///{tmp_path}/cards.sqlite3"
    pages = frozenset({"smart"})
    app = create_app(
        Settings(trusted_clients=file, pages=pages, database_url=database, public_url="https://cds.example")
    )
    framed = {"Host": "cds.example", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe"}
    answer = app.test_client().get("/smart", headers=framed)
    close(app)
    assert answer.status_code == 200
    assert SHARED not in answer.headers
