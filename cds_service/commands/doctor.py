"""`calciphylaxis-cds doctor`: find out what is wrong.

What may live here: options, and findings as lines of text.
"""

from __future__ import annotations

import sys

import click

from cds_service.commands.common import HELP, in_words


@click.group(context_settings=HELP)
def doctor() -> None:
    """Find out what is wrong."""


@doctor.command("token", context_settings=HELP)
@click.argument("token", required=False)
@click.option("--clients", type=click.Path(exists=True, dir_okay=False), envvar="CDS_TRUSTED_CLIENTS", required=True)
@click.option(
    "--endpoint", required=True, metavar="URL", help="The endpoint the token is meant for, as the EHR calls it."
)
def doctor_token(token: str | None, clients: str, endpoint: str) -> None:
    """Explain a CDS client's JWT check by check (argument, or standard input); nothing is used up by it."""
    from pathlib import Path

    from cds_service.access import KeySets, explain, load_trusted_clients
    from cds_service.clock import utc_now

    text = (token or sys.stdin.read()).strip().removeprefix("Bearer ")
    with in_words():
        findings = explain(text, load_trusted_clients(Path(clients)), endpoint, utc_now(), KeySets())
    for finding in findings:
        click.echo(f"{'ok  ' if finding.ok else 'FAIL'} {finding.text}")
    if not all(finding.ok for finding in findings):
        raise SystemExit(1)
