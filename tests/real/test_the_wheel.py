"""The package as it is delivered: a wheel in an empty environment starts, and every page of it is whole.

What may live here: building and installing the wheel, and looking at the service that runs from it. The versions are
those of requirements.lock; what is installed follows from the wheel alone.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests

from cds_service.clock import utc_now
from cds_service.demo.patients import load_patients
from cds_service.demo.play import free_port
from cds_service.demo.sandbox import Sandbox
from cds_service.settings import PAGES as ALL_PAGES
from tests.working_tree import ROOT, copy_tree, files

pytestmark = pytest.mark.real
PACKAGES = ("cds_service", "fhir_mappings", "hooks")
START_WITHIN_SECONDS = 60
INSTALL_WITHIN_SECONDS = 600
PATIENT = "cds-demo-hard-skin-on-warfarin"
PAGES = (
    "/",
    "/feedback",
    "/reasons",
    "/reasons/about",
    "/ehr",
    f"/ehr?patient={PATIENT}",
    "/course",
    f"/course/{PATIENT}",
    "/smart",
    "/try",
)
OTHERS = ("/cds-services", "/openapi.json", "/smart/jwks.json", "/health")
PICTURE = f"/course/{PATIENT}"


@dataclass(frozen=True, slots=True)
class Installed:
    """A Python to run, and the folder of our packages where they are not its own."""

    python: Path
    packages: Path | None = None

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Our command line with these words, far from the source."""
        return subprocess.run(
            self.command(*words), env=self.environment(), cwd="/", capture_output=True, text=True, check=False
        )

    def command(self, *words: str) -> list[str]:
        return [str(self.python), "-m", "cds_service.commands.cli", *words]

    def environment(self) -> dict[str, str]:
        """Nothing of this test run's own; no bytecode, which would lie beside files that were taken out."""
        own = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        found = {"PYTHONPATH": str(self.packages)} if self.packages else {}
        return {"PYTHONDONTWRITEBYTECODE": "1", **own, **found}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a clean copy: what an earlier build left behind in the working tree must not get in."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    copy_tree(source)
    pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", str(out), str(source))
    (built,) = out.iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    versions = folder / "versions.txt"
    versions.write_text("\n".join(locked_versions((ROOT / "requirements.lock").read_text())))
    python = folder / "venv" / "bin" / "python"
    pip(python, "install", "--constraint", str(versions), str(wheel))
    return Installed(python)


@pytest.fixture(scope="module")
def fhir() -> Iterator[str]:
    with Sandbox([resource for patient in load_patients(utc_now()) for resource in patient.resources]) as sandbox:
        yield sandbox.base


def pip(python: str | Path, *words: str) -> None:
    command = [str(python), "-m", "pip", "--disable-pip-version-check", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_WITHIN_SECONDS, check=False)
    assert done.returncode == 0, done.stderr


def locked_versions(lock: str) -> list[str]:
    """The lines of a lock as constraints, which may have neither hashes nor extras."""
    return [f"{name}=={version}" for name, version in re.findall(r"^([\w.-]+)(?:\[.*?\])?==(\S+)", lock, re.MULTILINE)]


@contextmanager
def serving(program: Installed, fhir: str, folder: Path) -> Iterator[str]:
    """`serve --dev` with all pages; AssertionError with what it said when it does not start."""
    port, log = free_port(), folder / "service.log"
    base = f"http://127.0.0.1:{port}"
    environment = program.environment() | {
        "CDS_DATABASE_URL": f"sqlite:///{folder}/cards.sqlite3",
        "CDS_PAGES": ",".join(sorted(ALL_PAGES)),
        "CDS_PAGES_FHIR_SERVER": fhir,
        "CDS_FHIR_DEADLINE_SECONDS": "20",
        "CDS_WORKERS": "1",
    }
    command = program.command("serve", "--dev", "--port", str(port))
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, env=environment)
    try:
        end = time.monotonic() + START_WITHIN_SECONDS
        while not is_up(base):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.1)
        yield base
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def is_up(base: str) -> bool:
    try:
        return requests.get(f"{base}/health", timeout=2).ok
    except requests.RequestException:
        return False


def faults(base: str) -> list[str]:
    """Whatever of the pages, their style sheets, scripts and pictures cannot be had from a running service."""
    pages = {path: requests.get(base + path, timeout=60) for path in (*PAGES, *OTHERS)}
    topics = set(re.findall(r'href="(/reasons/[\w-]+)"', pages["/reasons"].text))
    pages |= {path: requests.get(base + path, timeout=60) for path in topics}
    named = {path for page in pages.values() for path in re.findall(r'(?:href|src)="(/pages/[^"]+)"', page.text)}
    scripts = {path: requests.get(base + path, timeout=60).text for path in named if path.endswith(".js")}
    named |= {urljoin(path, name) for path, text in scripts.items() for name in re.findall(r'from "([^"]+\.js)"', text)}
    answers: Mapping[str, requests.Response] = pages | {path: requests.get(base + path, timeout=60) for path in named}
    found = [f"{path}: {answer.status_code}" for path, answer in answers.items() if not (answer.ok and answer.content)]
    return found + [f"{path}: missing" for path in static_files() - named] + no_picture(pages[PICTURE].text)


def static_files() -> set[str]:
    """The addresses of all static files in the source; each is named by some page."""
    below = [Path(name).relative_to("cds_service/web") for name in files(ROOT, "cds_service/web") if "/static/" in name]
    return {f"/pages/{path.as_posix()}" for path in below}


def no_picture(course: str) -> list[str]:
    """The course is drawn by templates: a wheel without them shows none."""
    return [] if 'id="course-svg"' in course else [f"{PICTURE}: no picture"]


def test_the_wheel_holds_our_files_all_of_them_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == set(files(ROOT, *PACKAGES))


def test_the_program_tells_its_commands_and_the_demo_its_options(installed: Installed) -> None:
    program = installed.python.with_name("calciphylaxis-cds")
    for words in (["--help"], ["demo", "--help"], ["--version"]):
        told = subprocess.run([program, *words], capture_output=True, text=True, check=False, cwd="/")
        assert (told.returncode, told.stderr) == (0, "")
        assert told.stdout


def test_the_demo_plays_a_patient_from_the_installed_files(installed: Installed) -> None:
    ports = ["--port", str(free_port()), "--fhir-port", str(free_port())]
    played = installed.run("demo", "--once", "--patient", "hard-skin-on-warfarin", *ports)
    assert played.returncode == 0, played.stderr
    assert "cua-suspected" in played.stdout


def test_a_policy_is_checked_and_compared_by_the_installed_files_alone(installed: Installed, tmp_path: Path) -> None:
    checked = installed.run("policy", "check")
    assert (checked.returncode, checked.stderr) == (0, "")
    page = tmp_path / "page.html"
    compared = installed.run("policy", "diff", "packaged", "packaged", "--html", str(page))
    assert (compared.returncode, compared.stderr) == (0, "")
    assert "Nobody gains a card." in compared.stdout
    assert "1,2" in page.read_text("utf-8"), "more than 1,200 stories are packaged, too"


def test_every_page_style_sheet_and_script_comes_from_the_installed_files(
    installed: Installed, fhir: str, tmp_path: Path
) -> None:
    with serving(installed, fhir, tmp_path) as base:
        assert faults(base) == []
        service = requests.get(f"{base}/cds-services", timeout=10).json()["services"]
    assert len(service) == 3


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("cds_service/web/course/static/course.css", "/pages/course/static/course.css: 404"),
        ("cds_service/web/reasons/templates/reasons/topic.html", "/reasons/cua-suspected: 500"),
        ("cds_service/web/course/templates/course/picture.svg", "no picture"),
        ("fhir_mappings/labs.toml", "labs.toml"),
        ("hooks/thresholds.toml", "thresholds.toml"),
        (None, None),
    ],
)
def test_a_wheel_without_one_of_its_files_is_noticed(
    missing: str | None, said: str | None, wheel: Path, installed: Installed, fhir: str, tmp_path: Path
) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "packages")
    if missing is not None:
        (tmp_path / "packages" / missing).unlink()
    spoilt = Installed(installed.python, tmp_path / "packages")
    try:
        with serving(spoilt, fhir, tmp_path) as base:
            found = faults(base)
    except AssertionError as error:
        found = [str(error)]
    assert found == [] if said is None else [words for words in found if said in words] != []
