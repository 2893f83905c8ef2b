"""A database that is only looked into: nothing is made, nothing is changed, wherever it is and whatever it holds.

What may live here: opening for reading. The service itself opens its database in `opening`, where tables are made.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError

from cds_service.storage.engine import TIMEOUT_SECONDS, new_engine
from cds_service.storage.migrating import REVISIONS, has_our_tables, version_of
from cds_service.storage.sqlite_file import SqliteFile, sqlite_file
from cds_service.storage.store_error import StoreError


class NothingThere(StoreError):
    """There is no database at this place, or none of this service."""


class ReadOnly:
    """A database to be read, once. Every use raises StoreError where it cannot be read."""

    def __init__(self, url: str) -> None:
        """`url` is SQLAlchemy's, of SQLite or PostgreSQL. Nothing is opened yet."""
        self._url = make_url(url)
        self._file = sqlite_file(self._url)

    @property
    def place(self) -> str:
        """Where it is, for whoever operates the database: the path, or server and name; no user, no password."""
        if self._file is not None:
            return str(self._file.path)
        if self._url.get_backend_name() == "sqlite":
            return "the memory of this process"
        port = f":{self._url.port}" if self._url.port else ""
        return f"PostgreSQL {self._url.host or 'of this machine'}{port}/{self._url.database or ''}"

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """A transaction that can read and nothing else.

        Raises:
            NothingThere: no database of this service is there.
            StoreError: it cannot be read, or its tables are those of another release.
        """
        if self._file is not None and self._file.inode() is None:
            raise NothingThere("there is no database")
        engine = _engine(self._url, self._file)
        try:
            with engine.connect() as opened:
                connection = opened.execution_options(**_READING[opened.dialect.name])
                _insist_on_our_version(connection)
                if opened.dialect.name == "postgresql":
                    connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{_READING_SECONDS}s'")
                yield connection
        except DBAPIError as error:
            said = next(iter(str(error.orig).splitlines()), "")
            raise StoreError(f"the database could not be used ({type(error.orig).__name__})", said) from None
        finally:
            engine.dispose()


_READING_SECONDS = 120
"""So long one question may take a server: nobody waits for it but whoever asked, and a long log takes long."""
_READING: dict[str, dict[str, bool]] = {"sqlite": {}, "postgresql": {"postgresql_readonly": True}}


def _engine(url: URL, file: SqliteFile | None) -> Engine:
    if url.get_backend_name() != "sqlite":
        return new_engine(url, in_memory=False)
    # Not mode=ro: that leaves SQLite's helper files behind, which this one takes away again. It makes no database.
    name = f"file:{quote(str(file.path))}" if file else ":memory:"
    query = {"mode": "rw", "uri": "true"} if file else {}
    engine = create_engine(url.set(database=name, query=query), hide_parameters=True)
    event.listen(engine, "connect", _only_read)
    return engine


def _only_read(connection: DBAPIConnection, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {TIMEOUT_SECONDS * 1000:.0f}")
    cursor.execute("PRAGMA query_only = ON")
    cursor.close()


def _insist_on_our_version(connection: Connection) -> None:
    version, newest = version_of(connection), REVISIONS[-1]
    if version is None and not has_our_tables(connection):
        raise NothingThere("the database holds no table of this service")
    if version is None or version in REVISIONS[:-1]:
        raise StoreError(
            f"its tables are those of an earlier release (version {version or '0'}, this release reads {newest}); "
            "nothing was changed. `calciphylaxis-cds database` brings them up to date: copy the database before"
        )
    if version != newest:
        raise StoreError(
            f"the database belongs to a newer release (its tables have version {version}, this release knows {newest})"
        )
