"""Cards as a page shows them.

What may live here: reading cards of any service tolerantly into plain values for the template. A card decides its own
words; nothing is added to what it says.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from markupsafe import Markup

from cds_service.web.detail import Detail, render_detail
from cds_service.web.markdown import is_web_address
from fhir_mappings.fhir_json import as_object, as_objects, as_text

INDICATORS = {"critical": ("Critical", "!"), "warning": ("Warning", "▲"), "info": ("Information", "i")}
"""Indicator → its word and its sign: colour alone tells nobody anything."""


@dataclass(frozen=True, slots=True)
class ShownLink:
    """A link of a card; `href` is empty where its address must not be followed."""

    label: str
    href: str
    is_app: bool


@dataclass(frozen=True, slots=True)
class OwnApp:
    """Our own SMART app by its launch address, and the patient whose chart is open."""

    launch_url: str
    patient: str


@dataclass(frozen=True, slots=True)
class ShownSuggestion:
    """A suggestion; `open` while it can be accepted, `primary` where it is the one that the card leads with."""

    uuid: str
    label: str
    steps: tuple[str, ...]
    recommended: bool
    accepted: bool
    open: bool
    primary: bool = False


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A card, ready for the template. `reasons` are (code, display); `outcome` is empty until the clinician acted."""

    uuid: str
    indicator: str
    word: str
    sign: str
    summary: str
    detail: Detail
    source: ShownLink
    topic: str
    suggestions: tuple[ShownSuggestion, ...]
    only_one: bool
    links: tuple[ShownLink, ...]
    reasons: tuple[tuple[str, str], ...]
    outcome: Mapping[str, Any]
    feedback: str
    can_override: bool


def shown_card(card: Mapping[str, Any], outcome: Mapping[str, Any], fhir: str, own: OwnApp | None = None) -> ShownCard:
    """One card with what became of it; `fhir` is the server that a SMART app is told to read from, "" for none."""
    indicator = as_text(card.get("indicator"))
    word, sign = INDICATORS.get(indicator, (indicator or "Card", "i"))
    source = as_object(card.get("source"))
    behaviour = as_text(card.get("selectionBehavior"))
    return ShownCard(
        uuid=as_text(card.get("uuid")),
        indicator=indicator if indicator in INDICATORS else "info",
        word=word,
        sign=sign,
        summary=as_text(card.get("summary")) or "(a card without a summary)",
        detail=render_detail(as_text(card.get("detail"))),
        source=ShownLink(as_text(source.get("label")) or "unknown source", _web(as_text(source.get("url"))), False),
        topic=_topic(source),
        suggestions=_suggestions(as_objects(card.get("suggestions")), outcome, behaviour),
        only_one=behaviour == "at-most-one",
        links=tuple(_link(link, fhir, own) for link in as_objects(card.get("links"))),
        reasons=tuple(
            (as_text(reason.get("code")), _display(reason)) for reason in as_objects(card.get("overrideReasons"))
        ),
        outcome=outcome,
        feedback=as_json(outcome["sent"]) if outcome.get("sent") else "",
        can_override=bool(card.get("uuid")) and outcome.get("outcome") != "overridden",
    )


def _suggestions(
    items: Iterable[Mapping[str, Any]], outcome: Mapping[str, Any], behaviour: str
) -> tuple[ShownSuggestion, ...]:
    """All of them; at most one leads: the first that is recommended and can be accepted."""
    every = [_suggestion(item, outcome, behaviour) for item in items]
    first = next((place for place, one in enumerate(every) if one.recommended and one.open), None)
    return tuple(replace(one, primary=place == first) for place, one in enumerate(every))


def _suggestion(item: Mapping[str, Any], outcome: Mapping[str, Any], behaviour: str) -> ShownSuggestion:
    accepted = outcome.get("accepted") or []
    uuid_ = as_text(item.get("uuid"))
    is_over = outcome.get("outcome") == "overridden" or (behaviour == "at-most-one" and bool(accepted))
    return ShownSuggestion(
        uuid=uuid_,
        label=as_text(item.get("label")) or "(a suggestion without a label)",
        steps=tuple(as_text(action.get("description")) for action in as_objects(item.get("actions"))),
        recommended=item.get("isRecommended") is True,
        accepted=uuid_ in accepted,
        open=bool(uuid_) and uuid_ not in accepted and not is_over,
    )


def _link(link: Mapping[str, Any], fhir: str, own: OwnApp | None) -> ShownLink:
    href, is_app = _web(as_text(link.get("url"))), link.get("type") == "smart"
    if href and is_app:
        href = launch_address(href, fhir, own) if fhir else ""
    return ShownLink(as_text(link.get("label")) or href, href, is_app)


def launch_address(url: str, fhir: str, own: OwnApp | None = None) -> str:
    """The launch URL of a SMART app with the parameters that an EHR adds: where the data are, and for which launch.

    Which patient a launch is for is what the EHR's sign-in tells an app; this EHR has none. Only our own app, which
    opens servers without a sign-in, is told the patient. Nothing else of the card's address is kept for it: a card can
    name no other patient.
    """
    if own and urlsplit(url)._replace(query="", fragment="").geturl() == own.launch_url:
        opened = own.launch_url.removesuffix("/launch")
        return f"{opened}?{urlencode({'iss': fhir, 'patient': own.patient})}"
    joined = "&" if urlsplit(url).query else "?"
    return f"{url}{joined}{urlencode({'iss': fhir, 'launch': str(uuid.uuid4())})}"


def as_json(body: Any) -> Markup:
    """JSON for people, as text of an HTML element."""
    return quiet(json.dumps(body, indent=1, ensure_ascii=False))


def quiet(written: str) -> Markup:
    """Text for an element or an attribute in single quotes; double quotes stay, which in JSON saves a third."""
    escaped = written.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#39;")
    return Markup(escaped)  # noqa: S704 - escaped on the line above


def _topic(source: Mapping[str, Any]) -> str:
    topic = as_object(source.get("topic"))
    return as_text(topic.get("display")) or as_text(topic.get("code"))


def _display(reason: Mapping[str, Any]) -> str:
    return as_text(reason.get("display")) or as_text(reason.get("code"))


def _web(url: str) -> str:
    return url if is_web_address(url) else ""
