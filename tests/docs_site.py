"""Is the site of the documents sound? `python -m tests.docs_site build/site` says what is wrong with what was built.

What may live here: reading the built pages, and the faults that a reader would meet: something loaded from elsewhere, a
link that leads nowhere, and a text that the site shows in another shape than GitHub does. Building is done by mkdocs.
"""

from __future__ import annotations

import re
import runpy
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[1]
KNOWN_TO_SCRIPTS = frozenset({"unpkg.com", "api.github.com"})
"""Hosts that the theme's scripts could ask, and never do here: for a diagram in a page or a browser of before 2020, and
for the stars of a repository that `repo_url` would name. Look at a further one before it is written down."""
_BLOCKS = frozenset({"h1", "h2", "h3", "h4", "ol", "ul", "li", "pre", "table", "blockquote", "img"})
_LOADING_RELATIONS = {
    "stylesheet",
    "icon",
    "preload",
    "prefetch",
    "preconnect",
    "dns-prefetch",
    "manifest",
    "modulepreload",
}
_VOID = frozenset(
    {"img", "br", "hr", "meta", "link", "input", "source", "col", "wbr", "area", "base", "embed", "track"}
)


@dataclass
class Read(HTMLParser):
    """What one page loads, links to and can be linked at, and the shape of its text."""

    loads: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    shape: Counter[str] = field(default_factory=Counter)
    whole: bool = True

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of an element; of its shape only inside the article, where the page has one."""
        values = {name: value or "" for name, value in attrs}
        self.anchors.update(value for name, value in values.items() if name in {"id", "name"})
        self.loads.extend(_loaded(tag, values))
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        if self.whole or "article" in self._open:
            self._take_shape(tag)
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost such element."""
        if tag in self._open:
            del self._open[len(self._open) - 1 - self._open[::-1].index(tag) :]

    def _take_shape(self, tag: str) -> None:
        if tag in _BLOCKS:
            start = self._open.index("article") if "article" in self._open else 0
            self.shape[" ".join([name for name in self._open[start:] if name in _BLOCKS] + [tag])] += 1


def _loaded(tag: str, values: Mapping[str, str]) -> Iterator[str]:
    """The addresses that a browser asks for by itself when it meets this element."""
    if tag == "link" and _LOADING_RELATIONS & set(values.get("rel", "").split()):
        yield values.get("href", "")
    elif tag != "a":
        yield from (values[name] for name in ("src", "poster", "data", "action") if name in values)
    yield from (part.split()[0] for part in values.get("srcset", "").split(",") if part.strip())
    yield from in_styles(values.get("style", ""))


def in_styles(text: str) -> list[str]:
    """The addresses that a style sheet loads."""
    return [one or other for one, other in re.findall(r"""url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)""", text)]


def read(html: str, *, whole: bool = True) -> Read:
    """The page, or a piece of one; without `whole` its shape is that of its article."""
    page = Read(whole=whole)
    page.feed(html)
    return page


# ------------------------------------------------------------------ the faults
def is_foreign(address: str) -> bool:
    """Does it lead to another host? Data in place, and what is relative, do not."""
    parts = urlsplit(address.strip())
    return bool(parts.netloc) or parts.scheme in {"http", "https", "ws", "wss"}


def foreign_loads(site: Path) -> list[str]:
    """What pages, styles and scripts would load from elsewhere."""
    found = [(page, address) for page in site.rglob("*.html") for address in read(page.read_text("utf-8")).loads]
    found += [(sheet, address) for sheet in site.rglob("*.css") for address in in_styles(sheet.read_text("utf-8"))]
    wrong = [f"{file.relative_to(site)} loads {address}" for file, address in found if is_foreign(address)]
    return wrong + [
        f"{script.relative_to(site)} knows the host {host}"
        for script in site.rglob("*.js")
        for host in sorted(hosts(script.read_text("utf-8")) - KNOWN_TO_SCRIPTS)
    ]


def hosts(script: str) -> set[str]:
    """The hosts in the strings of a script."""
    return set(re.findall(r"""["'`](?:https?:|wss?:)?//([\w.-]+\.[a-z]{2,})""", script))


def dead_links(site: Path) -> list[str]:
    """Links inside the site to a page, a file or a heading that is not there."""
    pages = {page: read(page.read_text("utf-8")) for page in sorted(site.rglob("*.html"))}
    return [
        f"{page.relative_to(site)} links to {link}"
        for page, found in pages.items()
        for link in sorted(set(found.links))
        if not is_foreign(link) and not urlsplit(link).scheme and not _leads_somewhere(link, page, site, pages)
    ]


def _leads_somewhere(link: str, page: Path, site: Path, pages: Mapping[Path, Read]) -> bool:
    """The page for what is not found links from the root, since it is shown at any depth."""
    parts = urlsplit(link)
    below = site if parts.path.startswith("/") else page.parent
    target = (below / unquote(parts.path).lstrip("/")).resolve() if parts.path else page
    target = target / "index.html" if target.is_dir() else target
    if not parts.fragment or target not in pages:
        return target.is_file() and not parts.fragment
    return unquote(parts.fragment) in pages[target].anchors


def misread(text: str, html: str) -> list[str]:
    """Where the site shows a document in another shape: "2 × ol li" for "1. a\\n2. b" that became one paragraph."""
    meant, shown = read(MarkdownIt("commonmark").enable("table").render(text)).shape, read(html, whole=False).shape
    return [
        f"{meant[shape]} × {shape}, shown {shown[shape]}"
        for shape in sorted(meant | shown)
        if meant[shape] != shown[shape]
    ]


def documents() -> dict[str, Path]:
    """Every document of the site, by the file that shows it."""
    pages = runpy.run_path(str(ROOT / "docs" / "site_pages.py"))["PAGES"]
    outside = {page: ROOT / document for document, page in pages.items()}
    inside = {str(path.relative_to(ROOT / "docs")): path for path in (ROOT / "docs").rglob("*.md")}
    return {shown_as(page): path for page, path in (outside | inside).items()}


def shown_as(page: str) -> str:
    """The file that mkdocs makes of a page."""
    return page.replace("README.md", "index.html").replace(".md", ".html")


def faults(site: Path) -> list[str]:
    """Everything that is wrong with the built site, one a line."""
    missing = [f"{name} was not built" for name in documents() if not (site / name).is_file()]
    shapes = [
        f"{name}: {fault}"
        for name, path in sorted(documents().items())
        if (site / name).is_file()
        for fault in misread(path.read_text("utf-8"), (site / name).read_text("utf-8"))
    ]
    return [*missing, *foreign_loads(site), *dead_links(site), *shapes]


if __name__ == "__main__":
    wrong = faults(Path(sys.argv[1]).resolve())
    print("\n".join(wrong) or f"{len(documents())} documents: every link leads somewhere, nothing comes from elsewhere")
    sys.exit(bool(wrong))
