"""The house has three storeys: hooks below, fhir_mappings above it, cds_service on top; nobody looks up."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STOREYS = ("hooks", "fhir_mappings", "cds_service")
OUTSIDE = {
    "certifi", "click", "fhir", "flask", "gunicorn", "jsonschema", "orjson", "pycurl", "requests", "rich", "sqlalchemy",
    "urllib3",
}  # fmt: skip
CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
TALKING = ("time.", "socket.", "ssl.", "http.", "urllib.request.", "subprocess.", "asyncio.", "threading.")
"""Modules for the clock, the network and other processes."""


def modules(storey: str) -> list[Path]:
    return sorted((ROOT / storey).rglob("*.py"))


def name_of(module: Path) -> str:
    """hooks/labs.py → hooks.labs"""
    parts = module.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def parsed(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"), filename=str(module))


def imports(tree: ast.Module) -> Iterator[str]:
    """Every imported module by its full name, wherever in the file it is imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def packages(module: Path) -> set[str]:
    return {name.partition(".")[0] for name in imports(parsed(module))}


def calls(tree: ast.Module) -> Iterator[str]:
    """Every call by its last two names: `datetime.datetime.now()` is "datetime.now"."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ".".join(ast.unparse(node.func).split(".")[-2:])


def of(*storeys: str) -> list[Path]:
    found = [module for storey in storeys for module in modules(storey)]
    assert found, "there is something to check"
    return found


def by_name(module: Path) -> str:
    return name_of(module)


@pytest.mark.parametrize("module", of("hooks"), ids=by_name)
def test_hooks_know_the_standard_library_and_themselves_only(module: Path) -> None:
    assert packages(module) <= {*sys.stdlib_module_names, "hooks"}


@pytest.mark.parametrize("module", of("fhir_mappings"), ids=by_name)
def test_the_mapping_knows_the_domain_and_nothing_of_the_service(module: Path) -> None:
    assert packages(module) <= {*sys.stdlib_module_names, "hooks", "fhir_mappings"}


@pytest.mark.parametrize("module", of(*STOREYS), ids=by_name)
def test_libraries_with_side_effects_are_used_by_the_service_only(module: Path) -> None:
    used = packages(module) & OUTSIDE
    assert not used or module.is_relative_to(ROOT / "cds_service")


@pytest.mark.parametrize("module", of("cds_service"), ids=by_name)
def test_one_room_asks_by_libcurl_and_it_asks_by_nothing_else(module: Path) -> None:
    used = packages(module) & {"pycurl", "requests", "urllib3"}
    in_the_room = module.is_relative_to(ROOT / "cds_service" / "fhir_client")
    assert used <= ({"pycurl"} if in_the_room else {"requests", "urllib3"})


@pytest.mark.parametrize("module", of("hooks", "fhir_mappings"), ids=by_name)
def test_below_the_service_nothing_asks_the_clock_opens_a_file_or_a_socket(module: Path) -> None:
    tree = parsed(module)
    assert not {call for call in calls(tree) if call in CLOCKS or call.split(".")[-1] == "open"}
    assert not [name for name in imports(tree) if f"{name}.".startswith(TALKING)]


@pytest.mark.parametrize("module", of("hooks"), ids=by_name)
def test_hooks_read_no_file_in_any_way(module: Path) -> None:
    reading = {"pathlib", "os", "io", "tomllib", "json", "importlib", "random", "logging"}
    assert not packages(module) & reading


@pytest.mark.parametrize("module", of(*STOREYS), ids=by_name)
def test_every_module_says_what_may_live_in_it(module: Path) -> None:
    assert ast.get_docstring(parsed(module))


@pytest.mark.parametrize("module", of("cds_service"), ids=by_name)
def test_only_the_command_line_imports_the_demo(module: Path) -> None:
    demo = {name for name in imports(parsed(module)) if f"{name}.".startswith("cds_service.demo.")}
    assert not demo or name_of(module) == "cds_service.commands.cli" or name_of(module).startswith("cds_service.demo")


def test_the_command_line_imports_the_demo_only_when_it_is_asked_for() -> None:
    statements = parsed(ROOT / "cds_service" / "commands" / "cli.py").body
    at_start = [node for node in statements if isinstance(node, ast.Import | ast.ImportFrom)]
    assert not [name for name in imports(ast.Module(body=[*at_start], type_ignores=[])) if ".demo" in name]


# ------------------------------------------------------------------ the checks themselves can fail
@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import flask.views", "flask"),
        ("from cds_service import demo", "cds_service"),
        ("def f():\n    import requests", "requests"),
    ],
)
def test_an_import_is_found_wherever_it_stands(source: str, found: str) -> None:
    assert {name.partition(".")[0] for name in imports(ast.parse(source))} == {found}


@pytest.mark.parametrize("source", ["datetime.now()", "datetime.datetime.now(UTC)", "date.today()"])
def test_a_call_of_the_clock_is_found(source: str) -> None:
    assert set(calls(ast.parse(source))) & CLOCKS
