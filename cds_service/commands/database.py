"""`calciphylaxis-cds database`: the tables made ready for this release before the service starts.

What may live here: options, and the outcome as a line of text.
"""

from __future__ import annotations

from contextlib import closing

import click

from cds_service.commands.common import HELP, in_words, settings_for


@click.command(context_settings=HELP)
def database() -> None:
    """Make or change the tables of the database for this release (in CDS_DATABASE_URL), and tell their version.

    The service does the same at its start. A database of a newer release is refused.
    """
    from cds_service.storage import Database, version_of

    with (
        in_words(),
        closing(Database(settings_for(dev=False).database_url)) as opened,
        # In this thread, however long it takes: to change a large table takes longer than a call may wait.
        opened.connected() as connection,
    ):
        version = version_of(connection)
    click.echo(f"the tables are ready for this release (version {version})")
