"""A body in chunks costs as much as it has bytes, in whatever parts it comes, and has one reading only."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from cds_service.serving import chunks, refusal
from cds_service.serving.chunks import Chunks
from cds_service.serving.refusal import Refused

MOST = 10_000_000
END = b"0\r\n\r\n"


def taken(*parts: bytes) -> bytes:
    """The body in these parts, which is whole with the last one."""
    body = Chunks(MOST)
    for part in parts:
        assert not body.completed
        assert body.received(part) == len(part)
    assert body.completed
    assert len(body) == len(body.getbuf().getvalue())
    return body.getfile().read()


def in_chunks_of(size: int, length: int) -> bytes:
    return (b"%x\r\n%s\r\n" % (size, b"x" * size)) * (length // size)


def calls(sent: bytes) -> int:
    """How many calls it takes to put this together."""
    made = 0

    def profile(_: object, event: str, __: object) -> None:
        nonlocal made
        made += event in ("call", "c_call")

    body, before = Chunks(MOST), sys.getprofile()
    sys.setprofile(profile)
    try:
        body.received(sent)
    finally:
        sys.setprofile(before)
    return made


class Watched(bytes):
    """Bytes that count how many of them are copied."""

    copied = 0

    def __getitem__(self, key: Any) -> Any:
        part = super().__getitem__(key)
        Watched.copied += len(bytes(part))
        return part


@pytest.mark.parametrize("size", [64, 1_000, 200_000])
def test_no_byte_is_copied_twice_however_small_the_chunks_are(size: int) -> None:
    """What is sliced off for each chunk must not be the whole rest: that would be the square of what has come."""
    data = Watched(in_chunks_of(size, 200_000) + END)
    Watched.copied = 0
    body = Chunks(MOST)
    assert body.received(data) == len(data)
    assert Watched.copied <= len(data)
    assert len(body) == 200_000 // size * size


def test_the_work_grows_with_the_bytes_and_not_with_their_square() -> None:
    small, large = (in_chunks_of(64, length) + END for length in (64_000, 640_000))
    assert calls(large) < 11 * calls(small)


@pytest.mark.parametrize("length", [1, 2, 3, 7])
def test_it_may_come_in_parts_of_any_length(length: int) -> None:
    sent = b'3;a="b;\\"c";d=e\r\nabc\r\nA\r\n0123456789\r\n0000\r\nX: y\r\nZ:\r\n\r\n'
    parts = [sent[at : at + length] for at in range(0, len(sent), length)]
    assert taken(*parts) == taken(sent) == b"abc0123456789"


def test_what_follows_is_left() -> None:
    body = Chunks(MOST)
    assert body.received(b"1\r\nx\r\n" + END + b"GET /") == 6 + len(END)
    assert body.completed
    assert body.received(b"GET /") == 0


def refused(sent: bytes) -> str:
    with pytest.raises(Refused) as raised:
        Chunks(MOST).received(sent)
    return raised.value.message


def test_small_chunks_are_taken_up_to_a_number_and_then_as_many_as_their_bytes_allow() -> None:
    most = chunks._CHUNKS_OF_ANY_SIZE
    few = in_chunks_of(1, most - 1)
    assert taken(few + END) == b"x" * (most - 1)
    assert refused(in_chunks_of(1, most + 20)) == refusal.CHUNKS_ARE_TOO_SMALL[1]
    assert len(taken(in_chunks_of(64, 64_000) + in_chunks_of(1, most - 2) + END)) == 64_000 + most - 2
    assert refused(in_chunks_of(60, 2_000_000)) == refusal.CHUNKS_ARE_TOO_SMALL[1]


@pytest.mark.parametrize(
    "sent", [b"x", b"\r\n", b"\n", b"1 \r\n", b" 1\r\n", b"1\n", b"1;\r\n", b"1\r\nx\n", b"1\r\nxy\r\n"]
)
def test_what_is_not_exactly_right_is_refused(sent: bytes) -> None:
    assert refused(sent + b"\r\n") == refusal.CHUNKS_ARE_BROKEN[1]


@pytest.mark.parametrize(
    "size", [b"1 ", b" 1", b"+1", b"0x1", b"1_0", b"1;", b"1 ;a", b"1; a", b"\r\n1", b"1\n", b"1\r"]
)
def test_a_size_is_hex_digits_and_nothing_else_although_all_the_rest_is_right(size: bytes) -> None:
    rest = b"\r\nx\r\n" + END
    assert taken(b"1" + rest) == b"x"
    assert refused(size + rest) == refusal.CHUNKS_ARE_BROKEN[1]


@pytest.mark.parametrize("before", [b"", b"0\r\n"])
@pytest.mark.parametrize("length", [1, 700, 5_000])
def test_a_line_has_an_end(length: int, before: bytes) -> None:
    body = Chunks(MOST)
    body.received(before)
    with pytest.raises(Refused):
        all(body.received(b"0" * length) for _ in range(2_000))
    assert taken(b"1;" + b"a" * (chunks._LINE_BYTES - 4) + b"\r\nx\r\n" + END) == b"x"
    assert refused(b"1;" + b"a" * (chunks._LINE_BYTES - 3) + b"\r\nx\r\n" + END) == refusal.CHUNKS_ARE_BROKEN[1]


def test_the_largest_body_is_taken_and_one_byte_more_is_refused_before_it_comes() -> None:
    assert Chunks(10).received(b"A\r\n" + b"x" * 10 + b"\r\n" + END) == 15 + len(END)
    with pytest.raises(Refused) as raised:
        Chunks(10).received(b"5\r\nabcde\r\n6\r\n")
    assert raised.value.status == 413
