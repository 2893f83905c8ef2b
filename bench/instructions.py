"""`python -m bench.instructions`: does a request cost more? It is counted, not timed: a busy machine does not matter.

What may live here: counting of function calls and bytecode instructions, and the comparison with `ceilings.toml`. The
counts hold for one version of Python and the libraries of requirements.lock; work inside C (JSON, SQLite) is one call.
"""

from __future__ import annotations

import json
import sys
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import click
from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

from bench.bodies import empty_draft_body, order_select_body, order_sign_body, patient_view_body
from cds_service import create_app
from cds_service.settings import Settings

CEILINGS = Path(__file__).with_name("ceilings.toml")
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
WARM_UP = 5
ROOM = 1.05
"""How far a new ceiling stands above what was counted."""
PYTHON = "{}.{}".format(*sys.version_info[:2])
DOUBLED = "patient-view with twice the results that no rule reads"

Body = Callable[[Mapping[str, Any], datetime], bytes]
CASES: Mapping[str, tuple[str, Body]] = {
    "patient-view": ("patient-view", patient_view_body),
    "order-select": ("order-select", order_select_body),
    "order-sign": ("order-sign", order_sign_body),
    "order-select on an empty draft": ("order-select", empty_draft_body),
    DOUBLED: ("patient-view", lambda service, now: patient_view_body(service, now, months=8)),
}


class Work(NamedTuple):
    """What one request took: calls of Python and C functions, and bytecode instructions."""

    calls: int
    instructions: int


def count(act: Callable[[], object]) -> Work:
    """The work of `act` in this thread. It runs twice: what counts calls cannot count instructions."""
    return Work(_calls(act), _instructions(act))


def _calls(act: Callable[[], object]) -> int:
    calls = 0

    def profile(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        act()
    finally:
        sys.setprofile(before)
    return calls


def _instructions(act: Callable[[], object]) -> int:
    instructions = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal instructions
        if event == "call":
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
        instructions += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act()
    finally:
        sys.settrace(before)
    return instructions


def measured() -> dict[str, Work]:
    """Every case against the application itself, warm, with its own database."""
    with tempfile.TemporaryDirectory(prefix="calciphylaxis-cds-count-") as folder:
        app = create_app(Settings(database_url=f"sqlite:///{folder}/count.sqlite3", dev=True), lambda: NOW)
        discovered = json.loads(app.test_client().get("/cds-services").data)["services"]
        services = {service["hook"]: service for service in discovered}
        found = {name: _of_case(app, services[hook], body) for name, (hook, body) in CASES.items()}
        app.extensions["cds_event_log"].write_what_waits(5)
        app.extensions["cds_database"].close()
    return found


def _of_case(app: Flask, service: Mapping[str, Any], body: Body) -> Work:
    builder = EnvironBuilder(f"/cds-services/{service['id']}", method="POST", content_type="application/json")
    environ, data = builder.get_environ(), body(service, NOW)
    environ["CONTENT_LENGTH"] = str(len(data))

    def ask() -> None:
        """The request as a server hands it over: Flask's test client would cost more than the answer."""
        _, status, _ = run_wsgi_app(app.wsgi_app, environ | {"wsgi.input": BytesIO(data)})
        if not status.startswith("200"):
            raise click.ClickException(f"{service['id']} answered {status}")

    for _ in range(WARM_UP):
        ask()
    return count(ask)


def growth(found: Mapping[str, Work]) -> float:
    """By what factor the instructions grow when the results that no rule reads are doubled."""
    return found[DOUBLED].instructions / found["patient-view"].instructions


def problems(found: Mapping[str, Work], ceilings: Mapping[str, Any]) -> list[str]:
    """What exceeds its ceiling or has none."""
    said: list[str] = []
    for name, work in found.items():
        limits = ceilings.get(name, {})
        for kind, number in work._asdict().items():
            if number > limits.get(kind, 0):
                said.append(f"{name}: {number} {kind}, the ceiling is {limits.get(kind, 'missing')}")
    return said


def written(found: Mapping[str, Work]) -> str:
    """The text of a new `ceilings.toml`."""
    tables = [
        f'["{name}"]\n'
        + "\n".join(f"{kind} = {round(number * ROOM, -1):.0f}" for kind, number in work._asdict().items())
        for name, work in found.items()
    ]
    head = "# Written by `python -m bench.instructions --write`: per request, 5 % above what was counted."
    return "\n\n".join([f'{head}\npython = "{PYTHON}"', *tables]) + "\n"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--write", is_flag=True, help="Make what is counted now the measure of later changes.")
def main(write: bool) -> None:
    """Count the work of each kind of request. Ends with 1 when one exceeds its ceiling."""
    found = measured()
    for name, work in found.items():
        click.echo(f"{work.calls:7d} calls {work.instructions:8d} instructions  {name}")
    click.echo(f"twice the results that no rule reads: {growth(found):.2f} times the instructions")
    if write:
        CEILINGS.write_text(written(found), encoding="utf-8")
        return
    ceilings = tomllib.loads(CEILINGS.read_text(encoding="utf-8"))
    if ceilings["python"] != PYTHON:
        click.echo(f"not compared: the ceilings hold for Python {ceilings['python']}, this is {PYTHON}")
        return
    said = problems(found, ceilings)
    if said:
        raise click.ClickException("\n".join(said))


if __name__ == "__main__":
    main(prog_name="python -m bench.instructions")
