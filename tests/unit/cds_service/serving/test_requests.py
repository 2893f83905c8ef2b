"""What is a request and what is none: each byte that a caller can send is taken, or refused in words of ours only."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.cds_service.serving.loop import GET, LAST, Asked, Loop, outcome, running_loop, status

LIMIT = 1_000
SECRET = "Anna-Example-1957"
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    with running_loop(body_bytes=LIMIT, head_bytes=2_000) as running:
        yield running


def posted(length: int, *headers: str) -> bytes:
    lines = ["POST /a%20b?c=d HTTP/1.1", "Host: x", "Connection: close", f"Content-Length: {length}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def last_asked(loop: Loop) -> tuple[dict[str, Any], bytes]:
    return loop.asked.environments[-1], loop.asked.bodies[-1]


# ------------------------------------------------------------------ what is taken
def test_a_request_reaches_the_application_as_wsgi_says(loop: Loop) -> None:
    answer = loop.ask(posted(4, "Content-Type: text/x", "X-Two: 1", "X-Two: 2") + b"body")
    environment, body = last_asked(loop)
    assert (status(answer), answer.partition(b"\r\n\r\n")[2], body) == (200, b"seen", b"body")
    assert (environment["REQUEST_METHOD"], environment["PATH_INFO"], environment["QUERY_STRING"]) == (
        "POST",
        "/a b",
        "c=d",
    )
    assert (environment["CONTENT_TYPE"], environment["CONTENT_LENGTH"], environment["HTTP_X_TWO"]) == (
        "text/x",
        "4",
        "1, 2",
    )
    assert environment["REMOTE_ADDR"] == "127.0.0.1"
    assert environment["wsgi.url_scheme"] == "http"


def test_chunks_are_put_together_and_what_surrounds_them_is_dropped(loop: Loop) -> None:
    answer = loop.ask(CHUNKED + b'3;name="va;lue"\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: no\r\n\r\n')
    environment, body = last_asked(loop)
    assert (status(answer), body, environment["CONTENT_LENGTH"]) == (200, b"abcde", "5")
    assert not {"HTTP_TRANSFER_ENCODING", "HTTP_X_TRAILER"} & set(environment)


@pytest.mark.parametrize("at", [1, 7, 30, 60, 90, 111])
def test_a_request_may_come_in_any_two_parts(at: int, loop: Loop) -> None:
    sent = CHUNKED + b"3\r\nabc\r\n0\r\n\r\n"
    with loop.connect() as caller:
        caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        caller.sendall(sent[:at])
        time.sleep(0.02)
        caller.sendall(sent[at:])
        assert status(caller.recv(1_000)) == 200
    assert last_asked(loop)[1] == b"abc"


def test_what_a_proxy_says_of_the_caller_is_left_to_the_application(loop: Loop) -> None:
    loop.ask(posted(0, "X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: https", "Forwarded: for=192.0.2.8"))
    environment, _ = last_asked(loop)
    assert environment["HTTP_X_FORWARDED_FOR"] == "192.0.2.7"
    assert environment["HTTP_X_FORWARDED_PROTO"] == "https"
    assert environment["HTTP_FORWARDED"] == "for=192.0.2.8"
    assert environment["REMOTE_ADDR"] == "127.0.0.1"
    assert environment["wsgi.url_scheme"] == "http"


def test_no_caller_and_no_environment_says_where_the_application_lies(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRIPT_NAME", "/elsewhere")
    answer = loop.ask(posted(0, "SCRIPT_NAME: /x", "Script-Name: /y", "PATH_INFO: /z", "Content_Length: 9"))
    environment, body = last_asked(loop)
    assert (status(answer), body) == (200, b"")
    assert (environment["SCRIPT_NAME"], environment["PATH_INFO"]) == ("", "/a b")


def test_a_path_is_not_tidied(loop: Loop) -> None:
    loop.ask(LAST.replace(b"GET /", b"GET //a/../b"))
    assert last_asked(loop)[0]["PATH_INFO"] == "//a/../b"


def test_an_absolute_address_and_a_star_are_paths_too(loop: Loop) -> None:
    loop.ask(LAST.replace(b"GET /", b"GET http://x/a?b"))
    assert last_asked(loop)[0]["PATH_INFO"] == "/a"
    loop.ask(LAST.replace(b"GET /", b"OPTIONS *"))
    assert last_asked(loop)[0]["PATH_INFO"] == "*"


@pytest.mark.parametrize("blank", [b"\r\n", b"\r\n\r\n"])
def test_one_or_two_blank_lines_before_a_request_are_passed_over(blank: bytes, loop: Loop) -> None:
    assert status(loop.ask(blank + LAST)) == 200
    assert loop.ask(GET + blank + LAST).count(b" 200 OK") == 2


def test_a_blank_line_may_come_byte_by_byte(loop: Loop) -> None:
    with loop.connect() as caller:
        caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"\r\n\r\n" + LAST:
            caller.sendall(bytes([byte]))
            time.sleep(0.002)
        assert status(caller.recv(1_000)) == 200


@pytest.mark.parametrize("blank", [b"\r\n" * 3, b"\r\n" * 40_000, b" " * 1_900 + b"\r\n\r\n", b" " * 300_000])
def test_many_blanks_are_refused_and_nothing_of_them_stays(blank: bytes) -> None:
    """Bytes that were counted and never given back would keep everybody out in the end."""
    with running_loop(head_bytes=2_000) as loop:
        for _ in range(3):
            assert status(loop.ask(blank, hang_up=True)) in (400, 431)
        assert loop.listener.held.bytes == 0


def test_a_connection_is_kept_by_default_and_several_requests_are_answered_in_their_order(loop: Loop) -> None:
    answers = loop.ask(GET.replace(b"/ ", b"/1 ") + GET.replace(b"/ ", b"/2 ") + LAST.replace(b"/ ", b"/3 "))
    assert answers.count(b"HTTP/1.1 200 OK") == 3
    assert answers.count(b"Connection: keep-alive") == 2
    assert [environment["PATH_INFO"] for environment in loop.asked.environments[-3:]] == ["/1", "/2", "/3"]


@pytest.mark.parametrize(
    ("version", "connection", "kept"),
    [
        (b"1.0", b"", False),
        (b"1.0", b"Connection: Keep-Alive\r\n", True),
        (b"1.1", b"", True),
        (b"1.1", b"Connection: close\r\n", False),
        (b"1.1", b"Connection: TE, Close\r\n", False),
    ],
)
def test_a_connection_is_kept_as_its_version_and_the_caller_say(
    version: bytes, connection: bytes, kept: bool, loop: Loop
) -> None:
    asked = b"GET / HTTP/" + version + b"\r\nHost: x\r\n" + connection + b"\r\n"
    answers = loop.ask(asked + LAST)
    assert answers.startswith(b"HTTP/" + version)
    assert answers.count(b" 200 OK") == (2 if kept else 1)


def test_head_is_answered_without_a_body_and_the_connection_goes_on(loop: Loop) -> None:
    answers = loop.ask(GET.replace(b"GET", b"HEAD") + LAST)
    first, _, rest = answers.partition(b"\r\n\r\n")
    assert b"Content-Length: 4" in first
    assert rest.startswith(b"HTTP/1.1 200 OK")


def test_a_caller_that_asks_whether_to_go_on_is_told_so_once_and_only_where_something_is_to_come(loop: Loop) -> None:
    with loop.connect() as caller:
        caller.sendall(posted(2, "Expect: 100-continue"))
        assert caller.recv(1_000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        caller.sendall(b"{")
        time.sleep(0.02)
        caller.sendall(b"}")
        assert status(caller.recv(1_000)) == 200
    assert last_asked(loop)[1] == b"{}"
    assert status(loop.ask(posted(0, "Expect: 100-continue"))) == 200
    assert status(loop.ask(posted(LIMIT + 1, "Expect: 100-continue"))) == 413
    assert status(loop.ask(b"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}")) == 200


def test_the_answer_says_nothing_of_the_software(loop: Loop) -> None:
    for answer in (loop.ask(LAST), loop.ask(b"nonsense\r\n\r\n")):
        assert b"server:" not in answer.lower()
        assert b"waitress" not in answer.lower()
        assert answer.count(b"Date: ") == 1


# ------------------------------------------------------------------ what is refused
REFUSED: dict[str, tuple[bytes, int]] = {
    "a blank first": (f" GET /{SECRET} HTTP/1.1\r\nHost: x\r\n\r\n".encode(), 400),
    "a form feed first": (f"\x0cGET /{SECRET} HTTP/1.1\r\nHost: x\r\n\r\n".encode(), 400),
    "a bare line feed first": (f"\nGET /{SECRET} HTTP/1.1\r\nHost: x\r\n\r\n".encode(), 400),
    "a blank line too many": (f"\r\n\r\n\r\nGET /{SECRET} HTTP/1.1\r\nHost: x\r\n\r\n".encode(), 400),
    "no HTTP": (f"\x16\x03\x01 {SECRET}\r\n\r\n".encode(), 400),
    "an older HTTP": (f"GET /{SECRET}\r\n\r\n".encode(), 400),
    "a newer HTTP": (f"GET /{SECRET} HTTP/2.0\r\n\r\n".encode(), 400),
    "no version": (f"GET /{SECRET} HTTP/x\r\n\r\n".encode(), 400),
    "a method in small letters": (f"get /{SECRET} HTTP/1.1\r\n\r\n".encode(), 400),
    "a blank in the path": (f"GET /a {SECRET} HTTP/1.1\r\n\r\n".encode(), 400),
    "a path without a slash": (f"GET {SECRET} HTTP/1.1\r\n\r\n".encode(), 400),
    "an address that is none": (f"GET http://[{SECRET} HTTP/1.1\r\nHost: x\r\n\r\n".encode(), 400),
    "a header without a colon": (f"GET / HTTP/1.1\r\nHost: x\r\n{SECRET}\r\n\r\n".encode(), 400),
    "a blank before the colon": (f"GET / HTTP/1.1\r\nHost : {SECRET}\r\n\r\n".encode(), 400),
    "a header over two lines": (f"GET / HTTP/1.1\r\nHost: x\r\n {SECRET}\r\n\r\n".encode(), 400),
    "a NUL": (f"GET / HTTP/1.1\r\nHost: {SECRET}\x00\r\n\r\n".encode(), 400),
    "a bare line feed": (f"GET / HTTP/1.1\r\nHost: x\nX: {SECRET}\r\n\r\n".encode(), 400),
    "a bare carriage return": (f"GET / HTTP/1.1\r\nHost: x\rX: {SECRET}\r\n\r\n".encode(), 400),
    "no host": (f"GET /{SECRET} HTTP/1.1\r\nX: y\r\n\r\n".encode(), 400),
    "two hosts": (f"GET / HTTP/1.1\r\nHost: x\r\nHost: {SECRET}\r\n\r\n".encode(), 400),
    "two lengths": (posted(2, f"X: {SECRET}", "Content-Length: 2") + b"{}", 400),
    "a length below zero": (posted(-1, f"X: {SECRET}"), 400),
    "a length with a sign": (posted(2, f"X: {SECRET}").replace(b"Length: 2", b"Length: +2") + b"{}", 400),
    "length and chunks": (posted(2, f"X: {SECRET}", "Transfer-Encoding: chunked") + b"0\r\n\r\n", 400),
    "chunks in an older HTTP": (CHUNKED.replace(b"1.1", b"1.0") + b"0\r\n\r\n", 400),
    "packed chunks": (CHUNKED.replace(b": chunked", b": gzip, chunked") + b"0\r\n\r\n", 501),
    "chunks in chunks": (CHUNKED.replace(b": chunked", b": chunked, chunked") + b"0\r\n\r\n", 501),
    "another coding": (CHUNKED.replace(b": chunked", b": identity") + b"0\r\n\r\n", 501),
    "no coding": (CHUNKED.replace(b": chunked", b":") + b"0\r\n\r\n", 501),
    "a chunk size that is none": (CHUNKED + f"{SECRET}\r\n".encode(), 400),
    "a chunk size below zero": (CHUNKED + b"-2\r\n{}\r\n0\r\n\r\n", 400),
    "a chunk that goes on": (CHUNKED + f"2\r\n{{}}{SECRET}\r\n0\r\n\r\n".encode(), 400),
    "a chunk extension that is none": (CHUNKED + f"2;=,{SECRET}\r\n{{}}\r\n0\r\n\r\n".encode(), 400),
    "an endless chunk extension": (CHUNKED + b"2;a=" + SECRET.encode() * 100, 400),
    "a bare line feed behind a chunk size": (CHUNKED + f"1\n\r\n{SECRET[0]}\r\n0\r\n\r\n".encode(), 400),
    "a bare line feed behind an extension": (CHUNKED + f"5;{SECRET}\n\r\nabcde\r\n0\r\n\r\n".encode(), 400),
    "a line that ends with a bare line feed": (CHUNKED + f"1;{SECRET}\nx\r\n0\r\n\r\n".encode(), 400),
    "an empty line for a chunk size": (CHUNKED + f"\r\n1\r\nx\r\n0\r\nX: {SECRET}\r\n\r\n".encode(), 400),
    "an empty line behind a chunk": (CHUNKED + f"1\r\nx\r\n\r\n0\r\nX: {SECRET}\r\n\r\n".encode(), 400),
    "a bare line feed behind a chunk": (CHUNKED + f"1\r\nx\n0\r\nX: {SECRET}\r\n\r\n".encode(), 400),
    "a trailer that is none": (CHUNKED + f"0\r\n{SECRET}\r\n\r\n".encode(), 400),
    "a trailer with a NUL": (CHUNKED + f"0\r\nX: {SECRET}\x00\r\n\r\n".encode(), 400),
    "a trailer with a bare line feed": (CHUNKED + f"0\r\nX: {SECRET}\n\r\n".encode(), 400),
    "many trailers": (CHUNKED + b"0\r\n" + f"X: {SECRET}\r\n".encode() * 500 + b"\r\n", 400),
    "an endless trailer": (CHUNKED + b"0\r\nX: " + SECRET.encode() * 600, 400),
    "a body above the limit": (posted(LIMIT + 1, f"X: {SECRET}") + b" " * (LIMIT + 1), 413),
    "a length of many digits": (posted(10**30, f"X: {SECRET}"), 413),
    "a length that no number holds": (posted(0).replace(b"Length: 0", b"Length: " + b"9" * 1_500), 413),
    "chunks above the limit": (CHUNKED + b"258\r\n" + b" " * 600 + b"\r\n258\r\n" + b" " * 600 + b"\r\n0\r\n\r\n", 413),
    "a chunk that will be above the limit": (CHUNKED + b"ffffffffffffffffffffff\r\n" + SECRET.encode(), 413),
    "headers above the limit": (f"GET / HTTP/1.1\r\nX: {SECRET * 200}\r\n\r\n".encode(), 431),
    "endless headers": (f"GET / HTTP/1.1\r\nX: {SECRET * 200}".encode(), 431),
    "a path above the limit": (f"GET /{SECRET * 200} HTTP/1.1\r\n\r\n".encode(), 431),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_request_is_refused_as_an_operation_outcome_that_repeats_nothing(
    name: str, loop: Loop, caplog: pytest.LogCaptureFixture
) -> None:
    sent, expected = REFUSED[name]
    caplog.set_level(logging.DEBUG)
    asked = len(loop.asked.environments)
    answer = loop.ask(sent)
    assert status(answer) == expected
    assert outcome(answer)["severity"] == "error"
    assert b"\r\nConnection: close\r\n" in answer
    for said in (answer.decode(), caplog.text):
        assert SECRET not in said
    assert f"answered {expected}" in caplog.text
    assert len(loop.asked.environments) == asked, "the application was asked"


@pytest.mark.parametrize("sent", [b"GET / HT", posted(5) + b"{", CHUNKED + b"5\r\n{"])
def test_a_request_that_is_cut_short_is_400(sent: bytes, loop: Loop) -> None:
    answer = loop.ask(sent, hang_up=True)
    assert status(answer) == 400
    assert "cut short" in outcome(answer)["diagnostics"]


def test_the_limits_themselves_are_taken(loop: Loop) -> None:
    assert status(loop.ask(posted(LIMIT) + b" " * LIMIT)) == 200
    # 600 chunks of one byte are 3,600 bytes on the way; what counts is what they hold.
    assert status(loop.ask(CHUNKED + b"1\r\nx\r\n" * 600 + b"0\r\n\r\n")) == 200
    assert last_asked(loop)[1] == b"x" * 600
    padded = b"X: " + b"a" * (2_000 - len(LAST) - len(b"X: \r\n")) + b"\r\n\r\n"
    assert status(loop.ask(LAST[:-2] + padded)) == 200


def test_a_body_in_endless_small_chunks_is_refused_while_it_comes() -> None:
    with running_loop() as loop:
        answer = loop.ask(CHUNKED + b"1\r\nx\r\n" * 2_000)
        assert (status(answer), "small chunks" in outcome(answer)["diagnostics"]) == (400, True)
        assert loop.listener.held.bytes == 0


def test_an_older_http_needs_no_host_and_an_empty_one_is_one(loop: Loop) -> None:
    assert status(loop.ask(b"GET / HTTP/1.0\r\n\r\n")) == 200
    assert status(loop.ask(LAST.replace(b"Host: x", b"Host:"))) == 200


def test_a_refusal_arrives_although_the_caller_is_still_sending(loop: Loop) -> None:
    much = posted(50_000_000) + b" " * 20_000_000
    assert status(loop.ask(much, hang_up=True)) == 413


def test_a_refused_head_request_gets_no_body(loop: Loop) -> None:
    answer = loop.ask(posted(LIMIT + 1).replace(b"POST", b"HEAD"))
    assert status(answer) == 413
    assert answer.endswith(b"\r\n\r\n")


def test_a_refusal_is_readable_for_the_script_of_the_origin_that_asks(loop: Loop) -> None:
    assert b"\r\nX-Origin: https://ehr.example\r\n" in loop.ask(posted(LIMIT + 1, "Origin: https://ehr.example"))
    assert b"\r\nX-Origin: \r\n" in loop.ask(b"nonsense\r\n\r\n")


def test_no_head_takes_long_to_look_at() -> None:
    """Blanks without end: a pattern that tries every way to split them needs seconds, beside milliseconds."""
    with running_loop() as loop:
        for end in (b"a", b"\x00", b""):
            began = time.monotonic()
            sent = LAST[:-2] + b"X:" + b" " * 30_000 + end + b"\r\n\r\n"
            assert status(loop.ask(sent)) == (400 if end == b"\x00" else 200)
            assert time.monotonic() - began < 1


# ------------------------------------------------------------------ faults of the application
def failing(environment: dict[str, Any], start_response: Any) -> list[bytes]:
    """Asked for /late it fails when its head is out already."""
    if environment["PATH_INFO"] != "/late":
        raise RuntimeError(SECRET)
    start_response("200 OK", [])
    return Failing()  # type: ignore[return-value]


class Failing:
    """Part of an answer, then none."""

    def __iter__(self) -> Iterator[bytes]:
        yield b"part"
        raise RuntimeError(SECRET)


def test_a_fault_of_the_application_is_500_and_its_words_stay_out(caplog: pytest.LogCaptureFixture) -> None:
    with running_loop(failing) as loop:
        answer = loop.ask(LAST)
        assert (status(answer), outcome(answer)["code"]) == (500, "exception")
        late = loop.ask(LAST.replace(b"GET /", b"GET /late"))
        assert status(late) == 200
        assert not late.endswith(b"0\r\n\r\n"), "what is cut short must not look whole"
        loop.until(lambda: loop.listener.served == 0)
    assert SECRET not in answer.decode() + late.decode() + caplog.text
    assert caplog.text.count("unexpected RuntimeError at ") == 2


def test_an_answer_without_a_length_comes_in_chunks_or_ends_with_the_connection() -> None:
    def application(_: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"one"
        yield b"two"

    with running_loop(application) as loop:
        assert loop.ask(LAST).endswith(b"\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")
        assert loop.ask(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").endswith(b"\r\n\r\nonetwo")
        assert loop.ask(LAST.replace(b"GET", b"HEAD")).endswith(b"\r\n\r\n")


@pytest.mark.parametrize("code", ["204 No Content", "304 Not Modified"])
def test_an_answer_that_may_have_no_body_keeps_the_connection(code: str) -> None:
    def application(_: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response(code, [("Date", "today")])
        return []

    with running_loop(application) as loop:
        answers = loop.ask(GET + LAST)
    assert answers.count(code.encode()) == 2
    assert b"Content-Length" not in answers
    assert answers.count(b"Date: ") == answers.count(b"Date: today") == 2


def test_a_large_answer_arrives_whole() -> None:
    asked = Asked(answer=b"x" * 5_000_000)
    with running_loop(asked) as loop:
        answer = loop.ask(GET + LAST)
    assert answer.count(b"x") == 2 * 5_000_000
