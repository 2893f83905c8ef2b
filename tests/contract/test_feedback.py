"""Feedback. Matrix: S100 to S103; CDS Hooks 3.0.0, section "Feedback"; override reasons of 1.x drafts, 2.0 and 3.0."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from cds_service import create_app
from cds_service.settings import Settings
from cds_service.storage.event_log import EventLog
from cds_service.storage.records import StoredFeedback
from tests.contract.card_rules import check_error, check_r4
from tests.contract.conftest import MakeApp, close
from tests.contract.ehr import HOOKS, Ehr, ehr_of
from tests.contract.records import CONFIRMED, NOW, WARFARIN_DRAFT, Json
from tests.stored import answers_in, overrides_in

WHEN = "2026-11-22T10:05:00Z"
REASON = {"code": "mechanical-valve", "system": "urn:calciphylaxis-cds:override-reason", "display": "Mechanical valve"}
UNKNOWN_CARD = "00000000-0000-4000-8000-000000000000"


def accepted(card: str, *suggestions: str, **changed: Any) -> Json:
    ids = [{"id": suggestion} for suggestion in suggestions or ("s-1",)]
    return {"card": card, "outcome": "accepted", "acceptedSuggestions": ids, "outcomeTimestamp": WHEN, **changed}


def overridden(card: str, reason: Any = None, **changed: Any) -> Json:
    item = {"card": card, "outcome": "overridden", "outcomeTimestamp": WHEN, **changed}
    return item if reason is None else {**item, "overrideReason": reason}


def stored(app: Flask) -> list[StoredFeedback]:
    store: EventLog = app.extensions["cds_event_log"]
    return list(answers_in(store))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, Ehr, Path]]:
    database = tmp_path_factory.mktemp("feedback") / "cards.sqlite3"
    app = create_app(Settings(dev=True, database_url=f"sqlite:///{database}"), clock=lambda: NOW)
    yield app, ehr_of(app), database
    close(app)


@pytest.fixture
def fresh(shared: tuple[Flask, Ehr, Path]) -> tuple[Flask, Ehr]:
    """A service that has had no feedback yet."""
    app, ehr, database = shared
    stored(app)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DELETE FROM event WHERE kind = 'feedback'")
    return app, ehr


def send(ehr: Ehr, *items: Any, hook: str = "patient-view") -> Any:
    return ehr.client.post(ehr.url(hook, "/feedback"), json={"feedback": list(items)})


def a_card(ehr: Ehr, hook: str = "patient-view") -> Json:
    return ehr.ask(hook, CONFIRMED, WARFARIN_DRAFT)[0]


@pytest.mark.parametrize("hook", HOOKS)
def test_every_service_takes_feedback_on_its_cards(hook: str, fresh: tuple[Flask, Ehr]) -> None:
    app, ehr = fresh
    answer = send(ehr, overridden(a_card(ehr, hook)["uuid"]), hook=hook)
    assert (answer.status_code, answer.get_json()) == (200, {})
    (kept,) = stored(app)
    assert (kept.service, kept.known, kept.received_at) == (ehr.services[hook]["id"], True, NOW)


def test_accepted_suggestions_are_kept(fresh: tuple[Flask, Ehr]) -> None:
    app, ehr = fresh
    card = a_card(ehr)
    suggestion = card["suggestions"][0]["uuid"]
    assert send(ehr, accepted(card["uuid"], suggestion)).status_code == 200
    (kept,) = stored(app)
    assert kept.topic == card["source"]["topic"]["code"]
    assert (kept.item.outcome, kept.item.accepted_suggestions) == ("accepted", (suggestion,))


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (None, (None, None, None, None)),
        ({"reason": REASON}, ("mechanical-valve", REASON["system"], "Mechanical valve", None)),
        ({"reason": {"code": "seen"}}, ("seen", None, None, None)),
        (
            {"reason": {"coding": [REASON, {"code": "second"}], "text": "valve"}},
            ("mechanical-valve", REASON["system"], "Mechanical valve", None),
        ),
        (
            {"reason": REASON, "userComment": "asked cardiology"},
            ("mechanical-valve", REASON["system"], "Mechanical valve", "asked cardiology"),
        ),
        ({"userComment": "no"}, (None, None, None, "no")),
        ({"code": "old-style", "userComment": "x"}, (None, None, None, "x")),
    ],
    ids=["2.0 none", "2.0 and 3.0 Coding", "code only", "CodeableConcept", "with a comment", "comment only", "1.x"],
)
def test_the_reason_of_an_override_is_kept_in_every_shape(
    reason: Any, expected: tuple[str | None, ...], fresh: tuple[Flask, Ehr]
) -> None:
    app, ehr = fresh
    assert send(ehr, overridden(a_card(ehr)["uuid"], reason)).status_code == 200
    item = stored(app)[0].item
    kept = (item.override_reason_code, item.override_reason_system, item.override_reason_display, item.user_comment)
    assert kept == expected


def test_several_cards_may_be_answered_at_once(fresh: tuple[Flask, Ehr]) -> None:
    app, ehr = fresh
    cards = ehr.ask("patient-view", CONFIRMED)
    assert send(ehr, *(overridden(card["uuid"]) for card in cards)).status_code == 200
    assert sorted(one.item.card for one in stored(app)) == sorted(card["uuid"] for card in cards)


def test_the_same_feedback_twice_is_taken_twice_and_kept_once(fresh: tuple[Flask, Ehr]) -> None:
    app, ehr = fresh
    item = overridden(a_card(ehr)["uuid"])
    assert [send(ehr, item).status_code, send(ehr, item).status_code] == [200, 200]
    assert len(stored(app)) == 1


def test_feedback_on_a_card_that_we_never_gave_is_kept_and_said(fresh: tuple[Flask, Ehr]) -> None:
    app, ehr = fresh
    answer = send(ehr, overridden(a_card(ehr)["uuid"]), overridden(UNKNOWN_CARD))
    assert answer.status_code == 200
    check_r4(answer.get_json())
    (issue,) = answer.get_json()["issue"]
    assert issue["severity"] == "warning"
    assert "1 of 2" in issue["diagnostics"]
    assert sorted((one.item.card == UNKNOWN_CARD, one.known) for one in stored(app)) == [(False, True), (True, False)]


def test_feedback_on_a_card_of_another_service_is_kept_and_said(fresh: tuple[Flask, Ehr]) -> None:
    app, ehr = fresh
    answer = send(ehr, overridden(a_card(ehr, "order-sign")["uuid"]), hook="patient-view")
    assert answer.get_json()["issue"][0]["severity"] == "warning"
    assert [one.known for one in stored(app)] == [False]


@pytest.mark.parametrize(
    ("item", "path"),
    [
        ("x", "feedback[0]"),
        ({"outcome": "overridden", "outcomeTimestamp": WHEN}, "feedback[0].card"),
        (overridden(""), "feedback[0].card"),
        ({"card": "c", "outcomeTimestamp": WHEN}, "feedback[0].outcome"),
        (overridden("c", outcome="ignored"), "feedback[0].outcome"),
        ({"card": "c", "outcome": "overridden"}, "feedback[0].outcomeTimestamp"),
        (overridden("c", outcomeTimestamp=7), "feedback[0].outcomeTimestamp"),
        (overridden("c", outcomeTimestamp="yesterday"), "feedback[0].outcomeTimestamp"),
        (overridden("c", outcomeTimestamp="2026-13-45T99:99:00Z"), "feedback[0].outcomeTimestamp"),
        (overridden("c", outcomeTimestamp="9999-12-31T23:59:59-12:00"), "feedback[0].outcomeTimestamp"),
        (overridden("c", outcomeTimestamp="9999-12-31T23:59:59Z"), "feedback[0].outcomeTimestamp"),
        (overridden("c", outcomeTimestamp="0001-01-01T00:00:00Z"), "feedback[0].outcomeTimestamp"),
        (overridden("c", outcomeTimestamp=f"{NOW.year + 1}-12-31T00:00:00Z"), "feedback[0].outcomeTimestamp"),
        (overridden("c", outcomeTimestamp=f"{NOW.year - 6}-01-01T00:00:00Z"), "feedback[0].outcomeTimestamp"),
        ({"card": "c", "outcome": "accepted", "outcomeTimestamp": WHEN}, "feedback[0].acceptedSuggestions"),
        (accepted("c", acceptedSuggestions=[]), "feedback[0].acceptedSuggestions"),
        (accepted("c", acceptedSuggestions=[{}]), "feedback[0].acceptedSuggestions[0].id"),
        (overridden("c", {}), "feedback[0].overrideReason"),
        (overridden("c", {"userComment": 7}), "feedback[0].overrideReason.userComment"),
    ],
)
def test_bad_feedback_is_400_naming_the_field_and_nothing_of_it_is_kept(
    item: Any, path: str, fresh: tuple[Flask, Ehr]
) -> None:
    app, ehr = fresh
    check_error(send(ehr, item), 400, path)
    good = overridden(a_card(ehr)["uuid"])
    check_error(send(ehr, good, item), 400, path.replace("[0]", "[1]", 1))
    assert stored(app) == []


@pytest.mark.parametrize(
    ("body", "path"),
    [({}, "feedback"), ({"feedback": []}, "feedback"), ({"feedback": {}}, "feedback"), ([], "body"), (None, "body")],
)
def test_a_body_without_feedback_is_400(body: Any, path: str, ehr: Ehr) -> None:
    answer = ehr.client.post(
        ehr.url("patient-view", "/feedback"), data=json.dumps(body), content_type="application/json"
    )
    check_error(answer, 400, path)


def test_feedback_that_is_not_json_is_400_or_415(ehr: Ehr) -> None:
    url = ehr.url("patient-view", "/feedback")
    check_error(ehr.client.post(url, data="{", content_type="application/json"), 400, "body")
    check_error(ehr.client.post(url, data="{}", content_type="text/plain"), 415, "Content-Type")


def test_feedback_for_an_unknown_service_is_404(ehr: Ehr) -> None:
    answer = ehr.client.post("/cds-services/none/feedback", json={"feedback": [overridden("c")]})
    check_error(answer, 404)


@pytest.mark.parametrize("stamp", ["2026-11-22T10:05:00", "2026-11-22T11:05:00+01:00", "2026-11-22T10:05:00.585Z"])
def test_a_time_stamp_may_have_any_zone_none_and_fractions(stamp: str, fresh: tuple[Flask, Ehr]) -> None:
    app, ehr = fresh
    assert send(ehr, overridden(a_card(ehr)["uuid"], outcomeTimestamp=stamp)).status_code == 200
    assert stored(app)[0].item.outcome_timestamp.strftime("%Y-%m-%dT%H:%M:%S%z") == "2026-11-22T10:05:00+0000"


def test_feedback_survives_the_service_and_names_no_patient(tmp_path: Path) -> None:
    database = tmp_path / "cards.sqlite3"
    app = create_app(Settings(dev=True, database_url=f"sqlite:///{database}"), clock=lambda: NOW)
    ehr = ehr_of(app)
    card = a_card(ehr)["uuid"]
    assert send(ehr, overridden(card, {"reason": REASON})).status_code == 200
    close(app)
    again = create_app(Settings(dev=True, database_url=f"sqlite:///{database}"), clock=lambda: NOW)
    assert [(one.item.card, one.known) for one in stored(again)] == [(card, True)]
    assert [count.reason_code for count in overrides_in(again.extensions["cds_event_log"])] == ["mechanical-valve"]
    close(again)
    with closing(sqlite3.connect(database)) as connection:
        dump = "\n".join(connection.iterdump()).lower()
    assert "kidney-7" not in dump
    assert "zephyrine" not in dump


def test_feedback_that_cannot_be_stored_is_503_so_that_it_is_sent_again(
    make_app: MakeApp, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ehr = ehr_of(make_app(database_url=f"sqlite:///{tmp_path}/no/such/folder/cards.sqlite3"))
    with caplog.at_level(logging.DEBUG):
        answer = send(ehr, overridden("c", {"userComment": "Mrs Zephyrine has a valve"}))
    assert "again" in check_error(answer, 503)
    assert "Zephyrine" not in caplog.text


def test_what_one_call_has_us_store_has_an_end_and_nothing_of_a_longer_one_is_kept(fresh: tuple[Flask, Ehr]) -> None:
    app, ehr = fresh
    longest = [overridden(f"c-{number}", {"userComment": "x" * 9_990}) for number in range(50)]
    assert send(ehr, *longest).status_code == 200
    more = [overridden(f"d-{number}", {"userComment": "x" * 10_000}) for number in range(51)]
    assert "fewer items" in check_error(send(ehr, *more), 400, "feedback")
    check_error(send(ehr, *(overridden(f"e-{number}") for number in range(501))), 400, "feedback")
    assert len(stored(app)) == 50


def test_feedback_comes_into_the_file_that_is_there(make_app: MakeApp, tmp_path: Path) -> None:
    database = tmp_path / "cards.sqlite3"
    app = make_app(database_url=f"sqlite:///{database}")
    ehr = ehr_of(app)
    assert send(ehr, overridden(a_card(ehr)["uuid"])).status_code == 200
    assert len(stored(app)) == 1
    for part in ("", "-wal", "-shm"):
        database.with_name(database.name + part).unlink(missing_ok=True)
    card = a_card(ehr)["uuid"]
    assert send(ehr, overridden(card)).status_code == 200
    # The card given meanwhile is written into the new file, too.
    assert [(one.item.card, one.known) for one in stored(app)] == [(card, True)]


def test_without_its_database_feedback_is_taken_all_the_same_and_is_there_when_that_is(
    make_app: MakeApp, tmp_path: Path
) -> None:
    database = tmp_path / "cards.sqlite3"
    database.mkdir()
    app = make_app(database_url=f"sqlite:///{database}")
    ehr = ehr_of(app)
    card = a_card(ehr)["uuid"]
    answer = send(ehr, overridden(card))
    assert (answer.status_code, answer.get_json()) == (200, {}), "its card is known from the spool"
    database.rmdir()
    assert [(one.item.card, one.known) for one in stored(app)] == [(card, True)]


def test_cards_are_given_even_when_the_card_log_cannot_be_written(make_app: MakeApp, tmp_path: Path) -> None:
    ehr = ehr_of(make_app(database_url=f"sqlite:///{tmp_path}/no/such/folder/cards.sqlite3"))
    assert ehr.ask("patient-view", CONFIRMED)


def test_what_neither_spool_nor_database_takes_is_counted_and_logged_without_a_word_of_the_patient(
    make_app: MakeApp, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(database_url=f"sqlite:///{tmp_path}/no/such/folder/cards.sqlite3")
    ehr = ehr_of(app)
    cards = ehr.ask("patient-view", CONFIRMED)
    assert cards
    spool, loss = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert spool == "events go straight to the database: the spool cannot be written (FileNotFoundError)"
    count = 1 + len(cards)
    assert loss.startswith(f"{count} events of a call are lost, {count} since the start: the database could not")
    assert app.extensions["cds_event_log"].lost == count
    caplog.clear()
    (tmp_path / "no/such/folder").mkdir(parents=True)
    again = ehr.ask("patient-view", CONFIRMED)
    assert send(ehr, *(overridden(card["uuid"]) for card in again)).get_json() == {}
    assert "the spool is written again" in caplog.text


def test_feedback_that_was_not_stored_is_asked_for_again_in_a_few_seconds(make_app: MakeApp, tmp_path: Path) -> None:
    ehr = ehr_of(make_app(database_url=f"sqlite:///{tmp_path}/no/such/folder/cards.sqlite3"))
    assert 1 <= int(send(ehr, overridden("c")).headers["Retry-After"]) <= 60


def test_that_feedback_cannot_be_stored_is_said_once_in_one_line_and_so_is_the_end_of_it(
    make_app: MakeApp, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "later"
    ehr = ehr_of(make_app(database_url=f"sqlite:///{folder}/cards.sqlite3"))
    assert [send(ehr, overridden("c")).status_code for _ in range(3)] == [503] * 3
    said = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [(record.levelname, record.exc_info) for record in said] == [("ERROR", None)] * 2
    assert "the spool cannot be written" in said[0].getMessage()
    assert said[1].getMessage().startswith("feedback cannot be stored")
    caplog.clear()
    folder.mkdir()
    assert [send(ehr, overridden("c")).status_code for _ in range(2)] == [200] * 2
    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert told == ["the spool is written again", "feedback is stored again"]


def test_while_the_database_hangs_feedback_is_taken_and_holds_up_no_card(make_app: MakeApp, tmp_path: Path) -> None:
    database = tmp_path / "cards.sqlite3"
    app = make_app(database_url=f"sqlite:///{database}", threads=8)
    ehr = ehr_of(app)
    assert stored(app) == []
    names = [f"c-{number}" for number in range(12)]
    with closing(sqlite3.connect(database, isolation_level=None)) as other, ThreadPoolExecutor(2) as threads:
        other.execute("BEGIN IMMEDIATE")
        answers = list(threads.map(lambda name: send(ehr_of(app), overridden(name)), names))
        assert ehr.ask("patient-view", CONFIRMED)
        other.execute("ROLLBACK")
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(one.item.card for one in stored(app)) == sorted(names)


@pytest.mark.usefixtures("slow_disk_is_no_fault")
def test_a_burst_of_feedback_is_taken_whole_while_the_database_works(make_app: MakeApp) -> None:
    app = make_app(threads=16)
    ehrs = [ehr_of(app) for _ in range(48)]
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda at: send(ehrs[at], overridden(f"c-{at}")), range(48)))
    assert [answer.status_code for answer in answers] == [200] * 48
    assert len(stored(app)) == 48
