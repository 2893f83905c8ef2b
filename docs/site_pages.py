"""What mkdocs needs to know of this repository: the documents that do not lie in docs/, and the links to them.

What may live here: which document becomes which page, and the translation of a link as it stands in the repository into
one of the site. mkdocs calls the functions whose names begin with `on_`.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
    "examples/README.md": "examples.md",
}
"""A document of the repository outside docs/, and the page that it becomes."""

_DOCUMENTS = {page: document for document, page in PAGES.items()}
_FENCED = re.compile(r"(^ *```.*?^ *```$)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?![a-z]+:|#)([^)#\s]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the documents of PAGES to the site."""
    from mkdocs.structure.files import File

    root = Path(config.docs_dir).parent
    for document, page in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(root / document)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The text of a page with the links of the site."""
    return site_links(markdown, page.file.src_uri)


def site_links(markdown: str, page: str) -> str:
    """The text with its links to files of the repository as links of the site; fenced blocks stay as they are."""
    here = _DOCUMENTS.get(page, f"docs/{page}")
    parts = _FENCED.split(markdown)
    return "".join(
        part if _FENCED.match(part) else _LINK.sub(lambda link: _link(link, here, page), part) for part in parts
    )


def _link(link: re.Match[str], here: str, page: str) -> str:
    """A file that is no page (LICENSE, a folder of examples) is named and not linked: the site does not hold it."""
    picture, words, target, anchor = link.groups()
    path = posixpath.normpath(posixpath.join(posixpath.dirname(here), target))
    inside = PAGES.get(path) or (path.removeprefix("docs/") if path.startswith("docs/") else None)
    if inside is None:
        return words
    return f"{picture}[{words}]({posixpath.relpath(inside, posixpath.dirname(page) or '.')}{anchor or ''})"
