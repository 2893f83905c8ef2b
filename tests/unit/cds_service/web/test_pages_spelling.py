"""The pages in both spellings, and no word in templates or code that could follow neither."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from markupsafe import Markup

from cds_service.app import create_app
from cds_service.settings import LOCALES, Settings
from fhir_mappings.packaged import default_policy, default_reasons
from tests.house import ROOT
from tests.spelling import PAIRS, of_the_other_side, words
from tests.unit.fhir_mappings.test_spelling import NAMES

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
TEMPLATES = sorted((ROOT / "cds_service" / "web").rglob("*.html"))
MODULES = sorted(
    module
    for room in ("hooks", "fhir_mappings", "cds_service/web", "cds_service/api", "cds_service/knowledge")
    for module in (ROOT / room).rglob("*.py")
)
BOTH_SIDES = set(PAIRS) | set(PAIRS.values())


@pytest.fixture(scope="module", params=LOCALES)
def pages(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, FlaskClient]:
    database = tmp_path_factory.mktemp("spelling") / "cards.sqlite3"
    settings = Settings(database_url=f"sqlite:///{database}", dev=True, locale=request.param)
    return request.param, create_app(settings, lambda: NOW).test_client()


def text_of(html: str) -> str:
    """What people read of a page, without codes and the names that the code systems give them."""
    return str(Markup(re.sub(r"<code>[^<]*</code>", " ", html)).striptags())


@pytest.mark.parametrize("path", ["", "/about", *(f"/{code}" for code in default_reasons(default_policy()).topics)])
def test_the_reasons_follow_the_setting(pages: tuple[str, FlaskClient], path: str) -> None:
    locale, client = pages
    text = text_of(client.get(f"/reasons{path}").text)
    assert len(text) > 1000
    assert of_the_other_side(text, locale, NAMES) == set()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)
def test_no_template_holds_a_word_that_is_spelled_in_two_ways(template: Path) -> None:
    bare = re.sub(r"\{[{%#].*?[}%#]\}|<[^>]*>", " ", template.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert words(bare) & BOTH_SIDES == set()


def sentences(module: Path) -> Iterator[str]:
    """The texts of a module that are neither a name nor a docstring."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.value


def test_no_sentence_in_code_holds_a_word_that_is_spelled_in_two_ways() -> None:
    """Such a word stands in a data file, where it follows the setting."""
    assert len(MODULES) > 100
    texts = {(module.name, text) for module in MODULES for text in sentences(module) if " " in text}
    assert len(texts) > 300
    assert {text for text in texts if words(text[1]) & BOTH_SIDES} == set()
