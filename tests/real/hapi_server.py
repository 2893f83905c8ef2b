"""A real HAPI FHIR R4 server for the tests: built from Maven Central once, started on a free loopback port.

What may live here: building, starting and stopping that one server. Nothing about tests or patients. The Java source
is in `hapi/`. Needs a Java development kit of version 17 or newer and Maven; the first build downloads about 300 MB.
To look at the server by hand: `python -m tests.real.hapi_server` (it runs until Ctrl-C).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SOURCE = Path(__file__).parent / "hapi"
READY_WITHIN_SECONDS = 300.0
BUILD_WITHIN_SECONDS = 1200.0
STOP_WITHIN_SECONDS = 15.0
MAVEN = ("mvn", "-B", "-q", "clean", "package", "dependency:copy-dependencies")
MAVEN_OPTIONS = ("-DincludeScope=runtime", "-DoutputDirectory=target/lib")
MAIN_CLASS = "calciphylaxis.testserver.TestServer"
# One compiler tier and the serial collector: the server lives for minutes and shares its machine with the tests.
JAVA_OPTIONS = ("-Xmx1500m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


class HapiFailed(Exception):
    """The server could not be built or started; the message ends with the last lines of the log."""


def missing_tools() -> list[str]:
    """The programs that are needed and not on the PATH, in words; empty when all are there."""
    needed = {
        "java": "java (17 or newer)",
        "javac": "javac (a Java development kit, 17 or newer)",
        "mvn": "mvn (Maven)",
    }
    return [words for program, words in needed.items() if shutil.which(program) is None]


def build_folder() -> Path:
    """Where the built server is kept between runs: $CDS_HAPI_BUILD, else in the user's cache folder."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("CDS_HAPI_BUILD") or cache / "calciphylaxis-cds-hapi")


def build() -> Path:
    """Build the server unless this very source has been built; returns the folder with the jar and its libraries.

    Raises HapiFailed when Maven fails or hangs. Two runs at once wait for one another.
    """
    folder = build_folder()
    folder.mkdir(parents=True, exist_ok=True)
    stamp = folder / "built-from"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != _fingerprint():
            stamp.unlink(missing_ok=True)
            _run_maven(folder)
            stamp.write_text(_fingerprint())
    return folder / "target"


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for file in sorted(path for path in SOURCE.rglob("*") if path.is_file()):
        digest.update(file.relative_to(SOURCE).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _run_maven(folder: Path) -> None:
    shutil.rmtree(folder / "src", ignore_errors=True)
    shutil.copytree(SOURCE, folder, dirs_exist_ok=True)
    log = folder / "build.log"
    try:
        with log.open("wb") as output:
            subprocess.run(
                (*MAVEN, *MAVEN_OPTIONS),
                cwd=folder,
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                timeout=BUILD_WITHIN_SECONDS,
                check=True,
            )
    except subprocess.SubprocessError as problem:
        raise HapiFailed(f"Maven could not build the HAPI FHIR server:\n{_last_lines(log)}") from problem


@contextmanager
def running_hapi() -> Iterator[str]:
    """A running, empty server: yields its base URL and stops exactly this server at the end.

    Raises HapiFailed when it cannot be built or does not become ready.
    """
    target = build()
    port = _free_port()
    log = target.parent / f"server-{port}.log"
    class_path = f"{target}/testserver.jar:{target}/lib/*"
    command = ("java", *JAVA_OPTIONS, f"-Dfhir.port={port}", "-cp", class_path, MAIN_CLASS)
    with (
        log.open("wb") as output,
        # The open pipe on its standard input keeps the server alive: when this process goes, so does the server.
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=output) as process,
    ):
        try:
            _wait_until_ready(process, log)
            yield f"http://127.0.0.1:{port}/fhir"
        finally:
            _stop(process)
    log.unlink()


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    give_up = time.monotonic() + READY_WITHIN_SECONDS
    # The server's own word in its own log: an answer on the port might come from another program.
    while "READY " not in log.read_text(errors="replace"):
        if process.poll() is not None:
            raise HapiFailed(f"the HAPI FHIR server ended at once:\n{_last_lines(log)}")
        if time.monotonic() > give_up:
            raise HapiFailed(f"the HAPI FHIR server was not ready in {READY_WITHIN_SECONDS:.0f} s:\n{_last_lines(log)}")
        time.sleep(0.25)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _last_lines(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])


def main() -> None:
    """Run the server until Ctrl-C."""
    with running_hapi() as base:
        sys.stdout.write(f"{base}\n")
        sys.stdout.flush()
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
