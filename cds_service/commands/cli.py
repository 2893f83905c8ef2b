"""The command line: `calciphylaxis-cds`.

What may live here: the list of commands. Their modules load nothing but click until a command runs, so that `--help`
and `--version` answer at once. Where it begins stands in `entry`.
"""

from __future__ import annotations

import click

from cds_service.commands.common import HELP, Commands
from cds_service.commands.database import database
from cds_service.commands.demo import demo
from cds_service.commands.doctor import doctor
from cds_service.commands.events import events
from cds_service.commands.examples import examples
from cds_service.commands.explain import explain
from cds_service.commands.invoke import invoke
from cds_service.commands.policy import policy
from cds_service.commands.report import report
from cds_service.commands.reports import feedback, overrides
from cds_service.commands.review import review
from cds_service.commands.sandbox import sandbox
from cds_service.commands.serve import serve
from cds_service.commands.switch import switch


@click.group(cls=Commands, context_settings=HELP)
@click.version_option(package_name="calciphylaxis-cds")
def cli() -> None:
    """Calciphylaxis decision support over CDS Hooks."""


for command in (
    *(serve, invoke, explain, examples, demo, report, overrides, feedback, review),
    *(database, events, switch, doctor, policy, sandbox),
):
    cli.add_command(command)


if __name__ == "__main__":
    cli(prog_name="calciphylaxis-cds")
