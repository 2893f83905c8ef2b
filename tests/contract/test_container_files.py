"""The container files hold what they promise, as far as that can be seen without a container engine.

What may live here: `Dockerfile`, `docker-compose.yml` and `.dockerignore` against the real command line, the real
settings and the real service. Nothing is built.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import click
import pytest
import yaml
from sqlalchemy.engine import make_url

from cds_service.commands.cli import cli
from cds_service.demo.patients import load_patients
from cds_service.settings import from_environment

ROOT = Path(__file__).parents[2]
PROGRAM = "calciphylaxis-cds"
HOSTS = ("cds-1", "cds-2")
OURS = ("load", *HOSTS)
START_WITHIN_SECONDS = 30.0


def instructions(text: str) -> list[tuple[str, str]]:
    """The (instruction, argument) pairs of a Dockerfile, comments left out and continued lines joined."""
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    joined = re.sub(r"\\\n\s*", "", lines)
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in joined.splitlines() if line.strip()]


DOCKERFILE = instructions((ROOT / "Dockerfile").read_text())
FINAL_STAGE = DOCKERFILE[max(at for at, (name, _) in enumerate(DOCKERFILE) if name == "FROM") :]
COMPOSE_TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
BALANCER = (ROOT / "deploy" / "nginx" / "nginx.conf").read_text()
LOCKED = (ROOT / "requirements-service.lock").read_text().splitlines()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def only(name: str) -> str:
    """The one argument that this instruction has in the final stage."""
    (argument,) = [argument for instruction, argument in FINAL_STAGE if instruction == name]
    return argument


def image_environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in shlex.split(only("ENV")))


def health_check() -> list[str]:
    command: list[str] = json.loads(only("HEALTHCHECK").split("CMD ", 1)[1])
    return command


def commands_in_comments() -> list[list[str]]:
    """The lines of the compose file's header that show our program in use."""
    lines = [line.lstrip("# ") for line in COMPOSE_TEXT.splitlines() if line.startswith("#   ")]
    shown = [shlex.split(line) for line in lines if f" {PROGRAM} " in line]
    return [words[words.index(PROGRAM) :] for words in shown]


COMMAND_LINES: list[list[str]] = [
    json.loads(only("CMD")),
    *(SERVICES[name]["command"] for name in OURS),
    *commands_in_comments(),
]


def option(command: Sequence[str], name: str) -> str:
    return command[command.index(name) + 1]


def test_every_place_that_runs_our_program_is_looked_at() -> None:
    subcommands = [words[1] for words in COMMAND_LINES]
    assert subcommands == ["serve", "sandbox", "serve", "serve", "invoke"]


@pytest.mark.parametrize("words", COMMAND_LINES, ids=" ".join)
def test_the_command_line_is_one_that_our_program_understands(words: list[str]) -> None:
    program, *arguments = words
    command: click.Command = cli
    while isinstance(command, click.Group):
        command = command.commands[arguments.pop(0)]
    command.make_context(program, arguments)  # raises UsageError on an unknown or unfinished option


def test_the_program_is_the_one_that_the_package_installs() -> None:
    assert {words[0] for words in COMMAND_LINES} == set(PROJECT["project"]["scripts"])


def test_the_patient_shown_in_the_comment_is_a_synthetic_one() -> None:
    (invoke,) = commands_in_comments()
    patients = load_patients(datetime(2026, 5, 21, tzinfo=UTC))
    assert option(invoke, "--patient") in {patient.patient_id for patient in patients}


@pytest.mark.parametrize("service", [{}, *(SERVICES[name] for name in OURS)], ids=["image", *OURS])
def test_every_variable_is_a_setting_with_a_value_that_it_takes(service: dict[str, Any]) -> None:
    given = {name: re.sub(r"\$\{\w+:-(.*)\}", r"\1", value) for name, value in service.get("environment", {}).items()}
    from_environment(image_environment() | given)  # raises SettingsError on an unknown variable or a wrong value


def test_the_ports_agree() -> None:
    assert option(json.loads(only("CMD")), "--port") == only("EXPOSE")
    assert {option(SERVICES[name]["command"], "--port") for name in HOSTS} == {only("EXPOSE")}
    assert f", {only('EXPOSE')}," in health_check()[-1]
    assert re.findall(r"server (\S+) max_fails", BALANCER) == [f"{name}:{only('EXPOSE')}" for name in HOSTS]
    (listens,) = re.findall(r"listen (\d+);", BALANCER)
    assert SERVICES["balancer"]["ports"] == [f"127.0.0.1:{only('EXPOSE')}:{listens}"]
    assert not any("ports" in SERVICES[name] for name in (*HOSTS, "postgres", "redis")), "reached by the others alone"


def test_the_service_may_read_the_server_that_the_patients_are_loaded_on() -> None:
    base = SERVICES["load"]["command"][3]
    assert {option(SERVICES[name]["command"], "--allow-fhir") for name in HOSTS} == {f"{base}/"}
    assert all(option(invoke, "--fhir") == base for invoke in commands_in_comments())
    assert base == "http://fhir:8080/fhir"
    assert SERVICES["fhir"]["ports"] == ["127.0.0.1:8080:8080"]


def test_the_services_start_only_when_the_patients_the_database_and_redis_are_there() -> None:
    needed = {"load": "service_completed_successfully", "postgres": "service_healthy", "redis": "service_healthy"}
    for name in HOSTS:
        assert {other: how["condition"] for other, how in SERVICES[name]["depends_on"].items()} == needed
    assert SERVICES["balancer"]["depends_on"] == {name: {"condition": "service_healthy"} for name in HOSTS}


def test_the_services_differ_in_their_spool_alone() -> None:
    one, other = ({**SERVICES[name], "volumes": None} for name in HOSTS)
    assert one == other
    spools = [volume.partition(":")[0] for name in HOSTS for volume in SERVICES[name]["volumes"]]
    assert len({*spools}) == len(HOSTS)
    assert {*spools} <= {*COMPOSE["volumes"]}


def test_the_services_find_the_database_and_redis_where_these_are() -> None:
    settings, postgres = SERVICES["cds-1"]["environment"], SERVICES["postgres"]["environment"]
    database, redis = make_url(settings["CDS_DATABASE_URL"]), urlsplit(settings["CDS_REDIS_URL"])
    names = ("POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB")
    assert (database.username, database.password, database.database) == tuple(postgres[name] for name in names)
    assert (database.host, redis.hostname) == ("postgres", "redis")
    for server, port in (("postgres", database.port), ("redis", redis.port)):
        assert str(port) in SERVICES[server]["healthcheck"]["test"]


def test_the_libraries_for_the_database_and_redis_are_in_the_image() -> None:
    locked = {line.partition("==")[0].partition("[")[0] for line in LOCKED}
    assert {"psycopg", "redis"} <= locked


def test_the_balancer_reads_the_file_that_the_tests_on_real_servers_try() -> None:
    (mounted,) = SERVICES["balancer"]["volumes"]
    source, target, mode = mounted.split(":")
    assert (ROOT / source).read_text() == BALANCER
    assert (target, mode) == ("/etc/nginx/nginx.conf", "ro")


def test_nothing_is_published_beyond_this_machine() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_a_service_that_asks_no_caller_who_it_is_runs_in_compose_only() -> None:
    assert all("--dev" in SERVICES[name]["command"] for name in HOSTS)
    assert "--dev" not in json.loads(only("CMD"))


def test_every_image_is_pinned_to_a_version() -> None:
    stages = {argument.split(" AS ")[1] for name, argument in DOCKERFILE if name == "FROM" and " AS " in argument}
    bases = {argument.split()[0] for name, argument in DOCKERFILE if name == "FROM"} - stages
    images = bases | {service["image"] for service in SERVICES.values()}
    assert len(bases) == 1
    assert all(re.fullmatch(r"[\w./-]+:v?\d+\.\d+[\w.-]*", image) for image in images), images


def test_our_image_bears_the_version_of_the_project() -> None:
    assert {SERVICES[name]["image"] for name in OURS} == {f"{PROGRAM}:{PROJECT['project']['version']}"}


def test_the_demonstration_runs_the_hapi_version_that_the_tests_run() -> None:
    pom = ElementTree.parse(ROOT / "tests" / "real" / "hapi" / "pom.xml")
    version = pom.findtext(".//{*}hapi.version")
    assert SERVICES["fhir"]["image"].startswith(f"hapiproject/hapi:v{version}-")


def test_nothing_runs_as_root_or_may_become_it() -> None:
    assert only("USER") == "10001:10001"
    assert {SERVICES[name]["user"] for name in OURS} == {only("USER")}
    for service in SERVICES.values():
        assert not re.match(r"(0|root)\b", service["user"])
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_our_file_system_is_read_only_but_for_the_data_and_memory() -> None:
    environment = image_environment()
    assert all(SERVICES[name]["read_only"] is True for name in OURS)
    assert environment["PYTHONDONTWRITEBYTECODE"] == "1"
    assert environment["TMPDIR"] == environment["XDG_RUNTIME_DIR"] == "/dev/shm"
    assert environment["CDS_DATABASE_URL"].startswith(f"sqlite:///{only('VOLUME')}/")
    for name in HOSTS:
        assert [volume.partition(":")[2] for volume in SERVICES[name]["volumes"]] == [only("VOLUME")]
        assert SERVICES[name]["environment"]["CDS_SPOOL"].startswith(f"{only('VOLUME')}/")


def test_what_is_copied_into_the_image_is_there_and_not_ignored() -> None:
    copies = [words.split()[:-1] for name, words in DOCKERFILE if name == "COPY" and not words.startswith("--from=")]
    sources = {source for words in copies for source in words}
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    packages = {pattern.rstrip("*") for pattern in PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert sources == let_in
    assert sources == packages | {"pyproject.toml", "requirements-service.lock", "README.md", "LICENSE"}
    assert [source for source in sorted(sources) if not (ROOT / source).exists()] == []


def healthy(port: int) -> bool:
    """Does the image's own health check, run here against this port, say healthy?"""
    program, *arguments = health_check()
    assert program == "python"
    here = [argument.replace(f", {only('EXPOSE')},", f", {port},") for argument in arguments]
    return subprocess.run((sys.executable, *here), capture_output=True, timeout=30, check=False).returncode == 0


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(("status", "expected"), [(200, True), (204, False), (404, False), (500, False), (503, False)])
def test_the_health_check_takes_only_200_for_healthy(status: int, expected: bool) -> None:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/health/live" else 418)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.handle_request, daemon=True).start()
        assert healthy(server.server_port) is expected


def test_the_health_check_calls_a_running_service_healthy_and_a_stopped_one_not(free_port: int, tmp_path: Path) -> None:
    assert not healthy(free_port)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "CDS_DATABASE_URL": f"sqlite:///{tmp_path}/cds.sqlite3",
        "TMPDIR": str(tmp_path),
        "XDG_RUNTIME_DIR": str(tmp_path),
    }
    command = (sys.executable, "-m", "cds_service.commands.cli", "serve", "--dev", "--host", "127.0.0.1", "--port")
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen((*command, str(free_port)), cwd=tmp_path, env=environment, stdout=log, stderr=log) as service,
    ):
        give_up = time.monotonic() + START_WITHIN_SECONDS
        while not healthy(free_port):
            assert service.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < give_up, (tmp_path / "log").read_text()
            time.sleep(0.2)
        service.terminate()
        service.wait(START_WITHIN_SECONDS)
    assert not healthy(free_port)
