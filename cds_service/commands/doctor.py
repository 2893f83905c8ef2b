"""`calciphylaxis-cds doctor`: find out what is wrong.

What may live here: options, and findings as lines of text.
"""

from __future__ import annotations

import dataclasses
import logging
import sys
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from cds_service.commands import exit_status
from cds_service.commands.common import HELP, HOOKS, Progress, in_words, say, say_json, settings_for
from cds_service.commands.parameters import ADDRESS, AS_JSON

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cds_service.access import TokenFinding
    from cds_service.fhir_doctor import PatientReport, ServerReport
    from cds_service.settings import Settings


_CLIENTS = "The file of trusted clients (or CDS_TRUSTED_CLIENTS)."


@click.group(context_settings=HELP)
def doctor() -> None:
    """Find out what is wrong."""


@doctor.command("token", context_settings=HELP)
@click.argument("token", required=False)
@click.option(
    "--clients",
    type=click.Path(exists=True, dir_okay=False),
    envvar="CDS_TRUSTED_CLIENTS",
    required=True,
    help=_CLIENTS,
)
@click.option(
    "--endpoint", required=True, type=ADDRESS, help="The endpoint the token is meant for, as the EHR calls it."
)
@AS_JSON
def doctor_token(token: str | None, clients: str, endpoint: str, as_json: bool) -> None:
    """Explain a CDS client's JWT check by check.

    The token is the argument, or comes on standard input; where a check fails it is said what to do. Nothing is
    used up by it, and no address that the token names is contacted.
    """
    from pathlib import Path

    from cds_service.access import KeySets, explain, load_trusted_clients
    from cds_service.clock import utc_now

    text = (token or sys.stdin.read()).strip().removeprefix("Bearer ")
    with in_words():
        findings = explain(text, load_trusted_clients(Path(clients)), endpoint, utc_now(), KeySets())
    sound = all(finding.ok for finding in findings)
    if as_json:
        say_json({"ok": sound, "checks": [dataclasses.asdict(finding) for finding in findings]})
    else:
        _print_checks(findings)
    if not sound:
        raise SystemExit(exit_status.FAILED)


def _print_checks(findings: Iterable[TokenFinding]) -> None:
    for finding in findings:
        say(f"{'ok  ' if finding.ok else 'FAIL'} {finding.text}")
        if finding.remedy:
            say(f"     -> {finding.remedy}")


@doctor.command("smart", context_settings=HELP)
@click.option("--clients", type=click.Path(exists=True, dir_okay=False), envvar="CDS_TRUSTED_CLIENTS", help=_CLIENTS)
@click.option(
    "--public-url",
    type=ADDRESS,
    envvar="CDS_PUBLIC_URL",
    default="http://127.0.0.1:5000",
    show_default=True,
    help="Our own address (or CDS_PUBLIC_URL).",
)
@click.option("--server", "servers", multiple=True, type=ADDRESS, help="This FHIR server, too (repeatable).")
@AS_JSON
def doctor_smart(clients: str | None, public_url: str, servers: tuple[str, ...], as_json: bool) -> None:
    """Print what to register for the SMART app at each EHR.

    Every FHIR server has a redirect address of its own.
    """
    from pathlib import Path

    from cds_service.access import load_trusted_clients
    from cds_service.web.smart.registration import lines, registration

    with in_words():
        trusted = load_trusted_clients(Path(clients)) if clients else ()
    if click.get_current_context().get_parameter_source("public_url") is ParameterSource.DEFAULT:
        say("CDS_PUBLIC_URL is not set: these addresses are good for trying things out on this machine only", err=True)
    found = registration(public_url.rstrip("/"), trusted, [server.rstrip("/") for server in servers])
    if as_json:
        say_json(dataclasses.asdict(found))
    else:
        say("\n".join(lines(found)))


@doctor.command("fhir", context_settings=HELP)
@click.argument("url", type=ADDRESS)
@click.option("--patient", metavar="ID", help="The patient to look at; without it, the server is looked at.")
@click.option("--token", envvar="FHIR_TOKEN", help="Bearer token for the FHIR server (or FHIR_TOKEN).")
@click.option(
    "--hook", "hooks", multiple=True, type=click.Choice(HOOKS), help="Only this hook (repeatable); all without it."
)
@click.option(
    "--every-code", is_flag=True, help="Print all codes as they are written, also those that could be a name."
)
@AS_JSON
def doctor_fhir(
    url: str, patient: str | None, token: str | None, hooks: tuple[str, ...], *, every_code: bool, as_json: bool
) -> None:
    """Say why no card comes from the FHIR server at URL.

    It is asked as the service asks it, and what was seen is told. No patient data is printed: codes, systems, units
    and numbers only, and a remark in place of a code that could be a name; with --every-code, to map local codes,
    whatever stands in the place of a code. Exit status 4 when the service could not answer.
    """
    from cds_service import fhir_doctor

    if every_code and patient is None:
        raise click.UsageError("--every-code needs --patient: codes are those of a patient's records.")

    # Settings for development: a doctor serves nobody, and refuses none that `serve --dev` takes.
    settings = settings_for(dev=True)
    with in_words():
        report = _examined(settings, url, patient, token, hooks or HOOKS, every_code=every_code)
    if as_json:
        say_json(fhir_doctor.as_json(report))
    else:
        say(fhir_doctor.as_text(report))
    if not report.ok:
        raise SystemExit(exit_status.NOT_READ)


def _examined(
    settings: Settings, url: str, patient: str | None, token: str | None, hooks: tuple[str, ...], *, every_code: bool
) -> PatientReport | ServerReport:
    from cds_service.clock import utc_now
    from cds_service.fhir_doctor import Examination, Visit, examine, look_at_server
    from cds_service.knowledge import load_knowledge

    knowledge = load_knowledge(settings)
    # What the service writes into its log for each failure stands in the report.
    logging.getLogger("cds_service").addHandler(logging.NullHandler())
    with Visit(settings, url, token) as visit, Progress("asking for") as step:
        if patient is None:
            return look_at_server(visit.asker, knowledge.queries)
        examination = Examination(visit.asker, visit.service, knowledge, hooks, step, every_code)
        return examine(examination, patient, utc_now())
