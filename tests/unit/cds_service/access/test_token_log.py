"""A token opens one call: not a second one, not at the same moment, not in another worker, not after a restart."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
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
from cds_service.storage.cards_and_feedback import Store, StoreError
from tests.unit.cds_service.cds_client import NOW, PATH, PUBLIC_URL, bearer, signing_key, token, trust_file

END = NOW.timestamp() + 330
Open = Callable[[], TokenLog]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.sqlite3"


@pytest.fixture
def open_log(path: Path) -> Iterator[Open]:
    """Opens the same database again, as another worker or a restarted one does."""
    logs: list[TokenLog] = []

    def make() -> TokenLog:
        logs.append(TokenLog(f"sqlite:///{path}"))
        return logs[-1]

    yield make
    for log in logs:
        log.close()


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
    first = open_log()
    assert outcome(gate(first), once) == "north"
    first.close()
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


def test_whether_a_token_was_used_is_never_guessed(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="could not be used") as failure:
        gate(TokenLog(f"sqlite:///{tmp_path}/missing/tokens.sqlite3")).check(bearer(token()), PATH)
    assert "call-1" not in str(failure.value)


def test_neither_the_id_nor_the_token_is_kept(open_log: Open, path: Path) -> None:
    once = token(jti="Mrs-Example-17")
    assert outcome(gate(open_log()), once) == "north"
    connection = sqlite3.connect(path)
    kept = "\n".join(connection.iterdump())
    connection.close()
    assert "seen_token" in kept
    assert "Mrs-Example-17" not in kept
    assert once.split(".")[2] not in kept


def test_an_expired_token_is_remembered_for_one_more_hour(open_log: Open) -> None:
    log = open_log()
    assert log.is_first_use("urn:a", "1", NOW.timestamp() - 1, NOW)
    assert log.purge(NOW + timedelta(minutes=59, seconds=59)) == 0
    assert log.purge(NOW + timedelta(hours=1)) == 1
    assert log.is_first_use("urn:a", "1", END, NOW)


def test_expired_tokens_are_purged_now_and_then(open_log: Open, path: Path) -> None:
    log = open_log()

    def kept() -> int:
        connection = sqlite3.connect(path)
        (count,) = connection.execute("SELECT count(*) FROM seen_token").fetchone()
        connection.close()
        return int(count)

    long_expired = NOW.timestamp() - 7200
    log.is_first_use("urn:a", "1", long_expired, NOW)
    log.is_first_use("urn:a", "2", END, NOW + timedelta(minutes=9, seconds=59))
    assert kept() == 2
    log.is_first_use("urn:a", "3", END, NOW + timedelta(minutes=10))
    assert kept() == 2


@given(issuers=st.tuples(st.text(), st.text()), ids=st.tuples(st.text(), st.text()))
@settings(deadline=None, max_examples=30)
def test_a_token_is_new_exactly_when_issuer_or_id_differ(issuers: tuple[str, str], ids: tuple[str, str]) -> None:
    log = TokenLog("sqlite://")
    first, second = zip(issuers, ids, strict=True)
    assert log.is_first_use(*first, END, NOW)
    assert log.is_first_use(*second, END, NOW) == (first != second)
    log.close()


def test_a_torn_letter_in_an_id_is_no_trouble(open_log: Open) -> None:
    log = open_log()
    assert log.is_first_use("urn:a", "\ud800", END, NOW)
    assert not log.is_first_use("urn:a", "\ud800", END, NOW)
    assert log.is_first_use("urn:a", "\udfff\x00", END, NOW)


def test_the_log_lives_in_the_same_database_as_the_store(open_log: Open, path: Path) -> None:
    store = Store(f"sqlite:///{path}")
    assert store.ping()
    assert open_log().is_first_use("urn:a", "1", END, NOW)
    assert store.ping()
    store.close()


def test_another_database_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="only SQLite and PostgreSQL"):
        TokenLog("mysql://somewhere/else")
