"""Every command that README and docs/ show is typed by the newcomer's walk, or stands there with the reason why not.

What may live here: the tables of the walk beside the documents, how commands are found, and that nothing outlives what
is typed. The typing is done in `tests/walk`.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.docs_site import ROOT
from tests.walk import keeper
from tests.walk.documents import DOCUMENTS, fenced, shown
from tests.walk.newcomer import Newcomer, answers, is_taken
from tests.walk.table import AFTER_FEEDBACK, AFTERWARDS, BESIDE_THE_DEMO, BY_ITSELF, LASTING, NOT_TYPED

TYPED = [one.command for one in (*BESIDE_THE_DEMO, *AFTERWARDS, *AFTER_FEEDBACK, *LASTING)] + list(BY_ITSELF)
SHOWN = {command for document in DOCUMENTS for command in shown(document.read_text(encoding="utf-8"))}


def test_every_command_of_the_documents_is_typed_or_has_a_reason_why_not() -> None:
    assert SHOWN - set(TYPED) - set(NOT_TYPED) == set()


def test_the_tables_name_no_command_that_no_document_shows() -> None:
    assert (set(TYPED) | set(NOT_TYPED)) - SHOWN == set()


def test_no_command_stands_twice() -> None:
    names = [*TYPED, *NOT_TYPED]
    assert sorted(names) == sorted(set(names))


def test_what_is_left_to_the_checks_of_each_change_is_typed_there() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    left = [command for command, reason in NOT_TYPED.items() if ".ci/run" in reason]
    assert left
    assert [command for command in left if not re.search(rf"^section .* {command}$", script, re.MULTILINE)] == []


def test_the_tests_that_stand_in_for_what_takes_minutes_are_there() -> None:
    named = [name for reason in NOT_TYPED.values() for name in re.findall(r"unit/\S+\.py", reason)]
    assert named
    assert [name for name in named if not (ROOT / "tests" / name).is_file()] == []


@pytest.mark.parametrize(
    ("document", "commands"),
    [
        ("Type `make demo`, then\n`calciphylaxis-cds\nfeedback`.", ["make demo", "calciphylaxis-cds feedback"]),
        ("`CDS_PAGES=try calciphylaxis-cds serve`", ["CDS_PAGES=try calciphylaxis-cds serve"]),
        ("`calciphylaxis-cds` and `makes` and `.venv/bin/calciphylaxis-cds` and `hooks/`", []),
        ("```sh\nmake demo    # plays\n# nothing\n\nls -l\n```", ["make demo", "ls -l"]),
        ("1. x\n\n    ```bash\n    make demo\n    ```\n\n`make test`", ["make demo", "make test"]),
        ("```text\n$ make demo\nmake test\n```", ["make demo"]),
        ("```\nmake test\n```", []),
        ("```toml\na = 1\n```", []),
    ],
)
def test_a_command_is_found_where_a_reader_would_type_it(document: str, commands: list[str]) -> None:
    assert shown(document) == commands


def test_a_block_that_the_reader_is_told_to_write_is_found_without_its_indentation() -> None:
    assert fenced("x\n\n    ```toml\n    [a]\n    b = [\n      1 ]\n    ```\n", "b = [") == "[a]\nb = [\n  1 ]\n"


SLEEPER = "sleep 600 & echo $! > sleeper; "
"""Started by what is typed, and not waited for."""


def test_what_is_typed_gives_its_status_and_what_it_prints(tmp_path: Path) -> None:
    done = Newcomer(tmp_path).types("cat; echo said >&2; exit 3", given="given ")
    assert (done.status, done.output) == (3, "given said\n")


def test_what_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="not done after 2 seconds"):
        Newcomer(tmp_path).types(f"{SLEEPER} sleep 600", seconds=2)
    assert_ended(tmp_path / "sleeper")


def test_what_is_left_behind_is_a_fault_and_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shortened = tmp_path / "keeper.py"
    shortened.write_text(Path(str(keeper.__file__)).read_text().replace("GRACE_SECONDS = 10", "GRACE_SECONDS = 0.2"))
    monkeypatch.setattr(keeper, "__file__", str(shortened))
    done = Newcomer(tmp_path).types(f"{SLEEPER} true", seconds=30)
    assert (done.status, "has ended, and something" in done.output) == (-signal.SIGKILL, True)
    assert_ended(tmp_path / "sleeper")


@pytest.mark.skipif(sys.platform != "linux", reason="nothing tells a process elsewhere that its parent is gone")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_what_is_typed_ends_with_tests_that_were_killed(how: signal.Signals, tmp_path: Path) -> None:
    typing = f"from tests.walk.newcomer import *; Newcomer(Path({str(tmp_path)!r})).types({SLEEPER + 'sleep 600'!r})"
    tests = subprocess.Popen([sys.executable, "-c", typing], cwd=ROOT)
    try:
        wait_for(lambda: (tmp_path / "sleeper").exists() and (tmp_path / "sleeper").read_text() != "")
    finally:
        tests.send_signal(how)
        tests.wait(timeout=30)
    assert_ended(tmp_path / "sleeper")


def test_a_port_is_taken_by_a_server_that_answers_not_found() -> None:
    class Stranger(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    with ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        assert (answers(address), is_taken(address)) == (False, True)
        server.shutdown()
    assert not is_taken(address)


def assert_ended(pid: Path) -> None:
    wait_for(lambda: not lives(int(pid.read_text())))


def lives(pid: int) -> bool:
    """A process that has ended and that nobody has asked about (state Z) does not live."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    return False


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    assert condition()
