"""A clinic's number that takes critical cards of calciphylaxis away is found; any other is the clinic's own matter."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from cds_service.knowledge.critical_numbers import numbers_for_two
from fhir_mappings.packaged import packaged_data

NUMBERS = packaged_data("thresholds")


def told(name: str, value: str, since: str = "2026-12-01") -> list[str]:
    text = f'[[threshold]]\nname = "{name}"\nfrom = {since}\n{value}\nsource = "minute 12"\n'
    found = list(numbers_for_two(tomllib.loads(text)))
    assert {key for key, _ in found} <= {name}
    return [where for _, where in found]


def marked(sections: dict[str, Any], before: str = "") -> Iterator[tuple[str, str, float]]:
    """Each number that names the way, with what ships of it."""
    for name, section in sections.items():
        if "values" in section and "fewer_critical" in section:
            newest = section["values"][-1]
            yield before + name, section["fewer_critical"], newest.get("value", newest.get("usable"))
        elif "values" not in section:
            yield from marked(section, f"{name}.")


MARKED = list(marked(NUMBERS))


def value(name: str, number: float) -> str:
    return f"fresh = 1\nusable = {number:g}" if name.startswith("windows.") else f"value = {number:g}"


def test_who_is_judged_suspected_or_infected_and_how_urgently_is_decided_by_numbers_that_name_the_way() -> None:
    names = {name for name, _, _ in MARKED if not name.startswith("points.")}
    assert names == {
        *("adult_age", "dialysis_procedure_days", "dialysis_after_transplant_days"),
        *("administration_days", "dispense_days", "ionised_calcium_pair_days", "correction_albumin_days"),
        *("product_pair_days", "weight_loss_gap_days", "steroid_days"),
        *("windows.minerals", "windows.bone", "windows.body_mass_index", "windows.weight"),
        *("temperature_high", "temperature_low", "white_cells_high", "white_cells_low", "c_reactive_protein_high"),
        *("sepsis_days", "windows.temperature", "windows.inflammation"),
        *("sign_days", "cellulitis_days", "suspected_score"),
        *("calcium_high", "calcium_very_high", "calcium_upper_normal", "calcium_low", "calcium_very_low"),
        *("ionised_calcium_high", "ionised_calcium_low", "ionised_calcium_very_low", "correction_slope"),
        *("correction_albumin", "parathyroidectomy_days", "phosphate_high", "product_high", "product_moderate"),
        *("pth_low", "pth_high_times", "pth_assumed_upper_limit", "albumin_low", "obese_body_mass_index"),
        *("alkaline_phosphatase_assumed_upper_limit", "weight_loss_percent", "hd_kt_v_minimum", "pd_kt_v_minimum"),
        "urea_reduction_ratio_minimum",
    }
    assert {name for name, _, _ in MARKED} - names == {f"points.{factor}" for factor in NUMBERS["points"]}


@pytest.mark.parametrize(("name", "way", "ships"), MARKED)
def test_only_the_way_to_fewer_critical_cards_is_told(name: str, way: str, ships: float) -> None:
    for moved, which in ((ships + 0.5, "higher"), (ships - 0.5, "lower")):
        told_of_it = [f"[[threshold]] {name} = {moved:g}, {which} than {ships:g}, which ships"]
        assert told(name, value(name, moved)) == (told_of_it if way in (which, "either") else [])
    assert told(name, value(name, ships)) == []


@pytest.mark.parametrize(
    ("since", "score", "limit"), [("2026-06-01", 4, 3), ("2020-01-01", 4, 3), ("2026-11-28", 4, 3)]
)
def test_every_value_that_it_stands_in_for_counts(since: str, score: int, limit: int) -> None:
    assert told("suspected_score", f"value = {score}", since) == [
        f"[[threshold]] suspected_score = {score}, higher than {limit}, which ships"
    ]
    assert told("suspected_score", f"value = {limit}", since) == []


@pytest.mark.parametrize(
    ("name", "number"),
    [("hd_kt_v_target", "value = 2"), ("pth_low_twice", "value = 60"), ("windows.minerals", "fresh = 7\nusable = 90")],
)
def test_any_other_number_is_the_clinics_own_matter(name: str, number: str) -> None:
    assert told(name, number) == []


def test_a_file_without_numbers_has_none() -> None:
    assert list(numbers_for_two({})) == []
