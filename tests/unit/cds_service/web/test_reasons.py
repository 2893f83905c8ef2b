"""The reasons pages: one per topic that a card can have, public, without patient data, in step with the data files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from markupsafe import escape

from cds_service import create_app, default_policy
from cds_service.settings import Settings
from cds_service.web.reasons import packaged_reasons
from cds_service.web.reasons_tables import drug_rows
from cds_service.web.reasons_text import Words
from fhir_mappings.vocabulary import default_vocabulary
from hooks.policy import STATUS_TEXTS
from hooks.reasons_numbers import Numbers
from tests.vignettes.story import load_vignettes

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
POLICY = default_policy()
REASONS = packaged_reasons(POLICY)
TEXT_OF_ANOTHER_TOPIC = "cua-confirmed-off-dialysis"
TOPICS = sorted(
    {rule.topic for rules in POLICY.rules.values() for rule in rules}
    | {topic for story in load_vignettes() for topic, _ in story.expect or ()}
    | (set(STATUS_TEXTS) - {TEXT_OF_ANOTHER_TOPIC})
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    database = tmp_path_factory.mktemp("reasons") / "cards.sqlite3"
    with create_app(Settings(database_url=f"sqlite:///{database}", dev=True), lambda: NOW).test_client() as client:
        yield client


def status_of(client: FlaskClient, path: str) -> int:
    with client.get(path) as answer:
        return answer.status_code


def words_of(html: str) -> str:
    """The text of a page, in one line."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_that_a_card_can_have_has_its_page(client: FlaskClient, topic: str) -> None:
    answer = client.get(f"/reasons/{topic}")
    assert answer.status_code == 200
    assert answer.mimetype == "text/html"
    assert f"<h1>{escape(REASONS.topics[topic].title)}</h1>" in answer.text


@pytest.mark.parametrize("path", ["/reasons", "/reasons/about", *(f"/reasons/{topic}" for topic in TOPICS)])
def test_no_sentence_is_left_unfilled_and_no_markdown_raw(client: FlaskClient, path: str) -> None:
    text = words_of(client.get(path).text)
    assert not re.search(r"[{}\ue000\ue001]|\*\*|\]\(", text)
    assert "None" not in text.split()


@pytest.mark.parametrize("path", ["/reasons", "/reasons/about", "/reasons/vka-cua"])
def test_a_page_may_be_kept_and_can_be_asked_for_its_head_only(client: FlaskClient, path: str) -> None:
    answer, head = client.get(path), client.head(path)
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert (head.status_code, head.data) == (200, b"")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_an_unknown_topic_is_a_page_that_says_so_and_repeats_nothing(client: FlaskClient) -> None:
    answer = client.get("/reasons/zephyrine")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "No such topic" in answer.text
    assert "zephyrine" not in answer.text


def test_the_index_leads_to_every_topic_and_to_the_page_about_the_service(client: FlaskClient) -> None:
    links = re.findall(r'href="/reasons/([\w-]+)"', client.get("/reasons").text)
    assert sorted({*links} - {"about"}) == TOPICS
    assert "about" in links


def test_every_link_between_the_pages_leads_to_a_page_and_every_anchor_exists(client: FlaskClient) -> None:
    for path in ("/reasons", "/reasons/about", *(f"/reasons/{topic}" for topic in TOPICS)):
        html = client.get(path).text
        inside = set(re.findall(r'href="(/[^"#]*)"', html))
        assert [link for link in inside if status_of(client, link) != 200] == []
        assert set(re.findall(r'href="#([^"]+)"', html)) <= set(re.findall(r'id="([^"]+)"', html))


def test_a_link_to_elsewhere_tells_nobody_where_it_was_found(client: FlaskClient) -> None:
    links = re.findall(r'<a href="http[^>]*>', client.get("/reasons/vka-cua").text)
    assert len(links) > 5
    assert all('rel="noopener noreferrer"' in link for link in links)


# ------------------------------------------------------------------ what a page tells
def test_a_drug_page_tells_conditions_hooks_numbers_drugs_and_override_reasons(client: FlaskClient) -> None:
    text = words_of(client.get("/reasons/calcium-hypercalcaemia").text)
    limits = POLICY.thresholds(NOW.date())
    for expected in (
        f"calcium is very high: at or above {limits.calcium_very_high:g} mg/dL",
        "chart opened patient-view critical drug picked order-select critical before signing order-sign critical",
        "labels of calcium acetate and paricalcitol",
        "calcium acetate with magnesium carbonate V03AE04",
        "Draft sevelamer instead",
        "Symptomatic hypocalcaemia symptomatic-hypocalcaemia",
        "KDOQI 2003, bone metabolism, guideline 6",
        "2026-11 First version.",
    ):
        assert expected in text


def test_a_card_that_does_not_come_at_a_hook_is_said_not_to_come(client: FlaskClient) -> None:
    text = words_of(client.get("/reasons/calcium-restrict").text)
    assert "patient-view no card drug picked order-select info before signing order-sign no card" in text


def test_the_wording_of_a_card_is_shown_with_slots_for_what_the_record_holds(client: FlaskClient) -> None:
    html = client.get("/reasons/calcium-low-pth").text
    low = POLICY.thresholds(NOW.date()).pth_low_twice
    assert f'<var class="slot">drug</var>: PTH below {low:g} twice (<var class="slot">both values</var>)' in html


def test_a_status_page_shows_signs_and_points_with_their_sources(client: FlaskClient) -> None:
    text = words_of(client.get("/reasons/cua-suspected").text)
    assert "livedo strong" in text
    assert "skin ulcer weak" in text
    assert "Vitamin K antagonist active points.vitamin_k_antagonist 2 points 2026-01-01" in text


def test_both_wordings_of_confirmed_calciphylaxis_stand_on_its_page(client: FlaskClient) -> None:
    text = words_of(client.get("/reasons/cua-confirmed").text)
    assert "Confirmed calciphylaxis: five-step plan" in text
    assert "Confirmed calciphylaxis, not on dialysis: treatment plan" in text


def test_a_suggestion_says_for_which_orders_and_when_it_is_offered(client: FlaskClient) -> None:
    assert "for an active prescription" in words_of(client.get("/reasons/vka-cua").text)
    text = words_of(client.get("/reasons/vitd-cua").text)
    assert "– when intact PTH is above 9 times the upper reference limit" in text
    assert "; not when calcium is low" in text


def test_the_page_about_the_service_tells_purpose_inputs_gaps_and_that_it_is_not_validated(client: FlaskClient) -> None:
    text = words_of(client.get("/reasons/about").text)
    for expected in (
        "Intended use and users",
        "What it is not for",
        "There is no clinical validation study.",
        "Apache-2.0",
        "issue tracker of the project's repository",
        "phosphate mg/dL 35 90 0.5 to 20 mg/dL, mmol/L",
        "heart valve procedures Procedure",
        "Below 18 years no card comes.",
    ):
        assert expected in text.replace("&#39;", "'")


def test_the_numbers_are_those_in_force_on_the_day_in_the_clinics_zone(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path}/c.sqlite3", dev=True, timezone=ZoneInfo("Europe/Berlin"))
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    with create_app(settings, lambda: late).test_client() as berlin:
        assert "On 2026-11-23." in berlin.get("/reasons/calcium-caxp").text


# ------------------------------------------------------------------ parts
def test_every_drug_of_a_class_with_rules_is_in_the_table() -> None:
    drugs = default_vocabulary().drugs
    named = {row.name for row in drug_rows(drugs, POLICY.rules.keys())}
    assert {"warfarin", "fluindione", "calcium supplement", "iron by vein", "ferric citrate", "calcitriol"} <= named
    assert named.isdisjoint({"apixaban", "sevelamer carbonate"})


def test_a_combination_names_only_the_classes_that_were_asked_for() -> None:
    drugs = default_vocabulary().drugs
    (row,) = [row for row in drug_rows(drugs, ["nutritional_vitamin_d"]) if row.name == "calcium with vitamin D"]
    assert row.classes == ("nutritional_vitamin_d",)
    assert row.atc == ["A12AX…"]


NO_NUMBERS: Numbers = {}


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**{drug}:** stop", '<strong><var class="slot">the drug</var>:</strong> stop'),
        ("{drug}{drug}", '<var class="slot">the drug</var><var class="slot">the drug</var>'),
        ("a < b & c", "a &lt; b &amp; c"),
        ("<b>bold</b>", "&lt;b&gt;bold&lt;/b&gt;"),
        ("[a](javascript:x)", "[a](javascript:x)"),
        ("[a](data:text/html,x)", "[a](data:text/html,x)"),
        ("![a](https://a.example/b.png)", '!<a href="https://a.example/b.png" rel="noopener noreferrer">a</a>'),
        ('[a](https://a.example/?b=1&c="d")', None),
    ],
)
def test_a_cards_text_becomes_safe_html(text: str, html: str | None) -> None:
    made = Words(NO_NUMBERS, {"drug": "the drug"}, date(2026, 11, 22)).card(text)
    if html is None:
        assert made.count('"') == 4
    else:
        assert made == html
