"""The whole way against a real FHIR server: the command line loads synthetic patients, the service reads them there.

What may live here: the command line, the running service and a CDS Hooks client, all from the outside. The expected
cards stand in the files of the synthetic patients, derived by hand from the clinical rules.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import requests

from cds_service.demo.patients import TAG, SyntheticPatient, load_patients
from cds_service.ehr_client.ehr import Ehr, EhrError
from tests.real.conftest import leave_as_found

pytestmark = pytest.mark.real

Json = dict[str, Any]
Cards = Callable[[str, str, str], list[Json]]
"""(patient key, hook, order title or "") → the cards; each call is made once and its answer kept."""
Validate = Callable[[Mapping[str, Any]], list[str]]

PROGRAM = str(Path(sys.executable).with_name("calciphylaxis-cds"))
LOAD_WITHIN_SECONDS, START_WITHIN_SECONDS, STOP_WITHIN_SECONDS = 300, 60, 30
# A server that has just started is slow at its first searches; the cards are tested here, not the deadline.
DEADLINE_SECONDS = "20"

SEEN = load_patients(datetime.now(UTC))
KEYS = [patient.key for patient in SEEN]
ORDERS = [
    pytest.param(patient.key, hook, order.title, id=f"{patient.key}, {hook} of {order.title}")
    for patient in SEEN
    for hook in ("order-select", "order-sign")
    for order in patient.orders
]
LOADED = sum(len(patient.resources) for patient in SEEN)


def environment(**ours: str) -> dict[str, str]:
    """That of a user who has set nothing but `ours`."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CDS_")} | ours


def run(*arguments: str, folder: Path) -> str:
    """The output of a command that must succeed."""
    done = subprocess.run(
        (PROGRAM, *arguments),
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=LOAD_WITHIN_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty working folder, far from the source."""
    return tmp_path_factory.mktemp("cards-on-hapi")


@pytest.fixture(scope="module")
def patients(hapi: str, folder: Path) -> Iterator[dict[str, SyntheticPatient]]:
    """The synthetic patients by key, on the server."""
    now = datetime.now(UTC)
    run("sandbox", "load", hapi, folder=folder)
    yield {patient.key: patient for patient in load_patients(now)}
    leave_as_found(hapi)


@pytest.fixture(scope="module")
def cds(hapi: str, folder: Path) -> Iterator[str]:
    """The base URL of the real service, with a database of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    ours = environment(CDS_DATABASE_URL=f"sqlite:///{folder}/cards.sqlite3", CDS_FHIR_DEADLINE_SECONDS=DEADLINE_SECONDS)
    command = (PROGRAM, "serve", "--dev", "--port", str(port), "--allow-fhir", hapi)
    log = folder / "service.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=folder, env=ours, stdout=output, stderr=output) as process,
    ):
        try:
            wait_until_healthy(f"http://127.0.0.1:{port}", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(STOP_WITHIN_SECONDS)


def wait_until_healthy(base: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the service answers; fail with its log when it does not."""
    give_up = time.monotonic() + START_WITHIN_SECONDS
    while process.poll() is None and time.monotonic() < give_up:
        try:
            if requests.get(f"{base}/health", timeout=5).status_code == 200:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    pytest.fail(f"the service did not start:\n{log.read_text(errors='replace')[-2000:]}")


def asker(ehr: Ehr, patients: Mapping[str, SyntheticPatient]) -> Cards:
    """Calls by patient key, hook and order title; each is made once."""

    @cache
    def ask(key: str, hook: str, title: str) -> list[Json]:
        patient = patients[key]
        if hook == "patient-view":
            return ehr.open_chart(patient.patient_id)
        (draft,) = [order.resource for order in patient.orders if order.title == title]
        return ehr.order(hook, patient.patient_id, [draft])

    return ask


@pytest.fixture(scope="module")
def fetched(cds: str, hapi: str, patients: Mapping[str, SyntheticPatient]) -> Cards:
    """The client sends no prefetch: the service has to read the FHIR server itself."""
    ask = asker(Ehr(cds, hapi, send_prefetch=False), patients)
    ask(KEYS[0], "patient-view", "")
    return ask


@pytest.fixture(scope="module")
def sent_along(cds: str, hapi: str, patients: Mapping[str, SyntheticPatient]) -> Cards:
    """The client resolves the templates and offers no FHIR server: the prefetch has to do."""
    return asker(Ehr(cds, hapi, offer_server=False), patients)


def shown(cards: list[Json]) -> list[list[str]]:
    """The sorted [topic, indicator] pairs of the cards."""
    return sorted([card["source"]["topic"]["code"], card["indicator"]] for card in cards)


def proposed(cards: list[Json]) -> list[Json]:
    """Every resource that a suggestion would create or update."""
    return [
        action["resource"]
        for card in cards
        for suggestion in card.get("suggestions", ())
        for action in suggestion["actions"]
        if action["type"] in {"create", "update"}
    ]


@pytest.mark.parametrize("key", KEYS)
def test_the_opened_chart_read_from_the_server_shows_exactly_the_expected_cards(
    key: str, fetched: Cards, patients: Mapping[str, SyntheticPatient]
) -> None:
    assert shown(fetched(key, "patient-view", "")) == sorted(patients[key].expect["patient-view"])


@pytest.mark.parametrize("key", KEYS)
def test_the_opened_chart_sent_along_shows_exactly_the_expected_cards(
    key: str, sent_along: Cards, patients: Mapping[str, SyntheticPatient]
) -> None:
    assert shown(sent_along(key, "patient-view", "")) == sorted(patients[key].expect["patient-view"])


@pytest.mark.parametrize(("key", "hook", "title"), ORDERS)
def test_an_order_shows_exactly_the_expected_cards(
    key: str, hook: str, title: str, fetched: Cards, patients: Mapping[str, SyntheticPatient]
) -> None:
    expected = {"order-select": patients[key].expect["order-select"], "order-sign": patients[key].expect["order-sign"]}
    assert shown(fetched(key, hook, title)) == sorted(expected[hook][title])


@pytest.mark.parametrize("key", KEYS)
def test_every_resource_that_a_suggestion_creates_or_updates_is_valid_for_the_server(
    key: str, fetched: Cards, validate: Validate, patients: Mapping[str, SyntheticPatient]
) -> None:
    calls = [("patient-view", "")]
    calls += [(hook, order.title) for hook in ("order-select", "order-sign") for order in patients[key].orders]
    resources = [resource for hook, title in calls for resource in proposed(fetched(key, hook, title))]
    assert [problem for resource in resources for problem in validate(resource)] == []


def test_the_suggestions_both_create_and_update_so_that_there_is_something_to_validate(fetched: Cards) -> None:
    cards = fetched("hard-skin-on-warfarin", "patient-view", "")
    statuses = {(resource["resourceType"], resource["status"]) for resource in proposed(cards)}
    assert ("MedicationRequest", "stopped") in statuses
    assert "draft" in {status for _, status in statuses}


@pytest.mark.parametrize("key", KEYS)
def test_every_loaded_resource_is_valid_for_the_server(
    key: str, validate: Validate, patients: Mapping[str, SyntheticPatient]
) -> None:
    drafts = [order.resource for order in patients[key].orders]
    problems = {
        resource["id"]: found for resource in (*patients[key].resources, *drafts) if (found := validate(resource))
    }
    assert problems == {}


def test_an_update_that_stops_an_order_is_accepted_by_the_server(
    hapi: str, http: requests.Session, fetched: Cards
) -> None:
    cards = fetched("hard-skin-on-warfarin", "patient-view", "")
    stop = next(resource for resource in proposed(cards) if resource["status"] == "stopped")
    address = f"{hapi}/MedicationRequest/{stop['id']}"
    before = http.get(address, timeout=60).json()
    try:
        http.put(address, json=stop, timeout=60).raise_for_status()
        after = http.get(address, timeout=60).json()
        assert {name: after[name] for name in before if name != "meta"} == {
            name: value for name, value in before.items() if name != "meta"
        } | {"status": "stopped"}
    finally:
        http.put(address, json=before, timeout=60).raise_for_status()


def test_a_patient_that_the_server_does_not_have_is_no_silence(cds: str, hapi: str) -> None:
    with pytest.raises(EhrError, match="answered 412"):
        Ehr(cds, hapi, send_prefetch=False).open_chart("nobody-of-that-name")


def test_cleaning_takes_away_exactly_ours_and_loading_brings_them_back(
    hapi: str, http: requests.Session, folder: Path, patients: Mapping[str, SyntheticPatient]
) -> None:
    addresses = [f"{r['resourceType']}/{r['id']}" for patient in patients.values() for r in patient.resources]
    foreign: tuple[Json, ...] = (
        {"resourceType": "Patient", "id": "somebody-elses"},
        {"resourceType": "Patient", "id": "cds-demo-look-alike"},
        {"resourceType": "Patient", "id": "another-tester", "meta": {"tag": [TAG]}},
    )
    for resource in foreign:
        http.put(f"{hapi}/Patient/{resource['id']}", json=resource, timeout=60).raise_for_status()
    try:
        output = run("sandbox", "clean", hapi, folder=folder)
        assert f"{LOADED} resources removed" in output
        assert {http.get(f"{hapi}/{address}", timeout=60).status_code for address in addresses} <= {404, 410}
        for resource in foreign:
            assert http.get(f"{hapi}/Patient/{resource['id']}", timeout=60).status_code == 200
        assert "0 resources removed" in run("sandbox", "clean", hapi, folder=folder)
    finally:
        for resource in foreign:
            http.delete(f"{hapi}/Patient/{resource['id']}", timeout=60).raise_for_status()
        for _ in range(2):
            run("sandbox", "load", hapi, folder=folder)
    assert {http.get(f"{hapi}/{address}", timeout=60).status_code for address in addresses} == {200}
