"""Where an answer begins and ends: lengths, chunks, status lines and headers as they should not be.

What may live here: modes that spoil the frame of an answer and leave its JSON as it is. Source: RFC 9112.
"""

from __future__ import annotations

import re

from tests.fuzz.hostile.chart import unasked
from tests.fuzz.hostile.exchange import CHUNKED, FHIR, Exchange, chunked, head, whole
from tests.fuzz.hostile.mode import Act, Mode


def in_chunks(size: int = 1_000, extension: str = "", trailer: bytes = b"") -> Act:
    """The answer in chunks, with these additions."""

    def act(exchange: Exchange) -> None:
        body = chunked(exchange.right, size, extension)
        exchange.send(head(CHUNKED) + body[:-2] + trailer + b"\r\n")

    return act


def endless_in(beginning: bytes, piece: bytes) -> Act:
    """A chunked answer that begins so and goes on with this piece for ever."""

    def act(exchange: Exchange) -> None:
        exchange.send(head(CHUNKED) + beginning)
        exchange.endlessly(lambda _: piece)

    return act


def length_of(change: int) -> Act:
    """A Content-Length that is so many bytes off; the connection stays open."""

    def act(exchange: Exchange) -> None:
        body = exchange.right
        exchange.send(head({"Content-Type": FHIR, "Content-Length": str(len(body) + change)}) + body)

    return act


def with_headers(*lines: str, status_line: str = "HTTP/1.1 200 OK", end: str = "\r\n", chunks: bool = False) -> Act:
    """The right answer below exactly these header lines; `{n}` is its length."""

    def act(exchange: Exchange) -> None:
        body = exchange.right
        written = end.join([status_line, *(line.format(n=len(body), m=len(body) - 9) for line in lines), "", ""])
        exchange.send(written.encode("latin-1") + (chunked(body) if chunks else body))

    return act


def then_close(act: Act) -> Act:
    """The same, and then it hangs up."""

    def acting(exchange: Exchange) -> None:
        act(exchange)
        exchange.close()

    return acting


def cut_after(share: float, *, reset: bool = False, announced: bool = True) -> Act:
    """Hang up after this share of the answer; `announced`: its length was told."""

    def act(exchange: Exchange) -> None:
        told = {"Content-Length": str(len(exchange.right))} if announced else {"Connection": "close"}
        data = head({"Content-Type": FHIR, **told}) + exchange.right
        exchange.send(data[: int(len(data) * share)])
        exchange.reset() if reset else exchange.close()

    return act


def short_chunk(exchange: Exchange) -> None:
    exchange.send(head(CHUNKED) + b"5\r\n" + exchange.right)
    exchange.close()


def no_last_chunk(exchange: Exchange) -> None:
    exchange.send(head(CHUNKED) + chunked(exchange.right)[:-5])
    exchange.close()


def flood_of_headers(exchange: Exchange) -> None:
    exchange.send(b"HTTP/1.1 200 OK\r\n")
    exchange.endlessly(lambda number: b"X-Header-%d: flood\r\n" % number * 50)


def one_long_header(exchange: Exchange) -> None:
    exchange.send(b"HTTP/1.1 200 OK\r\nX-Long: ")
    exchange.endlessly(lambda _: b"x" * 4_000)


def http_0_9(exchange: Exchange) -> None:
    exchange.send(exchange.right)
    exchange.close()


def after_crlf(exchange: Exchange) -> None:
    exchange.send(b"\r\n" + whole(exchange.right))


def with_garbage_after(garbage: bytes) -> Act:
    """The right answer with this behind it in the same piece."""
    return lambda exchange: exchange.send(whole(exchange.right) + garbage)


def two_in_one(exchange: Exchange) -> None:
    exchange.send(whole(exchange.right) + whole(unasked(exchange.question)))


def late_second(seconds: float, patient: str = "") -> Act:
    """The right answer, and another one about a stranger so many seconds later; `patient`: it says for whom it was."""

    def act(exchange: Exchange) -> None:
        exchange.answer()
        exchange.pause(seconds)
        exchange.send(whole(unasked(exchange.question, patient)))

    return act


def late_second_nameless(seconds: float) -> Act:
    """The same where the right answer does not say what it answers either."""

    def act(exchange: Exchange) -> None:
        exchange.answer(re.sub(rb'"link": \[.*?\], ', b"", exchange.right))
        exchange.pause(seconds)
        exchange.send(whole(unasked(exchange.question)))

    return act


def twice(seconds: float) -> Act:
    """The right answer, and the same again so many seconds later."""

    def act(exchange: Exchange) -> None:
        exchange.answer()
        exchange.pause(seconds)
        exchange.answer()

    return act


LENGTH, TYPE, CHUNKS = "Content-Length: {n}", f"Content-Type: {FHIR}", "Transfer-Encoding: chunked"
_MANY = [f"X-Header-{number}: value" for number in range(150)]

CHUNK_MODES = (
    Mode("chunked", "sends chunks of 1,000 bytes", in_chunks(), right=True),
    Mode("chunk extensions", "adds an extension to each chunk", in_chunks(extension=";a=b;c"), right=True),
    Mode("chunks of 1 byte", "sends chunks of one byte", in_chunks(1), right=True),
    Mode("trailer", "sends a header behind the last chunk", in_chunks(trailer=b"X-Sum: 1\r\n"), right=True),
    Mode("endless extension", "never ends the extension of a chunk", endless_in(b"5;x=", b"x" * 4_000), heavy=True),
    Mode("endless trailer", "never ends the trailer", endless_in(b"0\r\n", b"X-Trailer: x\r\n" * 100), heavy=True),
    Mode(
        "endless chunks",
        "sends blanks in chunks for ever",
        endless_in(b"", b"400\r\n" + b" " * 1_024 + b"\r\n"),
        heavy=True,
    ),
    Mode("chunk size no number", "names a chunk's size in no number", endless_in(b"xyz\r\n", b"{}\r\n")),
    Mode("negative chunk", "names a negative size of a chunk", endless_in(b"-5\r\n", b"{}\r\n")),
    Mode("huge chunk", "names a chunk of 2^64 bytes", endless_in(b"ffffffffffffffff1\r\n", b" " * 1_000)),
    Mode("short chunk", "sends more than the chunk's size", short_chunk),
    Mode("no last chunk", "hangs up before the last chunk", no_last_chunk),
)
LENGTH_MODES = (
    Mode(
        "chunks and length", "sends chunks and names a length as well", with_headers(TYPE, CHUNKS, LENGTH, chunks=True)
    ),
    Mode("chunks called length", "says chunked and sends none", with_headers(TYPE, LENGTH, CHUNKS)),
    Mode("two lengths", "names two different lengths", with_headers(TYPE, LENGTH, "Content-Length: {m}")),
    Mode("same length twice", "names the same length twice", with_headers(TYPE, LENGTH, LENGTH)),
    Mode("length too short", "names a length that cuts the end off", length_of(-9)),
    Mode("length too long", "names a length that never comes", length_of(9)),
    Mode("long length, close", "names a length and hangs up before it", then_close(length_of(9))),
    Mode("negative length", "names a negative length", with_headers(TYPE, "Content-Length: -1")),
    Mode("length no number", "names a length in words", with_headers(TYPE, "Content-Length: many")),
    Mode("huge length", "names a length of 10^30", with_headers(TYPE, "Content-Length: 1" + "0" * 30)),
    Mode("length 0", "names a length of 0 before a body", with_headers(TYPE, "Content-Length: 0")),
)
CLOSE_MODES = (
    Mode(
        "until close", "ends the answer by hanging up", then_close(with_headers(TYPE, "Connection: close")), right=True
    ),
    Mode("until close, cut", "hangs up in the middle of such an answer", cut_after(0.7, announced=False)),
    Mode("close at once", "hangs up when it has read the request", cut_after(0.0)),
    Mode("close in status", "hangs up in the status line", cut_after(0.01)),
    Mode("close in headers", "hangs up in the headers", cut_after(0.05)),
    Mode("close in body", "hangs up in the middle of the body", cut_after(0.6)),
    Mode("close at the end", "hangs up one byte before the end", cut_after(0.999)),
    Mode("reset at once", "sends an RST when it has read the request", cut_after(0.0, reset=True)),
    Mode("reset in body", "sends an RST in the middle of the body", cut_after(0.6, reset=True)),
    Mode(
        "close unannounced",
        "answers and hangs up without saying so",
        then_close(lambda exchange: exchange.answer()),
        right=True,
    ),
)
OLD = "HTTP/1.0 200 OK"
LINE_MODES = (
    Mode("HTTP/1.0", "answers in HTTP/1.0 and hangs up", then_close(with_headers(TYPE, status_line=OLD)), right=True),
    Mode(
        "HTTP/1.0 with length",
        "answers in HTTP/1.0 with a length",
        then_close(with_headers(TYPE, LENGTH, status_line=OLD)),
        right=True,
    ),
    Mode(
        "HTTP/1.0 kept",
        "answers in HTTP/1.0 and keeps the connection",
        with_headers(TYPE, LENGTH, "Connection: keep-alive", status_line=OLD),
        right=True,
    ),
    Mode("HTTP/0.9", "answers with the body alone", http_0_9),
    Mode("HTTP/2 line", "calls its HTTP/1.1 answer HTTP/2", with_headers(TYPE, LENGTH, status_line="HTTP/2 200")),
    Mode(
        "no reason",
        "leaves the reason out of the status line",
        with_headers(TYPE, LENGTH, status_line="HTTP/1.1 200"),
        right=True,
    ),
    Mode("status of 1 digit", "answers with status 2", with_headers(TYPE, LENGTH, status_line="HTTP/1.1 2 OK")),
    Mode("status 999", "answers with status 999", with_headers(TYPE, LENGTH, status_line="HTTP/1.1 999 x")),
    Mode("ICY line", "calls its protocol ICY", with_headers(TYPE, LENGTH, status_line="ICY 200 OK")),
    Mode("LF only", "ends its lines with LF only", with_headers(TYPE, LENGTH, end="\n")),
    Mode("folded", "folds a header over two lines", with_headers(TYPE, "X-Long: one\r\n two", LENGTH)),
    Mode("NUL in header", "puts a NUL into a header", with_headers(TYPE, "X-Odd: a\x00b", LENGTH)),
    Mode(
        "latin-1 header",
        "puts a letter of latin-1 into a header",
        with_headers(TYPE, "X-Odd: Überlauf", LENGTH),
        right=True,
    ),
    Mode("no colon", "sends a header line without a colon", with_headers(TYPE, "what is this", LENGTH)),
    Mode("150 headers", "sends 150 headers", with_headers(TYPE, *_MANY, LENGTH), right=True),
    Mode("flood of headers", "sends headers for ever", flood_of_headers, heavy=True),
    Mode("endless header", "sends one header for ever", one_long_header, heavy=True),
    Mode("CRLF first", "sends an empty line before the status line", after_crlf),
)


BEHIND_MODES = (
    Mode("two in one", "sends a stranger's answer behind the right one, in one piece", two_in_one, right=True),
    Mode("late second, 0 ms", "sends a stranger's answer behind the right one, at once", late_second(0.0), right=True),
    Mode("late second, 2 ms", "sends a stranger's answer 2 ms after the right one", late_second(0.002), right=True),
    Mode("late second, 30 ms", "sends a stranger's answer 30 ms after the right one", late_second(0.03), right=True),
    Mode("late second, 90 ms", "sends a stranger's answer 90 ms after the right one", late_second(0.09), right=True),
    Mode("late second, named", "sends a search for another patient after 2 ms", late_second(0.002, "1"), right=True),
    Mode("late second, nameless", "never says what it answers", late_second_nameless(0.002), right=True),
    Mode("the same behind", "answers each question twice", twice(0.002), right=True),
    Mode("garbage behind", "sends garbage behind the answer", with_garbage_after(b"\x00garbage{}[]"), right=True),
    Mode("CRLF behind", "sends empty lines behind the answer", with_garbage_after(b"\r\n\r\n"), right=True),
    Mode(
        "100 behind",
        "sends 100 Continue behind the answer",
        with_garbage_after(b"HTTP/1.1 100 Continue\r\n\r\n"),
        right=True,
    ),
)
MODES = (*CHUNK_MODES, *LENGTH_MODES, *CLOSE_MODES, *LINE_MODES, *BEHIND_MODES)
