"""Texts that a record should not be able to make anything of, and what must hold for every text that leaves us.

What may live here: the payloads, how they are put into FHIR resources, and the checks of a text that is shown.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from functools import cache
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

import hooks

LINKS = (
    "//evil.example", "//localhost", "///evil.example/x", "see:\\//evil.example", "https:/\\/evil.example",
    "https://evil.example/a_b", "HTTPS://EVIL.EXAMPLE", "ftp://evil.example", "file:///etc", "evil.com", "evil.com/x",
    "Evil.COM:8080/x?y#z", "evil.example.de", "(evil.com)", "evil.xn--p1ai", "пример.рф", "例子.中国", "1.de",
    "evil\\.com", "www.evil.example", "wWW.1.evil", "a@evil.example", "a.b+c@evil.co", "a&#64;evil.example",
    "a\\@evil.example", "mailto:a@evil.example", "mailto:a@b", "MAILTO:a@b", "xmpp:a@evil.example/x", "tel:+49123",
    "javascript:alert(1)", "data:text/html,x", "<https://evil.example>", "<evil:x>", "<a@evil.example>",
    "[x](//evil.example)", "[x](/evil)", "[x](javascript:alert(1))", "![x](https://evil.example/x.png)",
    "![x](/evil)", "[x]: /evil", "[x][y]", "[x](<y>)", "evil&#46;com", "https&#58;//evil.example",
    "https&colon;&sol;&sol;evil.example", "evil\u00ad.\u200bcom", "h\u2060ttps:/\u202e/evil.example",
    "evil.\U000e0041com", "www\ufe0f.evil.example",
)  # fmt: skip
HTML = (
    "<script>alert(1)</script>", '<img src=x onerror="alert(1)">', "<b>", "</b>", "<!-- x -->", "<?x?>",
    "<![CDATA[x]]>", "&lt;script&gt;", "&#60;script&#62;",
)  # fmt: skip
MARKUP = (
    "\n\n# evil", "\n- evil", "\r\n1. evil", "\u2028> evil", "\n```\nevil", "\n\n---\n", "\n===", "**evil**", "`evil`",
    "| evil | cell |", "\t    evil", "- [ ] evil", "~~evil~~",
)  # fmt: skip
CHARACTERS = (
    "evil\x1b]0;pwn\x07", "\x1b[31mevil", "\x9b31mevil", "\x9d0;pwn\x9c", "evil\x00", "evil\x85x", "evil\x08\x08\x08",
    "\u202eevil\u202c", "\u2066evil\u2069", "\u061cevil\u200f", "ev\u00adil", "ev\u200bil", "e\u200dvil", "\ufeffevil",
    "evil\u115f\u1160\u3164\uffa0\u2800x", "evil\ufff9a\ufffab\ufffb", "evil\U000e0001\U000e0049\U000e007f",
    "evil" + "".join(map(chr, range(0xE0100, 0xE0140))), "evil\ufe0f\ufe01", "evil\u2062\u2064", "evil\u180e\u034f",
)  # fmt: skip
PAYLOADS = (*LINKS, *HTML, *MARKUP, *CHARACTERS)

RENDERER = MarkdownIt("gfm-like")
LINKIFY: Any = RENDERER.linkify  # None without linkify-it-py
LINKIFY.set({"fuzzy_ip": True}).tlds("example", True)


# ------------------------------------------------------------------ what must hold
def found(text: str, own: AbstractSet[str] = frozenset()) -> set[str]:
    """The links, pictures and HTML in a Markdown text, by a renderer that takes HTML and looks for addresses itself.

    GitHub's and others look for them in the text that a reader sees, when nothing is escaped any more. `own` are
    addresses that may be links.
    """
    tokens = [child for token in RENDERER.parse(text) for child in [token, *(token.children or ())]]
    links = {str(token.attrs["href"]) for token in tokens if token.type == "link_open"}
    kinds = {token.type for token in tokens} & {"image", "html_inline", "html_block"}
    read = "".join(token.content or "\n" for token in tokens if token.type != "inline")
    return kinds | (links - own) | ({"address"} if LINKIFY.test(read) else set())


@cache
def own_links() -> frozenset[str]:
    """The addresses in the words of clinicians, which stand on cards."""
    files = Path(hooks.__file__).parent.glob("*.toml")
    return frozenset(
        link for file in files for link in re.findall(r"\]\((https?://[^)\s]+)\)", file.read_text("utf-8"))
    )


def hidden(text: str) -> set[str]:
    """The characters that control something or show nothing, by their kind; an independent list beside the rule."""
    return {
        letter
        for letter in text
        if unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        or letter in "\u034f\u115f\u1160\u2800\u3164\uffa0"
        or 0xFE00 <= ord(letter) <= 0xFE0F
        or 0xE0000 <= ord(letter) <= 0xE0FFF
    }


def check_one_line(text: str) -> None:
    """A text that is no Markdown: one line of characters that are seen, and no link or markup in any renderer."""
    assert hidden(text) == set(), ascii(text)
    assert found(text) == set(), ascii(text)


def check_markdown(text: str) -> None:
    """A Markdown text of ours with text of a record in it."""
    assert hidden(text) <= {"\n"}, ascii(text)
    assert found(text, own_links()) == set(), ascii(text)
    kinds = {token.type.removesuffix("_open").removesuffix("_close") for token in RENDERER.parse(text)}
    assert kinds <= {"paragraph", "inline", "bullet_list", "ordered_list", "list_item"}, (kinds, text)


def check_answer_texts(answer: Any) -> Iterator[str]:
    """Check every text of an answer; hands out those that are shown. Orders are data, addresses of links are ours."""
    for name, value in _texts(answer):
        if name == "detail":
            check_markdown(value)
        elif name != "url":
            check_one_line(value)
        yield value


def _texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    match value:
        case str():
            yield name, value
        case list():
            for item in value:
                yield from _texts(item, name)
        case dict():
            for member, inner in value.items():
                check_one_line(member)
                if member != "resource":
                    yield from _texts(inner, member)


# ------------------------------------------------------------------ putting them in
TEXTS = frozenset({"text", "display", "valueString", "comment", "family", "title", "description", "patientInstruction"})


def spoilt(value: Any, payload: str) -> Any:
    """A copy of FHIR JSON with the payload in every text; codes stay, and get one of a strange system beside them.

    In units it stands as an annotation, which is a part of the unit that means nothing.
    """
    match value:
        case list():
            return [spoilt(item, payload) for item in value]
        case dict():
            made = {name: _spoilt_member(name, member, payload) for name, member in value.items()}
            if isinstance(made.get("coding"), list):
                made.setdefault("text", payload)
                made["coding"].append({"system": payload, "code": payload, "display": payload})
            if "resourceType" in made:
                made["note"] = [{"text": payload, "authorString": payload}]
            return made
    return value


def _spoilt_member(name: str, value: Any, payload: str) -> Any:
    if isinstance(value, str):
        return f"{value} {payload}" if name in TEXTS else f"{value}{{{payload}}}" if name == "unit" else value
    return spoilt(value, payload)
