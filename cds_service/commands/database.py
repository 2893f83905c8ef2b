"""`calciphylaxis-cds database`: the tables made ready for this release before the service starts.

What may live here: options, and the outcome as lines of text.
"""

from __future__ import annotations

import logging
import os
from contextlib import closing

import click

from cds_service.commands.common import HELP, in_words, say, say_json, settings_for
from cds_service.commands.parameters import AS_JSON


@click.command(context_settings=HELP)
@AS_JSON
def database(as_json: bool) -> None:
    """Make the tables of the database ready for this release.

    The database is that of CDS_DATABASE_URL, and the version of its tables is told. The service does the same at
    its start. A database of a newer release is refused.
    """
    from cds_service.storage import Database, version_of

    # What is made or changed on the way is told as the service would log it.
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with in_words(), closing(Database(settings_for(dev=False).database_url)) as opened:
        if "CDS_DATABASE_URL" not in os.environ:
            say(f"CDS_DATABASE_URL is not set: this is the database of this folder, {opened.name}", err=True)
        # In this thread, however long it takes: to change a large table takes longer than a call may wait.
        with opened.connected() as connection:
            version = version_of(connection)
    if as_json:
        say_json({"database": opened.name, "ready": True, "version": version})
    else:
        say(f"{opened.name}: the tables are ready for this release (version {version})")
