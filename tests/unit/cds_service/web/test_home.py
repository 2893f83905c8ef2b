"""A home at `/`, one navigation on every page, and a way on from every page that says no."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient

from cds_service.app import create_app
from cds_service.clock import utc_now
from cds_service.demo.patients import load_patients
from cds_service.demo.sandbox import Sandbox
from cds_service.settings import PAGES, Settings
from cds_service.web.home import WAYS, Ways

PATIENT = "cds-demo-hard-skin-on-warfarin"
Made = Callable[..., FlaskClient]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """A client of a service with these pages and nothing behind them."""

    def make(*pages: str, dev: bool = True) -> FlaskClient:
        server = "http://127.0.0.1:9" if dev else None
        database = f"sqlite:///{tmp_path}/cards.sqlite3"
        settings = Settings(database_url=database, dev=dev, pages=frozenset(pages), pages_fhir_server=server)
        return create_app(settings).test_client()

    return make


def links(html: str, label: str = "Pages") -> dict[str, str]:
    """The links of the navigation of this name: words → address."""
    found = re.search(rf'<nav[^>]*aria-label="{label}">(.*?)</nav>', html, re.DOTALL)
    assert found, f"no navigation {label}"
    return {words: address for address, words in re.findall(r'<a href="([^"]*)"[^>]*>([^<]*)</a>', found[1])}


def ways_of(app: Flask) -> Ways:
    """What the templates of this application are given."""
    ways = app.jinja_env.globals["ways"]
    assert isinstance(ways, Ways)
    return ways


def test_every_page_that_there_is_has_its_place_in_the_navigation() -> None:
    assert {way.name for way in WAYS} == PAGES


def test_the_home_leads_to_every_page_that_is_on_and_to_what_engineers_look_for(made: Made) -> None:
    client = made(*PAGES)
    home = client.get("/")
    assert (home.status_code, home.mimetype) == (200, "text/html")
    for way in WAYS:
        assert f">{way.label}</a>" in home.text
        assert way.says in home.text
    for address in ("/cds-services", "/openapi.json", "/health/ready", "/health/live"):
        assert f'href="{address}"' in home.text
        assert client.get(address).status_code == 200


def test_the_home_names_no_page_that_is_off(made: Made) -> None:
    client = made("reasons", dev=False)
    assert links(client.get("/").text) == {"Reasons": "/reasons"}
    assert "--dev" not in client.get("/").text


def test_without_pages_there_is_no_home(made: Made) -> None:
    assert made().get("/").status_code == 404


@pytest.mark.parametrize("page", ["/", "/reasons", "/reasons/vka-cua", "/try", "/smart", "/course/UNKNOWN"])
def test_every_page_has_the_same_navigation_and_says_where_one_is(made: Made, page: str) -> None:
    client = made(*PAGES)
    shown = client.get(page).text
    assert list(links(shown)) == [way.label for way in WAYS]
    here = re.findall(r'aria-current="[a-z]+">([^<]*)</a>', shown)
    expected = next((way.label for way in WAYS if page.startswith("/" + way.name)), "calciphylaxis-cds")
    assert expected in here


def test_a_page_that_says_no_offers_ways_on(made: Made) -> None:
    client = made(*PAGES)
    unread = client.get("/course/A?months=3")
    assert unread.status_code == 502
    assert '<a href="">Try again</a>' in unread.text
    assert '<a href="/course">Back to the beginning of: Course</a>' in unread.text
    assert '<a href="/">Home</a>' in unread.text
    refused = client.get("/reasons/no-such-topic")
    assert refused.status_code == 404
    assert "Try again" not in refused.text
    assert '<a href="/reasons">Back to the beginning of: Reasons</a>' in refused.text


def test_the_chart_and_the_course_of_a_patient_lead_to_each_other_where_both_are_on(made: Made) -> None:
    both, one = made("ehr", "course").application, made("reasons").application
    with both.test_request_context("/"):
        ways = ways_of(both)
        assert ways.to_chart("a") == url_for("ehr.opened", patient="a")
        assert ways.to_course("a") == "/course/a"
    with one.test_request_context("/"):
        ways = ways_of(one)
        assert (ways.to_chart("a"), ways.to_course("a")) == ("", "")


def test_the_icon_is_found_where_browsers_look_for_it(made: Made) -> None:
    with made("reasons").get("/favicon.ico", follow_redirects=True) as answer:
        assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")


def test_a_chart_and_its_course_link_to_each_other(tmp_path: Path) -> None:
    resources = [resource for patient in load_patients(utc_now()) for resource in patient.resources]
    with Sandbox(resources) as sandbox:
        settings = Settings(
            database_url=f"sqlite:///{tmp_path}/cards.sqlite3",
            dev=True,
            pages=frozenset({"ehr", "course"}),
            pages_fhir_server=sandbox.base,
            pages_service="http://127.0.0.1:9",
        )
        client = create_app(settings).test_client()
        chart = links(client.get(f"/ehr?patient={PATIENT}").text, "This page")
        course = links(client.get(f"/course/{PATIENT}").text, "This page")
    assert chart["This patient’s course"] == f"/course/{PATIENT}"
    assert course["This patient’s chart"] == f"/ehr?patient={PATIENT}"
    assert course["All patients"] == "/course"
