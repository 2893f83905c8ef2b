"""Where in a file something stands is said as people find it."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_mappings.data_faults import inside, place

FILE: dict[str, Any] = {
    "footer": "x",
    "calcium_high": {"values": [{"value": 1}, 2]},
    "windows": {"bone": {"unit": "d"}},
    "units": {"mg/dL": {"times": 1}, "naïve": {}},
    "drug": [{"name": "warfarin", "names": ["a"]}, {"class": "x"}, 3, {"name": "no\nline"}, {"name": "long " * 20}],
    "topics": {"a": {"rows": [{"title": "Intended use", "says": ["x"]}]}},
    "rules": [{"topic": "vka-cua", "name": 7}],
}


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ((), "the file"),
        (("footer",), "footer"),
        (("nothing",), "nothing"),
        (("calcium_high",), "[calcium_high]"),
        (("calcium_high", "says"), "[calcium_high] says"),
        (("calcium_high", "values", 0, "value"), "[calcium_high] values[1].value"),
        (("calcium_high", "values", 1), "[calcium_high] values[2]"),
        (("windows", "bone", "unit"), "[windows.bone] unit"),
        (("units", "mg/dL", "times"), '[units."mg/dL"] times'),
        (("units", "naïve"), '[units."naïve"]'),
        (("units", "a\nb"), '[units] "a\\nb"'),
        (("drug",), "drug"),
        (("drug", 0), "drug 1 (warfarin)"),
        (("drug", 0, "names", 0), "drug 1 (warfarin): names[1]"),
        (("drug", 1), "drug 2"),
        (("drug", 1, "name"), "drug 2: name"),
        (("drug", 2), "drug[3]"),
        (("drug", 3, "name"), "drug 4: name"),
        (("drug", 4, "name"), "drug 5: name"),
        (("topics", "a", "rows", 0, "says", 0), "[topics.a] rows 1 (Intended use): says[1]"),
        (("rules", 0, "when"), "rules 1 (vka-cua): when"),
    ],
)
def test_a_place_is_named_by_section_entry_and_key(path: tuple[Any, ...], words: str) -> None:
    assert place(FILE, path) == words


@pytest.mark.parametrize(
    ("path", "value"),
    [((), FILE), (("footer",), "x"), (("footer", "deeper"), None), (("drug", 0, "names", 0), "a"), (("no", 1), None)],
)
def test_what_stands_at_a_path_is_found_or_nothing(path: tuple[Any, ...], value: object) -> None:
    assert inside(FILE, path) == value
