"""What is wrong with a built site is found: by pages made here, each with one fault.

What may live here: the checks of `tests.docs_site` and the translation of links in `docs/site_pages.py`, tried on small
texts. Building the real site and looking through it is `make docs`.
"""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from tests import docs_site

SITE_PAGES = runpy.run_path(str(docs_site.ROOT / "docs" / "site_pages.py"))


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Two pages that are sound."""
    (tmp_path / "index.html").write_text(
        '<h1 id="top">Home</h1> <a href="other.html#part">on</a> <a href="#top">up</a>'
    )
    (tmp_path / "other.html").write_text(
        '<h2 id="part">Part</h2> <a href="https://a.example/">away</a> <a href=".">in</a>'
    )
    return tmp_path


def add(site: Path, html: str) -> None:
    (site / "index.html").write_text(f"{(site / 'index.html').read_text()} {html}")


def test_a_sound_site_has_no_fault(site: Path) -> None:
    add(site, '<img src="data:image/png;base64,AA=="> <link rel="canonical" href="https://a.example/">')
    assert docs_site.foreign_loads(site) == docs_site.dead_links(site) == []


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://a.example/x.js"></script>',
        '<script src="//a.example/x.js"></script>',
        '<link rel="stylesheet" href="https://a.example/x.css">',
        '<link rel="preconnect" href="https://a.example">',
        '<img src="https://a.example/x.png">',
        '<img srcset="x.png 1x, https://a.example/y.png 2x">',
        '<form action="https://a.example/"></form>',
        '<p style="background: url(https://a.example/x.png)">',
    ],
)
def test_a_page_that_loads_something_from_elsewhere_is_found(site: Path, html: str) -> None:
    add(site, html)
    assert [fault.split()[0] for fault in docs_site.foreign_loads(site)] == ["index.html"]


def test_a_style_sheet_that_loads_a_font_from_elsewhere_is_found(site: Path) -> None:
    (site / "x.css").write_text(
        '@import "https://a.example/f.css"; a { src: url("//b.example/f.woff2"), url(f.woff2) }'
    )
    assert docs_site.foreign_loads(site) == ["x.css loads https://a.example/f.css", "x.css loads //b.example/f.woff2"]


def test_a_script_that_knows_a_further_host_is_found(site: Path) -> None:
    (site / "x.js").write_text('f("https://unpkg.com/y"); g(`https://a.example/z`)')
    assert docs_site.foreign_loads(site) == ["x.js knows the host a.example"]


@pytest.mark.parametrize("link", ["nowhere.html", "other.html#nothing", "#nothing", "/nowhere.html", "folder/"])
def test_a_link_that_leads_nowhere_is_found(site: Path, link: str) -> None:
    add(site, f'<a href="{link}">x</a>')
    assert docs_site.dead_links(site) == [f"index.html links to {link}"]


@pytest.mark.parametrize("link", ["/other.html", "other.html", "x.css", "mailto:a@b.example"])
def test_a_link_that_leads_somewhere_is_let_through(site: Path, link: str) -> None:
    (site / "x.css").write_text("")
    add(site, f'<a href="{link}">x</a>')
    assert docs_site.dead_links(site) == []


@pytest.mark.parametrize(
    ("html", "wrong"),
    [
        ("<article><ol><li><p>a</p><pre>b</pre></li></ol></article><pre>c</pre>", []),
        ("<article><ol><li>a</li></ol><pre>b</pre></article>", ["1 × ol li pre, shown 0", "0 × pre, shown 1"]),
    ],
)
def test_a_text_that_the_site_shows_in_another_shape_is_found(html: str, wrong: list[str]) -> None:
    assert docs_site.misread("1. a\n\n    ```\n    b\n    ```\n", html) == wrong


def test_each_document_has_a_page_of_its_own() -> None:
    shown = docs_site.documents()
    assert shown["index.html"].name == "README.md"
    assert shown["decisions/index.html"] == docs_site.ROOT / "docs" / "decisions" / "README.md"
    assert len(set(shown.values())) == len(shown) > 20
    assert all(path.is_file() for path in shown.values())


def test_each_document_stands_in_the_table_of_contents() -> None:
    contents = (docs_site.ROOT / "mkdocs.yml").read_text()
    docs = docs_site.ROOT / "docs"
    named = {str(path.relative_to(docs)) for path in docs.rglob("*.md")}
    assert len(named) > 20
    assert [name for name in sorted(named) if not re.search(rf"[ ]{re.escape(name)}$", contents, re.MULTILINE)] == []


@pytest.mark.parametrize(
    ("page", "text", "shown"),
    [
        ("index.md", "[a](docs/smart.md#b)", "[a](smart.md#b)"),
        ("index.md", "![a](docs/images/b.png)", "![a](images/b.png)"),
        ("smart.md", "[a](../README.md#b)", "[a](index.md#b)"),
        ("smart.md", "[a](stories.md)", "[a](stories.md)"),
        ("decisions/0003.md", "[a](../smart.md)", "[a](../smart.md)"),
        ("examples.md", "[a](../docs/connecting.md)", "[a](connecting.md)"),
        ("contributing.md", "[the licence](LICENSE)", "the licence"),
        ("index.md", "[a](https://a.example/b.md) [b](#c)", "[a](https://a.example/b.md) [b](#c)"),
        ("index.md", "```\n[a](docs/b.md)\n```\n", "```\n[a](docs/b.md)\n```\n"),
    ],
)
def test_a_link_of_the_repository_becomes_one_of_the_site(page: str, text: str, shown: str) -> None:
    assert SITE_PAGES["site_links"](text, page) == shown
