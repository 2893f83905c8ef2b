"""Where an answer sends us: next pages, redirects, and statuses that ask us to come back.

What may live here: modes that would lead us elsewhere. `{trap}` is an origin that must never be contacted.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from tests.fuzz.hostile.exchange import Exchange
from tests.fuzz.hostile.mode import Act, Mode


def next_at(link: str) -> Act:
    """Conditions in pages, the next of which is said to lie there.

    `{trap}` is the trap's origin, `{host}` the trap's host and port, `{next}` where the page really lies; `{path}` and
    `{query}` are parts of that.
    """

    def act(exchange: Exchange) -> None:
        here = urlsplit(exchange.question.base)
        known = {"trap": exchange.elsewhere, "host": urlsplit(exchange.elsewhere).netloc, "here": here.netloc}
        filled = link.format(**known, next="{next}", base=here.path, origin=f"http://{here.netloc}")
        exchange.answer(exchange.paged(filled))

    return act


def endless_pages(exchange: Exchange) -> None:
    """Each page names a next one that nobody has named before."""
    question = exchange.question
    exchange.answer(exchange.paged(f"{question.address}&_offset=0&page={exchange.number}{question.offset}"))


def always_the_same(exchange: Exchange) -> None:
    exchange.answer(exchange.paged(exchange.question.address))


def status(line: str, body: bytes = b"", **headers: str) -> Act:
    """This status in place of the answer; `{trap}` in a header is the trap's origin."""

    def act(exchange: Exchange) -> None:
        told = {name: text.replace("{trap}", exchange.elsewhere) for name, text in headers.items()}
        exchange.answer(body, line, **told)

    return act


def status_with_answer(line: str, **headers: str) -> Act:
    """The right answer under a status that is not 200."""
    return lambda exchange: exchange.answer(None, line, **headers)


QUERY = "patient=kidney-7&_offset=2"
PAGE = f"Condition?{QUERY}"
LINK_MODES = (
    Mode("next page", "cuts the conditions into pages, as it may", next_at("{next}"), right=True),
    Mode("next: other host", "names the next page at another server", next_at("{trap}/fhir/" + PAGE)),
    Mode("next: userinfo", "names another host behind its own as a user", next_at("http://{here}@{host}/fhir/" + PAGE)),
    Mode("next: user of ours", "names a user before its own host", next_at("http://user:pass@{here}{base}/" + PAGE)),
    Mode("next: //", "names another host without a scheme", next_at("//{host}/fhir/" + PAGE)),
    Mode("next: backslashes", "names another host behind backslashes", next_at("\\\\{host}\\fhir\\" + PAGE)),
    Mode("next: http:\\", "names another host behind http and backslashes", next_at("http:\\\\{host}\\fhir\\" + PAGE)),
    Mode("next: https", "names its own page by https", next_at("https://{here}{base}/" + PAGE)),
    Mode("next: dots", "climbs out of the base by dots", next_at("{origin}{base}/../../../admin?x=1")),
    Mode(
        "next: encoded dots",
        "climbs out of the base by dots in percent",
        next_at("{origin}{base}/%2e%2e/%2e%2e/admin?x=1"),
    ),
    Mode(
        "next: twice encoded dots",
        "climbs by dots in percent of percent",
        next_at("{origin}{base}/%252e%252e/admin?x=1"),
    ),
    Mode("next: ..;", "climbs out of the base by dots and semicolons", next_at("{origin}{base}/..;/..;/admin?x=1")),
    Mode("next: tab", "puts a tab into the address", next_at("{origin}{base}/Cond\tition?" + QUERY)),
    Mode("next: newline", "puts a newline into the address", next_at("{origin}{base}/" + PAGE + "\nX-Injected: yes")),
    Mode(
        "next: CRLF",
        "puts a header into the address",
        next_at("{origin}{base}/" + PAGE + "\r\nX-Injected: yes\r\n\r\n"),
    ),
    Mode("next: blank", "puts a blank into the address", next_at("{origin}{base}/" + PAGE + " HTTP/1.1")),
    Mode("next: fragment", "puts a fragment behind the address", next_at("{next}#part"), right=True),
    Mode("next: file", "names a file", next_at("file:///etc/passwd")),
    Mode("next: javascript", "names a script", next_at("javascript:alert(1)")),
    Mode("next: gopher", "names a protocol of old", next_at("gopher://{host}/_GET%20/")),
    Mode(
        "next: letters",
        "names a host in letters that look like dots",
        next_at("http://127\u30020\u30020\u30021/fhir/" + PAGE),
    ),
    Mode("next: 20 kB", "names an address of 20 kB", next_at("{origin}{base}/Condition?x=" + "y" * 20_000)),
    Mode("next: nothing", "names no address at all", next_at("")),
    Mode("next: endless", "names a further page on every page", endless_pages, heavy=True),
    Mode(
        "next: first page again",
        "names a next page that is the first one again",
        next_at("{origin}{base}/Condition?patient=kidney-7&page=2"),
    ),
    Mode("next: repeating", "names the page itself as the next one", always_the_same),
)
STATUS_MODES = (
    Mode("302", "sends us to another server", status("302 Found", Location="{trap}/fhir/")),
    Mode(
        "307", "sends us to another server with all we have", status("307 Temporary Redirect", Location="{trap}/fhir/")
    ),
    Mode("302 with an answer", "answers and sends us elsewhere", status_with_answer("302 Found", Location="/")),
    Mode("204", "says that there is nothing", status("204 No Content")),
    Mode("206", "answers in part", status_with_answer("206 Partial Content", Content_Range="bytes 0-9/99")),
    Mode("201", "answers as if something had been made", status_with_answer("201 Created")),
    Mode("304", "says that nothing has changed", status("304 Not Modified")),
    Mode("401", "asks who we are", status("401 Unauthorized", WWW_Authenticate='Basic realm="{trap}"')),
    Mode("407", "asks us as a proxy would", status("407 Proxy Authentication Required", Proxy_Authenticate="Basic")),
    Mode("429", "asks us to come less often", status("429 Too Many Requests", Retry_After="0")),
    Mode("500", "says that it failed", status("500 Internal Server Error", b"<html>Traceback</html>")),
    Mode("503, come at once", "asks us to come back at once", status("503 Service Unavailable", Retry_After="0")),
    Mode(
        "503, come in years",
        "asks us to come back in 30 years",
        status("503 Service Unavailable", Retry_After="999999999"),
    ),
    Mode("503, in words", "asks us to come back tomorrow", status("503 Service Unavailable", Retry_After="tomorrow")),
    Mode(
        "Refresh",
        "sends a page's header that leads elsewhere",
        lambda exchange: exchange.answer(None, Refresh=f"0; url={exchange.elsewhere}"),
        right=True,
    ),
    Mode(
        "Alt-Svc",
        "names another server for the next time",
        lambda exchange: exchange.answer(None, Alt_Svc=f'h2="{exchange.elsewhere[7:]}"'),
        right=True,
    ),
    Mode(
        "cookies", "sets a cookie", lambda exchange: exchange.answer(None, Set_Cookie="session=1; Path=/"), right=True
    ),
)
MODES = (*LINK_MODES, *STATUS_MODES)
