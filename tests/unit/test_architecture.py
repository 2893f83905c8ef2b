"""The house: its rooms, the arrows allowed between them, and who may use which library; nobody looks up.

What may live here: checks of imports and calls, read from the source. What a room, an arrow and a circle is stands in
`tests/house.py`.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.house import (
    ROOT,
    STOREYS,
    arrows,
    circles,
    imports,
    module_circles,
    modules,
    name_of,
    parsed,
    room_of,
    rooms,
    upward,
    uses,
)

SERVICE = "cds_service"
EVERYBODY = {
    f"{SERVICE}.{name}"
    for name in (
        "settings",
        "outcome",
        "clock",
        "addresses",
        "bounded_get",
        "durable_files",
        "json_text",
        "logs",
        "metrics",
        "next_page",
        "spreadsheet",
        "tracing",
    )
}
"""What every room of the service may use."""
KNOWLEDGE_BELOW = {"fhir_mappings", "fhir_mappings.vocabulary", "fhir_mappings.course", "hooks", "hooks.cards"}
BELOW = KNOWLEDGE_BELOW | {"hooks.course", "hooks.reasons", "hooks.explain"}


def rooms_of(*names: str) -> set[str]:
    return {f"{SERVICE}.{name}" for name in names}


ROOMS: Mapping[str, set[str]] = {
    "hooks": {"hooks.cards"},
    "hooks.cards": {"hooks"},
    "hooks.course": {"hooks", "hooks.cards"},
    "hooks.explain": {"hooks", "hooks.cards", "hooks.reasons"},
    "hooks.reasons": {"hooks", "hooks.cards"},
    "fhir_mappings": {"hooks", "hooks.reasons", "fhir_mappings.vocabulary"},
    "fhir_mappings.vocabulary": {"hooks", "fhir_mappings"},
    "fhir_mappings.schemas": set(),
    "fhir_mappings.course": {"hooks", "hooks.course", "fhir_mappings", "fhir_mappings.vocabulary"},
    SERVICE: rooms_of("app"),
    "cds_service.clock": set(),
    "cds_service.outcome": set(),
    "cds_service.addresses": set(),
    "cds_service.bounded_get": set(),
    "cds_service.durable_files": set(),
    "cds_service.json_text": set(),
    "cds_service.logs": set(),
    "cds_service.metrics": set(),
    "cds_service.next_page": rooms_of("addresses"),
    "cds_service.settings": rooms_of("addresses", "logs"),
    "cds_service.spreadsheet": set(),
    "cds_service.tracing": rooms_of("logs"),
    "cds_service.fhir_client": EVERYBODY | {"fhir_mappings"},
    "cds_service.knowledge": EVERYBODY | BELOW,
    "cds_service.storage": EVERYBODY,
    "cds_service.storage.migrations": rooms_of("storage"),
    "cds_service.storage.migrations.versions": set(),
    "cds_service.reports": EVERYBODY | rooms_of("knowledge", "storage") | {"fhir_mappings"},
    "cds_service.review": EVERYBODY | rooms_of("knowledge", "storage"),
    "cds_service.access": EVERYBODY | rooms_of("storage") | {"fhir_mappings"},
    "cds_service.api": EVERYBODY | BELOW | rooms_of("access", "knowledge", "fhir_client", "storage", "unknown_codes"),
    "cds_service.api.schemas": set(),
    "cds_service.schemas": set(),
    "cds_service.ehr_client": EVERYBODY | {"hooks.cards"},
    "cds_service.explaining": EVERYBODY | {"hooks.cards"},
    "cds_service.web": EVERYBODY
    | BELOW
    | rooms_of(
        "access",
        "knowledge",
        "explaining",
        "fhir_client",
        "storage",
        "demo",
        "web.reasons",
        "web.course",
        "web.ehr",
        "web.smart",
        "web.tryout",
        "web.feedback",
    ),
    "cds_service.web.reasons": EVERYBODY | BELOW | rooms_of("api", "knowledge", "web"),
    "cds_service.web.course": EVERYBODY | BELOW | rooms_of("api", "knowledge", "fhir_client", "web"),
    "cds_service.web.ehr": EVERYBODY
    | BELOW
    | rooms_of("api", "ehr_client", "fhir_client", "knowledge", "drug_orders", "web"),
    "cds_service.web.tryout": EVERYBODY | BELOW | rooms_of("knowledge", "tryout", "web"),
    "cds_service.web.feedback": EVERYBODY | BELOW | rooms_of("access", "api", "knowledge", "reports", "storage", "web"),
    "cds_service.web.smart": EVERYBODY | BELOW | rooms_of("access", "fhir_client", "storage", "web", "web.course"),
    "cds_service.app": EVERYBODY | rooms_of("api", "web", "access", "knowledge", "fhir_client", "storage"),
    "cds_service.serving": EVERYBODY,
    "cds_service.server": EVERYBODY | rooms_of("app", "knowledge", "serving", "api", "access", "storage"),
    "cds_service.demo": EVERYBODY | BELOW | rooms_of("ehr_client"),
    "cds_service.stories": EVERYBODY | BELOW | rooms_of("api", "knowledge"),
    "cds_service.policy_work": EVERYBODY | BELOW | rooms_of("stories", "demo", "knowledge", "tryout"),
    "cds_service.fhir_doctor": EVERYBODY | BELOW | rooms_of("api", "knowledge", "fhir_client", "unknown_codes"),
    "cds_service.tryout": EVERYBODY
    | BELOW
    | rooms_of("api", "knowledge", "fhir_client", "drug_orders", "unknown_codes", "demo", "tryout.examples"),
    "cds_service.tryout.examples": rooms_of("demo"),
    "cds_service.unknown_codes": EVERYBODY | BELOW,
    "cds_service.drug_orders": {"fhir_mappings"},
    "cds_service.commands": EVERYBODY
    | BELOW
    | rooms_of("server", "serving", "demo", "api", "ehr_client", "storage", "access", "knowledge", "fhir_doctor")
    | rooms_of("web.smart", "policy_work", "stories", "tryout", "drug_orders", "explaining", "fhir_client", "reports")
    | rooms_of("review"),
}
"""Every room, and the rooms that its modules may import. Everything else is a fault."""

OUTSIDE = {
    "certifi",
    "flask",
    "requests",
    "sqlalchemy",
    "alembic",
    "gunicorn",
    "waitress",
    "opentelemetry",
    "jsonschema",
    "fhir",
    "orjson",
    "rich",
    "click",
    "urllib3",
    "pycurl",
}
LIBRARY_ROOMS: Mapping[str, set[str]] = {
    "click": rooms_of("commands"),
    "pycurl": rooms_of("fhir_client"),
    "gunicorn": rooms_of("server", "serving"),
    "waitress": rooms_of("serving"),
    "opentelemetry": rooms_of("tracing"),
    "sqlalchemy": rooms_of("storage", "storage.migrations.versions", "access", "settings", "web.smart"),
    "alembic": rooms_of("storage", "storage.migrations", "storage.migrations.versions"),
}
"""Libraries that belong to certain rooms of the service."""
CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
TALKING = ("time.", "socket.", "ssl.", "http.", "urllib.request.", "subprocess.", "asyncio.", "threading.")
"""Modules for the clock, the network and other processes."""
MOST_FLAT_MODULES = {"cds_service": 12, "hooks": 34}


def packages(module: Path) -> set[str]:
    return {name.partition(".")[0] for name, _ in imports(parsed(module))}


def calls(tree: ast.Module) -> Iterator[str]:
    """Every call by its last two names: `datetime.datetime.now()` is "datetime.now"."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ".".join(ast.unparse(node.func).split(".")[-2:])


def of(*storeys: str) -> list[Path]:
    found = [module for name, module in modules().items() if name.partition(".")[0] in storeys]
    assert found, "there is something to check"
    return found


def by_name(module: Path) -> str:
    return name_of(module)


NAMED = modules()


def ours(module: Path) -> set[str]:
    """The modules of the house that a module imports."""
    return {name for name, _ in uses(name_of(module))} - {name_of(module)}


# ------------------------------------------------------------------ rooms and arrows
@pytest.mark.parametrize("module", of(*STOREYS), ids=by_name)
def test_a_module_imports_only_from_rooms_that_its_room_may_use(module: Path) -> None:
    room = room_of(module)
    assert {room_of(NAMED[name]) for name in ours(module)} <= ROOMS[room] | {room}


def test_the_table_names_the_rooms_that_are_there_and_no_arrow_that_is_not() -> None:
    assert set(ROOMS) == set(rooms())
    special = {(room, other) for room, allowed in ROOMS.items() for other in allowed - EVERYBODY - BELOW}
    assert special - set(arrows()) == set(), "allowed, but nobody goes that way any more"


def test_no_modules_and_no_rooms_import_each_other_in_a_circle() -> None:
    assert module_circles() == []
    assert circles() == []


def test_no_storey_imports_from_one_above_it() -> None:
    assert upward() == []


@pytest.mark.parametrize("module", of(*STOREYS), ids=by_name)
def test_a_room_is_entered_by_its_face(module: Path) -> None:
    here = room_of(module)
    for name in ours(module):
        there = room_of(NAMED[name])
        face = NAMED.get(there)
        if there != here and name != there and face is not None and "__all__" in face.read_text(encoding="utf-8"):
            assert f"{here}.".startswith(f"{there}."), f"{name} lies behind the face of {there}"


@pytest.mark.parametrize("folder", MOST_FLAT_MODULES)
def test_few_modules_lie_flat_in_a_folder(folder: str) -> None:
    assert len(list((ROOT / folder).glob("*.py"))) <= MOST_FLAT_MODULES[folder]


# ------------------------------------------------------------------ libraries, clock and network
@pytest.mark.parametrize("module", of("hooks"), ids=by_name)
def test_hooks_know_the_standard_library_and_themselves_only(module: Path) -> None:
    assert packages(module) <= {*sys.stdlib_module_names, "hooks"}


@pytest.mark.parametrize("module", of("fhir_mappings"), ids=by_name)
def test_the_mapping_knows_the_domain_and_nothing_of_the_service(module: Path) -> None:
    assert packages(module) <= {*sys.stdlib_module_names, "hooks", "fhir_mappings", "jsonschema"}


@pytest.mark.parametrize("module", of(*STOREYS), ids=by_name)
def test_libraries_with_side_effects_are_used_by_the_service_only(module: Path) -> None:
    used = packages(module) & (OUTSIDE - {"jsonschema"})
    assert not used or module.is_relative_to(ROOT / SERVICE)


@pytest.mark.parametrize("module", of(SERVICE), ids=by_name)
def test_some_libraries_belong_to_certain_rooms(module: Path) -> None:
    for library in packages(module) & set(LIBRARY_ROOMS):
        assert room_of(module) in LIBRARY_ROOMS[library]


@pytest.mark.parametrize("module", of("cds_service"), ids=by_name)
def test_one_room_asks_by_libcurl_and_it_asks_by_nothing_else(module: Path) -> None:
    used = packages(module) & {"pycurl", "requests", "urllib3"}
    in_the_room = module.is_relative_to(ROOT / "cds_service" / "fhir_client")
    assert used <= ({"pycurl"} if in_the_room else {"requests", "urllib3"})


@pytest.mark.parametrize("module", of("hooks", "fhir_mappings"), ids=by_name)
def test_below_the_service_nothing_asks_the_clock_opens_a_file_or_a_socket(module: Path) -> None:
    tree = parsed(module)
    assert not {call for call in calls(tree) if call in CLOCKS or call.split(".")[-1] == "open"}
    assert not [name for name, _ in imports(tree) if f"{name}.".startswith(TALKING)]


@pytest.mark.parametrize("module", of("hooks"), ids=by_name)
def test_hooks_read_no_file_in_any_way(module: Path) -> None:
    reading = {"pathlib", "os", "io", "tomllib", "json", "importlib", "random", "logging"}
    assert not packages(module) & reading


@pytest.mark.parametrize("module", of(*STOREYS), ids=by_name)
def test_what_people_write_in_toml_has_one_reader(module: Path) -> None:
    assert ("tomllib" in packages(module)) is (name_of(module) == "fhir_mappings.data_files")


@pytest.mark.parametrize("module", of(*STOREYS), ids=by_name)
def test_every_module_says_what_may_live_in_it(module: Path) -> None:
    said = ast.get_docstring(parsed(module)) or ""
    assert "What may live here:" in said or room_of(module).endswith(".schemas")


# ------------------------------------------------------------------ what is loaded
def loaded_by(statement: str) -> set[str]:
    """The packages in a fresh interpreter after this statement."""
    program = f"import sys\n{statement}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    made = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    # The last line: a command may have printed words of its own before.
    return set(made.stdout.splitlines()[-1].split())


def test_knowledge_is_read_without_the_service() -> None:
    loaded = loaded_by("from fhir_mappings.packaged import *; default_policy(); default_vocabulary()")
    assert not loaded & {"cds_service", "flask", "sqlalchemy", "requests", "click", "pycurl"}


@pytest.mark.parametrize(
    "option",
    [
        "--help",
        "--version",
        "serve --help",
        "sandbox load --help",
        "doctor token --help",
        "invoke --help",
        "examples --help",
        "doctor fhir --help",
        "doctor smart --help",
        "policy check --help",
        "policy diff --help",
        "explain --help",
        "feedback --help",
        "overrides --help",
        "review sample --help",
        "review enter --help",
        "sandbox serve --help",
        "sandbox list --help",
    ],
)
def test_help_loads_nothing_that_only_a_running_command_needs(option: str) -> None:
    words = option.split()
    loaded = loaded_by(f"from cds_service.commands.cli import cli\ncli({words}, standalone_mode=False)")
    heavy = {"flask", "sqlalchemy", "requests", "limits", "rich", "fhir", "jwt", "pycurl", "hooks", "fhir_mappings"}
    assert not loaded & heavy


@pytest.mark.parametrize("words", [["examples"], ["examples", "epic-patient-view"]])
def test_a_list_loads_nothing_of_the_service(words: list[str]) -> None:
    loaded = loaded_by(f"from cds_service.commands.cli import cli\ncli({words}, standalone_mode=False)")
    assert "click" in loaded
    assert not loaded & {"flask", "sqlalchemy", "requests", "limits", "rich", "fhir", "jwt", "pycurl", "gunicorn"}


def test_the_package_hands_out_the_application_only_when_asked() -> None:
    assert "flask" not in loaded_by("import cds_service")
    assert "flask" in loaded_by("from cds_service import create_app")


# ------------------------------------------------------------------ the checks themselves can fail
@pytest.mark.parametrize("source", ["datetime.now()", "datetime.datetime.now(UTC)", "date.today()"])
def test_a_call_of_the_clock_is_found(source: str) -> None:
    assert set(calls(ast.parse(source))) & CLOCKS


def test_there_are_arrows_to_look_at() -> None:
    assert ("cds_service.api", "cds_service.access") in arrows()
