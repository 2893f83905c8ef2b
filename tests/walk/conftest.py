"""A fresh clone of what is committed, the files that its documents tell a reader to write, and the demonstration."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.needed import do_without
from tests.walk import table
from tests.walk.documents import ROOT, fenced
from tests.walk.newcomer import Done, Newcomer, is_taken

README = (ROOT / "README.md").read_text(encoding="utf-8")
CLONE_SECONDS, FIRST_SECONDS = 60, 240
"""For the clone, and for the first command, which installs everything: `.ci/run` gives the whole walk eight minutes."""
DRAFT = {
    "resourceType": "MedicationRequest",
    "id": "draft",
    "status": "draft",
    "intent": "order",
    "subject": {"reference": "Patient/cds-demo-harmless-names"},
    "medicationCodeableConcept": {"text": "warfarin"},
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.walk)


@pytest.fixture(scope="session")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Newcomer:
    """Somebody who has just cloned the project. The documents name the ports 5000 and 8090, so they have to be free."""
    for address in (table.SERVICE, table.FHIR):
        if is_taken(address):
            do_without(f"port {urlsplit(address).port} is taken: end what listens there first")
    folder = tmp_path_factory.mktemp("walk") / "calciphylaxis-cds"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True, timeout=CLONE_SECONDS)
    return Newcomer(folder)


@pytest.fixture(scope="module")
def demo(newcomer: Newcomer) -> Iterator[Path]:
    """`make demo`, the first command of the README, in a clone where nothing is installed."""
    with newcomer.starts("make demo", f"{table.SERVICE}/ehr", FIRST_SECONDS) as printed:
        yield printed


@pytest.fixture(scope="module")
def results(newcomer: Newcomer, demo: Path) -> Iterator[dict[str, Future[Done]]]:
    """What comes of each command that is typed beside the demonstration: two at a time, the long ones first."""
    del demo
    write_files(newcomer)
    slowest_first = sorted(
        table.BESIDE_THE_DEMO, key=lambda one: not ("policy diff" in one.text or "pytest" in one.text)
    )
    with ThreadPoolExecutor(2) as pool:
        yield {one.command: pool.submit(newcomer.types, one.text, one.given) for one in slowest_first}


def write_files(newcomer: Newcomer) -> None:
    """What the documents tell the reader to write, as they show it; and messages to try, from the examples."""
    policy, stories = newcomer.folder / "ours" / "hooks", newcomer.folder / "our-stories"
    policy.mkdir(parents=True)
    stories.mkdir()
    (policy / "thresholds.toml").write_text(changed_thresholds())
    (stories / "calcium.toml").write_text(fenced(README, "Our protocol: calcium 10.1"))
    (newcomer.folder / "clients.toml").write_text(fenced(README, "# clients.toml"))
    (newcomer.folder / "draft.json").write_text(json.dumps(DRAFT))
    for name, file in (("epic-order-sign", "request.json"), ("bundle-of-a-patient", "patient.json")):
        done = newcomer.types(f"calciphylaxis-cds examples {name} > {file}")
        assert done.status == 0, done.output


def changed_thresholds() -> str:
    """The packaged thresholds with the table that the README shows in place of its own."""
    shown = fenced(README, "[calcium_high]").partition("\n")[2]
    before, _, rest = (ROOT / "hooks" / "thresholds.toml").read_text(encoding="utf-8").partition("[calcium_high]\n")
    after = rest.partition("\n[")[2]
    return f"{before}{shown}\n[{after}"
