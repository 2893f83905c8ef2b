"""What strangers write to a port that speaks HTTP: hardly requests, requests in two readings, and half of a request.

What may live here: the bytes, and what may become of them. Sources: RFC 9112; what is known of request smuggling.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from cds_service.api.services import SERVICES
from tests.fuzz.bodies import HOOKS

MARKER = "Drosselruf"
"""Stands in every request where its text could come back or be logged."""
PATH = f"/cds-services/{SERVICES[0].ID}"
BODY = json.dumps({**HOOKS[SERVICES[0].HOOK], "fhirServer": None, "fhirAuthorization": None}).encode()
_M = MARKER.encode()


@dataclass(frozen=True)
class Inbound:
    """Bytes of one connection. They are refused, with 4xx or a hang-up; with `served` they are to be answered 200, with
    `either` they may be. `answers` is how many there may be at most.
    """

    data: bytes
    served: bool = False
    either: bool = False
    answers: int = 1


def get(*lines: bytes, path: bytes = b"/cds-services", end: bytes = b"\r\n") -> bytes:
    """A GET with a Host and these lines."""
    return end.join([b"GET " + path + b" HTTP/1.1", b"Host: x", *lines, b"", b""])


def post(*lines: bytes, body: bytes = BODY, length: bool = True) -> bytes:
    """A POST of a sound body, with its length unless these lines say it."""
    told = [b"Content-Length: %d" % len(body)] if length else []
    head = [b"POST " + PATH.encode() + b" HTTP/1.1", b"Host: x", b"Content-Type: application/json", *told, *lines]
    return b"\r\n".join([*head, b"", b""]) + body


def in_chunks(chunks: bytes, *lines: bytes) -> bytes:
    return post(b"Transfer-Encoding: chunked", *lines, body=chunks, length=False)


CHUNKED_BODY = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
SMUGGLED = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"

LINES: dict[str, Inbound] = {
    "nothing": Inbound(b""),
    "an empty line": Inbound(b"\r\n"),
    "a word": Inbound(_M + b"\r\n\r\n"),
    "no version": Inbound(b"GET /cds-services?" + _M + b"\r\n\r\n", either=True),
    "no path": Inbound(b"GET  HTTP/1.1\r\nHost: " + _M + b"\r\n\r\n"),
    "an unknown version": Inbound(b"GET /" + _M + b" HTTP/9.9\r\nHost: x\r\n\r\n"),
    "a version in words": Inbound(b"GET / HTTP/" + _M + b"\r\nHost: x\r\n\r\n"),
    "another protocol": Inbound(b"GET / " + _M + b"/1.1\r\nHost: x\r\n\r\n"),
    "four words": Inbound(b"GET /cds-services " + _M + b" HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a method in small letters": Inbound(b"get /" + _M + b" HTTP/1.1\r\nHost: x\r\n\r\n"),
    "an unknown method": Inbound(_M.upper() + b" /cds-services HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a method with a bracket": Inbound(b"GE(T /" + _M + b" HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a NUL in the path": Inbound(get(path=b"/" + _M + b"\x00")),
    "a tab for a blank": Inbound(b"GET\t/" + _M + b"\tHTTP/1.1\r\nHost: x\r\n\r\n"),
    "bytes above 127 in the path": Inbound(get(path=b"/\xff\xfe" + _M)),
    "a path of 70 kB": Inbound(get(path=b"/" + _M + b"x" * 70_000)),
    "a path in percent": Inbound(get(path=b"/%00%0d%0aX-Injected:%20" + _M)),
    "a path that climbs": Inbound(get(path=b"/../../" + _M + b"/..;/etc/passwd")),
    "an address of another host": Inbound(get(path=b"http://" + _M + b".example/cds-services"), either=True),
    "CONNECT": Inbound(b"CONNECT " + _M + b".example:443 HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a star": Inbound(b"OPTIONS * HTTP/1.1\r\nHost: " + _M + b"\r\n\r\n", either=True),
    "HTTP/2 at once": Inbound(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "h2c": Inbound(
        get(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk"), either=True
    ),
    "a websocket": Inbound(
        get(b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Key: " + _M), either=True
    ),
    "PROXY": Inbound(b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" + get(b"X: " + _M)),
    "PROXY v2": Inbound(b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + _M + b"\r\n" + get()),
    "TLS": Inbound(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + _M + b"\x00" * 300),
    "SSH": Inbound(b"SSH-2.0-" + _M + b"\r\n"),
    "JSON alone": Inbound(b'{"patient": "' + _M + b'"}\r\n\r\n'),
    "LF only": Inbound(get(b"X: " + _M, end=b"\n"), either=True),
    "CR only": Inbound(get(b"X: " + _M, end=b"\r")),
    "an empty line first": Inbound(b"\r\n" + get(), either=True),
    "1 MB of nothing": Inbound(b"\x00" * 1_000_000),
}
HEADERS: dict[str, Inbound] = {
    "no colon": Inbound(get(_M + b" is here")),
    "a blank before the colon": Inbound(get(b"X-" + _M + b" : 1")),
    "no name": Inbound(get(b": " + _M)),
    "a NUL in a name": Inbound(get(b"X-\x00" + _M + b": 1")),
    "a NUL in a value": Inbound(get(b"X-Odd: \x00" + _M)),
    "a CR in a value": Inbound(get(b"X-Odd: a\rX-Injected: " + _M)),
    "a folded line": Inbound(get(b"X-Odd: a\r\n " + _M), either=True),
    "a folded first line": Inbound(b"GET /cds-services HTTP/1.1\r\n " + _M + b": 1\r\nHost: x\r\n\r\n"),
    "latin-1": Inbound(get(b"X-Odd: \xdcberlauf " + _M), served=True),
    "64 kB": Inbound(get(b"X-Long: " + _M + b"x" * 65_536)),
    "64 kB in a name": Inbound(get(_M + b"x" * 65_536 + b": 1")),
    "1,000 lines": Inbound(get(*[b"X-%d: %s" % (number, _M) for number in range(1_000)]), either=True),
    "lines without end": Inbound(b"GET /cds-services HTTP/1.1\r\n" + b"X: " + b"y" * 900_000),
    "two hosts": Inbound(get(b"Host: " + _M), either=True),
    "no host": Inbound(b"GET /cds-services HTTP/1.1\r\nX: " + _M + b"\r\n\r\n", either=True),
    "a host that is none": Inbound(b"GET /cds-services HTTP/1.1\r\nHost: a b<" + _M + b">\r\n\r\n", either=True),
    "the name of a variable": Inbound(get(b"SCRIPT_NAME: /" + _M), either=True),
    "a path of a proxy": Inbound(get(b"X-Forwarded-Prefix: /" + _M, b"X-Script-Name: /" + _M), served=True),
    "an unknown expectation": Inbound(post(b"Expect: " + _M), either=True),
    "many ranges": Inbound(get(b"Range: bytes=" + b"0-," * 1_000 + _M), either=True),
}
LENGTHS: dict[str, Inbound] = {
    name: Inbound(post(b"Content-Length: " + text, length=False), answers=2)
    for name, text in {
        "with a plus": b"+%d" % len(BODY), "below zero": b"-1", "in hex": b"0x10", "with an exponent": b"1e3",
        "in words": _M, "none": b"", "a list of two": b"2, 3", "endless": b"9" * 400, "with a blank": b"1 0",
        "with an underscore": b"1_0", "in other digits": "١٠".encode(),
    }.items()
} | {
    "two": Inbound(post(b"Content-Length: 2", b"X: " + _M)),
    "more than the limit": Inbound(post(b"Content-Length: 99999999999", length=False)),
    "too long": Inbound(post(b"Content-Length: %d" % (len(BODY) + 9), length=False)),
    "none at all": Inbound(post(body=b"", length=False)),
    "and chunks": Inbound(in_chunks(CHUNKED_BODY, b"Content-Length: 2"), either=True),
    "and chunks, with a request inside": Inbound(in_chunks(b"0\r\n\r\n" + SMUGGLED, b"Content-Length: 5")),
    "of chunks, with a request inside": Inbound(
        in_chunks(b"0\r\n\r\n" + SMUGGLED, b"Content-Length: %d" % (5 + len(SMUGGLED)))
    ),
    "with a request inside": Inbound(post(body=SMUGGLED)),
}  # fmt: skip
CODINGS: dict[str, Inbound] = {
    name: Inbound(post(line, body=b"0\r\n\r\n" + SMUGGLED, length=False))
    for name, line in {
        "gzip before chunked": b"Transfer-Encoding: gzip, chunked",
        "gzip behind chunked": b"Transfer-Encoding: chunked, gzip",
        "chunked twice": b"Transfer-Encoding: chunked, chunked",
        "two lines": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "identity": b"Transfer-Encoding: identity",
        "an unknown one": b"Transfer-Encoding: " + _M,
        "chunked in quotes": b'Transfer-Encoding: "chunked"',
        "a tab before it": b"Transfer-Encoding: \x0bchunked",
        "a blank before the colon": b"Transfer-Encoding : chunked",
    }.items()
}
CODINGS["an underscore"] = Inbound(
    # No coding at all: what follows is a second request, and a broken one.
    post(b"Transfer_Encoding: chunked", body=b"0\r\n\r\n" + SMUGGLED, length=False),
    answers=2,
)
CHUNKS: dict[str, Inbound] = {
    "sound": Inbound(in_chunks(CHUNKED_BODY), served=True),
    "with an extension": Inbound(in_chunks(CHUNKED_BODY.replace(b"\r\n", b";x=" + _M + b"\r\n", 1)), either=True),
    "with a trailer": Inbound(in_chunks(CHUNKED_BODY[:-2] + b"X-Sum: " + _M + b"\r\n\r\n"), either=True),
    "with a long extension": Inbound(in_chunks(b"2;" + b"x" * 100_000 + b"\r\n{}\r\n0\r\n\r\n"), either=True),
    "with many trailers": Inbound(in_chunks(b"0\r\n" + b"X: y\r\n" * 50_000 + b"\r\n")),
    "size in words": Inbound(in_chunks(_M + b"\r\n{}\r\n0\r\n\r\n")),
    "size below zero": Inbound(in_chunks(b"-2\r\n{}\r\n0\r\n\r\n")),
    "size with 0x": Inbound(in_chunks(b"0x2\r\n{}\r\n0\r\n\r\n")),
    "size with a plus": Inbound(in_chunks(b"+2\r\n{}\r\n0\r\n\r\n")),
    "no size": Inbound(in_chunks(b"\r\n{}\r\n0\r\n\r\n")),
    "a huge size": Inbound(in_chunks(b"ffffffffffffffffff\r\n{}")),
    "a size above the limit": Inbound(in_chunks(b"7fffffff\r\n{}")),
    "no end of a chunk": Inbound(in_chunks(b"2\r\n{}xx0\r\n\r\n")),
    "too long a chunk": Inbound(in_chunks(b"2\r\n{}{}{}\r\n0\r\n\r\n")),
    "LF only": Inbound(in_chunks(b"2\n{}\n0\n\n")),
    "no last chunk": Inbound(in_chunks(b"2\r\n{}\r\n")),
    "chunks of HTTP/1.0": Inbound(in_chunks(CHUNKED_BODY).replace(b"HTTP/1.1", b"HTTP/1.0", 1), either=True),
}
MANY: dict[str, Inbound] = {
    "one": Inbound(get(), served=True),
    "a sound call": Inbound(post(), served=True),
    "three at once": Inbound(get() * 3, served=True, answers=3),
    "a call and another": Inbound(post() + get(), served=True, answers=2),
    "fifty at once": Inbound(get() * 50, served=True, answers=50),
    "a sound one and garbage": Inbound(get() + b"\x00\x01" + _M + b"\r\n\r\n", served=True, answers=2),
    "a refused one and another": Inbound(get(_M) + SMUGGLED),
    "a call that waits for leave": Inbound(post(b"Expect: 100-continue"), served=True, answers=2),
    "half a head": Inbound(get(b"X: " + _M)[:-6]),
    "half a body": Inbound(post()[:-30]),
    "a head without its body": Inbound(post()[: -len(BODY)]),
    "HTTP/1.0": Inbound(b"GET /cds-services HTTP/1.0\r\n\r\n", served=True),
    "HEAD": Inbound(b"HEAD /cds-services HTTP/1.1\r\nHost: x\r\n\r\n", served=True),
}
KINDS = {
    "request line": LINES, "header": HEADERS, "length": LENGTHS, "coding": CODINGS, "chunks": CHUNKS, "sequence": MANY,
}  # fmt: skip
INBOUND: dict[str, Inbound] = {f"{kind}: {name}": one for kind, some in KINDS.items() for name, one in some.items()}
