"""The files around the code say the same as the code: targets, hooks, locks, versions, the map.

What may live here: comparing such files with each other and with the source. Whether the documents name what exists is
asked by `test_docs`.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.house import arrows, rooms
from tests.unit.test_docs import spans
from tests.working_tree import files

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
HOOKS: list[dict[str, Any]] = [
    hook
    for repository in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    for hook in repository["hooks"]
]
LOCKS = sorted(ROOT.glob("*.lock"))
CITATION: dict[str, Any] = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
EVERYBODY = {
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
}
"""What every room of the service may use."""
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


# ------------------------------------------------------------------ make
def targets(makefile: str) -> list[str]:
    return re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE)


def unexplained(makefile: str) -> list[str]:
    """The targets that `make help` could say nothing about."""
    return [name for name in targets(makefile) if not re.search(rf"^{name}:.*## \S", makefile, re.MULTILINE)]


def test_every_target_is_explained() -> None:
    assert unexplained(MAKEFILE) == []


def test_a_target_without_an_explanation_is_found() -> None:
    assert unexplained("a: b ## does a\nb:\n\trm b ## or so\nc: ##\n") == ["b", "c"]


def test_help_comes_first_and_lists_every_target() -> None:
    told = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = [line.split()[1] for line in told.stdout.splitlines()]
    assert listed == targets(MAKEFILE)
    assert all(len(line.split()) > 3 for line in told.stdout.splitlines()[1:])
    assert max(map(len, told.stdout.splitlines())) <= 110


def test_no_target_is_taken_for_a_file() -> None:
    (phony,) = re.findall(r"^\.PHONY: ((?:.*\\\n)*.*)", MAKEFILE, re.MULTILINE)
    assert set(phony.replace("\\\n", " ").split()) == set(targets(MAKEFILE))


# ------------------------------------------------------------------ pre-commit
def test_no_hook_comes_from_elsewhere() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repository["repo"] for repository in config["repos"]] == ["local"]
    assert {hook["language"] for hook in HOOKS} == {"system"}


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: str(hook["id"]))
def test_what_a_hook_runs_is_there(hook: dict[str, Any]) -> None:
    program, *words = shlex.split(hook["entry"])
    if program == "make":
        assert set(words) <= set(targets(MAKEFILE))
    elif program.startswith(".venv/bin/"):
        assert Path(program).name in {"python", "ruff", "mypy"}
        assert [word for word in words if "/" in word and not (ROOT / word).exists()] == []
    else:
        assert program == "git"


def test_some_hooks_run_before_a_commit_and_some_before_a_push() -> None:
    assert {stage for hook in HOOKS for stage in hook.get("stages", ["pre-commit"])} == {"pre-commit", "pre-push"}


# ------------------------------------------------------------------ lock files
def requirements(lock: str) -> Iterator[tuple[str, str, str]]:
    """The (name, version, hashes and marker) of each requirement of a lock; comments are left out."""
    lines = "\n".join(line for line in lock.splitlines() if not line.lstrip().startswith("#"))
    for requirement in lines.replace("\\\n", " ").splitlines():
        found = re.match(r"([\w.-]+)(?:\[[\w,-]+\])?==(\S+)\s+(.*)", requirement)
        yield found.groups() if found else (requirement, "", "")  # type: ignore[misc]


def unsafe(lock: str) -> list[str]:
    """What pip would refuse, and every line with an address or with an option other than a hash."""
    unpinned = [name for name, version, rest in requirements(lock) if not version or "--hash=sha256:" not in rest]
    return unpinned + re.findall(r"^(?:.*://.*|\W*--(?!hash=)\S.*)$", lock, re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.name))
def test_every_requirement_has_a_version_and_a_hash_and_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert len(list(requirements(text))) > 30
    assert unsafe(text) == []


@pytest.mark.parametrize(
    ("lock", "wrong"),
    [
        ("a==1 \\\n    --hash=sha256:0\n    # via b\n", []),
        ("a[x]==1 ; sys_platform == 'win32' \\\n    --hash=sha256:0\n", []),
        ("a==1\n", ["a==1"]),
        ("a==1 ; sys_platform == 'win32'\n", ["a"]),
        ("a>=1 --hash=sha256:0", ["a>=1 --hash=sha256:0"]),
        ("# --option of-a-machine\n", ["# --option of-a-machine"]),
        ("a==1 \\\n    --hash=sha256:0\n    # from https://a.example\n", ["    # from https://a.example"]),
    ],
)
def test_a_requirement_that_pip_would_refuse_is_found(lock: str, wrong: list[str]) -> None:
    assert unsafe(lock) == wrong


def test_a_package_that_only_some_python_needs_is_in_the_lock() -> None:
    # redis needs it before Python 3.11.3, and Debian 12 has 3.11.2.
    markers = {name: rest for name, _, rest in requirements((ROOT / "requirements.lock").read_text())}
    assert "python_full_version < '3.11.3'" in markers["async-timeout"]


def test_the_service_runs_with_versions_that_were_tested() -> None:
    tested = set(requirements((ROOT / "requirements.lock").read_text()))
    service = set(requirements((ROOT / "requirements-service.lock").read_text()))
    assert service <= tested
    assert not {name for name, _, _ in service} & {"pytest", "ruff", "mypy", "playwright"}


# ------------------------------------------------------------------ versions and names
def test_citation_and_changelog_know_the_version() -> None:
    version = PROJECT["project"]["version"]
    assert CITATION["version"] == version
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    newest, _, day = next(heading for heading in headings if heading != "Unreleased").partition(" - ")
    assert newest == version
    assert date.fromisoformat(day)


def test_the_citation_names_no_person() -> None:
    assert CITATION["authors"] == [{"name": "calciphylaxis-cds contributors"}]
    assert CITATION["license"] == PROJECT["project"]["license"]


def test_clinical_changes_stand_apart_in_each_version() -> None:
    _, *versions = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").split("\n## ")
    for version in versions:
        assert re.findall(r"^### (.+)$", version, re.MULTILINE) == ["Clinical", "Software"]


def test_security_reports_go_to_no_address() -> None:
    security = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert "private vulnerability reporting" in security
    assert re.findall(r"\S+@\S+|https?://\S+", security) == []


# ------------------------------------------------------------------ the map
def table(text: str, heading: str) -> list[tuple[str, str]]:
    """The (first cell, second cell) of the rows below a heading, without the head of the table."""
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ", 1) for line in section.splitlines() if line.startswith("| ")]
    return [(first, second) for first, second in rows if "`" in first]


def inside_service(name: str) -> str | None:
    """cds_service.web.course → web.course; None for a room elsewhere."""
    return name.removeprefix("cds_service.") if name.startswith("cds_service.") else None


def untold(text: str, drawn: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """The arrows inside the service that the map does not tell. A room may use its own inner rooms."""
    allowed = {(spans(room)[0], other) for room, others in table(text, "Who may use whom") for other in spans(others)}
    inside = {(inside_service(one), inside_service(other)) for one, other in drawn}
    return {
        (one, other)
        for one, other in inside
        if one and other and other not in EVERYBODY and not other.startswith(f"{one}.") and (one, other) not in allowed
    }


def test_the_map_shows_every_room() -> None:
    shown = {path for first, _ in table(ARCHITECTURE, "Rooms") for path in spans(first)}
    places = {room: room.replace(".", "/") for room in rooms() if room != "cds_service"}
    assert {f"{place}/" if (ROOT / place).is_dir() else f"{place}.py" for place in places.values()} - shown == set()


def test_the_map_tells_who_uses_whom() -> None:
    assert untold(ARCHITECTURE, arrows()) == set()


def test_an_arrow_that_the_map_does_not_tell_is_found() -> None:
    text = "\n## Who may use whom\n\n| Room | may use |\n|---|---|\n| `api` | `access`, `storage` |\n\n## Next\n"
    right = {"cds_service.api": "cds_service.storage", "cds_service.web": "cds_service.web.ehr", "hooks": "hooks.cards"}
    assert untold(text, right.items()) == set()
    assert untold(text, {("cds_service.api", "cds_service.clock"), ("cds_service.api", "hooks")}) == set()
    assert untold(text, {("cds_service.api", "cds_service.web")}) == {("api", "web")}


def test_every_function_on_the_map_is_there() -> None:
    # `Switches.sort()` is the method of a class.
    named = {span.removesuffix("()").rpartition(".")[2] for span in spans(ARCHITECTURE) if span.endswith("()")}
    modules = [name for name in files(ROOT, "hooks", "fhir_mappings", "cds_service") if name.endswith(".py")]
    source = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in modules)
    assert len(named) > 8
    assert {name for name in named if not re.search(rf"^ *def {name}\(", source, re.MULTILINE)} == set()
