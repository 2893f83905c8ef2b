"""A token opens one call: not a second one, not at the same moment, not in another worker, not after a restart."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.access.bearer_token import Reason, Refused
from cds_service.access.client_auth import ClientAuthentication
from cds_service.access.key_sets import KeySets
from cds_service.access.token_log import TokenLog
from cds_service.access.trusted_clients import parse_trusted_clients
from cds_service.storage import Database, EventLog
from tests.stored import answers_in
from tests.unit.cds_service.cds_client import NOW, PATH, PUBLIC_URL, bearer, signing_key, token, trust_file

END = NOW.timestamp() + 330
Open = Callable[[], TokenLog]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.sqlite3"


@pytest.fixture
def open_log(path: Path) -> Iterator[Open]:
    """Opens the same database again, as another worker or a restarted one does."""
    databases: list[Database] = []

    def make() -> TokenLog:
        databases.append(Database(f"sqlite:///{path}"))
        # On a busy machine the database may be slow; what happens then is another matter.
        return TokenLog(databases[-1], patience_seconds=30)

    yield make
    for database in databases:
        database.close()


def gate(log: TokenLog, file: str | None = None, clock: Callable[[], datetime] = lambda: NOW) -> ClientAuthentication:
    clients = parse_trusted_clients(file or trust_file(), "clients.toml")
    return ClientAuthentication(clients, log, PUBLIC_URL, clock, KeySets())


def outcome(authentication: ClientAuthentication, compact: str, path: str = PATH) -> str:
    try:
        return authentication.check(bearer(compact), path).tenant
    except Refused as refusal:
        return refusal.reason


def test_the_second_call_with_a_token_is_refused(open_log: Open) -> None:
    authentication = gate(open_log())
    once = token()
    assert outcome(authentication, once) == "north"
    assert outcome(authentication, once) == Reason.REPLAYED


def test_another_token_with_the_same_id_is_refused_even_for_another_endpoint(open_log: Open) -> None:
    authentication = gate(open_log())
    assert outcome(authentication, token()) == "north"
    feedback = f"{PATH}/feedback"
    assert outcome(authentication, token(aud=f"{PUBLIC_URL}{feedback}"), feedback) == Reason.REPLAYED


def test_two_clients_may_use_the_same_id(open_log: Open) -> None:
    other = signing_key("south")
    file = trust_file() + trust_file(tenant="south", issuer="urn:south", keys=[other.jwk])
    authentication = gate(open_log(), file)
    assert outcome(authentication, token()) == "north"
    assert outcome(authentication, token(other, iss="urn:south")) == "south"


def test_a_restart_forgets_no_token(open_log: Open) -> None:
    once = token()
    assert outcome(gate(open_log()), once) == "north"
    assert outcome(gate(open_log()), once) == Reason.REPLAYED


def test_of_parallel_calls_in_two_workers_exactly_one_is_served(open_log: Open) -> None:
    workers = [gate(open_log()), gate(open_log())]
    tokens = [token(jti=f"call-{number}") for number in range(5)]
    calls = [(worker, one) for one in tokens for worker in workers * 4]
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(lambda call: outcome(*call), calls))
    assert outcomes.count("north") == len(tokens)
    assert outcomes.count(Reason.REPLAYED) == len(calls) - len(tokens)


def test_a_token_that_is_refused_is_not_used_up(open_log: Open) -> None:
    authentication = gate(open_log())
    assert outcome(authentication, token(signing_key("attacker"), header={"kid": "2026-03"})) == Reason.SIGNATURE
    assert outcome(authentication, token(aud="https://other.example")) == Reason.AUDIENCE
    assert outcome(authentication, token()) == "north"


def test_neither_the_id_nor_the_token_is_kept(open_log: Open, path: Path) -> None:
    once = token(jti="Mrs-Example-17")
    assert outcome(gate(open_log()), once) == "north"
    connection = sqlite3.connect(path)
    kept = "\n".join(connection.iterdump())
    connection.close()
    assert "seen_token" in kept
    assert "Mrs-Example-17" not in kept
    assert once.split(".")[2] not in kept


@pytest.mark.parametrize("ahead", [timedelta(hours=2), timedelta(hours=20), timedelta(hours=22, minutes=59)])
def test_a_clock_that_is_ahead_for_hours_and_set_back_makes_no_valid_token_good_again(
    ahead: timedelta, open_log: Open
) -> None:
    now = [NOW]
    workers = [gate(open_log(), clock=lambda: now[0]) for _ in range(2)]
    once = token()
    assert outcome(workers[0], once) == "north"
    for minutes in range(0, 60, 11):
        now[0] = NOW + ahead + timedelta(minutes=minutes)
        seconds = now[0].timestamp()
        assert outcome(workers[0], token(jti=f"then-{minutes}", iat=seconds, exp=seconds + 300)) == "north"
    now[0] = NOW
    # The first worker knows it by heart; the second one finds out that it is still in the database.
    assert [outcome(worker, once) for worker in workers] == [Reason.REPLAYED, Reason.REPLAYED]


def test_a_clock_that_is_ahead_by_days_for_a_moment_makes_no_token_good_again(open_log: Open) -> None:
    log = open_log()
    assert log.is_first_use("urn:a", "1", END, NOW)
    days_ahead = NOW + timedelta(days=9)
    assert open_log().is_first_use("urn:a", "then", END + 9 * 86_400, days_ahead)
    assert not open_log().is_first_use("urn:a", "1", END, NOW)


def test_what_remains_a_clock_that_stays_ahead_by_more_than_a_day_makes_tokens_forgotten(open_log: Open) -> None:
    log, days = open_log(), 9 * 86_400
    assert log.is_first_use("urn:a", "1", END, NOW)
    for minutes in (0, 11):
        then = NOW + timedelta(days=9, minutes=minutes)
        assert log.is_first_use("urn:a", f"then-{minutes}", END + days + minutes * 60, then)
    assert open_log().is_first_use("urn:a", "1", END, NOW)


def test_an_expired_token_is_remembered_for_one_more_day(open_log: Open) -> None:
    log, day = open_log(), timedelta(days=1)
    assert log.is_first_use("urn:a", "1", NOW.timestamp() - 1, NOW)
    assert log.is_first_use("urn:a", "2", (NOW + day).timestamp() + 330, NOW)
    assert log.purge(NOW + day - timedelta(seconds=1)) == 0
    assert log.purge(NOW + day) == 1
    assert open_log().is_first_use("urn:a", "1", END, NOW)


def kept(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM seen_token").fetchone()
    return int(count)


def test_expired_tokens_are_purged_now_and_then(open_log: Open, path: Path) -> None:
    log = open_log()
    long_expired = NOW.timestamp() - 90_000
    log.is_first_use("urn:a", "1", long_expired, NOW)
    log.is_first_use("urn:a", "2", END, NOW + timedelta(minutes=9, seconds=59))
    assert kept(path) == 2
    log.is_first_use("urn:a", "3", END, NOW + timedelta(minutes=10))
    assert kept(path) == 2


def test_after_a_clock_was_ahead_purging_goes_on_at_once(open_log: Open, path: Path) -> None:
    log = open_log()
    log.is_first_use("urn:a", "1", NOW.timestamp() - 90_000, NOW)
    log.is_first_use("urn:a", "2", END, NOW + timedelta(days=9))
    assert kept(path) == 2
    log.is_first_use("urn:a", "3", END, NOW + timedelta(minutes=10))
    assert kept(path) == 2


@given(issuers=st.tuples(st.text(), st.text()), ids=st.tuples(st.text(), st.text()))
@settings(deadline=None, max_examples=30)
def test_a_token_is_new_exactly_when_issuer_or_id_differ(issuers: tuple[str, str], ids: tuple[str, str]) -> None:
    database = Database("sqlite://")
    log = TokenLog(database)
    first, second = zip(issuers, ids, strict=True)
    assert log.is_first_use(*first, END, NOW)
    assert log.is_first_use(*second, END, NOW) == (first != second)
    database.close()


def test_a_torn_letter_in_an_id_is_no_trouble(open_log: Open) -> None:
    log = open_log()
    assert log.is_first_use("urn:a", "\ud800", END, NOW)
    assert not log.is_first_use("urn:a", "\ud800", END, NOW)
    assert log.is_first_use("urn:a", "\udfff\x00", END, NOW)


def test_the_log_lives_in_the_same_database_as_the_store(path: Path) -> None:
    database = Database(f"sqlite:///{path}")
    store, log = EventLog(database), TokenLog(database)
    assert list(answers_in(store)) == []
    assert log.is_first_use("urn:a", "1", END, NOW)
    assert list(answers_in(store)) == []
    database.close()
