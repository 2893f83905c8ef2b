"""From calls over HTTP to the report: what is counted of them, and that nothing of the patient is in it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner
from flask import Flask

from cds_service.commands.cli import cli
from tests.contract.conftest import MakeApp
from tests.contract.ehr import HOOKS, Ehr, ehr_of
from tests.contract.records import (
    CONFIRMED,
    NOW,
    PATIENT_ID,
    WARFARIN,
    WARFARIN_DRAFT,
    Json,
    Record,
    failure,
    order,
    result,
)

LOCAL_LAB = {
    **result("local-lab", "17861-6", 4711.0, "mg/dL"),
    "code": {"coding": [{"system": "urn:oid:1.2.3", "code": "PO4", "display": "Zephyrine"}], "text": "Ottoline"},
}
LOCAL_DRUG = {
    **order("local-drug", "855332", "Ottoline"),
    "medicationCodeableConcept": {"coding": [{"system": "urn:oid:1.2.4", "code": "A7", "display": "Zephyrine"}]},
}


@pytest.fixture
def service(make_app: MakeApp) -> Flask:
    """A service whose clock goes on by a minute with each look at it, in a database of its own."""
    moments = iter(NOW + timedelta(minutes=number) for number in range(10_000))
    return make_app(clock=lambda: next(moments))


def report(app: Flask, *options: str) -> dict[str, list[Json]]:
    """The tables of a report on what this service has kept."""
    app.extensions["cds_event_log"].ship()
    url = app.extensions["cds_database"].name
    made = CliRunner().invoke(cli, ["report", "--json", *options], env={"CDS_DATABASE_URL": url})
    assert made.exit_code == 0, made.output
    assert PATIENT_ID not in made.output
    tables: dict[str, list[Json]] = json.loads(made.stdout)["tables"]
    return tables


def test_calls_cards_and_refusals_are_counted_by_hook(service: Flask) -> None:
    ehr = ehr_of(service)
    shown = ehr.ask("patient-view", CONFIRMED)
    refused = ehr.request("patient-view", CONFIRMED)
    refused["prefetch"]["conditions"] = failure()
    assert ehr.post(refused).status_code == 412
    (row,) = report(service)["hook"]
    assert (row["hook"], row["calls_answered"], row["calls_refused"]) == ("patient-view", 1, 1)
    assert row["shown"] == len(shown) > 0
    (why,) = report(service)["refusal"]
    assert (why["hook"], why["calls"]) == ("patient-view", 1)


@pytest.mark.parametrize("hook", HOOKS)
def test_codes_that_are_not_known_are_counted_without_words_and_values(hook: str, service: Flask) -> None:
    ehr = ehr_of(service)
    record: Record = {**CONFIRMED, lab_key(ehr, hook): [LOCAL_LAB], "medications": [WARFARIN, LOCAL_DRUG]}
    ehr.ask(hook, record, *([] if hook == "patient-view" else [WARFARIN_DRAFT]))
    told = report(service)["unmapped"]
    assert {(row["kind"], row["system"], row["code"], row["unit"], row["calls"]) for row in told} == {
        ("lab", "urn:oid:1.2.3", "PO4", "mg/dL", 1),
        ("drug", "urn:oid:1.2.4", "A7", "", 1),
    }
    for word in ("Zephyrine", "Ottoline", "4711"):
        assert word not in json.dumps(told)


def test_a_local_code_in_letters_is_told_once_it_was_on_five_patients(service: Flask) -> None:
    ehr, code = ehr_of(service), {"coding": [{"system": "urn:oid:1.2.5", "code": "CA-TOT"}]}
    record: Record = {**CONFIRMED, lab_key(ehr, "patient-view"): [{**LOCAL_LAB, "code": code}]}
    body = json.dumps(ehr.request("patient-view", record))
    for number in (1, 1, 1, 1, 1, 2, 3, 4, 5, 6):
        assert ehr.post(json.loads(body.replace(PATIENT_ID, f"somebody-{number}"))).status_code == 200
    told = [row for row in report(service)["unmapped"] if row["system"] == "urn:oid:1.2.5"]
    assert [(row["code"], row["calls"]) for row in told] == [
        ("(a code that could be a name, on few patients)", 8),
        ("CA-TOT", 2),
    ]
    assert "somebody" not in json.dumps(report(service))


def lab_key(ehr: Ehr, hook: str) -> str:
    """A prefetch key under which results come."""
    templates: dict[str, str] = ehr.services[hook]["prefetch"]
    return next(key for key, template in templates.items() if template.startswith("Observation?"))


def test_of_calls_in_one_second_one_is_looked_at(make_app: MakeApp) -> None:
    app = make_app()
    ehr = ehr_of(app)
    for _ in range(3):
        ehr.ask("patient-view", {**CONFIRMED, "medications": [LOCAL_DRUG]})
    (row,) = [row for row in report(app)["unmapped"] if row["kind"] == "drug"]
    assert (row["calls"], row["of_calls_looked_at"]) == (1, 1)
    (hook,) = report(app)["hook"]
    assert hook["calls_answered"] == 3
