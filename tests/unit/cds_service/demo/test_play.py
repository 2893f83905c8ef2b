"""The demonstration really starts a service and a FHIR server, and every patient gets the cards of the story."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner
from rich.console import Console

from cds_service.clock import utc_now
from cds_service.commands.cli import cli
from cds_service.commands.exit_status import INTERRUPTED
from cds_service.demo.patients import SyntheticPatient, load_patients
from cds_service.demo.play import free_port, play_demo, running_service
from cds_service.demo.sandbox import Sandbox
from cds_service.ehr_client.ehr import Ehr

KEY = "elevated-risk-on-warfarin"
TODAY = load_patients(utc_now())


@pytest.fixture(scope="module")
def ehr() -> Iterator[Ehr]:
    """An EHR without prefetch, before a service that reads every patient's record from the sandbox."""
    with (
        Sandbox([resource for patient in TODAY for resource in patient.resources]) as fhir,
        running_service(allow_fhir=fhir.base) as cds,
    ):
        yield Ehr(cds, fhir.base, send_prefetch=False)


@pytest.mark.parametrize("patient", TODAY, ids=[patient.key for patient in TODAY])
def test_the_service_shows_exactly_the_cards_that_a_story_tells(patient: SyntheticPatient, ehr: Ehr) -> None:
    def cards(hook: str) -> dict[str, list[list[str]]]:
        return {one.title: shown(ehr.order(hook, patient.patient_id, [one.resource])) for one in patient.orders}

    assert patient.expect == {
        "patient-view": shown(ehr.open_chart(patient.patient_id)),
        "order-select": cards("order-select"),
        "order-sign": cards("order-sign"),
    }


@pytest.mark.parametrize(
    ("key", "titles"),
    [
        ("hungry-bone-after-parathyroidectomy", {"calcium carbonate", "calcitriol"}),
        ("antiphospholipid-syndrome-on-warfarin", {"warfarin"}),
    ],
)
def test_a_treatment_that_the_patient_needs_is_never_taken_away(key: str, titles: set[str], ehr: Ehr) -> None:
    (patient,) = [one for one in TODAY if one.key == key]
    drafts = [order.resource for order in patient.orders if order.title in titles]
    assert len(drafts) == len(titles)
    cards = [*ehr.open_chart(patient.patient_id), *ehr.order("order-select", patient.patient_id, drafts)]
    suggestions = [suggestion for card in cards for suggestion in card["suggestions"]]
    assert {action["type"] for suggestion in suggestions for action in suggestion["actions"]} == {"create"}


def test_on_peritoneal_dialysis_the_steps_speak_of_no_session(ehr: Ehr) -> None:
    card = ehr.open_chart("cds-demo-suspected-on-peritoneal-dialysis")[0]
    assert "never into the peritoneum" in card["detail"]
    assert "session" not in card["detail"]


def shown(cards: list[dict[str, Any]]) -> list[list[str]]:
    """The cards as a story writes them."""
    return [[card["source"]["topic"]["code"], card["indicator"]] for card in cards]


def test_one_patient_is_played_and_everything_is_stopped_again() -> None:
    text = StringIO()
    play_demo(Console(file=text, width=200), free_port(), free_port(), once=True, only=(KEY,))
    said = text.getvalue()
    for words in ("opens the chart (patient-view)", "picks warfarin (order-select)", "signs warfarin (order-sign)"):
        assert words in said
    assert "vka-dialysis" in said
    addresses = re.findall(r"http://\S+", said.partition("serving")[2])
    assert len(addresses) == 2
    for address in addresses:
        with pytest.raises(requests.ConnectionError):
            requests.get(address, timeout=2)


@contextmanager
def demo_process() -> Iterator[subprocess.Popen[str]]:
    """The command as a process of its own, which is gone in any case when the block ends."""
    command = (sys.executable, "-m", "cds_service.commands.entry", "demo", "--port", str(free_port()), "--fhir-port")
    with subprocess.Popen(
        (*command, str(free_port()), "--patient", KEY), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as demo:
        try:
            yield demo
        finally:
            demo.kill()


def said_until(demo: subprocess.Popen[str], word: str) -> str:
    """What it has said when a line begins with this word."""
    assert demo.stdout is not None
    said = ""
    for line in demo.stdout:
        said += line
        if line.startswith(word):
            break
    return said


def children_of(pid: int) -> list[int]:
    """The processes that this one has started, and those that they have."""
    below = [int(stat.parent.name) for stat in Path("/proc").glob("[0-9]*/stat") if parent(stat) == pid]
    return below + [one for child in below for one in children_of(child)]


def parent(stat: Path) -> int | None:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def are_gone(pids: list[int]) -> bool:
    """Do all these processes end, but for what nobody has taken leave of yet?"""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if not [pid for pid in pids if is_running(pid)]:
            return True
        time.sleep(0.1)
    return False


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_what_the_demonstration_was_told_can_be_read_while_it_runs_and_is_gone_afterwards() -> None:
    with demo_process() as demo:
        said = said_until(demo, "open ")
        address = re.findall(r"^  (http://127\.0\.0\.1:\d+)/feedback$", said, re.MULTILINE)[-1]
        url, path = re.findall(
            r"^  CDS_DATABASE_URL=(sqlite:///(\S+)) calciphylaxis-cds feedback$", said, re.MULTILINE
        )[-1]
        assert requests.get(f"{address}/feedback", timeout=10).status_code == 200
        environment = {"CDS_DATABASE_URL": url, "CDS_TIMEZONE": "UTC"}
        counted = CliRunner().invoke(cli, ["feedback", "--by", "card", "--json"], env=environment)
        rows = {row["card"]: row["shown"] for row in json.loads(counted.stdout)["rows"]}
        assert rows["vka-dialysis"] >= 1
        assert Path(path).parent.stat().st_mode & 0o077 == 0
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(60) == 0
    assert not Path(path).parent.exists()


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGHUP])
def test_the_command_serves_on_until_it_is_told_to_end_and_takes_everything_along(ended_by: signal.Signals) -> None:
    with demo_process() as demo:
        said = said_until(demo, "open ")
        page = re.findall(r"^open (http://127\.0\.0\.1:\d+/ehr)$", said, re.MULTILINE)[-1]
        assert "Synthetic, " in requests.get(page, timeout=10).text
        discovery = re.findall(r"http://\S+/cds-services", said)[-1]
        assert requests.get(discovery, timeout=10).status_code == 200
        started = children_of(demo.pid)
        demo.send_signal(ended_by)
        assert demo.wait(60) == 0
        assert len(started) >= 2
        assert are_gone(started)
    with pytest.raises(requests.ConnectionError):
        requests.get(discovery, timeout=2)


@pytest.mark.parametrize(
    ("ended_by", "at", "status"),
    [
        (signal.SIGTERM, "while it starts", INTERRUPTED),
        (signal.SIGTERM, "while it plays", INTERRUPTED),
        (signal.SIGINT, "while it plays", INTERRUPTED),
        (signal.SIGKILL, "", -signal.SIGKILL),
    ],
)
def test_whenever_it_is_ended_nothing_that_it_has_started_stays(ended_by: signal.Signals, at: str, status: int) -> None:
    with demo_process() as demo:
        if at == "while it plays":
            said_until(demo, ">> opens")
        end = time.monotonic() + 30
        while not (started := children_of(demo.pid)):
            assert time.monotonic() < end
            time.sleep(0.01)
        demo.send_signal(ended_by)
        below = started + children_of(started[0])
        assert demo.wait(60) == status
        assert are_gone(below)
        assert demo.stdout is not None
        assert "Traceback" not in demo.stdout.read()


def test_a_child_whose_parent_was_gone_before_it_could_look_ends_at_once() -> None:
    command = (sys.executable, "-m", "cds_service.demo.child", "1", "--version")
    assert subprocess.run(command, capture_output=True).returncode == -signal.SIGTERM


def test_a_service_that_runs_already_is_used_and_not_stopped() -> None:
    with running_service("http://cds.example") as base:
        assert base == "http://cds.example"


def test_the_wished_port_is_taken_when_it_is_free_and_another_when_it_is_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert free_port(port) not in (0, port)
    wished = free_port()
    assert free_port(wished) == wished
