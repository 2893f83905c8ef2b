"""`make graph` sees what is there: rooms, arrows of every kind, floors, circles and arrows that lead up."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.house import (
    AT_ONCE,
    FOR_TYPES,
    LAZILY,
    House,
    arrows,
    circles,
    floors,
    imports,
    main,
    module_circles,
    picture,
    rooms,
    upward,
)

Build = Callable[..., House]
FIRST = "hooks/labs.py"


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """A house of these files; each storey has a package file in any case."""

    def built(files: dict[str, str]) -> House:
        faces = {f"{storey}/__init__.py": "" for storey in ("hooks", "fhir_mappings", "cds_service")}
        for name, text in (faces | files).items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return House(tmp_path)

    return built


def test_a_room_is_a_folder_or_a_single_module_of_the_service(build: Build) -> None:
    house = build({FIRST: "", "hooks/cards/facts.py": "", "cds_service/app.py": "", "cds_service/api/routes.py": ""})
    below = ["fhir_mappings", "hooks", "hooks.cards"]
    assert rooms(house) == ["cds_service", "cds_service.api", "cds_service.app", *below]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import hooks.labs", [("hooks.labs", AT_ONCE)]),
        ("from hooks import labs, chart", [("hooks.labs", AT_ONCE), ("hooks.chart", AT_ONCE)]),
        ("try:\n    import orjson\nexcept ImportError:\n    pass", [("orjson", AT_ONCE)]),
        ("class A:\n    import flask", [("flask", AT_ONCE)]),
        ("def f():\n    if True:\n        import flask", [("flask", LAZILY)]),
        ("async def f():\n    import flask", [("flask", LAZILY)]),
        ("if TYPE_CHECKING:\n    import flask", [("flask", FOR_TYPES)]),
        ("if typing.TYPE_CHECKING:\n    import a\nelse:\n    import b", [("a", FOR_TYPES), ("b", AT_ONCE)]),
        ("if TYPE_CHECKING:\n    def f():\n        import flask", [("flask", FOR_TYPES)]),
    ],
)
def test_an_import_is_found_wherever_it_stands_and_its_time_is_told(source: str, found: list[tuple[str, str]]) -> None:
    assert list(imports(ast.parse(source))) == found


def test_a_relative_import_is_refused() -> None:
    with pytest.raises(AssertionError, match="absolute"):
        list(imports(ast.parse("from . import labs")))


def test_an_arrow_has_the_earliest_of_its_times(build: Build) -> None:
    lazy = "def f():\n    from hooks import labs\n"
    house = build({FIRST: "", "fhir_mappings/a.py": lazy, "fhir_mappings/b/c.py": lazy + "import hooks.labs"})
    assert arrows(house) == {("fhir_mappings", "hooks"): LAZILY, ("fhir_mappings.b", "hooks"): AT_ONCE}


def test_a_name_inside_a_module_leads_to_the_module_and_the_outside_world_nowhere(build: Build) -> None:
    house = build({FIRST: "class Labs: ...", "cds_service/app.py": "from hooks.labs import Labs\nimport flask"})
    assert arrows(house) == {("cds_service.app", "hooks"): AT_ONCE}


def test_the_floor_is_one_above_the_highest_room_that_is_used(build: Build) -> None:
    house = build(
        {
            FIRST: "",
            "fhir_mappings/chart.py": "import hooks.labs",
            "cds_service/clock.py": "",
            "cds_service/app.py": "import hooks.labs\nimport fhir_mappings.chart\nimport cds_service.clock",
        }
    )
    expected = {"hooks": 1, "cds_service.clock": 1, "fhir_mappings": 2, "cds_service.app": 3}
    assert {room: floors(house)[room] for room in expected} == expected


def test_rooms_of_one_hall_may_use_each_other_and_neither_stands_higher(build: Build) -> None:
    house = build({FIRST: "import hooks.cards.words", "hooks/cards/words.py": "", "hooks/cards/a.py": "import hooks.b"})
    assert circles(house) == []
    assert floors(house)["hooks"] == floors(house)["hooks.cards"] == 1


@pytest.mark.parametrize("way", ["import {}", "def f():\n    import {}", "if TYPE_CHECKING:\n    import {}"])
def test_a_circle_is_found_even_when_one_of_its_imports_is_lazy_or_for_types(way: str, build: Build) -> None:
    house = build(
        {
            "cds_service/a.py": "import cds_service.b",
            "cds_service/b.py": "import cds_service.c",
            "cds_service/c.py": way.format("cds_service.a"),
            "cds_service/d.py": "import cds_service.a",
        }
    )
    assert circles(house) == [["cds_service.a", "cds_service.b", "cds_service.c"]]
    assert {floors(house)[f"cds_service.{room}"] for room in "abc"} == {1}
    assert floors(house)["cds_service.d"] == 2


def test_without_the_last_arrow_there_is_no_circle(build: Build) -> None:
    house = build(
        {"cds_service/a.py": "import cds_service.b", "cds_service/b.py": "import cds_service.c", "cds_service/c.py": ""}
    )
    assert circles(house) == []
    assert [floors(house)[f"cds_service.{room}"] for room in "abc"] == [3, 2, 1]


def test_two_modules_of_one_room_that_import_each_other_are_found(build: Build) -> None:
    house = build({FIRST: "import hooks.chart", "hooks/chart.py": "from hooks.labs import Labs"})
    assert circles(house) == []
    assert module_circles(house) == [["hooks.chart", "hooks.labs"]]


STEPS = [("hooks", "fhir_mappings"), ("hooks", "cds_service"), ("fhir_mappings", "cds_service")]


@pytest.mark.parametrize(("below", "above"), STEPS)
def test_an_arrow_to_a_storey_above_is_found_even_in_a_function(below: str, above: str, build: Build) -> None:
    house = build({f"{below}/low.py": f"def f():\n    import {above}.inner.high", f"{above}/inner/high.py": ""})
    assert upward(house) == [(below, f"{above}.inner")]


@pytest.mark.parametrize(("below", "above"), STEPS)
def test_an_arrow_to_a_storey_below_is_right(below: str, above: str, build: Build) -> None:
    house = build({f"{below}/low.py": "", f"{above}/inner/high.py": f"import {below}.low"})
    assert upward(house) == []


def test_the_picture_names_faults(build: Build) -> None:
    house = build({"hooks/a.py": "import fhir_mappings.b", "fhir_mappings/b.py": "import hooks.a"})
    lines = "\n".join(picture(house))
    assert "1 upward, 1 circles of rooms, 1 of modules" in lines
    assert "UPWARD: hooks -> fhir_mappings" in lines
    assert "CIRCLE: fhir_mappings, hooks" in lines


def test_our_house_is_printed_from_the_top_and_has_no_fault(capsys: pytest.CaptureFixture[str]) -> None:
    main()
    shown = capsys.readouterr().out
    assert "0 upward, 0 circles of rooms, 0 of modules" in shown
    assert shown.index("\nfloor 2") < shown.index("\nfloor 1")
    assert {line.strip() for line in shown.splitlines()} >= set(rooms())
