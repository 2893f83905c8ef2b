"""Whoever may wait longer for the database than a call says so, and a server is told."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from unittest.mock import Mock

import pytest

from cds_service.storage import Database, Patiently
from cds_service.storage.engine import TIMEOUT_SECONDS, limit_waiting


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.2, ["SET LOCAL statement_timeout = 200"]),
        (60, ["SET LOCAL statement_timeout = 60000"]),
        (TIMEOUT_SECONDS, []),
    ],
)
def test_a_server_is_told_how_long_a_statement_may_take_in_this_transaction(seconds: float, told: list[str]) -> None:
    connection = Mock()
    connection.dialect.name = "postgresql"
    limit_waiting(connection, seconds)
    assert [call.args[0] for call in connection.exec_driver_sql.call_args_list] == told


def test_a_patient_reader_waits_so_long_and_the_next_one_as_always(tmp_path: Path) -> None:
    with closing(Database(f"sqlite:///{tmp_path}/cards.sqlite3")) as database:
        for reader, milliseconds in ((Patiently(database, 60), 60_000), (database, 5_000)):
            with reader.connected() as connection:
                assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == milliseconds
