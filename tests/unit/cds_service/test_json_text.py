"""JSON as it really comes: what is UTF-8 is read as such, halves of characters are replaced, all else is refused.

What is larger than MOST_TO_MEND is read only where nothing in it has to be replaced or guessed.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.json_text import MOST_TO_MEND, TOO_LARGE, NotJson, charset_of, is_in_wide_characters, read_json

pieces = st.lists(
    st.sampled_from([r"\\", r"\"", r"\n", r"\u0041", r"\ud83d", r"\uD83D", r"\ude00", r"\uDFff", "ud83d", "a", "é"]),
    max_size=10,
)
anything = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def whole(text: str) -> str:
    """The text with U+FFFD in place of each half of a character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@given(pieces)
def test_halves_of_characters_are_replaced_and_whole_ones_kept(written: list[str]) -> None:
    text = f'"{"".join(written)}"'
    assert read_json(text.encode()) == whole(json.loads(text))


@given(anything, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
def test_any_value_is_read_in_any_charset_that_has_a_mark(value: Any, charset: str) -> None:
    assert read_json(json.dumps(value, ensure_ascii=False).encode(charset)) == value


@given(st.binary(max_size=30), st.sampled_from(["", "application/json; charset=utf-16", "x; charset=big5"]))
def test_any_bytes_are_read_or_refused(body: bytes, content_type: str) -> None:
    try:
        read = read_json(body, content_type)
    except NotJson:
        return
    json.dumps(read, ensure_ascii=False).encode()


@pytest.mark.parametrize("body", [bytearray(b'{"a": 1}'), bytearray(b'\xef\xbb\xbf{"a": 1}')])
def test_what_a_transfer_brought_is_read_as_it_is(body: bytearray) -> None:
    assert read_json(body) == {"a": 1}


@pytest.mark.parametrize(
    ("content_type", "charset"),
    [
        ("application/json", ""),
        ("application/json; charset=utf-8", ""),
        ("application/json; charset=ISO-8859-1", "iso8859-1"),
        ('application/json;version=4; Charset = "Windows-1252"', "cp1252"),
        ("application/json; charset='latin1'; q=1", "iso8859-1"),
        ("application/json; charset=UTF-16LE", "utf-16-le"),
        ("application/json; charset=nobody-knows-this", ""),
        ("application/json; charset=rot13", ""),
        ("application/json; charset=idna", ""),
        ("application/json; charset=unicode_escape", ""),
        ("application/json; charset=", ""),
        ("application/json; charset=\x00", ""),
        ("application/json; nocharset=utf-16", ""),
        ("", ""),
    ],
)
def test_the_charset_is_the_one_named_if_it_is_one_of_texts(content_type: str, charset: str) -> None:
    assert charset_of(content_type) == charset


@pytest.mark.parametrize(
    ("body", "content_type", "read"),
    [
        ('"µ é"'.encode("cp1252"), "", "µ é"),
        ('"€"'.encode("cp1252"), "", "€"),
        ('"é'.encode() + b'\xe9"', "", "é\ufffd"),
        ('"Ж"'.encode("cp1251"), "x; charset=windows-1251", "Ж"),
        ('"é"'.encode(), "x; charset=windows-1251", "é"),
        ('"Ж"'.encode("koi8-r"), "x; charset=KOI8-R", "Ж"),
        ('"é"'.encode("utf-16-be"), "x; charset=utf-16", "é"),
        ('"é"'.encode("utf-16-le"), "x; charset=utf-16", "é"),
        ('"é"'.encode("utf-32-le"), "x; charset=utf-32", "é"),
        (b'"x\x81"', "x; charset=windows-1252", "x\ufffd"),
        (b'"x\x81"', "", "x\ufffd"),
        ('"\ufffd'.encode() + b'\xe9"', "", "\ufffd\ufffd"),
        ('"中"'.encode("big5"), "x; charset=big5", "中"),
        (b'"x\xff"', "x; charset=big5", "x\ufffd"),
        (b'"\x00\x00\xd8"\x00', "x; charset=utf-16", "\ufffd"),
    ],
)
def test_text_that_is_not_utf_8_is_read_as_it_is_called_or_as_windows_writes_it(
    body: bytes, content_type: str, read: str
) -> None:
    assert read_json(body, content_type) == read


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "is not valid JSON"),
        (b"NaN", "is not valid JSON"),
        (b"-Infinity", "is not valid JSON"),
        (b'{"a": 1} {"a": 1}', "is not valid JSON"),
        ('{"a": 1}'.encode("utf-16-le"), "is not valid JSON"),
        (b"[" * 1025 + b"]" * 1025, "is nested too deeply"),
        (b"[1e400, NaN]", "is not valid JSON"),
        (b"[1e400", "is not valid JSON"),
        (b"[1e400, " + b"[" * 1023 + b"]" * 1024, "is nested too deeply"),
    ],
)
def test_what_is_no_json_is_refused_with_a_reason_that_holds_nothing_of_it(body: bytes, reason: str) -> None:
    with pytest.raises(NotJson) as refused:
        read_json(body)
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1e400", TOO_LARGE),
        ("-1e400", TOO_LARGE),
        ("1" + "0" * 309, TOO_LARGE),
        ("9" * 100_000, TOO_LARGE),
        ("1." + "0" * 999, TOO_LARGE),
        ("1" + "0" * 308, 1e308),
        ("1e-400", 0.0),
        ("18446744073709551616", 2.0**64),
        ("18446744073709549568", 18446744073709549568),
        ("-9223372036854775808", -(2**63)),
        ("-9223372036854777856", -9223372036854777856.0),
        ("0.5", 0.5),
        ("7", 7),
    ],
)
def test_a_number_that_is_too_large_is_no_number_and_all_others_are(written: str, read: object) -> None:
    found = read_json(f'{{"large": 1e400, "here": {written}, "text": "1e400 \\ud83d"}}'.encode())
    assert found == {"large": TOO_LARGE, "here": read, "text": "1e400 \ufffd"}
    assert type(found["here"]) is type(read)


# ------------------------------------------------------------------ the largest body that is mended
def of_size(start: bytes, size: int, end: bytes = b"") -> bytes:
    """A JSON string of this many bytes that begins and ends so."""
    return b'"' + start + b"x" * (size - len(start) - len(end) - 2) + end + b'"'


@pytest.mark.parametrize(
    ("broken", "content_type", "mended"),
    [
        (rb"\ud83d", "", "\ufffd"),
        ("é".encode() + b"\xe9", "", "é\ufffd"),
        (b"\xe9", "", "é"),
        (b"\xe9", "x; charset=nobody-knows-this", "é"),
        (b"\x81", "x; charset=windows-1252", "\ufffd"),
        (b"\xff", "x; charset=big5", "\ufffd"),
        (rb"\ud83d", "x; charset=windows-1252", "\ufffd"),
    ],
)
def test_what_is_broken_is_mended_up_to_a_size_and_no_json_above(broken: bytes, content_type: str, mended: str) -> None:
    for start, end in ((broken, b""), (b"", broken + b" ")):
        read = read_json(of_size(start, MOST_TO_MEND, end), content_type)
        assert read.replace("x", "").strip() == mended
        with pytest.raises(NotJson, match=r"^is not valid JSON$"):
            read_json(of_size(start, MOST_TO_MEND + 1, end), content_type)


@pytest.mark.parametrize("size", [MOST_TO_MEND, MOST_TO_MEND + 1])
@pytest.mark.parametrize(
    ("text", "content_type", "character"),
    [
        (b"\xc3\xa9", "", "é"),
        (b"\xc3\xa9", "x; charset=windows-1252", "é"),
        (rb"\ud83d\ude00", "", "😀"),
        (b"\xe9", "x; charset=windows-1252", "é"),
        ("中".encode("big5"), "x; charset=big5", "中"),
    ],
)
def test_what_is_sound_is_read_in_any_size(text: bytes, content_type: str, character: str, size: int) -> None:
    read = read_json(of_size(text, size), content_type)
    assert read[: len(character)] == character
    assert set(read[len(character) :]) == {"x"}


@pytest.mark.parametrize("content_type", ["", "x; charset=windows-1252"])
@pytest.mark.parametrize("charset", ["utf-8-sig", "utf-16", "utf-32"])
def test_what_has_a_mark_is_read_in_any_size(charset: str, content_type: str) -> None:
    text = "é" * MOST_TO_MEND
    assert read_json(bytearray(f'"{text}"'.encode(charset)), content_type) == text
    with pytest.raises(NotJson):
        read_json(f'"{text}'.encode(charset), content_type)


def test_half_a_wide_character_is_mended_up_to_a_size_and_no_json_above() -> None:
    half = '"\ud800'.encode("utf-16-le", "surrogatepass") + '"'.encode("utf-16-le")
    blanks = "  ".encode("utf-16-le")
    assert read_json(half + blanks * ((MOST_TO_MEND - len(half)) // 4), "x; charset=utf-16") == "\ufffd"
    with pytest.raises(NotJson):
        read_json(half + blanks * (MOST_TO_MEND // 4), "x; charset=utf-16")


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        (b"[" * 5000 + b"]" * 5000, "is nested too deeply"),
        (b"[1e400]", "holds a number that is too large"),
        (b"{", "is not valid JSON"),
        (b"\x81\xff" * MOST_TO_MEND, "is not valid JSON"),
    ],
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_the_reason_is_told_for_large_bodies_too(start: bytes, reason: str, mark: bytes) -> None:
    with pytest.raises(NotJson) as refused:
        read_json(mark + start + b" " * MOST_TO_MEND)
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    ("body", "wide"),
    [
        ("{}".encode("utf-16"), True),
        ("{}".encode("utf-32"), True),
        (b"\xfe\xff\x00{", True),
        ("{}".encode("utf-8-sig"), False),
        (b"{}", False),
        ("{}".encode("utf-16-le"), False),
        (b"", False),
    ],
)
def test_wide_characters_are_known_by_their_mark(body: bytes, wide: bool) -> None:
    assert is_in_wide_characters(body) is wide
