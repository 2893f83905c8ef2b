"""The alert burden: each card is counted once and in its place, and the charts take the way that a call takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from cds_service import create_app
from cds_service.demo.burden import ZONE, Answer, Burden, Clinic, counted
from cds_service.demo.burden_report import main, report
from cds_service.demo.population import Drug, Facts, is_quiet, population
from cds_service.demo.population_numbers import numbers
from cds_service.demo.population_resources import drafts, resources
from cds_service.demo.sandbox import Sandbox
from cds_service.settings import Settings
from fhir_mappings.chart import ChartContext, Gathered, build_chart
from hooks import patient_view
from hooks.assessment import Assessment
from hooks.card import Indicator

INFO, WARNING, CRITICAL = Indicator
OPENED, PICKED, SIGNED = "patient-view", "order-select", "order-sign"
CLINIC = Clinic.packaged()

BY_HAND = (
    Answer(OPENED, (), quiet=True),
    Answer(OPENED, (("a", INFO),), quiet=True),
    Answer(OPENED, (("a", WARNING), ("b", CRITICAL), ("b", WARNING)), quiet=True),
    Answer(OPENED, (("b", CRITICAL), ("a", INFO))),
    Answer(OPENED, None),
    Answer(PICKED, (("c", WARNING),), "drug", quiet=True),
    Answer(PICKED, (("c", INFO),), "drug"),
    Answer(PICKED, None, "drug"),
    Answer(PICKED, (), "water"),
    Answer(SIGNED, (("c", WARNING),), "drug"),
)


# ------------------------------------------------------------------ counting
def test_calls_refusals_and_cards_are_counted_by_hook_order_topic_and_indicator() -> None:
    burden = counted(iter(BY_HAND))
    assert burden.calls == {(OPENED, ""): 5, (PICKED, "drug"): 3, (PICKED, "water"): 1, (SIGNED, "drug"): 1}
    assert {call: n for call, n in burden.refused.items() if n} == {(OPENED, ""): 1, (PICKED, "drug"): 1}
    assert burden.cards == {
        (OPENED, "", "a", INFO): 2,
        (OPENED, "", "a", WARNING): 1,
        (OPENED, "", "b", CRITICAL): 2,
        (OPENED, "", "b", WARNING): 1,
        (PICKED, "drug", "c", WARNING): 1,
        (PICKED, "drug", "c", INFO): 1,
        (SIGNED, "drug", "c", WARNING): 1,
    }


def test_a_chart_with_several_interruptive_cards_counts_once_and_once_for_each_topic() -> None:
    burden = counted(BY_HAND)
    assert (burden.charts, burden.interrupted) == (5, 2)
    assert burden.opened_by == {"a": 1, "b": 2}


def test_quiet_charts_are_counted_apart_and_only_when_they_are_opened() -> None:
    burden = counted(BY_HAND)
    assert (burden.quiet, burden.quiet_interrupted) == (3, 1)
    assert burden.quiet_by == {"a": 1, "b": 1}


def test_without_a_call_everything_is_zero() -> None:
    assert counted(()) == Burden({}, {}, {}, 0, {}, 0, 0, {})
    assert "| charts opened | 0 | – |" in report(counted(()))


@pytest.mark.parametrize(("indicator", "interrupts"), [(INFO, False), (WARNING, True), (CRITICAL, True)])
def test_a_warning_and_a_critical_card_interrupt_and_an_info_card_does_not(
    indicator: Indicator, interrupts: bool
) -> None:
    assert Answer(OPENED, (("a", indicator),)).interruptive == ({"a"} if interrupts else set())
    assert Answer(OPENED, None).interruptive == set()


# ------------------------------------------------------------------ telling
@pytest.mark.parametrize(
    "row",
    [
        "| charts opened | 5 | 100.0 |",
        "| cards when a chart is opened | 6 | 120.0 |",
        "| charts that open with an interruptive card (aim: at most 15 of 100) | 2 | 40.0 |",
        "| quiet haemodialysis charts | 3 | 60.0 |",
        "| quiet charts that open with an interruptive card (goal: 0): a 1, b 1 | 1 | 33.3 |",
        "| calls that were refused, over all hooks | 2 | 20.0 |",
        "| b | 2 | 40.0 |",
        "| patient-view | 5 | 2 (40.0) | 2 (40.0) | 2 (40.0) |",
        "| order-select | 4 | 1 (25.0) | 1 (25.0) | 0 |",
        "| order-sign | 1 | 0 | 1 (100.0) | 0 |",
        "| b | critical | 2 | 40.0 |",
        "| drug | c | warning | 1 (33.3) | 1 (100.0) |",
        "| drug | c | info | 1 (33.3) | 0 |",
        "| water | no card |  | 0 | 0 |",
    ],
)
def test_the_report_shows(row: str) -> None:
    assert report(counted(BY_HAND)).splitlines().count(row) == 1


def test_the_command_prints_the_report_of_as_many_charts_as_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    printed = []
    for _ in range(2):
        main(["--charts", "3", "--seed", "7", "--on", "2026-11-22"])
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert "3 synthetic charts, seed 7, rules as on 2026-11-22" in printed[0]
    assert "| charts opened | 3 | 100.0 |" in printed[0]
    assert f"| order-sign | {3 * len(numbers()['orders']['drugs'])} |" in printed[0]


# ------------------------------------------------------------------ asking
def facts(**changes: Any) -> Facts:
    (found,) = population(1, 1)
    plain = replace(found, modality="haemodialysis", shown=frozenset({"dialysis_condition"}), entries=())
    return replace(plain, **changes)


def test_by_default_the_day_is_the_one_of_the_newest_numbers() -> None:
    assert CLINIC.on == max(day for day, _ in CLINIC.policy.history.periods)
    assert Clinic.packaged(date(2026, 11, 22)).on == date(2026, 11, 22)


def test_each_chart_is_opened_once_and_each_order_picked_and_signed_once() -> None:
    asked = Counter((answer.hook, answer.order) for answer in CLINIC.answers(facts()))
    orders = numbers()["orders"]["drugs"]
    assert asked == {(OPENED, ""): 1, **{(hook, order): 1 for hook in (PICKED, SIGNED) for order in orders}}


def test_warfarin_is_told_when_it_is_ordered_and_a_harmless_drug_is_not() -> None:
    said = {(answer.hook, answer.order): answer.cards for answer in CLINIC.answers(facts(drugs=()))}
    assert any(topic.startswith("vka-") for topic, _ in said[PICKED, "warfarin"] or ())
    assert said[PICKED, "amlodipine"] == said[SIGNED, "amlodipine"] == ()


def gathered(own: list[dict[str, Any]], hook: str = OPENED) -> Mapping[str, Gathered]:
    return {found.query.key: found for found in CLINIC.gathered(hook, own)}


def test_each_query_gets_what_a_server_would_find() -> None:
    shown, drugs = frozenset({"dialysis_sessions"}), (Drug("warfarin", "warfarin", ""),)
    own = resources(facts(shown=shown, drugs=drugs), date(2026, 11, 22))
    stopped = {**next(one for one in own if one["resourceType"] == "MedicationRequest"), "status": "stopped"}
    found = gathered([*own, stopped])
    assert [one["status"] for one in found["medications"].resources] == ["active"]
    codes = {one["code"]["coding"][0]["code"] for one in found["calcium"].resources}
    assert codes == {numbers()["result"]["calcium"]["loinc"]}
    assert {one["resourceType"] for one in found["dialysis_procedures"].resources} == {"Procedure"}
    assert len(found["patient"].resources) == 1


def test_every_resource_of_a_chart_reaches_a_query_when_the_chart_is_opened() -> None:
    own = resources(facts(), date(2026, 11, 22))
    asked = [id(one) for entry in gathered(own).values() for one in entry.resources]
    assert set(asked) == {id(one) for one in own}


def test_a_chart_that_cannot_be_judged_is_counted_as_refused() -> None:
    queries = CLINIC.queries_for(OPENED)
    without = [Gathered(query, (), failed="not there") for query in queries]
    assert CLINIC.answer(patient_view, facts(), without, quiet=False).cards is None


def test_the_service_gives_the_same_cards_over_http(tmp_path: Path) -> None:
    patients = list(population(12, 8))
    moment = datetime.combine(CLINIC.on, time(12), UTC)
    settings = Settings(dev=True, database_url=f"sqlite:///{tmp_path}/cards.sqlite3", fhir_deadline_seconds=30)
    app = create_app(settings, clock=lambda: moment)
    with Sandbox(one for found in patients for one in resources(found, CLINIC.on)) as fhir, app.test_client() as client:
        for found in patients:
            drafted = drafts(found, CLINIC.on)
            for answer in CLINIC.answers(found):
                context: dict[str, Any] = {"userId": "Practitioner/1", "patientId": found.patient_id}
                if answer.order:
                    draft = drafted[answer.order]
                    context["draftOrders"] = {
                        "resourceType": "Bundle",
                        "type": "collection",
                        "entry": [{"resource": draft}],
                    }
                    context["selections"] = [f"MedicationRequest/{draft['id']}"]
                body = {"hook": answer.hook, "hookInstance": str(uuid4()), "fhirServer": fhir.base, "context": context}
                cards = client.post(f"/cds-services/calciphylaxis-{answer.hook}", json=body).get_json()["cards"]
                given = tuple((card["source"]["topic"]["code"], card["indicator"]) for card in cards)
                assert given == answer.cards
    app.extensions["cds_fhir_client"].close()
    app.extensions["cds_database"].close()


# ------------------------------------------------------------------ the goals
@cache
def opened() -> Burden:
    """2,000 charts opened, nothing ordered; a few seconds."""
    return counted(CLINIC.opened(facts) for facts in population(2000, 2026))


def high_by_correction_only(facts: Facts) -> bool:
    """Quiet by the total calcium; high once it is corrected for albumin, which the rules do."""
    gathered = CLINIC.gathered(OPENED, resources(facts, CLINIC.on))
    chart = build_chart(gathered, ChartContext(facts.patient_id, CLINIC.on, ZONE), CLINIC.vocabulary)
    return Assessment(chart, CLINIC.on, CLINIC.policy.thresholds(CLINIC.on)).labs.calcium.by_correction("high")


def test_a_quiet_chart_opens_with_an_interruptive_card_only_where_its_corrected_calcium_is_high() -> None:
    quiet = [facts for facts in population(2000, 2026) if is_quiet(facts)]
    assert len(quiet) > 200, "there is something to look at"
    interrupted = [facts for facts in quiet if CLINIC.opened(facts).interruptive]
    assert [facts.patient_id for facts in interrupted if not high_by_correction_only(facts)] == []
    assert len(interrupted) < len(quiet) / 10


def test_at_most_15_of_100_charts_open_with_an_interruptive_card() -> None:
    assert opened().interrupted <= 0.15 * opened().charts


def test_no_chart_of_the_population_is_refused() -> None:
    assert not any(opened().refused.values())
