"""The files of `deploy/` hold what they promise, as far as that can be seen without a cluster.

What may live here: the manifests and the unit against their schemas, the real command line and the real settings. The
balancer's file is tried in `tests/real/test_two_hosts.py`, the compose file in `test_container_files.py`.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import click
import kubernetes_validate  # type: ignore[import-untyped]  # brings no types
import pytest
import yaml

from cds_service.commands.cli import cli
from cds_service.settings import Settings, from_environment

ROOT = Path(__file__).parents[2]
KUBERNETES = ROOT / "deploy" / "kubernetes" / "calciphylaxis-cds.yaml"
UNIT = ROOT / "deploy" / "systemd" / "calciphylaxis-cds.service"
MANIFESTS: list[dict[str, Any]] = list(yaml.safe_load_all(KUBERNETES.read_text("utf-8")))
BY_KIND = {manifest["kind"]: manifest for manifest in MANIFESTS}
POD: dict[str, Any] = BY_KIND["StatefulSet"]["spec"]["template"]["spec"]
(SERVED,) = POD["containers"]
(KEYS,) = POD["initContainers"]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
DIRECTIVES = [
    line.partition("=")[::2]
    for line in UNIT.read_text("utf-8").splitlines()
    if "=" in line and not line.startswith("#")
]


def understood(words: list[str]) -> None:
    program, *arguments = words
    assert Path(program).name == "calciphylaxis-cds"
    command: click.Command = cli
    while isinstance(command, click.Group):
        command = command.commands[arguments.pop(0)]
    command.make_context(program, arguments)  # raises UsageError on an unknown or unfinished option


def directive(name: str) -> str:
    (value,) = [value for key, value in DIRECTIVES if key == name]
    return value


# ------------------------------------------------------------------ compose
def test_the_compose_file_follows_the_schema_of_compose() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run(
        [*command, str(ROOT / "docker-compose.yml")], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


# ------------------------------------------------------------------ Kubernetes
@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda one: one["kind"])
def test_each_manifest_follows_the_schema_of_kubernetes(manifest: dict[str, Any]) -> None:
    kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)


def test_the_pods_run_a_command_that_our_program_understands() -> None:
    understood(SERVED["args"])


def test_every_setting_of_the_pods_is_one_with_a_value_that_it_takes(tmp_path: Path) -> None:
    given = dict(BY_KIND["ConfigMap"]["data"])
    for name, made in (("CDS_TRUSTED_CLIENTS", "clients.toml"), ("CDS_SECRET_FILE", "secret")):
        (tmp_path / made).write_text("")
        given[name] = str(tmp_path / made)
    given["CDS_SITE_POLICIES"] = str(tmp_path)
    addresses = {"CDS_DATABASE_URL": "postgresql+psycopg://cds@db/cds", "CDS_REDIS_URL": "redis://cache:6379/0"}
    read = from_environment(given | addresses, is_installed=lambda _: True)
    assert read != Settings()
    told = KUBERNETES.read_text("utf-8")
    assert all(f"--from-literal={name}=" in told for name in addresses), "the others stand in a secret"


def test_every_file_that_a_setting_names_is_mounted() -> None:
    mounts = {mount["mountPath"] for mount in SERVED["volumeMounts"]}
    volumes = {volume["name"] for volume in POD["volumes"]} | {
        claim["metadata"]["name"] for claim in BY_KIND["StatefulSet"]["spec"]["volumeClaimTemplates"]
    }
    assert {mount["name"] for container in (SERVED, KEYS) for mount in container["volumeMounts"]} <= volumes
    for name in ("CDS_TRUSTED_CLIENTS", "CDS_SITE_POLICIES", "CDS_SECRET_FILE", "CDS_SPOOL"):
        place = Path(BY_KIND["ConfigMap"]["data"][name])
        assert {str(parent) for parent in (place, *place.parents)} & mounts, name
    assert "/dev/shm" in mounts


def test_the_keys_come_where_the_service_reads_them_and_only_it_may() -> None:
    *_, source, target = KEYS["command"]
    assert KEYS["command"][:3] == ["install", "-m", "0600"]
    assert target == BY_KIND["ConfigMap"]["data"]["CDS_SECRET_FILE"]
    assert Path(source).parent == Path(KEYS["volumeMounts"][0]["mountPath"])


def test_the_probes_ask_what_a_service_without_its_database_answers_too() -> None:
    port = SERVED["ports"][0]
    assert str(port["containerPort"]) == SERVED["args"][SERVED["args"].index("--port") + 1]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert SERVED[probe]["httpGet"] == {"path": "/health/live", "port": port["name"]}
    (target,) = {entry["targetPort"] for entry in BY_KIND["Service"]["spec"]["ports"]}
    assert target == port["name"]


def test_nothing_runs_as_root_and_no_file_system_is_written_but_for_the_volumes() -> None:
    assert POD["securityContext"]["runAsNonRoot"] is True
    for container in (SERVED, KEYS):
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["image"] == f"calciphylaxis-cds:{VERSION}"


def test_one_pod_stays_when_nodes_are_emptied_and_each_ends_in_its_time() -> None:
    labels = BY_KIND["StatefulSet"]["spec"]["template"]["metadata"]["labels"]
    for kind in ("Service", "PodDisruptionBudget"):
        selector = BY_KIND[kind]["spec"]["selector"]
        assert selector.get("matchLabels", selector) == labels
    assert BY_KIND["PodDisruptionBudget"]["spec"]["minAvailable"] < BY_KIND["StatefulSet"]["spec"]["replicas"]
    assert POD["terminationGracePeriodSeconds"] > Settings().graceful_seconds


# ------------------------------------------------------------------ systemd
def test_the_unit_runs_a_command_that_our_program_understands() -> None:
    understood(shlex.split(directive("ExecStart")))
    assert float(directive("TimeoutStopSec")) > Settings().graceful_seconds


def test_systemd_understands_every_line_of_the_unit(tmp_path: Path) -> None:
    """Where there is one: this machine has no such user, and nothing in that folder."""
    text = UNIT.read_text("utf-8").replace("/opt/calciphylaxis-cds/bin/calciphylaxis-cds", "/bin/true")
    text = re.sub(r"^(User|Group)=.*$", r"\1=root", text, flags=re.MULTILINE)
    unit = tmp_path / UNIT.name
    unit.write_text(text.replace("EnvironmentFile=", "EnvironmentFile=-"), "utf-8")
    try:
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", str(unit)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    except FileNotFoundError:
        pytest.skip("there is no systemd on this machine")
    assert (done.returncode, done.stderr) == (0, "")
