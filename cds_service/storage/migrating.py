"""From the tables of an earlier version, or from none, to those of this one.

What may live here: finding out which version a database has, and the lock under which it is changed. The steps
from one version to the next stand in `migrations/versions`; Alembic carries them out and is only loaded for that.

An empty database gets all tables at once. One without a version that has tables is of release 0.1.0 or 0.2.0. One of a
version that we do not know belongs to a newer release: it is neither read nor written.
"""

from __future__ import annotations

import logging
from pathlib import Path

from sqlalchemy import Column, Engine, MetaData, String, Table, insert, inspect, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from cds_service.storage.engine import TIMEOUT_SECONDS, limit_waiting, waiting_seconds
from cds_service.storage.schema import metadata
from cds_service.storage.store_error import StoreError

log = logging.getLogger("cds_service")

REVISIONS = ("1", "2", "3", "4")
"""The versions of the tables that we know, the oldest first: the modules of `migrations/versions`."""
VERSION_TABLE = "calciphylaxis_cds_version"
"""Not Alembic's usual name: in a database that we share with another service that one may be taken."""
MIGRATIONS = Path(__file__).parent / "migrations"

_LATEST = REVISIONS[-1]
_CHANGING_TABLES = 7_316_204_511
"""Any number: the advisory lock under which workers that start together change tables, one after the other."""
_MIGRATION_SECONDS = 600
"""How long one step may take on PostgreSQL."""
_version = Table(VERSION_TABLE, MetaData(), Column("version_num", String(32), primary_key=True))


def bring_up_to_date(engine: Engine) -> None:
    """Make or change the tables where need be. Raises StoreError for a database that is not ours to change."""
    with engine.begin() as connection:
        limit_waiting(connection, waiting_seconds.get())
        if not _is_up_to_date(connection):
            _lock(connection)
            # Another worker may have been quicker.
            if not _is_up_to_date(connection):
                _change(connection)


def version_of(connection: Connection) -> str | None:
    """The version of the tables; None where none is recorded."""
    if VERSION_TABLE not in _names(connection):
        return None
    return ", ".join(sorted(connection.scalars(select(_version.c.version_num)))) or None


def has_our_tables(connection: Connection) -> bool:
    """Is any table of this service there, whatever its version?"""
    return len(_missing(connection)) < len(metadata.tables)


def _is_up_to_date(connection: Connection) -> bool:
    version = version_of(connection)
    if version is not None and version not in REVISIONS:
        raise StoreError(
            f"the database belongs to a newer release (its tables have version {version}, this release knows {_LATEST})"
        )
    return version == _LATEST and not _missing(connection)


def _lock(connection: Connection) -> None:
    """From here on this transaction changes tables, and no other one does."""
    if connection.dialect.name == "sqlite":
        # Python's driver begins by itself before a change of rows only; without this each step would stand alone.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_CHANGING_TABLES})")
        # Long work is allowed, long waiting is not: whoever uses a table meanwhile would have to queue behind us.
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{_MIGRATION_SECONDS}s'")
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{TIMEOUT_SECONDS:.0f}s'")


def _change(connection: Connection) -> None:
    version, missing = version_of(connection), _missing(connection)
    if version == _LATEST or (version is None and not has_our_tables(connection)):
        _make(connection, missing, version)
    else:
        _migrate(connection, version)


def _make(connection: Connection, missing: list[Table], version: str | None) -> None:
    metadata.create_all(connection, missing, checkfirst=False)
    if version is None:
        _version.create(connection, checkfirst=True)
        connection.execute(insert(_version).values(version_num=_LATEST))
    log.info("made tables of the database: %s", ", ".join(table.name for table in missing))


def _migrate(connection: Connection, version: str | None) -> None:
    from alembic import command
    from alembic.config import Config

    log.warning("changing the database from version %s of its tables to %s", version or "0", _LATEST)
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        command.upgrade(config, "head")
    except DBAPIError:
        raise
    except Exception as error:
        # Whatever it is: the transaction is taken back, and the cards do not wait for it.
        raise StoreError(f"the database could not be changed to this release ({type(error).__name__})") from None


def _names(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


def _missing(connection: Connection) -> list[Table]:
    names = _names(connection)
    return [table for table in metadata.sorted_tables if table.name not in names]
