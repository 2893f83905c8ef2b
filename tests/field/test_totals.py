"""Totals that count more than matches, and remarks in any letter case.

Sources: hapifhir/hapi-fhir#7153 and #2012 (`total` with includes and outcomes); microsoft/fhir-server#2208 (remarks).
"""

from __future__ import annotations

import json

import pytest
from werkzeug.test import TestResponse

from tests.contract.card_rules import check_error
from tests.contract.ehr import HOOKS, Ehr, words
from tests.contract.fhir_fake import FakeFhir
from tests.contract.records import CONFIRMED, DIALYSIS, Json, failure
from tests.field.whole_requests import EXPECTED, request, said

INCLUDED = {"resource": {"resourceType": "Practitioner", "id": "p"}, "search": {"mode": "include"}}
REMARK = {"resource": failure("warning"), "search": {"mode": "outcome"}}


def conditions(ehr: Ehr, hook: str, beside: list[Json], more: int) -> Json:
    """The request, with these entries beside the conditions and a total so much above the number of all entries."""
    body = request(ehr, hook)
    found = body["prefetch"]["conditions"]
    found["entry"] += beside
    found["total"] = len(found["entry"]) + more
    return body


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("beside", [[], [INCLUDED], [REMARK], [INCLUDED, REMARK, INCLUDED]])
def test_a_total_of_all_entries_says_that_all_is_there(beside: list[Json], hook: str, ehr: Ehr) -> None:
    assert said(ehr.cards(conditions(ehr, hook, beside, 0))) == EXPECTED[hook]


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("beside", [[], [INCLUDED], [REMARK]])
def test_a_total_above_all_entries_says_that_something_is_missing(beside: list[Json], hook: str, ehr: Ehr) -> None:
    answer = ehr.post(conditions(ehr, hook, beside, 1))
    if hook == "patient-view":
        # What was read is critical already: it is told, and what may be missing is told with it.
        cards = answer.get_json()["cards"]
        assert said(cards) == EXPECTED[hook]
        assert "could not be read: conditions" in words(cards)
    else:
        assert "conditions could not be read" in check_error(answer, 412)


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize(("more", "complete"), [(0, True), (1, False)])
def test_the_same_holds_for_what_the_server_answers(
    more: int, complete: bool, hook: str, ehr: Ehr, fhir: FakeFhir
) -> None:
    fhir.record = CONFIRMED if hook == "patient-view" else DIALYSIS
    body = conditions(ehr, hook, [INCLUDED, REMARK], more)
    fhir.told["conditions"] = (200, body["prefetch"].pop("conditions"))
    answer = ehr.post(body | {"fhirServer": fhir.base})
    if complete:
        assert said(answer.get_json()["cards"]) == EXPECTED[hook]
    elif hook == "patient-view":
        assert "fewer resources than it counted" in words(answer.get_json()["cards"])
    else:
        assert "conditions" in check_error(answer, 412)


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("severity", ["Warning", "WARNING", " information ", "Success"])
def test_a_remark_in_any_letter_case_is_no_failure(severity: str, hook: str, ehr: Ehr) -> None:
    body = request(ehr, hook)
    body["prefetch"]["conditions"]["entry"].append({"resource": failure(severity)})
    assert said(ehr.cards(body)) == EXPECTED[hook]


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("severity", ["Error", "FATAL", " error ", "Severe", ""])
def test_an_error_in_any_letter_case_is_a_failure(severity: str, hook: str, ehr: Ehr) -> None:
    body = request(ehr, hook)
    body["prefetch"]["conditions"]["entry"].append({"resource": failure(severity)})
    check_error(ehr.post(body), 412)


NO_COUNTS = ["1e400", "-1", "2.5", "true", '"many"', "[]", "{}"]
COUNTS = ["null", "0", "0.0", '"0"']
EMPTY = '{"resourceType": "Bundle", "type": "searchset", "total": %s, "entry": []}'


def ask_with_total(ehr: Ehr, body: Json, total: str) -> TestResponse:
    """The answer where neither conditions nor orders are found, and this stands as their number."""
    for key in ("conditions", "medications"):
        body["prefetch"][key] = key
    sent = json.dumps(body)
    for key in ("conditions", "medications"):
        sent = sent.replace(f'"{key}": "{key}"', f'"{key}": {EMPTY % total}')
    return ehr.client.post(ehr.url(body["hook"]), data=sent, content_type="application/json")


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("total", NO_COUNTS)
def test_a_total_that_is_no_count_is_never_taken_for_none(total: str, hook: str, ehr: Ehr) -> None:
    assert "could not be read" in check_error(ask_with_total(ehr, request(ehr, hook), total), 412)


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("total", COUNTS)
def test_a_total_that_is_null_or_a_plain_zero_is_believed(total: str, hook: str, ehr: Ehr) -> None:
    assert ask_with_total(ehr, request(ehr, hook), total).status_code == 200


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("total", NO_COUNTS + COUNTS)
def test_the_same_holds_for_the_total_of_a_server(total: str, hook: str, ehr: Ehr, fhir: FakeFhir) -> None:
    fhir.record = CONFIRMED if hook == "patient-view" else DIALYSIS
    body = request(ehr, hook) | {"fhirServer": fhir.base}
    for key in ("conditions", "medications"):
        del body["prefetch"][key]
        fhir.told[key] = (200, EMPTY % total)
    answer = ehr.post(body)
    if total in COUNTS:
        assert answer.status_code == 200
    else:
        assert "fewer resources than it counted" in check_error(answer, 412)
