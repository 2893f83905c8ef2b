"""How Alembic runs our migrations: on the connection that it is handed, inside the transaction that is open there.

What may live here: that and nothing else. Alembic runs this file itself; nobody imports it.
"""

from __future__ import annotations

from alembic import context

from cds_service.storage.migrating import VERSION_TABLE
from cds_service.storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, version_table=VERSION_TABLE
)
context.run_migrations()
