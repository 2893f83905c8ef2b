"""Cards of any service are shown as they are, and nothing in them can do harm."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from cds_service.ehr_client.ehr import order_context
from cds_service.ehr_client.exchange import Exchange
from cds_service.web.cards import OwnApp, ShownCard, as_json, launch_address, quiet
from cds_service.web.detail import render_detail
from cds_service.web.ehr.cards import judged_drugs, shown_cards
from cds_service.web.ehr.state import CHART, ORDER, ServiceAnswer

FHIR = "https://ehr.example/fhir"


def answer(*cards: object, status: int = 200, body: Any = None, **outcomes: dict[str, Any]) -> ServiceAnswer:
    found = {"cards": list(cards)} if body is None else body
    return ServiceAnswer(CHART, "patient-view", "one", Exchange("POST", "https://x", {}, status, found, 1.0), outcomes)


def shown(**card: Any) -> ShownCard:
    (only,) = shown_cards(answer(card), FHIR)
    return only


@pytest.mark.parametrize(
    ("indicator", "word", "style"),
    [
        ("critical", "Critical", "critical"),
        ("warning", "Warning", "warning"),
        ("info", "Information", "info"),
        ("hard-stop", "hard-stop", "info"),
        (7, "Card", "info"),
    ],
)
def test_an_indicator_is_a_word_and_a_sign_and_not_only_a_colour(indicator: object, word: str, style: str) -> None:
    card = shown(indicator=indicator)
    assert (card.word, card.indicator) == (word, style)
    assert card.sign


def test_a_card_of_which_nothing_has_the_right_shape_is_still_shown() -> None:
    card = shown(summary=1, detail=[], source="x", suggestions="x", links=[7], overrideReasons="x", uuid=None)
    assert card.summary == "(a card without a summary)"
    assert (card.suggestions, card.links, card.reasons) == ((), (), ())
    assert not card.can_override
    assert shown_cards(answer(7, None), FHIR) == []


def test_topic_and_source_are_told() -> None:
    card = shown(source={"label": "Us", "url": "https://us.example", "topic": {"code": "c"}})
    assert (card.source.label, card.source.href, card.topic) == ("Us", "https://us.example", "c")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "", 7])
def test_an_address_that_is_not_of_the_web_is_no_link(url: object) -> None:
    card = shown(source={"label": "Us", "url": url}, links=[{"label": "Open", "url": url, "type": "smart"}])
    assert card.source.href == ""
    assert [(link.label, link.href) for link in card.links] == [("Open", "")]


@pytest.mark.parametrize(("url", "kept"), [("https://app.example/l", {}), ("https://app.example/l?a=1", {"a": ["1"]})])
def test_an_app_is_told_where_the_data_are_and_for_which_launch(url: str, kept: dict[str, list[str]]) -> None:
    (link,) = shown(links=[{"label": "App", "url": url, "type": "smart"}]).links
    query = parse_qs(urlsplit(link.href).query)
    assert link.href.startswith(url)
    assert query.pop("iss") == [FHIR]
    assert query.pop("launch")[0]
    assert query == kept


OWN = OwnApp("https://cds.example/smart/launch", "anna-7")


@pytest.mark.parametrize("more", ["", "?patient=ben-8", "?iss=https://evil.example&launch=x#y"])
def test_our_own_app_is_told_the_patient_of_the_chart_and_no_other(more: str) -> None:
    opened = urlsplit(launch_address(OWN.launch_url + more, FHIR, OWN))
    assert (opened.netloc, opened.path, opened.fragment) == ("cds.example", "/smart", "")
    assert parse_qs(opened.query) == {"iss": [FHIR], "patient": ["anna-7"]}


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example/smart/launch",
        "https://cds.example.evil.example/smart/launch",
        "https://cds.example@evil.example/smart/launch",
        "https://cds.example/smart/launch/x",
        "http://cds.example/smart/launch",
    ],
)
def test_no_other_app_is_told_the_patient(url: str) -> None:
    query = parse_qs(urlsplit(launch_address(url, FHIR, OWN)).query)
    assert set(query) == {"iss", "launch"}
    assert "anna-7" not in launch_address(url, FHIR, OWN)


def test_an_ordinary_link_is_left_as_it_is() -> None:
    (link,) = shown(links=[{"label": "Paper", "url": "https://doi.example/x", "type": "absolute"}]).links
    assert (link.href, link.is_app) == ("https://doi.example/x", False)


def suggested(behaviour: str, **outcome: Any) -> list[tuple[bool, bool]]:
    card = {
        "uuid": "c",
        "selectionBehavior": behaviour,
        "suggestions": [{"uuid": "a", "label": "A"}, {"uuid": "b", "label": "B"}, {"label": "no uuid"}],
    }
    (made,) = shown_cards(answer(card, c=outcome), FHIR)
    return [(one.accepted, one.open) for one in made.suggestions]


def test_any_number_of_suggestions_can_be_accepted_where_the_card_says_so() -> None:
    assert suggested("any", outcome="accepted", accepted=["a"]) == [(True, False), (False, True), (False, False)]


def test_at_most_one_suggestion_can_be_accepted_where_the_card_says_so() -> None:
    assert suggested("at-most-one") == [(False, True), (False, True), (False, False)]
    assert suggested("at-most-one", outcome="accepted", accepted=["a"])[1] == (False, False)


def leading(*recommended: bool, **outcome: Any) -> list[bool]:
    offers = [{"uuid": str(n), "label": "A", "isRecommended": one} for n, one in enumerate(recommended)]
    (made,) = shown_cards(answer({"uuid": "c", "selectionBehavior": "any", "suggestions": offers}, c=outcome), FHIR)
    return [one.primary for one in made.suggestions]


def test_at_most_one_suggestion_leads_and_only_a_recommended_one() -> None:
    assert leading(False, True, False) == [False, True, False]
    assert leading(True, True) == [True, False]
    assert leading(False, False) == [False, False]
    assert leading() == []


def test_what_cannot_be_accepted_any_more_does_not_lead() -> None:
    assert leading(True, False, outcome="accepted", accepted=["0"]) == [False, False]
    assert leading(True, False, outcome="overridden") == [False, False]


def test_nothing_can_be_accepted_once_the_card_is_overridden() -> None:
    assert suggested("any", outcome="overridden") == [(False, False)] * 3


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (412, {"issue": [{"diagnostics": "cannot judge: no chart"}]}, "could not judge: no chart"),
        (412, None, "could not judge: no OperationOutcome"),
        (500, {"issue": [{"details": {"text": "broken"}}, {}, 7]}, "failed (status 500): broken"),
        (0, None, "did not answer"),
        (200, {"patient": 1}, "did not answer with cards"),
        (200, [], "did not answer with cards"),
        (200, {"cards": ["x", 1]}, "did not answer with readable cards"),
        (200, {"cards": [{"summary": "x"}, None]}, "did not answer with readable cards"),
        (200, {"cards": []}, ""),
    ],
)
def test_what_is_no_advice_says_so(status: int, body: Any, words: str) -> None:
    fault = answer(status=status, body=body if body is not None else {}).fault
    assert words in fault
    assert bool(fault) == bool(words)


@pytest.mark.parametrize(
    ("body", "words"),
    [({"services": []}, "offers no service for order-sign"), (None, "did not answer with a discovery document")],
)
def test_where_no_service_could_be_asked_nothing_was_judged(body: Any, words: str) -> None:
    fault = ServiceAnswer(ORDER, "order-sign", "", Exchange("GET", "https://x", {}, 200, body, 1.0)).fault
    assert words in fault
    assert "nothing was judged" in fault


def test_an_answer_is_about_the_drafts_that_were_selected_or_else_about_all() -> None:
    drafts = [{"resourceType": "MedicationRequest", "id": one} for one in ("a", "b")]
    context = order_context("p1", drafts, ["MedicationRequest/b"])
    asked = Exchange("POST", "https://x", {"context": context}, 200, {"cards": []}, 1.0)
    assert judged_drugs(ServiceAnswer(ORDER, "order-select", "one", asked)) == drafts[1:]
    asked = Exchange("POST", "https://x", {"context": order_context("p1", drafts)}, 200, {"cards": []}, 1.0)
    assert judged_drugs(ServiceAnswer(ORDER, "order-sign", "one", asked)) == drafts
    assert judged_drugs(answer()) == []


# ------------------------------------------------------------------ Markdown
def test_the_first_paragraph_stands_apart_from_the_rest() -> None:
    detail = render_detail("**Stop** it.  \nNow.\n\n- a\n- b\n\nLast.")
    assert detail.lead == "<p><strong>Stop</strong> it.<br />\nNow.</p>\n"
    assert detail.rest.startswith("<ul>")
    assert "Last." in detail.rest


@pytest.mark.parametrize("text", ["# Heading\n\nText", "- a list\n\nText", "| a |\n|---|\n| b |"])
def test_text_that_begins_otherwise_has_no_first_paragraph(text: str) -> None:
    detail = render_detail(text)
    assert detail.lead == ""
    assert detail.rest


def test_no_detail_is_nothing() -> None:
    assert render_detail("") == render_detail("\n\n")
    assert not render_detail("").lead


def test_headings_tables_and_strikethrough_are_rendered_below_the_card() -> None:
    rest = render_detail("# One\n\n###### Six\n\n| a | b |\n|---|---|\n| ~~c~~ | d |").rest
    for part in ("<h4>One</h4>", "<h6>Six</h6>", "<th>a</th>", "<s>c</s>"):
        assert part in rest


def test_links_of_the_web_open_apart_and_tell_nobody_where_they_come_from() -> None:
    lead = render_detail("[paper](https://doi.example/x)").lead
    assert 'href="https://doi.example/x"' in lead
    assert 'rel="noopener noreferrer"' in lead


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a <img src=x onerror=alert(1)> b",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](https://evil.example/pixel.png)",
        "<javascript:alert(1)>",
        "[x]: javascript:alert(1)\n\n[x]",
        '[x](https://a.example "t\\" onmouseover=\\"alert(1)")',
    ],
)
def test_nothing_in_a_detail_can_run_or_load(text: str) -> None:
    detail = render_detail(text)
    made = (detail.lead + detail.rest).lower()
    for harm in ("<script", "<img", 'href="javascript', 'href="data', '" onmouseover="'):
        assert harm not in made


def test_json_is_shown_as_text_whatever_it_holds() -> None:
    assert "<" not in as_json({"a": "</pre><script>'x'"})
    assert quiet("'\"&<") == '&#39;"&amp;&lt;'
