"""The files of `deploy/` hold what they promise, as far as that can be seen without a cluster.

What may live here: the manifests and the unit against their schemas, the real command line and the real settings, and
the files for nginx against each other. These are run in `tests/real/test_two_hosts.py` and `test_two_machines.py`; the
compose file is looked at in `test_container_files.py`.
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
from cds_service.settings import Settings, SettingsError, from_environment

ROOT = Path(__file__).parents[2]
KUBERNETES = ROOT / "deploy" / "kubernetes" / "calciphylaxis-cds.yaml"
UNIT = ROOT / "deploy" / "systemd" / "calciphylaxis-cds.service"
MANIFESTS: list[dict[str, Any]] = list(yaml.safe_load_all(KUBERNETES.read_text("utf-8")))
BY_KIND = {manifest["kind"]: manifest for manifest in MANIFESTS}
POD: dict[str, Any] = BY_KIND["StatefulSet"]["spec"]["template"]["spec"]
(SERVED,) = POD["containers"]
(KEYS,) = POD["initContainers"]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
VERSION = PROJECT["version"]
DROP_IN = ROOT / "deploy" / "systemd" / "nginx.service.d" / "calciphylaxis-cds.conf"
OPERATING = (ROOT / "docs" / "operating.md").read_text("utf-8")
NGINX = {file.name: file.read_text("utf-8") for file in sorted((ROOT / "deploy" / "nginx").glob("*.conf"))}
NGINX["operating.md"] = re.findall(r"```nginx\n(.*?)```", OPERATING, re.DOTALL)[0]
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


def seconds(duration: str) -> int:
    assert duration.endswith("s")
    return int(duration.removesuffix("s"))


MOST_STOPPING_SECONDS = Settings().graceful_seconds + 5
"""What docs/operating.md asks of whoever stops the service: some seconds more than it may take."""


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


@pytest.mark.parametrize("name", ["cds-1", "cds-2"])
def test_docker_waits_longer_than_the_service_takes_to_end(name: str) -> None:
    """Its own ten seconds are as long as the service may take."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    assert seconds(compose["services"][name].get("stop_grace_period", "10s")) >= MOST_STOPPING_SECONDS


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
    program, waits = SERVED["lifecycle"]["preStop"]["exec"]["command"]
    assert (program, int(waits) > 0) == ("sleep", True), "taken from the ingress before new connections are refused"
    assert POD["terminationGracePeriodSeconds"] >= int(waits) + MOST_STOPPING_SECONDS


def test_nobody_reaches_the_port_of_the_pods_but_those_whom_the_policy_names() -> None:
    policy = BY_KIND["NetworkPolicy"]["spec"]
    labels = BY_KIND["StatefulSet"]["spec"]["template"]["metadata"]["labels"]
    (rule,) = policy["ingress"]
    assert policy["podSelector"]["matchLabels"] == labels
    assert all("namespaceSelector" in one for one in rule["from"])
    assert rule["ports"] == [{"port": SERVED["ports"][0]["name"]}]


def test_services_of_the_same_namespace_set_no_variable_that_could_be_taken_for_a_setting() -> None:
    assert POD["enableServiceLinks"] is False
    with pytest.raises(SettingsError, match="CDS_REDIS_SERVICE_HOST"):
        from_environment({"CDS_REDIS_SERVICE_HOST": "10.0.0.7"})


def test_nobody_reads_the_metrics_of_a_cluster_until_it_is_said_who() -> None:
    """Which addresses are Prometheus' only the cluster knows; clinics have private ones too."""
    settings = BY_KIND["ConfigMap"]["data"]
    assert (settings["CDS_METRICS"], settings.get("CDS_METRICS_FROM")) == ("off", None)


# ------------------------------------------------------------------ systemd
def test_the_unit_runs_a_command_that_our_program_understands() -> None:
    understood(shlex.split(directive("ExecStart")))
    assert float(directive("TimeoutStopSec")) >= MOST_STOPPING_SECONDS


def test_the_unit_listens_where_nobody_but_this_machine_reaches_it_and_where_its_nginx_asks() -> None:
    words = shlex.split(directive("ExecStart"))
    assert words[words.index("--host") + 1] == "127.0.0.1"
    here = f"127.0.0.1:{words[words.index('--port') + 1]}"
    for name in ("machine.conf", "operating.md"):
        assert re.findall(r"^    server (\S+?)[ ;]", NGINX[name], re.MULTILINE) == [here], name
    assert f"http://{here}/health/live" in DROP_IN.read_text("utf-8")


def test_systemd_understands_every_line_of_the_units(tmp_path: Path) -> None:
    """Where there is one: this machine has no such user, and nothing in that folder."""
    text = UNIT.read_text("utf-8").replace("/opt/calciphylaxis-cds/bin/calciphylaxis-cds", "/bin/true")
    text = re.sub(r"^(User|Group)=.*$", r"\1=root", text, flags=re.MULTILINE)
    units = {
        UNIT.name: text.replace("EnvironmentFile=", "EnvironmentFile=-"),
        "nginx.service": "[Service]\nExecStart=/bin/true\n",
        f"{DROP_IN.parent.name}/{DROP_IN.name}": DROP_IN.read_text("utf-8").replace("/usr/bin/curl", "/bin/true"),
    }
    (tmp_path / DROP_IN.parent.name).mkdir()
    for name, words in units.items():
        (tmp_path / name).write_text(words, "utf-8")
    verify = ["systemd-analyze", "verify", "--man=no", str(tmp_path / UNIT.name), str(tmp_path / "nginx.service")]
    try:
        done = subprocess.run(verify, capture_output=True, text=True, check=False, timeout=60)
    except FileNotFoundError:
        pytest.skip("there is no systemd on this machine")
    assert (done.returncode, done.stderr) == (0, "")


# ------------------------------------------------------------------ nginx
SAME = (
    "client_header_timeout",
    "client_body_timeout",
    "client_max_body_size",
    "large_client_header_buffers",
    "proxy_http_version",
    "proxy_set_header Connection",
    "proxy_set_header Host",
    "proxy_set_header X-Forwarded-For",
    "proxy_request_buffering",
    "proxy_connect_timeout",
    "log_format cds",
    "keepalive",
    "location ~ ^/+metrics",
    "location ~ ^/+feedback",
)


def values(text: str, name: str) -> list[str]:
    """What stands behind this directive, each time."""
    return re.findall(rf"^ *{re.escape(name)} +(.*?) *[;{{]$", text, re.MULTILINE)


@pytest.mark.parametrize("name", SAME)
def test_all_files_for_nginx_and_the_one_shown_say_the_same(name: str) -> None:
    found = {file: values(text, name)[-1:] for file, text in NGINX.items()}
    assert len(found) == 4
    assert len({str(value) for value in found.values()}) == 1, found
    assert [] not in found.values(), found


@pytest.mark.parametrize("file", NGINX)
def test_no_proxy_gives_up_before_a_busy_service_answers_or_long_after(file: str) -> None:
    service = Settings().wait_seconds + Settings().fhir_deadline_seconds
    usual, feedback = map(seconds, values(NGINX[file], "proxy_read_timeout"))
    assert service < usual <= service + 3
    assert feedback >= 30


@pytest.mark.parametrize("file", ["nginx.conf", "balancer.conf"])
def test_both_balancers_leave_a_host_alone_and_know_it_together(file: str) -> None:
    assert re.findall(r"max_fails=(\d+) fail_timeout=(\d+)s;", NGINX[file]) == [("1", "10")] * 2
    assert values(NGINX[file], "zone") == ["cds 64k"]
    assert values(NGINX[file], "proxy_next_upstream") == ["error timeout"]


def test_what_crosses_a_network_between_machines_is_encrypted_and_goes_to_nobody_else() -> None:
    balancer, machine = NGINX["balancer.conf"], NGINX["machine.conf"]
    assert set(values(balancer, "proxy_pass")) == {"https://cds"}
    assert values(balancer, "proxy_ssl_verify") == ["on"]
    assert values(balancer, "listen") == ["443 ssl"]
    assert values(machine, "listen") == ["5443 ssl"]
    assert values(machine, "deny") == ["all", "all"]
    assert {port for _, port in re.findall(r"server (\S+):(\d+) max_fails", balancer)} == {"5443"}


# ------------------------------------------------------------------ an image that can trace
def test_the_image_that_can_trace_gets_what_the_extra_asks_for_as_it_was_tested() -> None:
    (shown,) = re.findall(r"```dockerfile\n(FROM calciphylaxis-cds.*?)```", OPERATING, re.DOTALL)
    extra = {one.partition(">=")[0] for one in PROJECT["optional-dependencies"]["tracing"]}
    installed = dict(word.split("==") for word in shown.split() if "==" in word)
    tested = dict(re.findall(r"^(opentelemetry-[\w-]+)==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    assert installed == {name: tested[name] for name in extra}
    assert f"FROM calciphylaxis-cds:{VERSION}\n" in shown


# ------------------------------------------------------------------ what the page on installing says
INSTALLING = (ROOT / "docs" / "installing.md").read_text("utf-8")


def section(title: str) -> str:
    (found,) = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", INSTALLING, re.MULTILINE | re.DOTALL)
    return str(found)


def test_a_copy_is_restored_into_an_empty_database_as_it_is_tried() -> None:
    """Else tables of a newer release stay beside those of the copy."""
    tried = (ROOT / "tests" / "real" / "test_upgrade_and_back.py").read_text("utf-8").partition("def restore")[2]
    programs = re.findall(r'_client\("(\w+)"\)', tried)
    assert programs == ["dropdb", "createdb", "pg_restore"]
    assert re.findall(r"`(dropdb|createdb|pg_restore)\b", section("Restore"))[: len(programs)] == programs
    assert "(#restore)" in section("Roll back")


def test_whoever_installs_is_told_how_many_proxies_stand_before_the_service_and_every_file_that_belongs_there() -> None:
    assert "`CDS_TRUSTED_PROXIES`" in section("Install")
    told = set(re.findall(r"`(deploy/\S+?)`", INSTALLING + OPERATING))
    assert told == {str(file.relative_to(ROOT)) for file in (ROOT / "deploy").rglob("*.*") if file.is_file()}
