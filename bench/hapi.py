"""`python -m bench hapi`: calls without prefetch against a real HAPI FHIR server, singly and in batches.

What may live here: the server of the real tests, started with synthetic patients on it. Needs Java 17 and Maven.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from bench.fetch import Way, measure_against, show_fetching
from bench.load import LoadFailed
from cds_service.demo.patients import load_patients
from tests.real.hapi_server import missing_tools, running_hapi

CALLERS = (1, 8)
LOAD_WITHIN_SECONDS = 300


def measure_hapi(console: Console, folder: Path, rounds: int) -> None:
    """Start the server, load the synthetic patients, ask about the patient with the longest record."""
    if missing := missing_tools():
        raise LoadFailed(f"not on the PATH: {', '.join(missing)}")
    patient = max(load_patients(datetime.now(UTC)), key=lambda candidate: len(candidate.resources))
    with running_hapi() as base:
        load = (sys.executable, "-m", "cds_service.commands.cli", "sandbox", "load", base)
        subprocess.run(load, cwd=folder, check=True, capture_output=True, timeout=LOAD_WITHIN_SECONDS)
        console.print(f"patient {patient.key}, {len(patient.resources)} resources", markup=False)
        for callers in CALLERS:
            for way in (Way(), Way(batch=True)):
                found = measure_against(base, patient.patient_id, folder, callers, rounds, way)
                show_fetching(console, found)
