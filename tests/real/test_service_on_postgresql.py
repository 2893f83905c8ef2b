"""The service with PostgreSQL in place of SQLite: nothing accepted is lost, and advice does not wait for a database."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, func, select

from cds_service.access.token_log import TokenLog
from cds_service.demo.patients import load_patients
from cds_service.demo.sandbox import Sandbox
from cds_service.ehr_client.ehr import Ehr
from cds_service.storage import (
    UNMAPPED,
    Database,
    Event,
    EventLog,
    FeedbackItem,
    Kind,
    NothingThere,
    ReadOnly,
    StoreError,
    card_counts,
    new_id,
    override_counts,
    seen_token,
    span,
    unknown_counts,
)
from cds_service.storage.engine import TIMEOUT_SECONDS
from cds_service.storage.migrating import REVISIONS, VERSION_TABLE
from cds_service.storage.readiness import write_heartbeat
from cds_service.storage.schema import metadata
from tests.fuzz.service_process import Service, running_service
from tests.real.database_of_its_own import RELEASE_0_1_0, command, fresh, query
from tests.real.databases import Postgresql, silent
from tests.stored import answers_in, card_like, overrides_in, shown_card
from tests.waiting import until

pytestmark = [pytest.mark.real, pytest.mark.alone]

ROOT = Path(__file__).parents[2]
VIEW = "calciphylaxis-patient-view"
COLUMNS = """
    SELECT table_name, column_name, data_type, character_maximum_length, is_nullable
    FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, column_name
"""
START = """
    import sys
    from datetime import UTC, datetime
    from cds_service.storage import Database, FeedbackItem, EventLog
    sys.stdin.readline()
    store = EventLog(Database(sys.argv[1]))
    item = FeedbackItem(sys.argv[2], "overridden", datetime(2026, 11, 23, tzinfo=UTC))
    print(store.record_feedback("s", [item], datetime(2026, 11, 23, tzinfo=UTC)))
"""
PATIENT = "cds-demo-hard-skin-on-warfarin"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def service(postgresql: Postgresql, tmp_path: Path) -> Iterator[Service]:
    with running_service(tmp_path, 2, CDS_DATABASE_URL=postgresql.url, CDS_FHIR_DEADLINE_SECONDS="20") as running:
        yield running


@pytest.fixture(scope="module")
def fhir() -> Iterator[Sandbox]:
    resources = [resource for patient in load_patients(datetime.now(UTC)) for resource in patient.resources]
    with Sandbox(resources) as sandbox:
        yield sandbox


@pytest.fixture
def store(postgresql: Postgresql) -> Iterator[EventLog]:
    database = Database(postgresql.url)
    yield EventLog(database)
    database.close()


def address(service: Service) -> str:
    return f"http://127.0.0.1:{service.port}"


def cards(service: Service, fhir: Sandbox) -> list[dict[str, Any]]:
    return list(Ehr(address(service), fhir.base).open_chart(PATIENT))


def override(service: Service, card: dict[str, Any], comment: str) -> requests.Response:
    feedback = {
        "card": card["uuid"],
        "outcome": "overridden",
        "outcomeTimestamp": datetime.now(UTC).isoformat(),
        "overrideReason": {"reason": card["overrideReasons"][0], "userComment": comment},
    }
    url = f"{address(service)}/cds-services/calciphylaxis-patient-view/feedback"
    return requests.post(url, json={"feedback": [feedback]}, timeout=30)


def await_health(service: Service, status: int) -> None:
    """Each worker looks every few seconds whether the database can be written."""
    end = time.monotonic() + 30
    while requests.get(f"{address(service)}/health", timeout=30).status_code != status:
        assert time.monotonic() < end
        time.sleep(0.2)


def item(card: str, comment: str | None = None) -> FeedbackItem:
    return FeedbackItem(card, "overridden", NOON, override_reason_code="other", user_comment=comment)


def test_feedback_survives_the_killing_of_every_worker_and_the_command_line_finds_it(
    service: Service, fhir: Sandbox, postgresql: Postgresql
) -> None:
    given = next(card for card in cards(service, fhir) if card.get("overrideReasons"))
    assert override(service, given, "a comment").status_code == 200
    for worker in service.process.workers():
        os.kill(worker, signal.SIGKILL)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}

    def counted() -> str:
        return subprocess.run(
            [str(Path(sys.executable).with_name("calciphylaxis-cds")), "overrides"],
            env={**environment, "CDS_DATABASE_URL": postgresql.url},
            capture_output=True,
            text=True,
            check=False,
        ).stdout

    # What the killed left in the spool is brought to the database by those who follow them.
    until(lambda: given["source"]["topic"]["code"] in counted())
    assert given["overrideReasons"][0]["code"] in counted()


def test_advice_comes_without_the_database_and_its_cards_are_written_when_it_is_back(
    service: Service, fhir: Sandbox, postgresql: Postgresql, store: EventLog
) -> None:
    first = cards(service, fhir)
    postgresql.stop()
    try:
        while_away = cards(service, fhir)
        assert [card["summary"] for card in while_away] == [card["summary"] for card in first]
        given = next(card for card in while_away if card.get("overrideReasons"))
        answer = override(service, given, "")
        assert (answer.status_code, answer.json()) == (200, {}), "its card is known from the spool"
        await_health(service, 503)
    finally:
        postgresql.start()

    def known() -> bool:
        return (given["uuid"], True) in [(stored.item.card, stored.known) for stored in answers_in(store)]

    until(known)
    await_health(service, 200)


def test_advice_does_not_wait_for_a_database_that_has_fallen_silent(
    service: Service, fhir: Sandbox, postgresql: Postgresql
) -> None:
    first = cards(service, fhir)
    with silent(postgresql):
        started = time.monotonic()
        while_silent = [cards(service, fhir) for _ in range(4)]
        spent = time.monotonic() - started
        assert [len(given) for given in while_silent] == [len(first)] * 4
        # Each worker waits for a fraction of a second, once.
        assert spent < 4
        await_health(service, 503)
        assert requests.get(f"{address(service)}/health/live", timeout=30).status_code == 200
    await_health(service, 200)


def test_whether_a_token_was_used_is_not_waited_for_without_end(postgresql: Postgresql) -> None:
    database, other = Database(postgresql.url), Database(postgresql.url)
    log = TokenLog(database, retry_seconds=0.1)
    issuer = f"issuer-{uuid.uuid4()}"
    assert log.is_first_use(issuer, "before", NOON.timestamp(), NOON)
    with other.connected() as connection:
        connection.exec_driver_sql("LOCK TABLE seen_token")
        check_goes_by_memory(log, issuer, "while it was locked")
    until_known(other, issuer, 2)
    with silent(postgresql):
        check_goes_by_memory(log, issuer, "while it was silent")
    until_known(other, issuer, 3)
    assert log.is_first_use(issuer, "after", NOON.timestamp(), NOON)
    assert not TokenLog(other).is_first_use(issuer, "while it was silent", NOON.timestamp(), NOON)
    log.close()
    database.close()
    other.close()


def check_goes_by_memory(log: TokenLog, issuer: str, token: str) -> None:
    started = time.monotonic()
    used = [log.is_first_use(issuer, one, NOON.timestamp(), NOON) for one in (token, token, "before")]
    assert used == [True, False, False]
    assert time.monotonic() - started < 2


def until_known(database: Database, issuer: str, count: int) -> None:
    """Wait until so many tokens of this issuer are in the database."""
    tokens = select(func.count()).where(seen_token.c.issuer == issuer)
    end = time.monotonic() + 30
    while database.transact(lambda connection: connection.execute(tokens).scalar_one()) != count:
        assert time.monotonic() < end
        time.sleep(0.1)


def test_the_same_feedback_is_stored_once_however_many_bring_it_at_once(store: EventLog) -> None:
    service = f"service-{uuid.uuid4()}"
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: store.record_feedback(service, [item("card-1", "words")], NOON), range(40)))
    assert [stored.item.user_comment for stored in answers_in(store, service=service)] == ["words"]


def test_words_that_postgresql_cannot_hold_are_kept_without_the_offending_characters(store: EventLog) -> None:
    service = f"service-{uuid.uuid4()}"
    store.record_feedback(service, [item("card\x00", "nul \x00 and half a pair \ud800")], NOON)
    (stored,) = answers_in(store, service=service)
    assert stored.item.user_comment == "nul � and half a pair �"
    assert stored.received_at == NOON


def test_cards_and_feedback_meet_in_the_count_of_overrides(store: EventLog) -> None:
    service, card = f"service-{uuid.uuid4()}", str(uuid.uuid4())
    store.accept([shown_card(card, service, "hook", "vka-cua", "critical", NOON)])
    assert store.record_feedback(service, [item(card)], NOON) == []
    assert store.record_feedback(service, [item("unheard-of")], NOON) == ["unheard-of"]
    assert {(count.topic, count.times) for count in overrides_in(store, service=service)} == {("vka-cua", 1), ("", 1)}


def test_cards_are_counted_with_their_latest_answer_and_by_week(store: EventLog, postgresql: Postgresql) -> None:
    service, weeks = f"service-{uuid.uuid4()}", [NOON, NOON + timedelta(days=7), NOON + timedelta(days=14)]
    cards = [str(uuid.uuid4()) for _ in range(4)]
    shown = [shown_card(card, service, "hook", "vka-cua", "critical", weeks[n % 2]) for n, card in enumerate(cards)]
    store.accept(shown)
    later = replace(item(cards[0]), outcome="accepted", outcome_timestamp=NOON + timedelta(hours=1))
    commented = replace(item(cards[1], "words"), override_reason_code=None)
    store.record_feedback(service, [item(cards[0]), later, commented, item("unheard-of")], NOON)
    database = ReadOnly(postgresql.url)
    counts = card_counts(database, weeks, service=service)
    assert sorted((one.week, one.outcome, one.comment_only, one.times) for one in counts) == [
        (0, "", False, 1),
        (0, "accepted", False, 1),
        (1, "", False, 1),
        (1, "overridden", True, 1),
    ]
    (unknown,) = unknown_counts(database, weeks[0], weeks[1], service=service)
    assert (unknown.outcome, unknown.times) == ("overridden", 1)
    overridden = {(one.topic, one.reason_code, one.comment_only) for one in override_counts(database, service=service)}
    assert overridden == {("vka-cua", "", True), ("", "other", False)}
    assert span(database) is not None


def test_a_database_that_is_read_is_not_made_ready_and_cannot_be_written(postgresql: Postgresql) -> None:
    with fresh(postgresql, "empty") as url, pytest.raises(NothingThere), ReadOnly(url).connected():
        pass
    with fresh(postgresql, "old", RELEASE_0_1_0) as url, pytest.raises(StoreError, match="earlier release"):
        span(ReadOnly(url))
    with (
        fresh(postgresql, "ready") as url,
        closing(Database(url)) as database,
    ):
        write_heartbeat(database)
        with pytest.raises(StoreError), ReadOnly(url).connected() as connection:
            connection.exec_driver_sql("DELETE FROM heartbeat")


def test_workers_that_start_together_create_the_tables_without_an_error(postgresql: Postgresql) -> None:
    admin = Database(postgresql.url)
    with ThreadPoolExecutor(8) as threads:
        for _ in range(5):
            with admin.connected() as connection:
                for name in [*metadata.tables, VERSION_TABLE]:
                    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")
            databases = [Database(postgresql.url) for _ in range(8)]
            list(threads.map(write_heartbeat, databases))
            for database in databases:
                database.close()
    admin.close()


def test_whoever_only_reads_may_ask_for_long(store: EventLog, postgresql: Postgresql) -> None:
    store.unknown(VIEW, "", ["any"])
    with ReadOnly(postgresql.url).connected() as connection:
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar_one() == "2min"


def test_the_report_reads_what_happened_of_one_tenant(store: EventLog, postgresql: Postgresql) -> None:
    tenant, card_uuid = f"tenant-{uuid.uuid4()}", str(uuid.uuid4())
    call = Event(new_id(), NOON, Kind.ANSWERED, "urn:a", tenant, VIEW, "patient-view")
    card = replace(call, topic="vka-cua", indicator="critical")
    store.accept([
        replace(call, content={"cards": 1, UNMAPPED: [["lab", "urn:x", "PO4", "mg/dL"]]}),
        replace(card, id=f"card-{card_uuid}", kind=Kind.ISSUED, card_uuid=card_uuid),
        replace(card, id=new_id(), kind=Kind.SUPPRESSED, reason="shadow"),
        replace(call, id=new_id(), kind=Kind.REFUSED, reason="labs", at=NOON + timedelta(days=7)),
    ])  # fmt: skip
    store.record_feedback(VIEW, [item(card_uuid)], NOON, "urn:a", tenant)
    days = ["--since", NOON.date().isoformat(), "--until", (NOON + timedelta(days=30)).date().isoformat()]
    told = json.loads("\n".join(command(postgresql.url, "report", "--tenant", tenant, "--json", *days)))["tables"]
    assert [(row["shown"], row["overridden"]) for row in told["topic"]] == [(1, 1), (1, 1)]
    assert [row["calls_refused"] for row in told["week"]][:2] == [0, 1]
    assert [(row["why"], row["held_back"]) for row in told["held-back"]] == [("shadow", 1)]
    assert [(row["code"], row["calls"]) for row in told["unmapped"]] == [("PO4", 1)]
    assert [row["of_100_charts"] for row in told["burden"]][-1] == 100.0


def test_a_sample_is_drawn_judged_and_counted(store: EventLog, postgresql: Postgresql, tmp_path: Path) -> None:
    tenant = f"tenant-{uuid.uuid4()}"
    shown = shown_card("", VIEW, str(uuid.uuid4()), "vka-cua", "critical", NOON, client="urn:a", tenant=tenant)
    cards = [card_like(shown, str(uuid.uuid4()), hook="patient-view", at=NOON) for _ in range(12)]
    held = replace(shown, id=new_id(), kind=Kind.SUPPRESSED, card_uuid=None, reason="shown-before", hook="order-sign")
    store.accept([*cards, held])
    overridden = cards[0].card_uuid or ""
    store.record_feedback(VIEW, [item(overridden)], NOON, "urn:a", tenant)
    days = ["--since", NOON.date().isoformat(), "--until", NOON.date().isoformat()]
    judged = {"shown": "appropriate", "overridden": "inappropriate", "held-back": "not-needed"}
    for kind, verdict in judged.items():
        lines = command(postgresql.url, "review", "sample", "--kind", kind, "--size", "5", "--tenant", tenant, *days)
        if kind == "overridden":
            assert [line.partition(",")[0] for line in lines[1:]] == [f"card-{overridden}"]
        file = tmp_path / f"{kind}.csv"
        filled = [f"{line.removesuffix(',,,')},{verdict},Ana Silva," for line in lines[1:]]
        file.write_text("\n".join([lines[0], *filled]))
        entered = [json.loads("\n".join(command(postgresql.url, "review", "enter", str(file), "--json"))) for _ in "12"]
        assert [one["verdicts"] for one in entered] == [len(lines) - 1, 0], "the same again stays one"
    told = json.loads("\n".join(command(postgresql.url, "report", "--by", "review", "--tenant", tenant, "--json")))
    assert [
        (row["drawn_from"], row["judged"], row["appropriate"], row["not_needed"], row["inappropriate"])
        for row in told["tables"]["review"]
        if row["hook"] == "all"
    ] == [("shown", 5, 5, 0, 0), ("held-back", 1, 0, 1, 0), ("overridden", 1, 0, 0, 1)]


def test_a_database_of_release_0_1_0_keeps_all_its_rows_and_the_command_line_reads_them(postgresql: Postgresql) -> None:
    with fresh(postgresql, "old", RELEASE_0_1_0) as url:
        command(url, "database")
        answers = json.loads("\n".join(command(url, "feedback", "--json")))["rows"]
        assert [(one["when"], one["outcome"], one["service"], one["card"], one["what"]) for one in answers] == [
            ("2026-11-23T12:00:00+00:00", "overridden", VIEW, "vka-cua", "mechanical-valve"),
            ("9999-12-31T23:59:59+00:00", "accepted", VIEW, "vka-cua", "1 suggestion"),
            ("2026-11-23T12:00:00+00:00", "overridden", VIEW, "(unknown card)", "(no reason)"),
        ]
        # A card counts once, by its latest answer: the first one was accepted in the end.
        assert command(url, "overrides", "--csv")[1:] == [f"1,{VIEW},(unknown card),(no reason),"]
        assert query(url, f"SELECT version_num FROM {VERSION_TABLE}") == [(REVISIONS[-1],)]
        for table, rows in (("card", 1), ("feedback", 3), ("seen_token", 1), ("smart_sealed", 1)):
            assert query(url, f"SELECT count(*) FROM {table}") == [(rows,)]
        with closing(Database(url)) as database:
            assert EventLog(database).record_feedback(VIEW, [item("card-1")], NOON, "urn:a") == []


def test_the_command_waits_for_a_change_of_large_tables_that_takes_longer_than_a_call_may(
    postgresql: Postgresql,
) -> None:
    slowly = """
        CREATE SEQUENCE begun;
        CREATE FUNCTION slowly() RETURNS event_trigger LANGUAGE plpgsql AS
        $$ BEGIN IF nextval('begun') = 1 THEN PERFORM pg_sleep(6); END IF; END $$;
        CREATE EVENT TRIGGER slowly ON ddl_command_start WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION slowly();
    """
    with fresh(postgresql, "large", f"{RELEASE_0_1_0};{slowly}") as url:
        began = time.monotonic()
        (line,) = command(url, "database")
        assert time.monotonic() - began > TIMEOUT_SECONDS, "the control: it was slow"
        assert line.endswith(f"(version {REVISIONS[-1]})")


@pytest.mark.parametrize("dropped", [(), ("seen_token", "smart_sealed")], ids=["whole", "without clients and pages"])
def test_an_old_and_a_new_database_end_up_the_same(dropped: tuple[str, ...], postgresql: Postgresql) -> None:
    drop = "".join(f"DROP TABLE {name};" for name in dropped)
    with fresh(postgresql, "old", RELEASE_0_1_0 + drop) as old, fresh(postgresql, "new") as new:
        shapes = []
        for url in (old, new):
            with closing(Database(url)) as database, database.connected() as connection:
                opts = {"version_table": VERSION_TABLE, "compare_type": True}
                context = MigrationContext.configure(connection, opts=opts)
                assert compare_metadata(context, metadata) == []
            shapes.append(query(url, COLUMNS))
        assert shapes[0] == shapes[1]
        assert len(shapes[0]) > 25


@pytest.mark.parametrize("script", [RELEASE_0_1_0, ""], ids=["old", "new"])
def test_processes_that_start_at_once_change_the_tables_once_and_all_write(script: str, postgresql: Postgresql) -> None:
    with fresh(postgresql, "start", script) as url:
        words = [sys.executable, "-W", "error", "-c", textwrap.dedent(START), url]
        started = [
            subprocess.Popen([*words, f"new-{n}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
            for n in range(4)
        ]
        for process in started:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        said = [process.communicate(timeout=60)[0].strip() for process in started]
        assert said == [f"['new-{n}']" for n in range(4)]
        assert query(url, "SELECT count(*) FROM event WHERE service = 's'") == [(4,)]
        assert query(url, f"SELECT version_num FROM {VERSION_TABLE}") == [(REVISIONS[-1],)]


def test_a_change_that_would_have_to_wait_for_a_long_reader_gives_up_and_is_made_later(postgresql: Postgresql) -> None:
    with fresh(postgresql, "read", RELEASE_0_1_0) as url, ThreadPoolExecutor(1) as threads:
        backup = create_engine(url)
        with backup.connect() as connection:
            connection.exec_driver_sql("SELECT * FROM card")
            # Whoever writes a card meanwhile would queue behind us, for as long as the backup lasts.
            threads.submit(Database(url).make_ready).result(timeout=20)
        assert query(url, "SELECT to_regclass('calciphylaxis_cds_version')::text") == [(None,)]
        backup.dispose()
        Database(url).make_ready()
        assert query(url, f"SELECT version_num FROM {VERSION_TABLE}") == [(REVISIONS[-1],)]


def test_a_service_changes_the_tables_before_it_has_workers(postgresql: Postgresql, tmp_path: Path) -> None:
    with fresh(postgresql, "serve", RELEASE_0_1_0) as url:
        with running_service(tmp_path, 2, CDS_DATABASE_URL=url) as running:
            log = running.log.read_text()
        assert 0 < log.index("changing the database from version 0") < log.index("Booting worker")
        assert log.count("changing the database") == 1


def test_a_database_of_a_newer_release_is_left_alone(postgresql: Postgresql) -> None:
    with fresh(postgresql, "newer") as url:
        Database(url).make_ready()
        query(url, f"UPDATE {VERSION_TABLE} SET version_num = '99'")
        with closing(Database(url)) as database, pytest.raises(StoreError, match="newer release"):
            EventLog(database).record_feedback(VIEW, [item("card-1")], NOON)
        assert query(url, "SELECT count(*) FROM feedback") == [(0,)]


def test_moments_are_read_in_utc_whatever_the_zone_of_the_database(postgresql: Postgresql) -> None:
    with fresh(postgresql, "tokyo", RELEASE_0_1_0, timezone="Asia/Tokyo") as url:
        assert query(url, "SHOW timezone") == [("Asia/Tokyo",)]
        command(url, "database")
        # The last moment of the calendar in UTC: east of it no such moment exists in Python.
        assert "9999-12-31T23:59:59+00:00" in "\n".join(command(url, "feedback"))
        assert len(command(url, "overrides")) >= 2


def test_neither_cards_nor_tokens_wait_because_feedback_waits_for_the_same_database(postgresql: Postgresql) -> None:
    with fresh(postgresql, "busy") as url, closing(Database(url)) as database, closing(Database(url)) as other:
        store, log = EventLog(database), TokenLog(database)
        assert list(answers_in(store)) == []
        with ThreadPoolExecutor(20) as threads, other.connected() as connection:
            connection.exec_driver_sql("LOCK TABLE event")
            waiting = [threads.submit(store.record_feedback, VIEW, [item(f"answered-{n}")], NOON) for n in range(20)]
            time.sleep(0.5)
            assert not any(one.done() for one in waiting)
            assert log.is_first_use("issuer", "busy", NOON.timestamp(), NOON)
            assert query(url, "SELECT count(*) FROM seen_token") == [(1,)]
            began = time.monotonic()
            with pytest.raises(StoreError):
                store.record([shown_card("card-1", VIEW, "hook", "vka-cua", "critical", NOON)])
            assert time.monotonic() - began < 1, "it has its own patience, and no turn to wait for"
            assert not any(one.done() for one in waiting), "the control: it really waited all the while"
        assert query(url, "SELECT count(*) FROM event") == [(20,)]


def test_a_token_is_good_once_however_many_present_it_at_once(postgresql: Postgresql) -> None:
    databases = [Database(postgresql.url) for _ in range(4)]
    logs = [TokenLog(database) for database in databases]
    expires = (NOON + timedelta(minutes=5)).timestamp()
    token = str(uuid.uuid4())
    with ThreadPoolExecutor(16) as threads:
        won = list(threads.map(lambda n: logs[n % 4].is_first_use("issuer", token, expires, NOON), range(64)))
    assert sum(won) == 1
    later = NOON + timedelta(days=2)
    assert logs[0].is_first_use("issuer", str(uuid.uuid4()), later.timestamp() + 300, later)
    assert logs[0].purge(later) >= 1
    for database in databases:
        database.close()
