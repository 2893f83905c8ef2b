"""Bodies as clients write them: byte order marks, charsets, half characters, packed, under other media types.

Sources: hapifhir/hapi-fhir#266 and FHIR/GoFSH#150 (byte order marks); cds-hooks/legacy-sandbox#9 (media types);
texts of records cut in the middle of a character.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from werkzeug.test import TestResponse

from cds_service.json_text import MOST_TO_MEND
from tests.contract.card_rules import check_answer, check_error
from tests.contract.conftest import MakeApp
from tests.contract.ehr import HOOKS, Ehr, ehr_of
from tests.contract.fhir_fake import FakeFhir
from tests.contract.records import CONFIRMED, DIALYSIS, PATIENT_ID, Json
from tests.fhir_stand_in import Asked, FhirStandIn, Reply
from tests.field.whole_requests import EXPECTED, request, said

Encoding = Callable[[str], bytes]
FAMILY = "Müller-Größe µg"
"""A name for a drug that is no ASCII, and shown on cards."""


def post(ehr: Ehr, hook: str, body: bytes, content_type: str = "application/json", **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ehr.client.post(ehr.url(hook), data=body, content_type=content_type, headers=named)


def told(answer: TestResponse) -> list[tuple[str, str]]:
    return said(check_answer(answer, PATIENT_ID))


def text_of(ehr: Ehr, hook: str) -> str:
    """The request with characters beyond ASCII in it."""
    body = request(ehr, hook)
    body["prefetch"]["patient"]["name"] = [{"family": FAMILY}]
    return json.dumps(body, ensure_ascii=False)


# ------------------------------------------------------------------ charsets
@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize(
    ("charset", "content_type"),
    [
        ("utf-8", "application/json"),
        ("utf-8-sig", "application/json"),
        ("utf-8-sig", "application/json; charset=utf-8"),
        ("utf-8", "application/json; charset=ISO-8859-1"),
        ("utf-8", "application/json; charset=nobody-knows-this"),
        ("utf-8", "application/json; charset=utf-16"),
        ("iso-8859-1", "application/json; charset=iso-8859-1"),
        ("iso-8859-1", 'application/json;charset="ISO-8859-1"'),
        ("cp1252", "application/json; charset=windows-1252"),
        ("cp1252", "application/json"),
        ("cp1252", "application/json; charset=nobody-knows-this"),
        ("cp1252", "application/json; charset=rot13"),
        ("utf-16", "application/json; charset=UTF-16"),
        ("utf-16-le", "application/json; charset=utf-16"),
        ("utf-16-be", "application/json; charset=utf-16"),
        ("utf-16-be", "application/json; charset=utf-16be"),
        ("utf-32", "application/json; charset=utf-32"),
    ],
)
def test_a_body_in_a_charset_of_its_own_is_read(charset: str, content_type: str, hook: str, ehr: Ehr) -> None:
    assert told(post(ehr, hook, text_of(ehr, hook).encode(charset), content_type)) == EXPECTED[hook]


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "iso-8859-1", "cp1252", "utf-16"])
def test_what_a_card_shows_has_the_characters_that_were_sent(charset: str, ehr: Ehr) -> None:
    body = request(ehr, "order-sign")
    (entry,) = body["context"]["draftOrders"]["entry"]
    entry["resource"]["medicationCodeableConcept"]["text"] = f"warfarin {FAMILY}"
    sent = json.dumps(body, ensure_ascii=False).encode(charset)
    named = f"application/json; charset={charset.removesuffix('-sig')}"
    assert FAMILY in json.dumps(post(ehr, "order-sign", sent, named).get_json(), ensure_ascii=False).replace("\\\\", "")


@pytest.mark.parametrize("charset", ["utf-16", "utf-32"])
def test_wide_characters_that_nobody_names_are_refused_by_name(charset: str, ehr: Ehr) -> None:
    answer = post(ehr, "order-sign", text_of(ehr, "order-sign").encode(charset))
    assert "Content-Type must name its charset" in check_error(answer, 400, "body")


# ------------------------------------------------------------------ half characters
@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("half", [r"cut \ud83d", r"\ude00 cut", r"\ud83d\ud83d", r"\\\ud83d", r"\uD83D\u0041"])
def test_half_a_character_in_a_text_is_replaced_and_the_patient_is_served(half: str, hook: str, ehr: Ehr) -> None:
    text = json.dumps(request(ehr, hook)).replace('"Zephyrine"', f'"{half}"')
    assert half in text
    assert told(post(ehr, hook, text.encode())) == EXPECTED[hook]


@pytest.mark.parametrize("half", [rb"\ud83d", b"\xf0\x9f", b"\xed\xa0\xbd", "é".encode()[:1]])
def test_half_a_character_that_is_written_back_can_be_written(half: bytes, ehr: Ehr) -> None:
    body = request(ehr, "patient-view")
    body["prefetch"]["medications"]["entry"][0]["resource"]["note"] = [{"text": "HALF"}, {"text": "é"}]
    sent = json.dumps(body, ensure_ascii=False).encode().replace(b"HALF", half)
    answer = post(ehr, "patient-view", sent)
    assert told(answer) == EXPECTED["patient-view"]
    assert "�" in answer.get_data(as_text=True)


@pytest.mark.parametrize("broken", [rb"\ud83d", b"\xe9"])
def test_a_broken_character_is_mended_in_bodies_up_to_a_size_and_refused_above(broken: bytes, ehr: Ehr) -> None:
    body = json.dumps(request(ehr, "order-sign")).encode().replace(b"Zephyrine", broken)
    just = body + b" " * (MOST_TO_MEND - len(body))
    assert told(post(ehr, "order-sign", just)) == EXPECTED["order-sign"]
    assert check_error(post(ehr, "order-sign", just + b" "), 400, "body") == "the body is not valid JSON"


# ------------------------------------------------------------------ what is no JSON
@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "is not valid JSON"),
        (b"\xef\xbb\xbf", "is not valid JSON"),
        (b'{"hook": NaN}', "is not valid JSON"),
        (b'{"hook": Infinity}', "is not valid JSON"),
        (rb'{"hook": "\ud83d", "n": NaN}', "is not valid JSON"),
        (rb'{"hook": "\ud83d', "is not valid JSON"),
        (b'{"hook": "\xff"', "is not valid JSON"),
        (b"[" * 5000 + b"]" * 5000, "is nested too deeply"),
        (b"\xef\xbb\xbf" + b"[" * 5000 + b"]" * 5000, "is nested too deeply"),
        (b'{"n": 1e999999, "m": NaN}', "is not valid JSON"),
        (b'{"n": 1e999999', "is not valid JSON"),
        (b'{"n": 1e999999' + b" " * MOST_TO_MEND + b"}", "holds a number that is too large"),
    ],
)
def test_what_is_no_json_is_refused_and_the_reason_is_told(body: bytes, words: str, ehr: Ehr) -> None:
    assert check_error(post(ehr, "order-sign", body), 400, "body") == f"the body {words}"


# ------------------------------------------------------------------ media types
@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "Application/JSON",
        "application/fhir+json",
        "application/fhir+json; fhirVersion=4.0; charset=UTF-8",
        "application/json+fhir",
        "APPLICATION/JSON+FHIR;charset=utf-8",
        "text/json",
        'application/json; profile="https://example.org/x"; q=1',
    ],
)
def test_every_name_for_json_is_taken(media_type: str, hook: str, ehr: Ehr) -> None:
    assert told(post(ehr, hook, json.dumps(request(ehr, hook)).encode(), media_type)) == EXPECTED[hook]


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded", ""])
def test_another_media_type_is_refused_and_the_right_one_is_told(media_type: str, ehr: Ehr) -> None:
    for path in (ehr.url("order-sign"), ehr.url("order-sign", "/feedback")):
        answer = ehr.client.post(path, data=b"{}", content_type=media_type)
        assert "must be application/json" in check_error(answer, 415, "Content-Type")


# ------------------------------------------------------------------ packed bodies
def bare(body: bytes) -> bytes:
    packing = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packing.compress(body) + packing.flush()


PACKED = [
    ("gzip", gzip.compress),
    ("GZIP", gzip.compress),
    ("x-gzip", gzip.compress),
    ("gzip", lambda body: gzip.compress(body[:100]) + gzip.compress(body[100:])),
    ("deflate", zlib.compress),
    ("deflate", bare),
    ("identity", bytes),
    (" ", bytes),
]


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize(("coding", "pack"), PACKED)
def test_a_packed_body_is_unpacked(coding: str, pack: Callable[[bytes], bytes], hook: str, ehr: Ehr) -> None:
    body = pack(json.dumps(request(ehr, hook)).encode())
    assert told(post(ehr, hook, body, Content_Encoding=coding)) == EXPECTED[hook]


@pytest.mark.parametrize(("coding", "pack"), PACKED[:-2])
def test_the_limit_of_a_body_counts_what_comes_out(
    coding: str, pack: Callable[[bytes], bytes], make_app: MakeApp
) -> None:
    ehr = ehr_of(make_app(max_body_bytes=20_000))
    body = json.dumps(request(ehr, "order-sign")).encode()
    just = body + b" " * (20_000 - len(body))
    assert told(post(ehr, "order-sign", pack(just), Content_Encoding=coding)) == EXPECTED["order-sign"]
    answer = post(ehr, "order-sign", pack(just + b" "), Content_Encoding=coding)
    assert "larger than the limit" in check_error(answer, 413, "body")


@pytest.mark.parametrize(("coding", "pack"), PACKED[:-2])
def test_a_bomb_is_not_unpacked(coding: str, pack: Callable[[bytes], bytes], make_app: MakeApp) -> None:
    ehr = ehr_of(make_app(max_body_bytes=200_000))
    check_error(post(ehr, "order-sign", pack(b" " * 150_000_000), Content_Encoding=coding), 413, "body")


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"{}",
        gzip.compress(b"{}", mtime=0)[:-1],
        gzip.compress(b"{}", mtime=0)[:-8] + b"\x00" * 8,
        gzip.compress(b"{}", mtime=0) + b"x",
        gzip.compress(b"", mtime=0) * 101,
    ],
)
def test_what_cannot_be_unpacked_is_refused_by_name(broken: bytes, ehr: Ehr) -> None:
    assert "cannot be unpacked" in check_error(post(ehr, "order-sign", broken, Content_Encoding="gzip"), 400, "body")


@pytest.mark.parametrize("broken", [b"", b"x", zlib.compress(b"{}")[:-1], bare(b"{}")[:-1]])
def test_what_cannot_be_inflated_is_refused_by_name(broken: bytes, ehr: Ehr) -> None:
    answer = post(ehr, "order-sign", broken, Content_Encoding="deflate")
    assert "cannot be unpacked" in check_error(answer, 400, "body")


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, gzip", "nonsense"])
def test_another_coding_is_refused_and_those_that_we_take_are_told(coding: str, ehr: Ehr) -> None:
    answer = post(ehr, "order-sign", b"{}", Content_Encoding=coding)
    assert "gzip or deflate" in check_error(answer, 415, "Content-Encoding")
    assert answer.headers["Accept-Encoding"] == "gzip, deflate"


def test_a_browser_may_send_a_packed_body(ehr: Ehr) -> None:
    answer = ehr.client.options(ehr.url("order-sign"), headers={"Origin": "https://ehr.example"})
    assert "Content-Encoding" in answer.headers["Access-Control-Allow-Headers"].split(", ")


def test_packed_feedback_is_taken(ehr: Ehr) -> None:
    (card,) = ehr.cards(request(ehr, "order-sign"))
    item = {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": "2026-11-22T10:05:00Z"}
    sent = gzip.compress(json.dumps({"feedback": [item]}).encode())
    headers = {"Content-Encoding": "gzip"}
    url = ehr.url("order-sign", "/feedback")
    answer = ehr.client.post(url, data=sent, content_type="application/json", headers=headers)
    assert (answer.status_code, answer.get_json()) == (200, {})


# ------------------------------------------------------------------ bodies in chunks
class BrokenChunks(BytesIO):
    """What a web server hands on of a body whose chunks are broken: an error of its own kind."""

    def readinto(self, _: Any) -> int:
        raise LookupError("zephyrine")

    read = readinto  # type: ignore[assignment]  # whichever way it is read


def in_chunks(ehr: Ehr, stream: BytesIO) -> TestResponse:
    terminated = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    url = ehr.url("order-sign")
    return ehr.client.post(url, input_stream=stream, content_type="application/json", environ_overrides=terminated)


def test_a_body_in_chunks_is_read_up_to_the_limit_and_413_above(make_app: MakeApp) -> None:
    ehr = ehr_of(make_app(max_body_bytes=20_000))
    body = json.dumps(request(ehr, "order-sign")).encode()
    just = body + b" " * (20_000 - len(body))
    assert told(in_chunks(ehr, BytesIO(just))) == EXPECTED["order-sign"]
    assert "larger than the limit" in check_error(in_chunks(ehr, BytesIO(just + b" ")), 413, "body")


def test_broken_chunks_are_refused_by_name(ehr: Ehr) -> None:
    said_so = check_error(in_chunks(ehr, BrokenChunks()), 400, "body")
    assert "chunks are broken" in said_so
    assert "zephyrine" not in said_so


# ------------------------------------------------------------------ answers of FHIR servers
def written(resource: Any, half: str = "") -> str:
    text = json.dumps(resource, ensure_ascii=False)
    return text.replace('"Dependence on renal dialysis"', f'"Dialyseabhängigkeit µg {half}"')


def serving(fhir: FakeFhir, stand_in: FhirStandIn, encode: Encoding, content_type: str, half: str = "") -> None:
    def answer(asked: Asked) -> Reply:
        reply = fhir.answer(asked)
        return Reply(reply.status, encode(written(reply.body, half)), {"Content-Type": content_type})

    stand_in.otherwise = answer


def fetched(ehr: Ehr, fhir: FakeFhir, hook: str) -> Json:
    fhir.record = CONFIRMED if hook == "patient-view" else DIALYSIS
    return request(ehr, hook) | {"prefetch": {}, "fhirServer": fhir.base}


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize(
    ("charset", "content_type"),
    [
        ("utf-8-sig", "application/fhir+json"),
        ("utf-8", "application/fhir+json; charset=ISO-8859-1"),
        ("iso-8859-1", "application/fhir+json; charset=ISO-8859-1"),
        ("iso-8859-1", "application/fhir+json"),
        ("cp1252", "application/fhir+json;charset=windows-1252"),
        ("utf-16", "application/fhir+json"),
        ("utf-16-be", "application/fhir+json; charset=utf-16"),
    ],
)
def test_an_answer_in_a_charset_of_its_own_is_read(
    charset: str, content_type: str, hook: str, ehr: Ehr, fhir: FakeFhir, stand_in: FhirStandIn
) -> None:
    serving(fhir, stand_in, lambda text: text.encode(charset), content_type)
    assert said(ehr.cards(fetched(ehr, fhir, hook))) == EXPECTED[hook]


@pytest.mark.parametrize("hook", HOOKS)
def test_half_a_character_in_an_answer_does_not_fail_the_look_up(
    hook: str, ehr: Ehr, fhir: FakeFhir, stand_in: FhirStandIn
) -> None:
    serving(fhir, stand_in, str.encode, "application/fhir+json", half=r"\ud83d")
    assert said(ehr.cards(fetched(ehr, fhir, hook))) == EXPECTED[hook]


@pytest.mark.parametrize("hook", HOOKS)
def test_half_a_character_in_an_answer_too_large_to_mend_is_a_failed_look_up(
    hook: str, ehr: Ehr, fhir: FakeFhir
) -> None:
    asked = fetched(ehr, fhir, hook)
    empty = rb'{"resourceType": "Bundle", "type": "searchset", "id": "\ud83d", "entry": []}'
    fhir.told["conditions"] = (200, empty + b" " * MOST_TO_MEND)
    assert "conditions could not be read" in check_error(ehr.post(asked), 412)


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"[" * 5000, b'{"resourceType": "Bundle", "total": NaN}'])
def test_an_answer_that_is_no_json_is_a_failed_look_up(body: bytes, hook: str, ehr: Ehr, fhir: FakeFhir) -> None:
    fhir.told["conditions"] = (200, body)
    assert "conditions could not be read" in check_error(ehr.post(fetched(ehr, fhir, hook)), 412)
