"""The database of a worker: how long its transactions wait for others."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import MetaData

from cds_service.storage.database import TIMEOUT_SECONDS, Database


def timeout_of(database: Database, *asked: float) -> float:
    """Seconds for which SQLite waits in a transaction that asks for them (or for nothing)."""
    with database.connected(*asked) as connection:
        return int(connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()) / 1000


def test_every_transaction_waits_as_long_as_it_asks_for_whoever_had_the_connection_before(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/cards.sqlite3", MetaData())
    try:
        waited = [timeout_of(database, *asked) for asked in ((), (0.2,), (0.2,), (), (0.3,))]
        assert waited == [TIMEOUT_SECONDS, 0.2, 0.2, TIMEOUT_SECONDS, 0.3]
    finally:
        database.close()
