"""What the commands share that read the database of a service: where it is, and what is said where it cannot be read.

What may live here: that. What is read stands in the commands.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

from cds_service.commands.common import in_words, say, settings_for

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from cds_service.storage import ReadOnly

T = TypeVar("T")


def place_of_the_log() -> tuple[ReadOnly, ZoneInfo]:
    """The database of the settings and the time zone of the clinic; both are said on standard error."""
    from cds_service.storage import ReadOnly

    settings = settings_for(dev=False)
    zone, database = settings.timezone, ReadOnly(settings.database_url)
    of_this_folder = "" if os.environ.get("CDS_DATABASE_URL") else " (CDS_DATABASE_URL is not set)"
    say(f"reading {database.place}{of_this_folder}; days and weeks in {zone.key}", err=True)
    return database, zone


def read_or_say(database: ReadOnly, work: Callable[[], T]) -> T:
    """What was read; where nothing can be read, a message that names the place."""
    from cds_service.storage import NothingThere, StoreError

    with in_words():
        try:
            return work()
        except NothingThere as error:
            where = "CDS_DATABASE_URL has to name the database of the service"
            raise click.ClickException(f"{database.place}: {error}; {where}") from None
        except StoreError as error:
            raise click.ClickException(f"CDS_DATABASE_URL: {database.place}: {error.in_words}") from None
