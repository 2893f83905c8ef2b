"""What differs between two sets of data files, with file, place, and what stood and stands there."""

from __future__ import annotations

from datetime import date

import pytest

from cds_service.knowledge import InForce
from cds_service.policy_work.file_changes import EntryChange, entry_changes, number_changes
from cds_service.policy_work.rows_in_force import SILENT, in_force
from tests.unit.cds_service.policy_work.conftest import ON, Change, Changed

HIGH = '{ since = 2003-10-01, value = 10.2, source = "KDOQI 2003, guideline 6" }'
CALCIUM = '"17861-6" = "Calcium [Mass/volume] in Serum or Plasma"\n'
ROW = (
    '[[rules]]\ndrug_class = "vitamin_k_antagonist"\n'
    'when = ["on_dialysis"]\ntopic = "vka-dialysis"\nindicator = "warning"'
)


def test_a_policy_does_not_differ_from_itself(packaged: InForce) -> None:
    assert number_changes(packaged, packaged, ON) == ()
    assert entry_changes(packaged, packaged) == ()


def test_a_number_is_told_with_its_old_and_new_value_and_their_sources(packaged: InForce, changed: Changed) -> None:
    new = HIGH.replace("10.2", "10.0").replace("KDOQI 2003, guideline 6", "our protocol")
    ours = changed(("thresholds", HIGH, new))
    (change,) = number_changes(packaged, ours, ON)
    assert (change.key, change.says) == ("calcium_high", "Calcium is high above this value")
    assert change.old is not None
    assert change.new is not None
    assert [(value.shown, value.source) for value in (change.old, change.new)] == [
        ("10.2 mg/dL", "KDOQI 2003, guideline 6"),
        ("10 mg/dL", "our protocol"),
    ]
    assert change.in_force
    assert entry_changes(packaged, ours) == (), "a number is told once"


def test_another_source_alone_is_a_change_that_no_patient_feels(packaged: InForce, changed: Changed) -> None:
    (change,) = number_changes(packaged, changed(("thresholds", "guideline 6", "guideline 7")), ON)
    assert not change.in_force


@pytest.mark.parametrize(
    ("on", "shown", "elsewhere"),
    [
        (date(2026, 11, 30), "10.2 mg/dL", ("now 10 mg/dL from 2026-12-01 on (ours)",)),
        (date(2026, 12, 1), "10 mg/dL", ()),
    ],
)
def test_a_value_with_a_day_is_told_where_it_holds_and_where_not(
    on: date, shown: str, elsewhere: tuple[str, ...], packaged: InForce, changed: Changed
) -> None:
    later = f'{HIGH}, {{ since = 2026-12-01, value = 10.0, source = "ours" }}'
    (change,) = number_changes(packaged, changed(("thresholds", HIGH, later)), on)
    assert change.new is not None
    assert (change.new.shown, change.elsewhere) == (shown, elsewhere)


def test_a_later_value_that_both_have_is_no_difference(changed: Changed) -> None:
    later = ', { since = 2030-01-01, value = 9.8, source = "ours" }'
    old = changed(("thresholds", HIGH, HIGH + later))
    (change,) = number_changes(old, changed(("thresholds", HIGH, HIGH.replace("10.2", "10.1") + later)), ON)
    assert change.elsewhere == ()


def test_what_a_window_is_about_is_told_although_its_values_are_the_same(packaged: InForce, changed: Changed) -> None:
    ours = changed(("thresholds", 'says = "Calcium is high above this value"', 'says = "Calcium is high above it"'))
    (told,) = entry_changes(packaged, ours)
    assert (told.where, told.old) == ("[calcium_high] says", "Calcium is high above this value")
    assert number_changes(packaged, ours, ON)[0].in_force is False


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            ("labs", CALCIUM, ""),
            ("labs.toml", "analyte 1 (total_calcium): loinc.17861-6", "Calcium [Mass/volume] in Serum or Plasma", ""),
        ),
        (
            ("drugs", '"Coumadin", "Jantoven"', '"Coumadin", "Jantofen", "Jantoven"'),
            ("drugs.toml", "drug 1 (warfarin): names[4]", "", "Jantofen"),
        ),
        (
            ("drug_rules", ROW, ROW.replace("warning", "info")),
            ("drug_rules.toml", "rules 15 (vka-dialysis): indicator", "warning", "info"),
        ),
        (
            ("drug_rules", ROW, ROW.replace('["on_dialysis"]', '["on_dialysis", "calcium_low"]')),
            ("drug_rules.toml", "rules 15 (vka-dialysis): when[2]", "", "calcium_low"),
        ),
        (
            ("drug_rules", ROW, f"{ROW}\nkeep_at_order_sign = true"),
            ("drug_rules.toml", "rules 15 (vka-dialysis): keep_at_order_sign", "", "true"),
        ),
    ],
    ids=["a code taken out", "a name added", "an indicator", "a situation added", "a key added"],
)
def test_another_entry_is_told_by_its_place(
    change: Change, told: tuple[str, str, str, str], packaged: InForce, changed: Changed
) -> None:
    assert entry_changes(packaged, changed(change)) == (EntryChange(*told),)


def test_a_row_put_between_others_is_one_change_and_no_row_below_it_is(packaged: InForce, changed: Changed) -> None:
    more = ROW.replace("on_dialysis", "calcium_low") + '\nsource = "ours"\n\n' + ROW
    (told,) = entry_changes(packaged, changed(("drug_rules", ROW, more)))
    assert told.old == ""
    assert '"when": ["calcium_low"]' in told.new


def test_everything_in_force_is_shown_with_unit_first_day_and_source(packaged: InForce, changed: Changed) -> None:
    later = f'{HIGH}, {{ since = 2030-01-01, value = 10.0, source = "ours" }}'
    shown = in_force(changed(("thresholds", HIGH, later)), ON)
    numbers = {row.key: row for row in shown.numbers}
    assert set(numbers) == set(packaged.reasons.numbers)
    high = numbers["calcium_high"]
    assert (high.value, high.since, high.source) == ("10.2 mg/dL", date(2003, 10, 1), "KDOQI 2003, guideline 6")
    assert high.later == ("10 mg/dL from 2030-01-01 on",)
    assert all(row.source for row in shown.numbers)
    assert all(row.source for row in shown.drug_rules)
    assert all(row.source for row in shown.status_rules)
    rules = packaged.knowledge.policy.rules
    assert [(row.drug_class, row.number) for row in shown.drug_rules] == [
        (name, number) for name, rows in rules.items() for number in range(1, len(rows) + 1)
    ]
    assert not [row for row in shown.status_rules if any("{" in sentence for sentence in row.when)]
    assert {row.topic for row in shown.status_rules} > {"cua-confirmed", "cua-sepsis", "order-data-gap"}


def test_the_indicator_of_a_row_is_shown_for_each_hook(packaged: InForce) -> None:
    rows = {(row.drug_class, row.number): row for row in in_force(packaged, ON).drug_rules}
    said = {name: dict(row.indicators) for name, row in rows.items()}
    last = max(number for drug_class, number in rows if drug_class == "vitamin_k_antagonist")
    assert said["vitamin_k_antagonist", last] == {
        "patient-view": "info",
        "order-select": "warning",
        "order-sign": "warning",
    }
    assert {"patient-view": SILENT, "order-select": SILENT, "order-sign": SILENT} in said.values()
    assert any(held["patient-view"] == "" != held["order-select"] for held in said.values())
