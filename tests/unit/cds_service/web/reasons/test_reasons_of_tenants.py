"""The reasons pages of a tenant: its numbers, sentences and codes, who answers for them, and links that stay there."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from cds_service.app import create_app
from cds_service.settings import Settings
from tests.unit.cds_service.knowledge.policies import NORTHERN, answered, policy_file

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MORE = """
[[lab]]
analyte = "phosphate"
system = "https://north.example/lab"
code = "PHOS"

[[condition]]
finding = "calciphylaxis"
system = "https://north.example/problems"
code = "CUA"

[[wording]]
topic = "calcium-hypercalcaemia"
add = "Call the **northern** team: {1234} <b>now</b>."
""" + answered("phosphate", "calciphylaxis")
TOPIC = "/reasons/of/north/calcium-hypercalcaemia"

Serve = Callable[[datetime], FlaskClient]


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Serve:
    root = tmp_path_factory.mktemp("reasons-of-tenants")
    folder: Path = root / "policies"
    folder.mkdir()
    (folder / "north.toml").write_text(policy_file("north", NORTHERN + MORE), "utf-8")
    (folder / "south.toml").write_text(policy_file("south", effective=date(2027, 1, 1)), "utf-8")
    settings = Settings(database_url=f"sqlite:///{root}/cards.sqlite3", dev=True, site_policies=folder)
    return lambda now: create_app(settings, lambda: now).test_client()


@pytest.fixture(scope="module")
def client(serve: Serve) -> FlaskClient:
    return serve(NOW)


def words_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def test_a_page_shows_the_tenants_number_with_its_source_and_the_packaged_one_as_an_earlier_one(
    client: FlaskClient,
) -> None:
    theirs, packaged = (words_of(client.get(path).text) for path in (TOPIC, TOPIC.replace("/of/north", "")))
    assert "calcium_high 9.8 mg/dL 2026-02-01 the northern committee" in theirs
    assert "earlier: calcium_high 10.2 mg/dL 2003-10-01" in theirs
    assert "calcium_high 10.2 mg/dL 2003-10-01" in packaged
    assert "northern" not in packaged


def test_a_sentence_of_the_site_stands_there_as_it_was_written(client: FlaskClient) -> None:
    html = client.get(TOPIC).text
    assert "Call the <strong>northern</strong> team: {1234} &lt;b&gt;now&lt;/b&gt;." in html
    assert "(added by this site)" in html


def test_codes_of_the_site_stand_where_the_others_stand(client: FlaskClient) -> None:
    topic, about = (words_of(client.get(path).text) for path in (TOPIC, "/reasons/of/north/about"))
    assert "northern chalk – – – CA-1 (https://north.example/drugs)" in topic
    assert "PHOS (https://north.example/lab)" in about
    assert "https://north.example/problems: CUA" in about
    assert "north.example" not in client.get("/reasons/about").text
    assert "Codes of this site" not in client.get("/reasons/calcium-hypercalcaemia").text


@pytest.mark.parametrize("path", ["/reasons/of/north", "/reasons/of/north/about", TOPIC])
def test_every_page_says_who_answers_for_it_and_by_which_version(client: FlaskClient, path: str) -> None:
    said = words_of(client.get(path).text)
    assert re.search(r"Site policy of north , version [0-9a-f]{12} : what ships, with the changes of this site", said)
    assert "To be reviewed by 2027-01-10." in said
    assert "Owner: Dr Ana Silva, nephrology. Approved by Dr Ben Okoro, informatics on 2026-01-10." in said
    assert "In force from 2026-01-15 on." in said


@pytest.mark.parametrize(("day", "overdue"), [(10, False), (11, True)])
def test_after_the_day_of_review_it_says_that_nobody_has_looked(serve: Serve, day: int, overdue: bool) -> None:
    said = words_of(serve(datetime(2027, 1, day, 12, tzinfo=UTC)).get(TOPIC).text)
    assert ("Not reviewed since 2026-01-10 ; a review was due by 2027-01-10." in said) is overdue


@pytest.mark.parametrize("path", ["/reasons/of/north", "/reasons/of/north/about", TOPIC])
def test_links_lead_to_other_pages_of_the_tenant(client: FlaskClient, path: str) -> None:
    html = client.get(path).text
    local = re.findall(r'href="(/reasons[^"#]*)"', html.partition('<nav class="local"')[2])
    assert local
    assert [link for link in local if not link.startswith("/reasons/of/north")] == []
    for link in {*local}:
        assert client.get(link).status_code == 200, link


@pytest.mark.parametrize("path", ["/reasons", "/reasons/about", "/reasons/calcium-hypercalcaemia"])
def test_the_pages_of_what_ships_say_nothing_of_a_site_policy_and_lead_to_none(client: FlaskClient, path: str) -> None:
    html = client.get(path).text
    assert "Site policy" not in html
    assert "/reasons/of" not in html


def test_before_its_first_day_a_policy_is_shown_as_what_counts_until_then(client: FlaskClient) -> None:
    assert "Site policy" not in client.get("/reasons/of/south").text


@pytest.mark.parametrize("path", ["/reasons/of/nobody", "/reasons/of/nobody/about", "/reasons/of/nobody/vka-cua"])
def test_a_tenant_without_a_policy_has_no_pages(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "No such policy" in answer.text
    assert "nobody" not in answer.text


@pytest.mark.parametrize("path", ["/reasons/of/north", "/reasons/of/south/about", TOPIC, "/reasons/of/nobody"])
def test_what_a_changed_policy_can_change_is_asked_for_again_each_time(client: FlaskClient, path: str) -> None:
    assert client.get(path).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/reasons", "/reasons/about", "/reasons/calcium-hypercalcaemia"])
def test_the_pages_of_what_ships_may_be_kept(client: FlaskClient, path: str) -> None:
    assert client.get(path).headers["Cache-Control"] == "public, max-age=300"


def test_without_site_policies_no_tenant_has_pages(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path}/cards.sqlite3", dev=True)
    answer = create_app(settings, lambda: NOW).test_client().get("/reasons/of/north")
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "public, max-age=300"
