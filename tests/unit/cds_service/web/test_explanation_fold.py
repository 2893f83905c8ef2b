"""The fold that explains an answer, as any page shows it: words beside every sign, plain text, links where there are
pages."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask, render_template_string

from cds_service.app import create_app
from cds_service.settings import Settings
from hooks.explain import as_data
from tests.explained_stories import explained, some_stories
from tests.unit.cds_service.explaining.explanations import SUSPECTED, Json, an_explanation

FOLD = '{% from "explanation.html" import explanation_of %}{{ explanation_of(data, "one", note, open) }}'
Show = Callable[..., str]


@pytest.fixture(scope="module", params=["ehr,reasons", "ehr"])
def app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    settings = Settings(
        dev=True,
        database_url=f"sqlite:///{tmp_path_factory.mktemp('fold')}/x.sqlite3",
        pages=frozenset(request.param.split(",")),
        pages_fhir_server="http://127.0.0.1:9/fhir",
    )
    made = create_app(settings)
    yield made
    made.extensions["cds_fhir_client"].close()
    made.extensions["cds_database"].close()


def shown(app: Flask, data: Json, note: str = "", *, open_: bool = False) -> str:
    with app.test_request_context("/"):
        return render_template_string(FOLD, data=data, note=note, open=open_)


def text_of(fold: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", fold)).split())


def test_topics_lead_to_their_reasons_where_that_page_is_on(app: Flask) -> None:
    fold = shown(app, an_explanation())
    linked = "/reasons/cua-suspected" in fold
    assert linked is ("reasons" in {rule.endpoint.partition(".")[0] for rule in app.url_map.iter_rules()})
    assert "cua-suspected" in text_of(fold)


@pytest.mark.parametrize("topic", ["no card", "../ehr", "//evil.example", "a?b", "<b>"])
def test_what_is_no_topic_leads_nowhere(topic: str, app: Flask) -> None:
    fold = shown(app, an_explanation(status_rows=[{**SUSPECTED, "topic": topic}]))
    assert "/reasons/" not in fold.partition("why-rows")[2].partition("</ol>")[0]
    assert topic in text_of(fold)


def test_every_sign_has_its_word_beside_it(app: Flask) -> None:
    marks = re.findall(r'<span class="why-mark why-\w+"><span aria-hidden="true">.</span> ([^<]+)</span>',
                       shown(app, an_explanation()))  # fmt: skip
    assert {
        "yes",
        "no",
        "cannot tell",
        "counts",
        "does not count",
        "does not hold",
        "gave its card",
        "not asked",
    } <= set(marks)
    assert shown(app, an_explanation()).count("why-mark") == len(marks)


def test_what_keeps_a_rule_back_is_said_in_words(app: Flask) -> None:
    text = text_of(shown(app, an_explanation()))
    assert "no : there is a skin sign ← this is why not" in text
    assert "yes (must be no): calciphylaxis was excluded ← this is why not" in text
    assert "yes : the patient is on dialysis (see above)" in text


def test_rules_that_tell_nothing_are_one_line_with_their_names_in_a_fold(app: Flask) -> None:
    fold = shown(app, an_explanation())
    (several, unasked) = re.findall(r'<details class="why-several">.*?</details>', fold, re.DOTALL)
    line = text_of(several.partition("</summary>")[0])
    assert line == "3 rules ✗ do not hold : there is sepsis (or a fever): today: no"
    assert text_of(several.partition("</summary>")[2]) == "cua-sepsis, 2 rules; cua-fever"
    assert text_of(unasked).endswith("a rule above ends the search vka-a, 2 rules; vka-b")


def test_the_facts_of_their_reason_stand_with_them(app: Flask) -> None:
    two = {**SUSPECTED, "kept_by": ["sign", "grave"]}
    assert "there is a skin sign: no a scar is none" in text_of(shown(app, an_explanation(status_rows=[two])))
    text = text_of(shown(app, an_explanation(status_rows=[two, two])))
    assert "there is a skin sign: no a scar is none cua-suspected, 2 rules" in text


def test_rules_of_one_topic_are_told_apart_beside_it(app: Flask) -> None:
    rows = [SUSPECTED, {**SUSPECTED, "when": ["sepsis", "sign"]}]
    text = text_of(shown(app, an_explanation(status_rows=rows)))
    assert "Suspected cua-suspected : the patient is on dialysis" in text
    assert "Suspected cua-suspected : there is sepsis" in text


def test_the_headline_comes_first_and_a_note_before_it(app: Flask) -> None:
    text = text_of(shown(app, an_explanation(), "Mind the change."))
    assert text.startswith("Why, and why not One card comes: cua-risk. Mind the change.")
    assert text.partition("change. ")[2].startswith("One card comes: cua-risk. On dialysis, without a sign.")


def test_a_page_may_show_the_reason_without_a_click_and_no_more_than_that(app: Flask) -> None:
    fold = shown(app, an_explanation(cards=None, headline=["No card comes.", "Not on dialysis."]), open_=True)
    assert re.findall(r"<details[^>]* open>", fold) == ['<details class="why" id="one" open>']
    assert text_of(fold).startswith("Why, and why not Not on dialysis. No card comes. Not on dialysis.")


def test_nothing_is_open_before_a_reader_opens_it(app: Flask) -> None:
    assert not re.search(r"<details[^>]* open", shown(app, an_explanation()))


def test_whatever_a_record_says_stays_text(app: Flask) -> None:
    evil = "<script>alert(1)</script>\u202e<img src=x onerror=y>'\""
    rows = [{**SUSPECTED, "title": evil, "why": evil, "topic": evil}]
    fold = shown(
        app,
        an_explanation(
            headline=[evil],
            status_rows=rows,
            results=[evil],
            missing=[evil],
            other_drugs=[{"says": evil, "how": f"{evil}!"}],
            patient={"age": evil, "dialysis": evil},
        ),
        evil,
    )
    assert "<script" not in fold
    assert "<img" not in fold
    assert "\u202e" not in fold
    assert "&lt;script&gt;" in fold
    assert "onerror=y&gt;" in fold


@pytest.mark.parametrize("name", ["style", "onclick", "script"])
def test_it_needs_no_script_and_no_style_of_its_own(name: str, app: Flask) -> None:
    assert not re.search(rf"<{name}|\s{name}=", shown(app, an_explanation()))


def test_the_ids_of_a_fold_are_its_own(app: Flask) -> None:
    ids = re.findall(r'\sid="([^"]+)"', shown(app, an_explanation()))
    assert len(ids) == len(set(ids)) > 5
    assert all(id_ == "one" or id_.startswith("one-") for id_ in ids)


def test_every_story_can_be_shown(app: Flask) -> None:
    for story in some_stories()[::6]:
        data = as_data(explained(story).explanation)
        text = text_of(shown(app, data))
        assert all(" ".join(sentence.split()) in text for sentence in data["headline"]), story.title


def test_the_style_sheet_knows_the_classes_of_the_fold(app: Flask) -> None:
    css = (Path(app.root_path) / "web" / "static" / "pages.css").read_text("utf-8")
    used = {name for names in re.findall(r'class="([^"]+)"', shown(app, an_explanation())) for name in names.split()}
    assert {name for name in used if f".{name}" not in css} == set()
