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

from cds_service.app import create_app
from cds_service.settings import Settings
from cds_service.stories.story import load_vignettes
from cds_service.web.reasons.codes import code_rows
from cds_service.web.reasons.tables import drug_rows
from cds_service.web.reasons.text import ReasonsWords
from fhir_mappings.packaged import default_policy, default_reasons, default_vocabulary
from hooks.policy_loading import STATUS_TEXTS
from hooks.reasons.numbers import Numbers

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
POLICY = default_policy()
REASONS = default_reasons(POLICY)
TEXTS_OF_OTHER_TOPICS = {"cua-confirmed-off-dialysis", "cua-possible-off-dialysis"}
TOPICS = sorted(
    {rule.topic for rules in POLICY.rules.values() for rule in rules if not rule.silent}
    | {topic for story in load_vignettes() for topic, _ in story.expect or ()}
    | (set(STATUS_TEXTS) - TEXTS_OF_OTHER_TOPICS)
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
        "Draft sevelamer in place of",
        "not when sevelamer is active or drafted",
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
    assert '<var class="slot">drug</var>: PTH low twice (<var class="slot">both values</var>)' in html


def test_a_status_page_shows_signs_and_points_with_their_sources(client: FlaskClient) -> None:
    text = words_of(client.get("/reasons/cua-suspected").text)
    assert "livedo strong" in text
    assert "skin ulcer weak" in text
    assert "Vitamin K antagonist active points.vitamin_k_antagonist 2 points 2026-01-01" in text


def test_both_wordings_of_confirmed_calciphylaxis_stand_on_its_page(client: FlaskClient) -> None:
    text = words_of(client.get("/reasons/cua-confirmed").text)
    assert "Calciphylaxis on record: " in text
    assert "Calciphylaxis on record, no dialysis: " in text


def test_a_suggestion_says_for_which_orders_and_when_it_is_offered(client: FlaskClient) -> None:
    assert "for an active prescription" in words_of(client.get("/reasons/vka-cua").text)
    text = words_of(client.get("/reasons/vitd-cua").text)
    assert "; when intact PTH is above 9 times the upper reference limit" in text
    assert "; not when calcium is low" in text
    assert "Order an ionised calcium, when the correction for albumin decides" in text


def test_the_page_about_the_service_tells_purpose_inputs_gaps_and_that_it_is_not_validated(client: FlaskClient) -> None:
    text = words_of(client.get("/reasons/about").text)
    for expected in (
        "Intended use and users",
        "What it is not for",
        "There is no clinical validation study.",
        "The evidence was last searched on 2026-11-29.",
        "Not a monitor for emergencies",
        "must not be relied on to detect sepsis",
        "It proposes no individual dose; one card quotes a guideline ceiling.",
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


def test_every_condition_and_procedure_of_the_vocabulary_has_its_words_and_its_codes() -> None:
    conditions = default_vocabulary().conditions
    assert set(REASONS.concepts) == set(conditions.codes)
    rows = {row.name: row for row in code_rows(conditions, REASONS.concepts)}
    assert [name for name, row in rows.items() if not row.codes and not row.by_words] == []
    ulcer = rows["skin ulcer"]
    assert ulcer.codes["SNOMED CT"] == ["46742003"]
    assert ulcer.codes["ICD-10"] == ["L97…", "L98.41…", "L98.42…", "L98.49…", "not L97.4…", "not L97.5…"]
    assert rows["calcium metabolism disorder, not specific for calciphylaxis"].codes["ICD-10"] == ["E83.5"]
    assert (ulcer.kinds, rows["haemodialysis"].kinds) == (["condition"], ["procedure"])
    assert rows["mechanical heart valve"].kinds == ["condition", "procedure"]


def test_what_is_read_from_words_is_marked() -> None:
    rows = code_rows(default_vocabulary().conditions, REASONS.concepts)
    by_words = {row.name for row in rows if row.by_words}
    assert by_words >= {"calciphylaxis", "livedo", "skin ulcer", "mechanical heart valve", "dialysis, read from words"}
    assert by_words.isdisjoint({"diabetes", "sepsis", "ulcer of foot or heel", "haemodialysis"})


def test_codes_of_one_icd_10_stand_under_its_name() -> None:
    rows = {row.name: row for row in code_rows(default_vocabulary().conditions, REASONS.concepts)}
    assert rows["calciphylaxis"].codes["ICD-10-GM"] == ["E83.50…"]
    assert rows["sepsis"].codes == {
        "SNOMED CT": ["91302008"],
        "ICD-10": ["A40…", "A41…"],
        "ICD-10-CM": ["R65.2…"],
        "ICD-10 (WHO, GM)": ["R65.0…", "R65.1…"],
    }
    assert rows["antiphospholipid syndrome"].codes["ICD-10 (WHO, GM)"] == ["D68.6"]


def test_the_page_about_the_service_lists_the_codes_of_conditions_and_procedures(client: FlaskClient) -> None:
    text = words_of(client.get("/reasons/about").text)
    assert "livedo condition SNOMED CT: 238772004; words" in text
    assert "painful, violaceous or mottled skin condition words" in text
    assert "end-stage kidney disease condition ICD-10: N18.6…" in text.replace("SNOMED CT: 46177005; ", "")


def limits_of(client: FlaskClient, topic: str) -> str:
    """The known limits of a page, in one line."""
    _, _, after = client.get(f"/reasons/{topic}").text.partition('<h2 id="limits">')
    return words_of(after.partition("</section>")[0])


@pytest.mark.parametrize("topic", [*TOPICS, "about"])
def test_every_page_tells_what_shows_dialysis_what_a_transplant_silences_and_when_nothing_is_answered(
    client: FlaskClient, topic: str
) -> None:
    limits = limits_of(client, topic)
    assert "presumed from an active code of end-stage kidney disease or of graft failure" in limits
    assert "An active kidney transplant entry, or a completed transplantation, silences dialysis" in limits
    assert "at orders when the draft alone gives no card" in limits
    assert "the dialysis procedures, when nothing else shows dialysis" in limits


@pytest.mark.parametrize("topic", ["cua-suspected", "cua-possible"])
def test_what_explains_or_denies_a_sign_is_a_known_limit(client: FlaskClient, topic: str) -> None:
    limits = limits_of(client, topic)
    assert "nephrogenic systemic fibrosis, systemic sclerosis or morphea" in limits
    assert "no, not, without, denies, rule out" in limits
    assert "A provisional entry of calciphylaxis has no such window" in limits


@pytest.mark.parametrize("topic", ["calcium-data-gap", "vitd-data-gap"])
def test_silence_before_signing_does_not_mean_that_there_are_results(client: FlaskClient, topic: str) -> None:
    assert "silence there does not mean that results exist" in limits_of(client, topic)


def claim_of(client: FlaskClient, topic: str, beginning: str) -> str:
    """One claim of a page, with its strength and its sources."""
    claims = re.findall(r"<li>\s*<p>(.*?)(?=<li>\s*<p>|</section>)", client.get(f"/reasons/{topic}").text, re.DOTALL)
    (claim,) = [claim for claim in claims if claim.startswith(beginning)]
    return str(claim)


@pytest.mark.parametrize(
    ("topic", "beginning", "strength"),
    [
        ("cua-suspected", "Pain is treated together with pain or palliative care", "no source read"),
        ("cua-confirmed", "Response to treatment is often poor", "not found elsewhere"),
        ("vka-dialysis", "Whether anticoagulation for atrial fibrillation", "general knowledge; no source read"),
        ("vitd-phosphate", "The label and KDOQI 2003 6.3 speak of", "ours; no source for these steps"),
    ],
)
def test_what_no_source_supports_cites_none(client: FlaskClient, topic: str, beginning: str, strength: str) -> None:
    claim = claim_of(client, topic, beginning)
    assert strength in claim
    assert "href" not in claim


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
    made = ReasonsWords(NO_NUMBERS, {"drug": "the drug"}, date(2026, 11, 22)).card(text)
    if html is None:
        assert made.count('"') == 4
    else:
        assert made == html
