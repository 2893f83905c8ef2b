"""What an answer holds: how it is packed, how its JSON is written, and how much of it there is.

What may live here: modes whose frame is sound and whose body is not. Sources: RFC 8259, RFC 1952.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable

from tests.contract.records import condition
from tests.fuzz.hostile.chart import Question, sound
from tests.fuzz.hostile.exchange import Exchange
from tests.fuzz.hostile.mode import Act, Mode

Change = Callable[[bytes], bytes]


def packed(change: Change, coding: str, **headers: str) -> Act:
    """The right answer changed so, and called so."""
    return lambda exchange: exchange.answer(change(exchange.right), Content_Encoding=coding, **headers)


def written(change: Change, **headers: str) -> Act:
    """The right answer with its text changed."""
    return lambda exchange: exchange.answer(change(exchange.right), **headers)


def times(count: int) -> Change:
    def change(body: bytes) -> bytes:
        for _ in range(count):
            body = gzip.compress(body, 1)
        return body

    return change


def spoilt(body: bytes) -> bytes:
    packed_body = bytearray(gzip.compress(body))
    for place in range(30, len(packed_body), 40):
        packed_body[place] ^= 0x55
    return bytes(packed_body)


def raw_deflate(body: bytes) -> bytes:
    maker = zlib.compressobj(wbits=-15)
    return maker.compress(body) + maker.flush()


def blanks(megabytes: int) -> Change:
    """The answer behind so many megabytes of blanks, which pack to almost nothing."""
    return lambda body: gzip.compress(b" " * (megabytes * 1_000_000) + body)


BOMB, BIG_BOMB = gzip.compress(b" " * 19_900_000), gzip.compress(b" " * 300_000_000)
BOMB_TWICE = gzip.compress(gzip.compress(b" " * 300_000_000))


def member(text: bytes) -> Change:
    """One more member in front of all others of the answer."""
    return lambda body: b"{" + text + b", " + body[1:]


def member_of_entries(text: bytes) -> Change:
    """One more member in each resource."""
    return lambda body: body.replace(b'"resource": {', b'"resource": {' + text + b", ")


def nested(depth: int) -> Change:
    return member_of_entries(b'"extension": ' + b"[" * depth + b"]" * depth)


def with_comment(body: bytes) -> bytes:
    return body.replace(b"{", b"{ /* so it is */ ", 1)


def not_utf8(body: bytes) -> bytes:
    return member_of_entries(b'"note": [{"text": "\xff\xfe\xc3("}]')(body)


def half_a_letter(body: bytes) -> bytes:
    return member_of_entries(b'"note": [{"text": "cut \\ud83d"}]')(body)


def id_twice(body: bytes) -> bytes:
    return body.replace(b'"resource": {', b'"resource": {"id": "other", ')


def single_quotes(body: bytes) -> bytes:
    return body.replace(b'"', b"'")


def many(count: int, text: str = "") -> Act:
    """So many conditions that say nothing, before the right ones; each with this text."""

    def act(exchange: Exchange) -> None:
        body = sound(exchange.question)
        if exchange.question.is_search:
            more = [{"resource": condition(f"c{n}", f"condition {n} {text}")} for n in range(count)]
            body["entry"] = [*more, *body["entry"]] if exchange.question.kind == "Condition" else body["entry"]
            body["total"] = len(body["entry"])
        exchange.answer(json.dumps(body).encode())

    return act


def large(exchange: Exchange) -> None:
    """Ten megabytes of which almost nothing is said: one long text."""
    exchange.answer(member(b'"comment": "' + b"x" * 10_000_000 + b'"')(exchange.right))


def instead(body: bytes, kind: str = "application/fhir+json") -> Act:
    """This in place of the answer."""
    return lambda exchange: exchange.answer(body, Content_Type=kind)


def of_others(question: Question) -> bytes:
    return json.dumps(sound(question)).replace("kidney-7", "somebody-else").encode()


PACKED_MODES = (
    Mode("gzip", "packs the answer once, as it may", packed(gzip.compress, "gzip"), right=True),
    Mode("x-gzip", "calls gzip by its old name", packed(gzip.compress, "x-gzip")),
    Mode(
        "gzip in two",
        "packs the answer in two members",
        packed(lambda b: gzip.compress(b[:99]) + gzip.compress(b[99:]), "gzip"),
    ),
    Mode("deflate", "packs with deflate, which nobody asked for", packed(zlib.compress, "deflate")),
    Mode("raw deflate", "packs with deflate without its frame", packed(raw_deflate, "deflate")),
    Mode("gzip twice", "packs twice", packed(times(2), "gzip, gzip")),
    Mode("gzip 60 times", "packs 60 times", packed(times(60), ", ".join(["gzip"] * 60))),
    Mode("spoilt gzip", "packs and spoils bytes", packed(spoilt, "gzip")),
    Mode("cut gzip", "packs and leaves the end out", packed(lambda body: gzip.compress(body)[:-20], "gzip")),
    Mode(
        "garbage behind gzip", "packs and adds garbage", packed(lambda body: gzip.compress(body) + b"garbage", "gzip")
    ),
    Mode("not packed", "says gzip and packs nothing", packed(bytes, "gzip")),
    Mode("unknown coding", "says br and packs nothing", packed(bytes, "br")),
    Mode("identity", "says identity and packs nothing", packed(bytes, "identity")),
    Mode("bomb below the limit", "sends 20 kB that are 19.9 MB of blanks", packed(lambda _: BOMB, "gzip"), heavy=True),
    Mode("bomb", "sends 300 kB that are 300 MB", packed(lambda _: BIG_BOMB, "gzip"), heavy=True),
    Mode("bomb packed twice", "sends a bomb in a bomb", packed(lambda _: BOMB_TWICE, "gzip, gzip"), heavy=True),
    Mode("answer behind a bomb", "sends the answer behind 15 MB of blanks", packed(blanks(15), "gzip"), heavy=True),
)
JSON_MODES = (
    Mode("BOM", "begins with a byte order mark", written(lambda body: b"\xef\xbb\xbf" + body), right=True),
    Mode(
        "UTF-16",
        "writes in UTF-16 and says so",
        written(lambda body: body.decode().encode("utf-16"), Content_Type="application/fhir+json; charset=utf-16"),
    ),
    Mode(
        "UTF-16 unsaid", "writes in UTF-16 and says nothing of it", written(lambda body: body.decode().encode("utf-16"))
    ),
    Mode("NaN", "writes NaN for a number", written(member_of_entries(b'"extension": [{"valueDecimal": NaN}]'))),
    Mode(
        "1e400",
        "writes a number that no computer holds",
        written(member_of_entries(b'"extension": [{"valueDecimal": 1e400}]')),
    ),
    Mode(
        "4,000 digits",
        "writes a number of 4,000 digits",
        written(member_of_entries(b'"extension": [{"valueInteger": ' + b"9" * 4_000 + b"}]")),
    ),
    Mode("names twice", "names a member twice", written(id_twice)),
    Mode("half a letter", "writes half of an emoji", written(half_a_letter)),
    Mode("not UTF-8", "writes bytes that are no text", written(not_utf8)),
    Mode("comments", "writes a comment", written(with_comment)),
    Mode("single quotes", "writes single quotes", written(single_quotes)),
    Mode("depth 250", "nests a list 250 levels deep", written(nested(250))),
    Mode("depth 1,000", "nests a list 1,000 levels deep", written(nested(1_000))),
    Mode(
        "depth 100,000", "nests a list 100,000 levels deep", written(member(b'"x": ' + b"[" * 100_000 + b"]" * 100_000))
    ),
    Mode("text behind", "writes more behind the object", written(lambda body: body + b'{"more": 1}')),
    Mode("HTML", "sends a page to sign in at", instead(b"<html><body>Please log in</body></html>", "text/html")),
    Mode("nothing", "sends an empty body", instead(b"")),
    Mode("null", "sends null", instead(b"null")),
    Mode("a list", "sends a list", instead(b"[]")),
    Mode(
        "another type",
        "sends a resource of a type that nobody asked for",
        instead(b'{"resourceType": "Binary", "id": "kidney-7"}'),
    ),
    Mode(
        "somebody else",
        "sends the right answer about somebody else",
        lambda exchange: exchange.answer(of_others(exchange.question)),
    ),
)
SIZE_MODES = (
    Mode("5,000 entries", "sends 5,000 conditions before the right ones", many(5_000), heavy=True),
    Mode("5,000 long entries", "sends 5,000 conditions of 2 kB", many(5_000, "x" * 2_000), heavy=True),
    Mode("10 MB", "sends a text of 10 MB in each answer", large, heavy=True),
)
MODES = (*PACKED_MODES, *JSON_MODES, *SIZE_MODES)
