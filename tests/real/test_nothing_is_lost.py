"""Nothing acknowledged is lost while the database is away or the disk is full, and cards go out all the same."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random

import pytest
import requests

from bench.kill_rounds import Served
from bench.stored import Kept, kept_with
from bench.writers import CARDS, JSON, PATH, Book, Writers, feedback_on
from cds_service.storage import ReadOnly, card_counts
from cds_service.storage.event import event_of
from tests.fuzz.service_process import Service, running_service
from tests.real.databases import Postgresql, silent
from tests.real.full_disk import filled, no_file_grows, small_disk
from tests.waiting import until

pytestmark = [pytest.mark.real, pytest.mark.alone]

CALLERS = 4
BEFORE_SECONDS, AWAY_SECONDS, AFTER_SECONDS = 1.0, 4.0, 1.0


@contextmanager
def stopped(postgresql: Postgresql) -> Iterator[None]:
    postgresql.stop()
    try:
        yield
    finally:
        postgresql.start()


def accepted(url: str) -> int:
    """Cards that were accepted, as the report counts them."""
    now = datetime.now(UTC)
    counts = card_counts(ReadOnly(url), [now - timedelta(days=1), now + timedelta(days=1)])
    return sum(count.times for count in counts if count.outcome == "accepted")


def _grew(book: Book, charts: int, answers: int) -> bool:
    """Were more charts and more answers taken than these?"""
    return book.charts > charts and len(book.acknowledged) > answers


@pytest.mark.parametrize("away", [stopped, silent])
def test_calls_go_on_while_the_database_is_away(
    away: Callable[[Postgresql], AbstractContextManager[None]], postgresql: Postgresql, tmp_path: Path
) -> None:
    before = accepted(postgresql.url) if away is silent else 0
    variables = {"CDS_DATABASE_URL": postgresql.url, "CDS_SPOOL": str(tmp_path / "spool")}
    with running_service(tmp_path, 2, **variables) as service:
        with Writers(CALLERS, lambda: service.port) as book:
            time.sleep(BEFORE_SECONDS)
            with away(postgresql):
                charts, answers = book.charts, len(book.acknowledged)
                time.sleep(AWAY_SECONDS)
                assert book.charts > charts
                assert len(book.acknowledged) > answers
            time.sleep(AFTER_SECONDS)
        kept = kept_with(postgresql.url, book.wanted())
    tally = book.compared(kept)
    assert book.refused == Counter()
    assert tally.is_well, tally
    assert accepted(postgresql.url) - before == tally.feedback


def test_a_service_that_dies_while_the_database_is_away_loses_nothing(postgresql: Postgresql, tmp_path: Path) -> None:
    served, chance, book = Served(tmp_path, postgresql.url), Random(0), Book()
    try:
        with Writers(CALLERS, served.port, book):
            time.sleep(BEFORE_SECONDS)
            with stopped(postgresql):
                served.asked = "/health/live"
                for victim in ("all", "worker", "master"):
                    served.kill(victim, chance)
                    charts, answers = book.charts, len(book.acknowledged)
                    until(partial(_grew, book, charts, answers))
            time.sleep(AFTER_SECONDS)
        kept = kept_with(postgresql.url, book.wanted())
    finally:
        served.stop()
    tally = book.compared(kept)
    # 0: nobody was there to answer.
    assert book.refused.keys() <= {0}
    assert tally.is_well, tally


def post(service: Service, path: str, body: bytes) -> requests.Response:
    return requests.post(f"http://127.0.0.1:{service.port}{path}", body, headers=JSON, timeout=30)


def given(service: Service) -> list[str]:
    """The cards of an opened chart."""
    answer = post(service, PATH, CARDS)
    assert answer.status_code == 200
    return [card["uuid"] for card in answer.json()["cards"]]


def is_red(service: Service, *words: str) -> bool:
    """Does a worker say that it is not ready, and name these?"""
    answer = requests.get(f"http://127.0.0.1:{service.port}/health/ready", timeout=30)
    return answer.status_code == 503 and all(word in answer.text for word in words)


def is_green(service: Service) -> bool:
    """Does every worker say that it is ready? Each finds it out for itself."""
    return not any(is_red(service) for _ in range(10))


def lines_in(spool: Path) -> list[bytes]:
    return [line for path in spool.glob("*.ndjson") for line in path.read_bytes().split(b"\n")]


def called(service: Service, seconds: float = BEFORE_SECONDS) -> Book:
    with Writers(CALLERS, lambda: service.port) as book:
        time.sleep(seconds)
    return book


def all_in_order(url: str, *books: Book) -> bool:
    """Is all that these callers were told there, once, and was no call of theirs refused?"""
    return all(not book.refused and book.compared(kept_with(url, book.wanted())).is_well for book in books)


def test_a_full_disk_of_the_spool_leaves_the_database(postgresql: Postgresql, tmp_path: Path) -> None:
    variables = {"CDS_DATABASE_URL": postgresql.url, "CDS_SPOOL": str(tmp_path / "spool")}
    with running_service(tmp_path, 2, **variables) as service:
        books = [called(service)]
        with no_file_grows(service.process):
            books.append(called(service))
            until(lambda: is_red(service, "spool"))
        until(lambda: is_green(service))
        books.append(called(service))
        assert all_in_order(postgresql.url, *books)


@contextmanager
def limited(folder: Path, service: Service) -> Iterator[None]:
    with no_file_grows(service.process):
        yield


@contextmanager
def full(folder: Path, service: Service) -> Iterator[None]:
    with filled(folder):
        yield


@pytest.mark.parametrize("how", [limited, full])
def test_a_full_disk_of_spool_and_database_stops_no_card(
    how: Callable[[Path, Service], AbstractContextManager[None]], tmp_path: Path
) -> None:
    with ExitStack() as stack:
        disk = stack.enter_context(small_disk(tmp_path / "disk")) if how is full else tmp_path
        url = f"sqlite:///{disk}/cards.sqlite3"
        service = stack.enter_context(running_service(tmp_path, 2, CDS_DATABASE_URL=url))
        books = [called(service)]
        with how(disk, service):
            files = service.at_rest()
            while_full = called(service, 3 * BEFORE_SECONDS)
            assert while_full.charts > 0
            assert while_full.refused.keys() == {503}
            until(lambda: post(service, f"{PATH}/feedback", feedback_on(*given(service))).status_code == 503)
            answer = post(service, f"{PATH}/feedback", feedback_on(*given(service)))
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
            until(lambda: is_red(service, "spool", "database"))
            # A file that could not be written is not kept open.
            assert all(now.files < files[pid].files + 10 for pid, now in service.at_rest().items())
            # Nothing of a line is left behind where it could not be written whole.
            assert all(not line or event_of(line) for line in lines_in(Path(f"{disk}/cards.sqlite3.spool")))
        until(lambda: is_green(service))
        books.append(called(service))
        assert all_in_order(url, *books)
        # The last page of a file may have had room for a little; what was acknowledged is there.
        answered = Kept(feedback=while_full.wanted().feedback)
        assert kept_with(url, answered).lacks(answered) == 0
        log = service.log.read_text()
    assert "are no events" not in log
    assert how is limited or "events of a call are lost" in log


def test_a_full_disk_of_the_database_leaves_the_spool(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        url, spool = f"sqlite:///{disk}/cards.sqlite3", tmp_path / "spool"
        with running_service(tmp_path, 2, CDS_DATABASE_URL=url, CDS_SPOOL=str(spool)) as service:
            books = [called(service)]
            with filled(disk):
                books.append(called(service, 3 * BEFORE_SECONDS))
                until(lambda: is_red(service, "database"))
            until(lambda: is_green(service))
            books.append(called(service))
            assert all_in_order(url, *books)


def test_what_stands_in_the_spool_of_a_full_disk_is_read_whole_after_a_restart(
    postgresql: Postgresql, tmp_path: Path
) -> None:
    served, book = Served(tmp_path, postgresql.url), Book()
    served.asked = "/health/live"
    try:
        with stopped(postgresql):
            with Writers(CALLERS, served.port, book):
                time.sleep(BEFORE_SECONDS)
            with no_file_grows(served.running()):
                with Writers(CALLERS, served.port) as lost:
                    time.sleep(BEFORE_SECONDS)
                served.kill("all", Random(0))
        kept = kept_with(postgresql.url, book.wanted())
        assert book.compared(kept).is_well
        assert lost.charts > 0
        assert lost.acknowledged == set()
        assert "are no events" not in served.log.read_text()
    finally:
        served.stop()
