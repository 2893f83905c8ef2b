"""The demonstration really starts a service and a FHIR server, and plays a patient through all three hooks."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
import requests
from rich.console import Console

from cds_service.demo.play import free_port, play_demo, running_service
from cds_service.ehr_client.ehr import EhrError

KEY = "elevated-risk-on-warfarin"


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


def test_the_command_serves_on_until_it_is_interrupted(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "cds_service.commands.cli", "demo", "--port", str(free_port()), "--fhir-port")
    with subprocess.Popen(
        (*command, str(free_port()), "--patient", KEY), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as demo:
        assert demo.stdout is not None
        said = ""
        for line in demo.stdout:
            said += line
            if line.startswith("open "):
                break
        page = re.findall(r"^open (http://127\.0\.0\.1:\d+/ehr)$", said, re.MULTILINE)[-1]
        assert "Synthetic, " in requests.get(page, timeout=10).text
        discovery = re.findall(r"http://\S+/cds-services", said)[-1]
        assert requests.get(discovery, timeout=10).status_code == 200
        demo.send_signal(signal.SIGINT)
        assert demo.wait(60) == 0
    with pytest.raises(requests.ConnectionError):
        requests.get(discovery, timeout=2)


def test_an_unknown_patient_is_said_before_anything_starts() -> None:
    with pytest.raises(EhrError, match="no synthetic patient of that name"):
        play_demo(Console(file=StringIO()), 0, 0, once=True, only=("nobody",))


def test_a_service_that_runs_already_is_used_and_not_stopped() -> None:
    with running_service("http://cds.example") as base:
        assert base == "http://cds.example"


def test_the_wished_port_is_taken_when_it_is_free_and_another_when_it_is_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert free_port(port) not in (0, port)
    wished = free_port()
    assert free_port(wished) == wished
