"""Load: the same POST again and again over a few kept-alive connections.

What may live here: wrk, and our own small client for machines without it. Both give the same numbers.
"""

from __future__ import annotations

import http.client
import json
import shutil
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local file = io.open("{body}", "rb")
wrk.body = file:read("*a")
file:close()
local tokens, used = {{}}, 0
local name = "{tokens}"
if name ~= "" then
  for line in io.lines(name) do tokens[#tokens + 1] = line end
  request = function()
    used = used + 1
    wrk.headers["Authorization"] = "Bearer " .. (tokens[used] or "none-left")
    return wrk.format()
  end
end
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\\nJSON {{"requests": %d, "seconds": %f, "p50": %f, "p99": %f, "errors": %d}}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""


_SLOWEST_SECONDS = 30
"""An answer that takes longer is a failure."""


class LoadFailed(Exception):
    """Not every request was answered with success, so the numbers mean nothing."""


@dataclass(frozen=True)
class Target:
    """What is asked: a path on a loopback port, the file that holds the body, and tokens, a line for each request.

    A token is valid for one call, so a target with `tokens` serves for one run; when none is left, calls fail.
    """

    port: int
    path: str
    body: Path
    tokens: Path | None = None


@dataclass(frozen=True)
class Load:
    """What one run saw. `p50` and `p99` are milliseconds."""

    requests: int
    seconds: float
    p50: float
    p99: float


Generator = Callable[[Target, int, float], Load]
"""(target, connections, seconds) → what was seen; LoadFailed when a request failed."""


def generator() -> tuple[str, Generator]:
    """The best load generator of this machine, and its name for the report."""
    if shutil.which("wrk"):
        return "wrk", with_wrk
    return "http.client in threads (wrk is not installed: the client itself takes much of the processor)", with_threads


def with_wrk(target: Target, connections: int, seconds: float) -> Load:
    """One thread of wrk. It counts whole seconds."""
    script = target.body.with_suffix(".lua")
    script.write_text(_SCRIPT.format(body=target.body, tokens=target.tokens or ""))
    url = f"http://127.0.0.1:{target.port}{target.path}"
    whole = max(1, round(seconds))
    command = ["wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{whole}s"]
    command += ["--timeout", f"{_SLOWEST_SECONDS}s", "--script", str(script), url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=whole + 2 * _SLOWEST_SECONDS, check=True)
    seen = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("JSON "))[5:])
    if seen.pop("errors"):
        raise LoadFailed(done.stdout)
    return Load(**seen)


def with_threads(target: Target, connections: int, seconds: float) -> Load:
    """One thread and one kept-alive connection each."""
    body = target.body.read_bytes()
    tokens = iter(target.tokens.read_text().splitlines()) if target.tokens else None
    end = time.perf_counter() + seconds
    spent: list[float] = []
    wrong: list[str] = []

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=_SLOWEST_SECONDS)
        try:
            while time.perf_counter() < end:
                started = time.perf_counter()
                connection.request("POST", target.path, body, _headers(tokens))
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    raise LoadFailed(f"answered {answer.status}")
                spent.append((time.perf_counter() - started) * 1000)
        except (OSError, http.client.HTTPException, LoadFailed) as problem:
            wrong.append(f"{type(problem).__name__}: {problem}")
        finally:
            connection.close()

    started = time.perf_counter()
    threads = [threading.Thread(target=ask) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong or len(spent) < 2:
        raise LoadFailed("; ".join(wrong) or "too few answers")
    hundredths = statistics.quantiles(spent, n=100, method="inclusive")
    return Load(len(spent), time.perf_counter() - started, hundredths[49], hundredths[98])


def _headers(tokens: Iterator[str] | None) -> dict[str, str]:
    plain = {"Content-Type": "application/json"}
    return plain if tokens is None else plain | {"Authorization": f"Bearer {next(tokens, 'none-left')}"}
