"""A database of an earlier release is changed to this one, with all that is in it; one of a newer release is left."""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from click.testing import CliRunner

from cds_service.access.token_log import TokenLog
from cds_service.commands.cli import cli
from cds_service.storage import Database, EventLog, FeedbackItem, StoreError
from cds_service.storage.migrating import MIGRATIONS, REVISIONS, VERSION_TABLE
from cds_service.storage.schema import metadata
from tests.stored import answers_in, shown_card

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
RELEASE_0_1_0 = Path(__file__).with_name("release_0_1_0.sql").read_text(encoding="utf-8")
ROOT = Path(__file__).parents[4]
SERVICE = "calciphylaxis-patient-view"
NEWER = str(int(REVISIONS[-1]) + 1)
ROWS = {"card": 1, "feedback": 3, "seen_token": 1, "smart_sealed": 1}
Open = Callable[[], Database]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cards.sqlite3"


@pytest.fixture
def opened(path: Path) -> Iterator[Open]:
    """Opens the file, as a worker does."""
    made: list[Database] = []

    def make() -> Database:
        made.append(Database(f"sqlite:///{path}"))
        return made[-1]

    yield make
    for database in made:
        database.close()


def execute(path: Path, *scripts: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for script in scripts:
            connection.executescript(script)


def query(path: Path, question: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(question).fetchall()


def shape(path: Path) -> set[tuple[object, ...]]:
    """Every column of every table, and every index with its columns."""
    columns = query(
        path,
        'SELECT m.name, c.name, c.type, c."notnull", c.pk FROM sqlite_master m, pragma_table_info(m.name) c'
        " WHERE m.type = 'table'",
    )
    indexes = query(
        path,
        'SELECT m.name, i."unique", group_concat(c.name) FROM sqlite_master m, pragma_index_list(m.name) i,'
        " pragma_index_info(i.name) c WHERE m.type = 'table' GROUP BY m.name, i.name",
    )
    return {*columns, *indexes}


def counted(path: Path) -> dict[str, int]:
    return {name: len(query(path, f"SELECT * FROM {name}")) for name in ROWS}


def ready(database: Database) -> None:
    with database.connected():
        pass


def test_a_database_of_release_0_1_0_keeps_all_its_rows(path: Path, opened: Open) -> None:
    execute(path, RELEASE_0_1_0)
    ready(opened())
    assert counted(path) == ROWS
    assert query(path, f"SELECT version_num FROM {VERSION_TABLE}") == [(REVISIONS[-1],)]
    assert query(path, "SELECT client FROM card UNION ALL SELECT client FROM feedback") == [(None,)] * 4


@pytest.mark.parametrize("left", [("card", "feedback"), ("card", "feedback", "seen_token"), ("seen_token",)])
def test_one_that_has_only_some_of_the_tables_gets_the_others(left: tuple[str, ...], path: Path, opened: Open) -> None:
    execute(path, RELEASE_0_1_0, *(f"DROP TABLE {name}" for name in set(ROWS) - set(left)))
    ready(opened())
    assert counted(path) == {name: rows if name in left else 0 for name, rows in ROWS.items()}


def test_an_old_an_incomplete_and_a_new_database_end_up_the_same(tmp_path: Path) -> None:
    shapes = []
    for number, scripts in enumerate([[RELEASE_0_1_0], [RELEASE_0_1_0, "DROP TABLE seen_token"], []]):
        path = tmp_path / f"{number}.sqlite3"
        execute(path, *scripts)
        with closing(Database(f"sqlite:///{path}")) as database:
            ready(database)
        shapes.append(shape(path))
    assert shapes[0] == shapes[1] == shapes[2]
    assert len(shapes[0]) > 30


@pytest.mark.parametrize("scripts", [[RELEASE_0_1_0], []], ids=["from release 0.1.0", "new"])
def test_alembic_finds_nothing_left_to_change(scripts: list[str], path: Path, opened: Open) -> None:
    execute(path, *scripts)
    with opened().connected() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE, "compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_versions_that_we_know_are_those_that_there_are_steps_for() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    steps = ScriptDirectory.from_config(config).walk_revisions()
    assert tuple(step.revision for step in steps)[::-1] == REVISIONS


def test_the_command_line_reads_what_release_0_1_0_stored(path: Path) -> None:
    execute(path, RELEASE_0_1_0)
    environment = {"CDS_DATABASE_URL": f"sqlite:///{path}"}
    told = CliRunner().invoke(cli, ["feedback"], env=environment)
    assert (told.exit_code, told.stdout) == (1, "")
    assert "earlier release" in told.stderr
    CliRunner().invoke(cli, ["database"], env=environment)
    listed = CliRunner().invoke(cli, ["feedback"], env=environment)
    assert listed.exit_code == 0, listed.output
    assert [line.split(maxsplit=3) for line in listed.stdout.splitlines()[1:]] == [
        ["2026-11-23T12:00:00+00:00", "overridden", SERVICE, "vka-cua         mechanical-valve"],
        ["9999-12-31T23:59:59+00:00", "accepted", SERVICE, "vka-cua         1 suggestion"],
        ["2026-11-23T12:00:00+00:00", "overridden", SERVICE, "(unknown card)  (no reason)"],
    ]
    counts = CliRunner().invoke(cli, ["overrides"], env=environment)
    assert counts.exit_code == 0, counts.output
    # The card of which we know was overridden first, and accepted later.
    assert [line.split() for line in counts.stdout.splitlines()[1:]] == [
        ["1", SERVICE, "(unknown", "card)", "(no", "reason)"]
    ]


@pytest.mark.parametrize("script", [RELEASE_0_1_0, ""], ids=["old", "new"])
def test_the_command_line_makes_a_database_ready_before_the_start(script: str, path: Path) -> None:
    execute(path, script)
    done = CliRunner().invoke(cli, ["database"], env={"CDS_DATABASE_URL": f"sqlite:///{path}"})
    assert (done.exit_code, done.output.splitlines()[-1]) == (
        0,
        f"sqlite:///{path}: the tables are ready for this release (version {REVISIONS[-1]})",
    )
    assert query(path, f"SELECT version_num FROM {VERSION_TABLE}") == [(REVISIONS[-1],)]


def test_the_command_line_refuses_a_database_of_a_newer_release_in_words(path: Path, opened: Open) -> None:
    ready(opened())
    execute(path, f"UPDATE {VERSION_TABLE} SET version_num = '99'")
    done = CliRunner().invoke(cli, ["database"], env={"CDS_DATABASE_URL": f"sqlite:///{path}"})
    assert done.exit_code == 1
    assert "belongs to a newer release (its tables have version 99" in done.output


def test_cards_of_before_may_be_answered_by_any_client(path: Path, opened: Open) -> None:
    execute(path, RELEASE_0_1_0)
    store = EventLog(opened())
    for client in ("urn:a", "urn:b", ""):
        assert store.record_feedback(SERVICE, [FeedbackItem("card-1", "overridden", NOON)], NOON, client) == []
    later = [kept for kept in answers_in(store) if kept.client is not None]
    assert sorted((str(kept.client), kept.known, kept.topic) for kept in later) == [
        (client, True, "vka-cua") for client in ("", "urn:a", "urn:b")
    ]


def test_a_token_of_before_is_still_used_up(path: Path, opened: Open) -> None:
    execute(path, RELEASE_0_1_0)
    log = TokenLog(opened())
    assert not log.is_first_use("urn:a", "1", NOON.timestamp() + 300, NOON)
    assert log.is_first_use("urn:a", "2", NOON.timestamp() + 300, NOON)


CARD_OF_BEFORE = """
    INSERT INTO card (uuid, service, hook_instance, topic, indicator, issued_at, suggestions)
    VALUES ('card-2', 's', 'h', 'vka-cua', 'info', '2026-11-23 12:00:00.000000', '[]')
"""
CARD_OF_OURS = """
    INSERT INTO card (uuid, service, hook_instance, topic, indicator, issued_at, suggestions, client)
    VALUES ('card-2', 's', 'h', 'vka-cua', 'info', '2026-11-23 12:00:00.000000', '[]', 'urn:a')
"""
FEEDBACK_OF_BEFORE = """
    INSERT INTO feedback (card_uuid, service, outcome, outcome_timestamp, accepted_suggestions, received_at, known)
    VALUES ('card-2', 's', 'overridden', '2026-11-23 12:00:00.000000', '[]', '2026-11-23 12:00:00.000000', 1)
"""


@pytest.mark.parametrize("card", [CARD_OF_BEFORE, CARD_OF_OURS], ids=["its own card", "our card"])
def test_an_older_release_that_is_still_running_goes_on_writing_beside_us(card: str, path: Path, opened: Open) -> None:
    execute(path, RELEASE_0_1_0)
    ready(opened())
    # As 0.1.0 and 0.2.0 write: without the columns that they do not know.
    execute(path, card, FEEDBACK_OF_BEFORE)
    (kept,) = answers_in(EventLog(opened()), service="s")
    assert (kept.topic, kept.known, kept.client) == ("vka-cua", True, None)


@pytest.mark.parametrize("version", [NEWER, "0badc0ffee", f"{REVISIONS[-1]}, {NEWER}"])
def test_a_database_of_a_newer_release_is_refused_in_words_and_left_alone(
    version: str, path: Path, opened: Open
) -> None:
    ready(opened())
    execute(path, f"DELETE FROM {VERSION_TABLE}")
    execute(path, *(f"INSERT INTO {VERSION_TABLE} VALUES ('{one}')" for one in version.split(", ")))
    before = query(path, "SELECT * FROM sqlite_master")
    store = EventLog(opened())
    with pytest.raises(StoreError, match="belongs to a newer release"):
        store.record([shown_card("card-1", SERVICE, "hook", "vka-cua", "info", NOON)])
    with pytest.raises(StoreError, match="belongs to a newer release"):
        store.record_feedback(SERVICE, [FeedbackItem("card-1", "overridden", NOON)], NOON)
    with pytest.raises(StoreError):
        list(answers_in(store))
    assert query(path, "SELECT * FROM sqlite_master") == before
    assert query(path, "SELECT * FROM card") == []


def test_a_table_that_was_dropped_is_made_again(path: Path, opened: Open) -> None:
    ready(opened())
    execute(path, "DROP TABLE feedback")
    assert EventLog(opened()).record_feedback(SERVICE, [FeedbackItem("card-1", "overridden", NOON)], NOON) == ["card-1"]


def test_an_empty_table_of_versions_says_nothing(path: Path, opened: Open) -> None:
    execute(path, f"CREATE TABLE {VERSION_TABLE} (version_num VARCHAR(32) PRIMARY KEY)")
    ready(opened())
    assert query(path, f"SELECT version_num FROM {VERSION_TABLE}") == [(REVISIONS[-1],)]


def test_a_change_that_fails_in_its_middle_is_taken_back_whole(path: Path, opened: Open) -> None:
    # The name under which Alembic copies: the second step fails after the first column was added.
    execute(path, RELEASE_0_1_0, "DROP TABLE seen_token", "CREATE TABLE _alembic_tmp_feedback (x TEXT)")
    before = shape(path)
    with pytest.raises(StoreError):
        ready(opened())
    assert shape(path) == before
    execute(path, "DROP TABLE _alembic_tmp_feedback")
    ready(opened())
    assert counted(path)["feedback"] == 3


def test_whatever_goes_wrong_in_a_change_the_cards_only_have_to_wait(path: Path, opened: Open) -> None:
    # A version that says more than is there: nothing that a database itself would call a fault.
    execute(path, f"CREATE TABLE {VERSION_TABLE} (version_num VARCHAR(32) PRIMARY KEY)")
    execute(path, f"INSERT INTO {VERSION_TABLE} VALUES ('1')", "CREATE TABLE card (uuid TEXT)")
    with pytest.raises(StoreError, match="could not be changed to this release"):
        EventLog(opened()).record([shown_card("card-1", SERVICE, "hook", "vka-cua", "info", NOON)])


@pytest.mark.parametrize("scripts", [[RELEASE_0_1_0], []], ids=["from release 0.1.0", "new"])
def test_what_the_workers_find_is_ready_when_the_service_starts(scripts: list[str], path: Path, opened: Open) -> None:
    execute(path, *scripts)
    opened().make_ready()
    assert query(path, f"SELECT version_num FROM {VERSION_TABLE}") == [(REVISIONS[-1],)]
    assert not path.with_name(f"{path.name}-wal").exists(), "nothing is left open for the workers to inherit"


def test_a_start_without_its_database_says_so_and_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Database(f"sqlite:///{tmp_path}/missing/cards.sqlite3").make_ready()
    (said,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert said.startswith("the database is not ready; cards are given all the same")
    assert "missing" not in said


@pytest.mark.parametrize(("script", "is_loaded"), [(RELEASE_0_1_0, True), ("", False)], ids=["old", "new"])
def test_alembic_is_loaded_only_where_it_has_something_to_do(script: str, is_loaded: bool, path: Path) -> None:
    execute(path, script)
    program = (
        "import sys\n"
        "from cds_service.storage import Database\n"
        f"for _ in range(2):\n    database = Database('sqlite:///{path}')\n    database.make_ready()\n"
        "print('alembic' in sys.modules)"
    )
    assert run(program).stdout.strip() == str(is_loaded)
    assert run(program).stdout.strip() == "False", "the next start finds it done"


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)


START = """
    import sys
    from datetime import UTC, datetime
    from cds_service.storage import Database, FeedbackItem, EventLog
    sys.stdin.readline()
    store = EventLog(Database(sys.argv[1]))
    item = FeedbackItem(sys.argv[2], "overridden", datetime(2026, 11, 23, tzinfo=UTC))
    print(store.record_feedback("s", [item], datetime(2026, 11, 23, tzinfo=UTC)))
"""


@pytest.mark.parametrize("script", [RELEASE_0_1_0, ""], ids=["old", "new"])
def test_processes_that_start_at_once_change_it_once_and_all_write(script: str, path: Path) -> None:
    execute(path, script)
    program = "\n".join(line.removeprefix("    ") for line in START.splitlines())
    words = [sys.executable, "-W", "error", "-c", program, f"sqlite:///{path}"]
    started = [
        subprocess.Popen([*words, f"new-{number}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        for number in range(4)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate(timeout=60)[0].strip() for process in started] == [f"['new-{n}']" for n in range(4)]
    assert [process.returncode for process in started] == [0] * 4
    assert len(query(path, "SELECT * FROM event WHERE service = 's'")) == 4
    assert query(path, f"SELECT version_num FROM {VERSION_TABLE}") == [(REVISIONS[-1],)]
