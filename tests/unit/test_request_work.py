"""The quick ways through a request give the answers of the long ways, and the count of its work can be trusted.

What may live here: shortcuts against what they shorten, and `bench.instructions`. Nothing is timed.
"""

from __future__ import annotations

import copy
from datetime import date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.instructions import Work, count, growth, measured, problems
from cds_service.api.validation import REQUEST, InvalidField, check
from fhir_mappings.code_systems import System
from fhir_mappings.dates import PointInTime, read_moment
from fhir_mappings.fhir_json import Coding
from fhir_mappings.packaged import default_vocabulary
from fhir_mappings.vocabulary.conditions import KEPT_CODE_LENGTH
from hooks.cards import record_text
from hooks.cards.markdown import escape, plain
from hooks.cards.record_text import one_line

BERLIN = ZoneInfo("Europe/Berlin")
CONDITIONS = default_vocabulary().conditions.conditions
CONTEXTS: dict[str, dict[str, Any]] = {
    "patient-view": {},
    "order-select": {"selections": ["MedicationRequest/1"], "draftOrders": {"resourceType": "Bundle"}},
    "order-sign": {"draftOrders": {"resourceType": "Bundle"}},
}
REQUESTS: dict[str, dict[str, Any]] = {
    hook: {
        "hook": hook,
        "hookInstance": "0b4f1f0e-6b1e-4d8a-9d0e-0a0c3b9f7d11",
        "fhirServer": "https://ehr.example/fhir",
        "fhirAuthorization": {"access_token": "abc"},
        "prefetch": {},
        "context": {"userId": "Practitioner/1", "patientId": "p1", **context},
    }
    for hook, context in CONTEXTS.items()
}
anything: st.SearchStrategy[object] = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.just([]) | st.just({})
)
places = st.sampled_from(
    [
        *[(name,) for name in ("hook", "hookInstance", "fhirServer", "fhirAuthorization", "prefetch", "context")],
        *[("context", name) for name in ("userId", "patientId", "encounterId", "selections", "draftOrders")],
        ("context", "draftOrders", "resourceType"),
        ("context", "draftOrders", "entry"),
        ("fhirAuthorization", "access_token"),
    ]
)


def changed(hook: str, place: tuple[str, ...], value: object, *, remove: bool) -> dict[str, Any]:
    request = copy.deepcopy(REQUESTS[hook])
    inner = request
    for name in place[:-1]:
        inner = inner.setdefault(name, {})
    inner[place[-1]] = value
    if remove:
        del inner[place[-1]]
    return request


@given(st.sampled_from(sorted(REQUESTS)), places, anything | st.sampled_from(sorted(REQUESTS)), st.booleans())
def test_the_schema_of_one_hook_refuses_what_the_whole_schema_refuses(
    hook: str, place: tuple[str, ...], value: object, remove: bool
) -> None:
    body = changed(hook, place, value, remove=remove)
    try:
        check(body, REQUEST)
        passed = True
    except InvalidField:
        passed = False
    assert passed is REQUEST.is_valid(body)


@given(st.integers(-2_000_000_000, 4_000_000_000), st.integers(-14 * 60, 14 * 60))
def test_a_complete_instant_is_read_as_the_same_instant_with_a_blank_in_it(seconds: int, minutes: int) -> None:
    there = datetime.fromtimestamp(seconds, timezone(timedelta(minutes=minutes)))
    text = there.isoformat()
    # The blank before the zone is read by the longer way only.
    assert read_moment(text, BERLIN) == read_moment(f"{text[:19]} {text[19:]}", BERLIN)
    assert read_moment(text, BERLIN) == PointInTime(there.astimezone(BERLIN).date(), there.timestamp())


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-01T23:59:60Z", date(2026, 3, 2)),
        ("2026-03-01T12:00:00.250Z", date(2026, 3, 1)),
        ("2026-02-30T12:00:00Z", None),
        ("2026-03-01T12:00:00+25:00", None),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_what_looks_complete_and_is_not_usual_is_read_the_longer_way(text: str, day: date | None) -> None:
    found = read_moment(text, BERLIN)
    assert (found.day if found else None) == day


@given(st.text(alphabet="aA0 .,:;()/%+-'&<>\"\\`*_[]|~#!@w\n\t\u200b", max_size=12))
def test_text_that_passes_as_it_is_holds_nothing_to_escape_or_fold(text: str) -> None:
    markup = any(sign in text for sign in '&<>"\\`*_[]|~#!')
    assert (escape(text) == text) is (one_line(text) == text and not markup)
    assert plain(text) == record_text.plain(text)


@pytest.mark.parametrize("text", ["www.example.org", "WWW.example.org", "a  b", " a", "a ", "a_b", "http://x", "a@b.c"])
def test_links_blanks_and_markup_never_pass_as_they_are(text: str) -> None:
    assert escape(text) != text


@pytest.mark.parametrize("code", ["E11.22", "N18.6", "L97.411"])
def test_a_code_too_long_to_be_kept_is_looked_up_all_the_same(code: str) -> None:
    short, long = Coding(System.ICD10_CM, code, ""), Coding(System.ICD10_CM, code + "+" * KEPT_CODE_LENGTH, "")
    assert CONDITIONS.of(short) == CONDITIONS.of(long) != ()


# ------------------------------------------------------------------ counting
def sums(times: int) -> None:
    total = 0
    for number in range(times):
        total += abs(number)


def test_the_same_work_counts_the_same_and_more_work_counts_more() -> None:
    assert count(lambda: sums(10)) == count(lambda: sums(10))
    assert count(lambda: sums(11)).calls == count(lambda: sums(10)).calls + 1
    assert count(lambda: sums(11)).instructions > count(lambda: sums(10)).instructions


def test_only_what_exceeds_its_ceiling_or_has_none_is_told() -> None:
    ceilings = {"at": {"calls": 5, "instructions": 50}, "above": {"calls": 5, "instructions": 50}}
    found = {"at": Work(5, 50), "above": Work(5, 51), "new": Work(1, 1)}
    assert problems(found, ceilings) == [
        "above: 51 instructions, the ceiling is 50",
        "new: 1 calls, the ceiling is missing",
        "new: 1 instructions, the ceiling is missing",
    ]


def test_the_work_grows_with_what_the_rules_read_and_hardly_with_the_rest() -> None:
    found = measured()
    assert growth(found) < 1.4
    empty, full = found["order-select on an empty draft"], found["order-select"]
    assert empty.instructions < full.instructions / 4
