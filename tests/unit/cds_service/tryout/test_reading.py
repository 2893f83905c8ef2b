"""What is pasted is read as JSON or NDJSON; a fault is told by its line, and a token is never shown again."""

from __future__ import annotations

import json

import pytest

from cds_service.tryout import NotUnderstood, read_sent, without_tokens
from cds_service.web.curl import as_curl
from tests.unit.cds_service.tryout.conftest import NOW

SECRET = "s3cret.Token-value"


def test_a_document_is_read_whatever_its_bytes() -> None:
    assert read_sent(b'\xef\xbb\xbf{"a": 1}', NOW) == {"a": 1}
    assert read_sent('{"a": "é"}'.encode("utf-16"), NOW) == {"a": "é"}
    assert read_sent(b'{"a": 1e999}', NOW) == {"a": "(a number that is too large)"}


def test_lines_of_resources_become_a_list_and_empty_lines_are_passed_over() -> None:
    assert read_sent(b'{"a": 1}\r\n\r\n{"b": 2}\n', NOW) == [{"a": 1}, {"b": 2}]


def test_dates_of_an_example_become_dates_and_other_braces_stay() -> None:
    assert read_sent(b'{"on": "{{day-2}}", "as": "{{context.patientId}}"}', NOW) == {
        "on": "2026-02-28",
        "as": "{{context.patientId}}",
    }
    far = b'{"on": "{{day-999999}}"}'
    assert read_sent(far, NOW) == json.loads(far)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"", "nothing was sent"),
        (b" \n ", "nothing was sent"),
        (b'{\n "a": 1,\n}', "is not valid JSON (line 2, column 8)"),
        (b'{"a": 1}\n{"b": }\n', "line 2 is not valid JSON"),
        (b"[" * 260 + b"]" * 260, "is nested too deeply"),
        (b"[" * 2000 + b"]" * 2000, "is nested too deeply"),
        (b'{"a": 1}\n' + b"[" * 2000 + b"]" * 2000, "line 2 is nested too deeply"),
        (b"\xff\xfe\x00", "is not valid JSON"),
        (b"GET / HTTP/1.1\nHost: x", "is not valid JSON (line 1, column 1)"),
        (b'"a"\n"b"', "is not valid JSON (line 2, column 1)"),
    ],
)
def test_what_is_no_json_is_told_by_its_place(sent: bytes, words: str) -> None:
    with pytest.raises(NotUnderstood) as raised:
        read_sent(sent, NOW)
    assert words in str(raised.value)


def test_what_is_nested_less_deeply_can_be_read_and_written_again() -> None:
    deep = json.loads("[" * 240 + "]" * 240)
    assert json.loads(
        as_curl("http://x", {"a": read_sent(json.dumps(deep).encode(), NOW)}).split("REQUEST'\n")[1][:-16]
    )


def test_the_text_of_a_fault_holds_nothing_of_what_was_sent() -> None:
    with pytest.raises(NotUnderstood) as raised:
        read_sent(b'{"name": "Zephyrine" "x"}', NOW)
    assert "Zephyrine" not in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"fhirAuthorization": {"access_token": SECRET, "token_type": "Bearer"}}),
        f'{{"access_token" :\n "{SECRET}", broken',
        f'{{"access_token": "{SECRET} and no end',
        f"POST /cds-services/x\nAuthorization: Bearer {SECRET}\n\n{{}}",
        json.dumps({"fhirAuthorization": {"access\\u005ftoken": 1, "access_token": SECRET}, "copy": SECRET}),
        f'{{"fhirAuthorization": {{"access\\u005ftoken": "{SECRET}"}}}}',
        f'{{"access_token": "other", "access\\u005Ftoken": "{SECRET}"}}',
        f'{{"access_token": "s\\u0033cret.Token-value", "copy": "{SECRET}"}}',
        f'[{{"refresh_token": "{SECRET}"}}, {{"id_token": "{SECRET}"}}]',
        f'curl -H "Authorization: Bearer {SECRET}" -d \'{{"copy": "{SECRET}"}}\'',
        f"bearer {SECRET}",
    ],
)
def test_a_token_is_not_shown_again(text: str) -> None:
    shown = without_tokens(text)
    assert SECRET not in shown
    assert SECRET.replace("3", "\\u0033") not in shown
    assert "(taken out)" in shown


@pytest.mark.parametrize("token", ["e", "test", "draft", "", 'a\\"b'])
@pytest.mark.parametrize("name", ["access_token", "access\\u005ftoken"])
def test_a_short_token_is_taken_out_of_its_member_alone(token: str, name: str) -> None:
    text = '{"hook": "patient-view", "test": "draft e", "fhirAuthorization": {"%s": "%s", "scope": "test"}}'
    assert without_tokens(text % (name, token)) == text % (name, "(taken out)")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer abc", "Authorization: Bearer (taken out)"),
        ('{"authorization": "bearer abc"}', '{"authorization": "bearer (taken out)"}'),
        ("Bearer abcdefghijkl", "Bearer (taken out)"),
        ("Bearer abcdefghijk", "Bearer abcdefghijk"),
        ("Bearer ab.cd", "Bearer (taken out)"),
        ('{"text": "bearer of hepatitis B"}', '{"text": "bearer of hepatitis B"}'),
        ("bearer thrombocytopenia, thrombocytopenia", "bearer (taken out), thrombocytopenia"),
        ("A known bearer status. It is old.", "A known bearer status. It is old."),
        ("a token_type of Bearer\nand nothing more", "a token_type of Bearer\nand nothing more"),
    ],
)
def test_prose_about_a_bearer_is_no_token(text: str, shown: str) -> None:
    assert without_tokens(text) == shown


def test_a_text_without_a_token_stays_as_it_is() -> None:
    text = '{"hook": "patient-view", "fhirAuthorization": {"token_type": "Bearer"}}'
    assert without_tokens(text) == text
