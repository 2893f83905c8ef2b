"""A real Chromium, a service with all its pages, and a FHIR sandbox with the synthetic patients."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, sync_playwright

from cds_service.clock import utc_now
from cds_service.demo.patients import load_patients
from cds_service.demo.play import free_port
from cds_service.demo.sandbox import Sandbox
from tests.browser.pages import Watched, watched
from tests.needed import do_without
from tests.thinning import mark_all_but_one_of
from tests.unit.cds_service.knowledge.policies import in_file, policy_file

START_SECONDS = 60
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync"]  # fmt: skip
"""As root in a closed network; nothing of a page depends on these."""

OpenPage = Callable[..., AbstractContextManager[Watched]]


@dataclass(frozen=True)
class RunningService:
    """A service of the test run: where it is, where its FHIR server is, and its database."""

    base: str
    fhir: str
    database: str
    log: Path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)
    mark_all_but_one_of(3, items, Path(__file__).parent)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = os.environ.get("CDS_TEST_CHROMIUM") or shutil.which("chromium")
    if path is None:
        do_without("there is no Chromium on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def fhir() -> Iterator[Sandbox]:
    """The synthetic patients, fresh for each file of tests."""
    resources = [resource for patient in load_patients(utc_now()) for resource in patient.resources]
    with Sandbox(resources) as sandbox:
        yield sandbox


def _site_policies(folder: Path) -> Path:
    """The policy of one tenant, which should have been reviewed; its address and code are long, as they are in life."""
    parts = {
        "wording": {"topic": "cua-suspected", "add": "Call the calciphylaxis team of the northern hospitals: 1234."},
        "drug": {
            **{"drug_class": "vitamin_k_antagonist", "name": "warfarin", "code": "W" * 40},
            "system": f"https://northern.example/{'pharmacy-' * 10}",
        },
    }
    lines = [
        line
        for name, part in parts.items()
        for line in (f"[[{name}]]", *(f"{key} = {in_file(value)}" for key, value in part.items()))
    ]
    (folder / "policies").mkdir()
    text = policy_file("northern-dialysis", "\n".join(lines), review_by=date(2026, 6, 1))
    (folder / "policies" / "northern.toml").write_text(text, "utf-8")
    return folder / "policies"


@pytest.fixture(scope="module")
def service(fhir: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """The service as users start it, with all its pages, in its own processes."""
    folder = tmp_path_factory.mktemp("browser")
    base, log = f"http://127.0.0.1:{free_port()}", folder / "service.log"
    database = f"sqlite:///{folder}/cards.sqlite3"
    settings = {
        "CDS_DATABASE_URL": database,
        "CDS_PAGES": "reasons,ehr,course,smart,try,feedback",
        "CDS_PAGES_FHIR_SERVER": fhir.base,
        "CDS_PUBLIC_URL": base,
        "CDS_SITE_POLICIES": str(_site_policies(folder)),
    }
    with serving(base, log, settings, "--dev"):
        yield RunningService(base, fhir.base, database, log)


@contextmanager
def serving(base: str, log: Path, settings: Mapping[str, str], *options: str) -> Iterator[None]:
    """The service at this address with these settings and no others, in its own processes."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    # A busy machine is not what these tests are about.
    environment |= {"CDS_FHIR_DEADLINE_SECONDS": "20", **settings}
    command = [sys.executable, "-m", "cds_service.commands.cli", "serve", "--port", base.rpartition(":")[2], *options]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
    try:
        await_health(base, process, log)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


@pytest.fixture
def open_page(chromium: Browser, service: RunningService) -> OpenPage:
    """`with open_page(width=360, scheme="dark") as watched: watched.open("/ehr")`."""
    return partial(watched, chromium, service.base)


def await_health(base: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            if requests.get(f"{base}/health", timeout=2).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.1)
    raise AssertionError(f"the service did not start: {log.read_text(errors='replace')[-2000:]}")
