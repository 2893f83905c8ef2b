"""The machine's clock jumps while the service runs: cards come all the same, and no token is good twice.

What may live here: the service with a clock that we set. What may be deleted
when a clock is ahead stands with the tests of the retention, what is held back then with those of the repeat policy.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.stored import kept_with
from bench.writers import Writers
from tests.contract.served_clinic import guarded_service, new_token
from tests.fuzz.service_process import Service, running_service
from tests.needed import do_without
from tests.real.database_of_its_own import query
from tests.real.databases import Postgresql
from tests.real.two_hosts import status
from tests.waiting import until

pytestmark = pytest.mark.real

SOURCE = Path(__file__).with_name("jumping_clock.c")
DISCOVERY = "/cds-services"
WRITERS = 3
DAY, HOUR = 24 * 3600, 3600
JUMPS = (400 * DAY, -3 * HOUR)


@dataclass(frozen=True)
class Clock:
    """The wall clock of whoever runs with these `variables`: the true one until it jumps."""

    file: Path
    library: Path

    @property
    def variables(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self.library), "JUMPING_CLOCK": str(self.file)}

    def jump(self, seconds: int) -> None:
        """So far from the true time."""
        with self.file.open("r+b", buffering=0) as file:
            file.write(seconds.to_bytes(8, sys.byteorder, signed=True))


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Clock:
    compiler, folder = shutil.which("cc"), tmp_path_factory.mktemp("clock")
    if compiler is None:
        do_without("there is no C compiler on this machine (Debian: apt-get install gcc libc6-dev)")
    made = Clock(folder / "ahead", folder / "jumping_clock.so")
    files = ["-o", str(made.library), str(SOURCE)]
    subprocess.run([compiler, "-Wall", "-Werror", "-shared", "-fPIC", *files, "-ldl"], check=True)
    made.file.write_bytes(bytes(8))
    return made


def test_cards_come_and_none_is_lost_while_the_clock_jumps_years_ahead_and_back(
    postgresql: Postgresql, clock: Clock, tmp_path: Path
) -> None:
    settings = {"CDS_DATABASE_URL": postgresql.url, **clock.variables}
    with running_service(tmp_path, 2, **settings) as service, Writers(WRITERS, lambda: service.port) as book:
        for jump in (0, *JUMPS, 0):
            before = book.charts
            clock.jump(jump)
            until(lambda before=before: book.charts > before + WRITERS)  # type: ignore[misc]
    tally = book.compared(kept_with(postgresql.url, book.wanted()))
    assert not book.refused, dict(book.refused)
    assert (tally.lost, tally.twice, tally.half, tally.strangers) == (0, 0, 0, 0)
    assert tally.cards > 0 < tally.feedback
    ahead, behind = "at > now() + interval '399 days'", "at < now() - interval '2 hours'"
    for jumped in (ahead, behind):
        assert query(postgresql.url, f"SELECT count(*) > 0 FROM event WHERE {jumped}") == [(True,)], "it did jump"


def test_a_clock_that_was_ahead_lets_no_used_token_pass_when_it_is_right_again(
    postgresql: Postgresql, clock: Clock, tmp_path: Path
) -> None:
    settings = {"CDS_DATABASE_URL": postgresql.url, **clock.variables}

    def ask(service: Service, token: str) -> int:
        return status(service.port, DISCOVERY, token, None)

    with guarded_service(tmp_path, 1, **settings) as service:
        used = new_token(DISCOVERY)
        assert ask(service, used) == 200
        for jump in JUMPS:
            clock.jump(jump)
            assert ask(service, new_token(DISCOVERY)) == 401, "the caller's clock and ours differ"
            assert status(service.port, "/health/live", body=None) == 200
        clock.jump(0)
        assert [ask(service, used), ask(service, new_token(DISCOVERY))] == [401, 200]
    refusals = [line for line in service.log.read_text("utf-8").splitlines() if "a caller was refused" in line]
    assert len(refusals) >= 2, "and the log says why"
