"""What the commands share: settings from the environment, and faults of an installation in words.

What may live here: words for people, and nothing that a single command needs alone.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cds_service.settings import Settings

HELP = {"help_option_names": ["-h", "--help"]}


def faults() -> tuple[type[Exception], ...]:
    """What is wrong with an installation, in words that help its operator."""
    from limits.errors import ConfigurationError

    from cds_service.access import TrustedClientsError
    from cds_service.knowledge import TemplateError
    from cds_service.storage import StoreError
    from fhir_mappings.data_files import DataFileError
    from fhir_mappings.vocabulary import VocabularyError
    from hooks.thresholds import PolicyError

    own = TrustedClientsError, StoreError, DataFileError, PolicyError, VocabularyError, TemplateError
    return *own, ConfigurationError


@contextmanager
def in_words() -> Iterator[None]:
    """Faults of the installation as a message for people, without a trace."""
    try:
        yield
    # Asked only when something failed: a command that works does not load what could have gone wrong.
    except faults() as fault:
        raise click.ClickException(str(fault)) from None


def settings_for(*, dev: bool, allow_fhir: tuple[str, ...] = ()) -> Settings:
    """The settings of the environment with what the command line adds; a clear message when they are wrong."""
    from cds_service.addresses import normal_url
    from cds_service.settings import SettingsError, from_environment

    try:
        settings = from_environment(os.environ, dev=dev)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    added = tuple(normal_url(url) or _bad_url(url) for url in allow_fhir)
    return dataclasses.replace(settings, allowed_fhir_servers=settings.allowed_fhir_servers + added)


def _bad_url(url: str) -> str:
    raise click.ClickException(f"--allow-fhir {url}: expected a plain http(s) base URL")
