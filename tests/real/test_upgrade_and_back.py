"""From the first release's tables forward, and back by the copy that was made before: what docs/installing.md says.

What may live here: the steps of an upgrade with PostgreSQL's own programs. What becomes of each table stands with the
tests of the database.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from cds_service.storage.migrating import REVISIONS, VERSION_TABLE
from tests.fuzz.service_process import running_service
from tests.real.database_of_its_own import RELEASE_0_1_0, command, fresh, query
from tests.real.databases import Postgresql, run_unprivileged
from tests.real.two_hosts import status

pytestmark = pytest.mark.real

TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY table_name"
COLUMNS = """
    SELECT table_name, column_name, data_type, is_nullable, column_default
    FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, column_name
"""
INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexdef"
NEW = "event"
"""A table that the first release does not know."""


def kept(url: str) -> list[object]:
    """All that a release finds in its database: shapes and rows."""
    rows = [query(url, f"SELECT * FROM {name} ORDER BY 1, 2") for (name,) in query(url, TABLES)]
    return [query(url, COLUMNS), query(url, INDEXES), rows]


class Copying:
    """PostgreSQL's programs for one database, with one file for the copy."""

    def __init__(self, postgresql: Postgresql, url: str) -> None:
        self._client, self._name = postgresql.client, str(make_url(url).database)
        self._at = ["-h", "127.0.0.1", "-p", str(postgresql.port), "-U", "cds"]
        self._file = postgresql.data / f"{self._name}.copy"

    def save(self) -> None:
        run_unprivileged([self._client("pg_dump"), *self._at, "--format=custom", "-f", self._file, self._name])

    def restore(self) -> None:
        """Into an empty database: else tables of the newer release would stay beside those of the copy."""
        run_unprivileged([self._client("dropdb"), *self._at, self._name])
        run_unprivileged([self._client("createdb"), *self._at, self._name])
        run_unprivileged([self._client("pg_restore"), *self._at, "-d", self._name, self._file])


def test_the_first_releases_database_goes_forward_and_by_its_copy_back_and_forward_again(
    postgresql: Postgresql, tmp_path: Path
) -> None:
    with fresh(postgresql, "upgrade", RELEASE_0_1_0) as url:
        before, copy = kept(url), Copying(postgresql, url)
        copy.save()
        with running_service(tmp_path, 1, CDS_DATABASE_URL=url) as service:
            assert status(service.port) == 200
        assert query(url, f"SELECT version_num FROM {VERSION_TABLE}") == [(REVISIONS[-1],)]
        old_answers = [row for row in command(url, "feedback", "--csv") if "vka-cua" in row]
        assert len(old_answers) == 2
        assert query(url, f"SELECT count(*) FROM {NEW} WHERE kind = 'card-issued' AND service <> ''") > [(1,)]

        copy.restore()
        assert kept(url) == before, "the release before finds what it left, and nothing else"

        with running_service(tmp_path, 1, CDS_DATABASE_URL=url) as service:
            assert status(service.port) == 200
        assert [row for row in command(url, "feedback", "--csv") if "vka-cua" in row] == old_answers
