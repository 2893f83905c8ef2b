"""A port that somebody else has: said at once, in a line, before anything is loaded or started.

What may live here: that question, asked for an option.
"""

from __future__ import annotations

import click
from click.core import ParameterSource

from cds_service.commands.common import say


def insist_on_port(host: str, port: int, options: str) -> None:
    """A message that names the options which choose another address, where nobody can listen on this one."""
    problem = _problem(host, port)
    if problem:
        raise click.ClickException(f"{problem}; choose another by {options}")


def insist_where_chosen(option: str, port: int) -> None:
    """The same for a port on loopback, unless it is the usual one: any other does as well then, and that is said."""
    parameter = option.removeprefix("--").replace("-", "_")
    if click.get_current_context().get_parameter_source(parameter) is not ParameterSource.DEFAULT:
        insist_on_port("127.0.0.1", port, option)
    elif problem := _problem("127.0.0.1", port):
        say(f"{problem}; another one is taken", err=True)


def _problem(host: str, port: int) -> str:
    from cds_service.serving import PortTaken, insist_on_free_port

    try:
        insist_on_free_port(host, port)
    except PortTaken as error:
        return str(error)
    return ""
