"""What the commands share: settings from the environment, and faults of an installation in words.

What may live here: words for people, and nothing that a single command needs alone.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import click

from cds_service.commands import exit_status

if TYPE_CHECKING:
    from cds_service.settings import Settings
    from cds_service.storage import StoreError

HELP = {"help_option_names": ["-h", "--help"]}
PATIENT_VIEW, ORDER_SELECT, *_ = HOOKS = ("patient-view", "order-select", "order-sign")
"""Written out: to ask the services for theirs would take longer than most commands do."""


def say(text: str, *, err: bool = False) -> None:
    """Print lines for people. What is not seen, or would control the terminal, is left out, whoever wrote it."""
    click.echo(_visible(text), err=err)


def say_json(document: Any, *, indent: int | None = 2) -> None:
    """Print a document for programs; where a text holds what is not seen, all that is not ASCII is escaped.

    Without `indent` it is one line.
    """
    written = json.dumps(document, indent=indent, ensure_ascii=False)
    if _visible(written) != written:
        written = json.dumps(document, indent=indent).replace("\x7f", r"\u007f")
    click.echo(written)


def _visible(text: str) -> str:
    from hooks.cards import visible

    return "\n".join(map(visible, text.split("\n")))


class Refused(click.ClickException):
    """The service that was called has refused to judge."""

    exit_code = exit_status.NOT_READ


class Commands(click.Group):
    """A group of commands whose error messages are lines for people, too: they may quote a server."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except click.UsageError:
            raise
        except click.ClickException as error:
            kind = Refused if isinstance(error, Refused) else click.ClickException
            raise kind(_visible(error.message)) from None


def faults() -> tuple[type[Exception], ...]:
    """What is wrong with an installation, in words that help its operator."""
    from limits.errors import ConfigurationError

    from cds_service.access import TrustedClientsError
    from cds_service.knowledge import SitePolicyError, TemplateError
    from cds_service.storage import SecretError, StoreError
    from fhir_mappings.data_files import DataFileError
    from fhir_mappings.vocabulary import VocabularyError
    from hooks.thresholds import PolicyError

    installed = TrustedClientsError, SecretError, StoreError, ConfigurationError
    files = DataFileError, PolicyError, VocabularyError, TemplateError, SitePolicyError
    return *installed, *files


@contextmanager
def in_words() -> Iterator[None]:
    """Faults of the installation as a message for people, without a trace."""
    try:
        yield
    # Asked only when something failed: a command that works does not load what could have gone wrong.
    except faults() as fault:
        raise click.ClickException(_told(fault)) from None


def _told(fault: Exception) -> str:
    from cds_service.storage import StoreError

    return of_the_database(fault) if isinstance(fault, StoreError) else str(fault)


def of_the_database(fault: StoreError) -> str:
    """What is wrong with the database, the setting that names it, and its address without the password."""
    from cds_service.storage import Database

    with closing(Database(settings_for(dev=True).database_url)) as database:
        return f"CDS_DATABASE_URL: {database.name}: {fault.in_words}"


def settings_for(*, dev: bool, allow_fhir: tuple[str, ...] = (), own_url: str | None = None) -> Settings:
    """The settings of the environment with what the command line adds; a clear message when they are wrong.

    `allow_fhir` and `own_url`, where we listen ourselves, are addresses in their normal form.
    """
    from cds_service.settings import SettingsError, from_environment

    try:
        settings = from_environment(os.environ, dev=dev)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    allowed = settings.allowed_fhir_servers + allow_fhir
    return dataclasses.replace(settings, allowed_fhir_servers=allowed, own_url=own_url)


class Progress:
    """A progress bar at a terminal, plain lines in a pipe, both on standard error; called with (done, total, what)."""

    def __init__(self, verb: str) -> None:
        from rich import progress
        from rich.console import Console

        self._verb = verb
        self._bar = progress.Progress(console=Console(stderr=True))
        self._task = self._bar.add_task(verb, total=None)

    def __enter__(self) -> Callable[[int, int, str], None]:
        if self._bar.console.is_terminal:
            self._bar.start()
        return self._step

    def __exit__(self, *_: object) -> None:
        if self._bar.console.is_terminal:
            self._bar.stop()

    def _step(self, done: int, total: int, what: str) -> None:
        if self._bar.console.is_terminal:
            self._bar.update(self._task, completed=done, total=total, description=f"{self._verb} {_visible(what)}")
        else:
            say(f"{self._verb} {done}/{total} {what}", err=True)
