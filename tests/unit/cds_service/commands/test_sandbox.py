"""The synthetic patients can be listed, and served by themselves until somebody ends that."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
import requests
from click.testing import CliRunner

from cds_service.commands.cli import cli
from cds_service.demo.patients import SyntheticPatient
from cds_service.demo.play import free_port


def test_each_patient_is_listed_with_key_title_and_what_to_try(patient: SyntheticPatient) -> None:
    listed = CliRunner().invoke(cli, ["sandbox", "list"]).output
    about = listed.partition(f"{patient.key}\n")[2].splitlines()
    assert about[:3] == [
        f"    {patient.title}. Id {patient.patient_id}",
        "    open the chart [cua-risk-elevated]",
        "    pick warfarin [vka-dialysis]",
    ]
    assert "[no cards]" in listed


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGTERM])
def test_they_are_served_until_somebody_ends_it(ended_by: signal.Signals, patient: SyntheticPatient) -> None:
    port = free_port()
    command = (sys.executable, "-m", "cds_service.commands.entry", "sandbox", "serve", "--port", str(port))
    with subprocess.Popen((*command, "--patient", patient.key), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        base = f"http://127.0.0.1:{port}/fhir"
        assert process.stdout.readline() == f"FHIR sandbox {base} with 1 synthetic patient\n"
        assert process.stdout.readline() == "Press Ctrl-C to stop.\n"
        found = requests.get(f"{base}/Patient", timeout=10).json()
        assert [entry["resource"]["id"] for entry in found["entry"]] == [patient.patient_id]
        process.send_signal(ended_by)
        assert process.wait(30) == 0
    with pytest.raises(requests.ConnectionError):
        requests.get(base, timeout=2)
