"""What is counted is told as Prometheus reads it, of this process or of all workers together; off it costs nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
COUNTING = "from cds_service.metrics import *; from cds_service import metrics; import os, sys\n"


def run(script: str, **environment: str) -> str:
    """What a process of its own prints: there the library is not imported yet."""
    code = COUNTING + textwrap.dedent(script)
    # Another test of this process may have begun to count together with others.
    inherited = {name: value for name, value in os.environ.items() if name != "PROMETHEUS_MULTIPROC_DIR"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**inherited, "PYTHONPATH": str(ROOT), **environment},
        timeout=60,
    )
    return done.stdout


def test_until_it_is_switched_on_nothing_is_counted_and_no_library_is_loaded() -> None:
    said = run(
        """
        ANSWERS.count("cds.discover", "200"); CALLS.took(0.1, "x")
        print(is_on(), [name for name in sys.modules if name.startswith("prometheus_client")])
        """
    )
    assert said == "False []\n"


def test_what_happened_before_it_was_switched_on_is_not_counted_and_what_happens_twice_is_counted_twice() -> None:
    said = run(
        """
        LOST.count()
        switch_on(); switch_on()
        for _ in range(2):
            ANSWERS.count("cds.discover", "200")
        LOST.count(by=3)
        CALLS.took(0.2, "calciphylaxis-patient-view")
        print(is_on(), text([Now("spool_bytes", "Bytes.", ("of",), {("here",): 7})]).decode())
        """
    )
    for line in (
        'calciphylaxis_cds_answers_total{endpoint="cds.discover",status="200"} 2.0',
        "calciphylaxis_cds_events_lost_total 3.0",
        'calciphylaxis_cds_call_seconds_sum{service="calciphylaxis-patient-view"} 0.2',
        'calciphylaxis_cds_call_seconds_bucket{le="0.1",service="calciphylaxis-patient-view"} 0.0',
        'calciphylaxis_cds_call_seconds_bucket{le="0.25",service="calciphylaxis-patient-view"} 1.0',
        'calciphylaxis_cds_spool_bytes{of="here"} 7.0',
    ):
        assert line in said.splitlines()
    ours = [line for line in said.splitlines() if line and line[0] not in "#T"]
    assert all(line.startswith("calciphylaxis_cds_") for line in ours), "nothing of the process, and none of Python"
    assert "_created" not in said


WORKERS = """
    folder = share()
    switch_on()
    for number in range(2):
        if not os.fork():
            for _ in range(number + 1):
                ANSWERS.count("cds.discover", "200"); FHIR_SECONDS.took(0.5)
            os._exit(0)
    ended = [os.wait()[0] for _ in range(2)]
    for pid in ended:
        worker_ended(pid)
    print(text(()).decode(), folder.is_dir(), oct(folder.stat().st_mode & 0o777))
"""


def test_what_several_workers_counted_is_added_up_even_when_they_are_gone(tmp_path: Path) -> None:
    said = run(WORKERS)
    assert 'calciphylaxis_cds_answers_total{endpoint="cds.discover",status="200"} 3.0' in said.splitlines()
    assert "calciphylaxis_cds_fhir_seconds_count 3.0" in said.splitlines()
    assert said.endswith("True 0o700\n"), "a folder that only we can read"


def test_the_folder_goes_with_its_process_and_not_with_its_workers() -> None:
    said = run("folder = share(); print(folder)\nif not os.fork(): sys.exit()\nos.wait(); print(folder.is_dir())")
    folder, is_there = said.splitlines()
    assert is_there == "True"
    assert not Path(folder).exists()


def test_what_a_killed_process_left_is_removed_and_what_another_one_uses_is_not() -> None:
    killed = run("print(share(), flush=True); os._exit(0)").strip()
    assert Path(killed).is_dir()
    mine = run(f"print(share()); print(os.path.isdir({killed!r}))").splitlines()
    assert mine[1] == "False"
    script = f"""
        import subprocess
        folder = share()
        subprocess.run([sys.executable, "-c", {(COUNTING + "share()")!r}], check=True)
        print(folder.is_dir())
    """
    assert run(script) == "True\n"


def test_what_a_killed_process_left_is_removed_though_the_next_one_has_its_number() -> None:
    """In a container each one has, and its memory may outlive it."""
    killed = Path(run("print(share(), flush=True); os._exit(0)").strip())
    said = run(
        f"""
        from pathlib import Path
        left = Path({str(killed)!r})
        same = left.rename(left.with_name(f"{{metrics.sharing.FOLDER}}{{os.getpid()}}-left"))
        mine = share()
        print(left.exists(), same.exists(), mine.is_dir())
        """
    )
    assert said == "False False True\n"


def test_a_folder_is_in_use_until_the_last_worker_of_a_killed_process_is_gone() -> None:
    said = run(
        f"""
        import signal, subprocess
        another = [sys.executable, "-c", {(COUNTING + "share()")!r}]
        def left_by_a_master():
            read, write = os.pipe()
            if not os.fork():
                folder = share()
                worker = os.fork()
                if not worker:
                    signal.pause()
                os.write(write, f"{{folder}} {{worker}}".encode())
                os._exit(0)
            os.wait()
            folder, worker = os.read(read, 1000).decode().split()
            return folder, int(worker)
        folder, worker = left_by_a_master()
        subprocess.run(another, check=True)
        print(os.path.isdir(folder), flush=True)
        os.kill(worker, signal.SIGKILL)
        while os.path.isdir(folder):
            subprocess.run(another, check=True)
        print(os.path.isdir(folder))
        """
    )
    assert said == "True\nFalse\n"


def test_without_room_each_worker_counts_by_itself(tmp_path: Path) -> None:
    said = run(
        f"""
        import shutil; from pathlib import Path; from types import SimpleNamespace
        shutil.disk_usage = lambda path: SimpleNamespace(free=metrics.sharing.NEEDED_BYTES - 1)
        print(share(Path({str(tmp_path / "counts")!r})), "PROMETHEUS_MULTIPROC_DIR" in os.environ)
        """
    )
    assert said == "None False\n"


@pytest.mark.parametrize("name", ["ANSWERS", "CARDS", "HELD", "DATA", "REFUSED", "FHIR_ANSWERS", "UNKNOWN_CALLERS"])
def test_each_metric_says_what_it_counts(name: str) -> None:
    import cds_service.metrics as metrics

    metric = getattr(metrics, name)
    assert metric.says.endswith(".")
    assert metric.name.startswith("calciphylaxis_cds_")
