"""What the soak counts: feedback that was acknowledged and is gone, times, and growth after the warm-up.

What may live here: its arithmetic and its mixture. The soak itself runs with `make soak`.
"""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest

from bench import stored
from bench.held_open import HeldOpen
from bench.soak import HOSTILE_EVERY, SOUND, Feedback, Row, anew, growth_per_1000, line, mixture, times
from bench.writers import PATH, feedback_on
from cds_service.storage import Database, EventLog, FeedbackItem
from tests.fuzz.service_process import Figures
from tests.fuzz.traffic import Answered, Call
from tests.unit.cds_service.conftest import Loopback

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FEEDBACK = Call(f"{PATH}/feedback", feedback_on("a", "b"))


def answered(call: Call, status: int) -> Answered:
    return Answered(call, status, b"{}", 0.1)


def test_only_acknowledged_feedback_can_be_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "LATE_SECONDS", 0.0)
    url = f"sqlite:///{tmp_path}/cards.sqlite3"
    with closing(Database(url)) as database:
        EventLog(database).record_feedback("s", [FeedbackItem("a", "accepted", NOON)], NOON)
    seen = Feedback()
    refused = Call(FEEDBACK.path, feedback_on("c", "d"))
    seen.note([answered(FEEDBACK, 200), answered(refused, 503), answered(SOUND, 200)])
    assert seen.acknowledged == {"a", "b"}
    assert seen.lost(url) == 1


def test_every_feedback_is_about_new_cards_and_other_calls_stay_as_they_are() -> None:
    first, second, other = anew(iter([FEEDBACK, FEEDBACK, SOUND]))
    named = [item["card"] for call in (first, second) for item in json.loads(call.body)["feedback"]]
    assert len(set(named)) == 4
    assert other == SOUND


def test_every_base_of_a_hostile_server_has_its_turn() -> None:
    bases = [f"http://127.0.0.1:9/{number}/fhir" for number in range(5)]
    some = list(islice(mixture("http://127.0.0.1:9", bases), 5 * HOSTILE_EVERY))
    assert [base for base in bases if any(base.encode() in call.body for call in some)] == bases
    assert SOUND in some


def test_times_are_told_in_milliseconds() -> None:
    assert times([0.1] * 98 + [0.9] * 2) == "100, 900"
    assert times([0.1]) == "-"


def row(seconds: float, sent: int, megabytes: float) -> Row:
    return Row(seconds, sent, 0, [0.1, 0.1], [0.01, 0.01], 1.5, {7: Figures(megabytes, 9, 1, 3, 20)})


def test_growth_counts_after_the_warm_up() -> None:
    rows = [row(10, 2_000, 50), row(20, 4_000, 80), row(30, 6_000, 81)]
    assert growth_per_1000(rows, 15) == 0.5
    assert growth_per_1000(rows[:1], 15) == 0.0


def test_a_row_of_the_table_has_everything() -> None:
    assert line(row(10, 2_000, 50)) == "| 10 | 2000 | 0 | 100, 100 | 10, 10 | 1.50 | 50.0 | 9 | 4 | 20 | 0 |"


def test_connections_that_are_ended_are_opened_anew() -> None:
    def hang_up(connection: object) -> None:
        connection.sock.close()  # type: ignore[attr-defined]  # a Connection of the stand-in

    server = Loopback(hang_up)
    port = int(server.origin.rpartition(":")[2])
    with HeldOpen(port, 3) as strangers:
        waits = 200
        while (strangers.hung_up < 1 or server.connections < 4) and waits:
            waits -= 1
            server.stopping.wait(0.05)
    server.stop()
    # The one that stopped in a body has sent a whole head: it is the one that the stand-in hangs up on.
    assert strangers.hung_up >= 1
    assert server.connections >= 4
