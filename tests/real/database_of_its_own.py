"""A database of its own on the PostgreSQL server of the tests, past the service and by its command line.

What may live here: making and dropping it, asking it, and what our command line says of it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from tests.real.databases import Postgresql

ROOT = Path(__file__).parents[2]
RELEASE_0_1_0 = Path(__file__).with_name("release_0_1_0.sql").read_text(encoding="utf-8")
"""The tables of the first release with rows in them, as SQL."""


@contextmanager
def fresh(postgresql: Postgresql, name: str, script: str = "", **settings: str) -> Iterator[str]:
    """The URL of a database of its own on this server, with settings of its own, after this script."""
    name = f"{name}_{uuid.uuid4().hex[:8]}"
    admin = create_engine(postgresql.url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
        for setting, value in settings.items():
            connection.exec_driver_sql(f"ALTER DATABASE {name} SET {setting} = '{value}'")
    url = make_url(postgresql.url).set(database=name).render_as_string()
    if script:
        query(url, script)
    try:
        yield url
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        admin.dispose()


def query(url: str, *statements: str) -> list[Any]:
    """Do this, as somebody else who uses the database; the rows of the last statement."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            done = connection.exec_driver_sql(statement)
        rows = [tuple(row) for row in done] if done.returns_rows else []
    engine.dispose()
    return rows


def command(url: str, *words: str) -> list[str]:
    """What our command line prints."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    done = subprocess.run(
        [str(Path(sys.executable).with_name("calciphylaxis-cds")), *words],
        env={**environment, "CDS_DATABASE_URL": url, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
