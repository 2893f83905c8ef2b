"""The names in a clinic's changes: each leads somewhere, or is told with what looks like it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from fhir_mappings.packaged import PACKAGE_OF, packaged_data
from fhir_mappings.site_names import Names, name_problems, text_places, unknown

NAMES = Names.of({name: packaged_data(name) for name in PACKAGE_OF})
DAY = date(2026, 12, 1)


def problems(**document: Any) -> list[tuple[Any, str]]:
    return list(name_problems(document, NAMES))


@pytest.mark.parametrize(
    ("section", "entry", "path", "problem"),
    [
        ("threshold", {"name": "phosphat_high", "from": DAY}, "name", "number phosphat_high; did you mean phosphate_"),
        ("threshold", {"name": "windows.minerls", "from": DAY}, "name", "did you mean windows.minerals or"),
        ("lab", {"analyte": "calcium"}, "analyte", "no result calcium; did you mean total_calcium or ionised_calcium?"),
        ("drug", {"drug_class": "vitamin_k"}, "drug_class", "drug class vitamin_k; did you mean"),
        ("drug", {"drug_class": "other"}, "drug_class", "there is no drug class other"),
        ("condition", {"finding": "calcifylaxis"}, "finding", "finding calcifylaxis; did you mean calciphylaxis?"),
        ("wording", {"topic": "cua-suspect"}, "topic", "topic cua-suspect; did you mean cua-suspected"),
        ("shadow", {"topic": "zzz"}, "topic", "there is no topic zzz"),
    ],
)
def test_a_name_that_leads_nowhere_is_told_with_what_looks_like_it(
    section: str, entry: dict[str, Any], path: str, problem: str
) -> None:
    ((where, words),) = problems(**{section: [entry]})
    assert where == (section, 0, path)
    assert problem in words


def test_topics_are_looked_up_wherever_they_stand() -> None:
    found = problems(topics={"vka-cau": {}}, override_reason=[{"topics": ["vka-cua", "vka-cau"]}])
    assert [where for where, _ in found] == [("override_reason", 0, "topics", 1), ("topics", "vka-cau")]


@pytest.mark.parametrize(
    "document",
    [
        {},
        {
            "threshold": [{"name": "phosphate_high", "from": DAY}, {"name": "points.pth", "from": DAY}],
            "lab": [{"analyte": "phosphate"}],
            "drug": [{"drug_class": "vitamin_k_antagonist"}, {"drug_class": "insulin"}],
            "condition": [{"finding": "calciphylaxis"}],
            "wording": [{"topic": "cua-confirmed"}],
            "override_reason": [{"topics": ["iron-binder"]}],
            "topics": {"iron-binder": {}},
            "shadow": [{}, {"topic": "iron-binder"}],
        },
        {"threshold": 3, "lab": [3], "drug": [{"drug_class": 3}], "override_reason": [{"topics": 3}], "topics": 3},
        {"override_reason": [{}], "threshold": [{"name": "phosphate_high", "from": "today"}, {"from": DAY}]},
    ],
    ids=["nothing", "known names", "other shapes", "no names or days"],
)
def test_known_names_are_no_problem_and_what_has_another_shape_is_told_elsewhere(document: dict[str, Any]) -> None:
    assert problems(**document) == []


def test_what_looks_like_nothing_is_told_alone() -> None:
    assert unknown("topic", "zzz", ["cua"]) == "there is no topic zzz"
    assert unknown("topic", "cua", ["cua"]) == ""
    assert unknown("topic", None, ["cua"]) == ""


def test_a_number_has_one_value_on_a_day() -> None:
    two = [{"name": "phosphate_high", "from": DAY}, {"name": "phosphate_high", "from": DAY}]
    assert [words for _, words in problems(threshold=two)] == ["phosphate_high has two values from 2026-12-01 on"] * 2
    assert problems(threshold=[two[0], {"name": "product_high", "from": DAY}]) == []


@pytest.mark.parametrize(("day", "refused"), [(date(2003, 10, 1), True), (date(2003, 10, 2), False)])
def test_the_first_packaged_value_stays(day: date, refused: bool) -> None:
    found = problems(threshold=[{"name": "phosphate_high", "from": day}])
    assert bool(found) is refused


def test_every_topic_has_its_texts() -> None:
    places = text_places(packaged_data("reasons"), packaged_data("drug_rules"))
    assert {*places} == {*NAMES.topics}
    assert all(places.values())
    assert places["cua-confirmed"] == [
        ("status_cards", "cua-confirmed"),
        ("status_cards", "cua-confirmed-off-dialysis"),
    ]
    assert all(packaged_data(file)["texts"][name] for texts in places.values() for file, name in texts)
