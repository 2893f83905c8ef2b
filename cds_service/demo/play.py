"""The main job in one go: sandbox, service, an EHR that opens charts and picks drugs, and its cards on the terminal.

What may live here: starting and stopping the pieces, and the script of the demonstration.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from rich.console import Console

from cds_service.clock import utc_now
from cds_service.demo.patients import SyntheticPatient, load_patients
from cds_service.demo.sandbox import Sandbox
from cds_service.ehr_client import Ehr, EhrError, print_cards

START_SECONDS = 60
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PAGES = "ehr,course,reasons,smart,try,feedback"
"""What a person can open in a browser while the demonstration serves."""


@contextmanager
def running_service(
    base: str | None = None, *, port: int = 0, allow_fhir: str = "", pages: str = "none", database: Path | None = None
) -> Iterator[str]:
    """The base URL of the given service, or else of a service started on loopback and stopped afterwards.

    No setting (CDS_…) of the environment holds for the started service: it must neither write into a user's database
    nor ask for a user's clients. Its `pages` read from the FHIR server `allow_fhir`. What it is told stands in the file
    `database`, or in one that goes with it.
    """
    if base:
        yield base
        return
    port = port or free_port()
    with tempfile.TemporaryDirectory(prefix="calciphylaxis-cds-") as folder:
        command = [sys.executable, "-m", "cds_service.demo.child", str(os.getpid())]
        command += ["serve", "--dev", "--port", str(port)]
        if allow_fhir:
            command += ["--allow-fhir", allow_fhir]
        log = Path(folder, "service.log")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
        url = f"http://127.0.0.1:{port}"
        stored = database or Path(folder, "demo.sqlite3")
        environment |= {"CDS_DATABASE_URL": f"sqlite:///{stored}", "CDS_WORKERS": "1", "CDS_PAGES": pages}
        if pages != "none":
            environment |= {"CDS_PAGES_FHIR_SERVER": allow_fhir, "CDS_PUBLIC_URL": url}
        with log.open("wb") as output:
            process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)  # noqa: S603
        try:
            _await_health(url, process, log)
            yield url
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)


def _await_health(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            if requests.get(f"{url}/health", timeout=2).status_code == 200:
                return
        except requests.RequestException:
            pass
        time.sleep(0.1)
    tail = log.read_text(encoding="utf-8", errors="replace")[-2000:]
    # Where it says itself what is wrong, that is enough.
    said = [line for line in tail.splitlines() if line.startswith("Error: ")]
    raise EhrError(f"the service did not start: {said[0].removeprefix('Error: ') if said else tail}")


def free_port(wished: int = 0) -> int:
    """The wanted port if nobody listens there, else any free port."""
    for port in (wished, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise EhrError("there is no free port")  # pragma: no cover - the machine has no sockets left


def play_demo(
    console: Console,
    port: int,
    fhir_port: int,
    *,
    once: bool = False,
    only: tuple[str, ...] = (),
    full: bool = False,
) -> bool:
    """Start everything, play every synthetic patient through the hooks, print the cards and keep serving.

    Returns whether all was played before somebody ended it.
    """
    played = False
    patients = [patient for patient in load_patients(utc_now()) if not only or patient.key in only]
    resources = [resource for patient in patients for resource in patient.resources]
    with (
        ended_by_signals(),
        # Readable by nobody else, and gone with the demonstration.
        tempfile.TemporaryDirectory(prefix="calciphylaxis-cds-demo-") as folder,
        Sandbox(resources, port=free_port(fhir_port)) as fhir,
        running_service(
            port=free_port(port), allow_fhir=fhir.base, pages=PAGES, database=(database := Path(folder, "demo.sqlite3"))
        ) as cds,
    ):
        ehr = Ehr(cds, fhir.base)
        for number, patient in enumerate(patients):
            _play(console, ehr, patient, brief=bool(number) and not (full or only))
        console.rule("serving")
        console.print(f"CDS Hooks discovery  {cds}/cds-services")
        console.print(f"FHIR sandbox         {fhir.base}")
        played = True
        if not once:
            console.print("What becomes of the cards, while this runs:")
            console.print(f"  {cds}/feedback", soft_wrap=True)
            console.print(f"  CDS_DATABASE_URL=sqlite:///{database} calciphylaxis-cds feedback", soft_wrap=True)
            console.print("Press Ctrl-C to stop.")
            console.print(f"open {cds}/ehr", soft_wrap=True)
            signal.pause()
    return played


def _play(console: Console, ehr: Ehr, patient: SyntheticPatient, *, brief: bool) -> None:
    """One patient through the hooks; `brief` prints one line per card."""
    console.rule(patient.title)
    console.print(patient.story, style="italic", markup=False, soft_wrap=True)
    console.print("\n>> opens the chart (patient-view)", style="bold", markup=False)
    print_cards(console, ehr.open_chart(patient.patient_id), brief=brief)
    for order in patient.orders:
        for hook, verb in (("order-select", "picks"), ("order-sign", "signs")):
            console.print(f"\n>> {verb} {order.title} ({hook})", style="bold", markup=False)
            print_cards(
                console, ehr.order(hook, patient.patient_id, [order.resource]), brief=brief or hook == "order-sign"
            )


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Whoever ends us, by Ctrl-C, by `kill` or by closing the terminal, ends the block, wherever it is just then.

    Outside the main thread nothing changes: signals do not come there.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # A shell that starts a program in the background lets it ignore Ctrl-C, and so would ours.
    before = {number: signal.signal(number, _end) for number in _ENDING}
    try:
        yield
    except KeyboardInterrupt:
        return
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(*_: object) -> None:
    # Once: what is being stopped is not to be disturbed by the next one.
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
