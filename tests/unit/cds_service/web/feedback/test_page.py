"""The feedback page: counts only, for people who may see them, and never zeros in place of a fault."""

from __future__ import annotations

import base64
import csv
import io
import logging
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient

from cds_service import create_app
from cds_service.reports import HEADS, SECTIONS
from cds_service.settings import Settings, SettingsError, from_environment
from cds_service.storage import UNMAPPED, Database, Event, EventLog, FeedbackItem, Kind, SwitchedOff, changing, new_id
from tests.stored import card_like, shown_card
from tests.unit.cds_service.cds_client import trust_file
from tests.unit.cds_service.knowledge.policies import policy_file

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
TOKEN = "a-token-of-32-characters-at-least"
CARD = shown_card("card-1", "calciphylaxis-patient-view", "hook-1", "vka-cua", "critical", NOW)
COMMENT = "Mrs Example has a valve"
Open = Callable[..., FlaskClient]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cards.sqlite3"


@pytest.fixture
def opened(path: Path) -> Iterator[Open]:
    """A service with this page, at this moment, and what differs."""
    apps = []

    def make(**settings: Any) -> FlaskClient:
        given = {"dev": True, "pages": frozenset({"feedback"}), "database_url": f"sqlite:///{path}", **settings}
        apps.append(create_app(Settings(**given), lambda: NOW))
        return apps[-1].test_client()

    yield make
    for app in apps:
        app.extensions["cds_database"].close()
        app.extensions["cds_fhir_client"].close()


@pytest.fixture
def store(path: Path) -> Iterator[EventLog]:
    with closing(Database(f"sqlite:///{path}")) as database:
        yield EventLog(database)


def show(store: EventLog, name: str, shown: int, *, accepted: int = 0, overridden: int = 0, **card: Any) -> None:
    """So many cards, of which so many were answered."""
    cards = [f"{name}-{number}" for number in range(shown)]
    store.record([card_like(CARD, one, **card) for one in cards])
    answers = [FeedbackItem(one, "accepted", NOW) for one in cards[:accepted]]
    answers += [
        FeedbackItem(one, "overridden", NOW, override_reason_code="mechanical-valve", user_comment=COMMENT)
        for one in cards[accepted : accepted + overridden]
    ]
    store.record_feedback(CARD.service, answers, NOW, card.get("client", ""))


def basic(password: str, user: str = "anybody") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


# ------------------------------------------------------------------ what is shown
def test_cards_are_counted_per_card_reason_and_week(opened: Open, store: EventLog) -> None:
    show(store, "a", 20, accepted=5, overridden=6)
    show(store, "b", 10, topic="cua-suspected", indicator="warning", at=NOW - timedelta(days=7))
    found = opened().get("/feedback.json").get_json()
    assert [(row["card"], row["shown"], row["accepted"], row["overridden"]) for row in found["by_card"]] == [
        ("cua-suspected", 10, 0, 0),
        ("vka-cua", 20, 5, 6),
    ]
    assert found["by_reason"] == [{"reason": "Mechanical heart valve", "overridden": 6, "share": 1.0}]
    assert [(row["week"], row["shown"]) for row in found["by_week"]] == [("2026-W48", 10), ("2026-W49", 20)]
    assert (found["all"]["shown"], found["all"]["unanswered"], found["quarter"]) == (30, 19, "2026-Q4")
    shown = opened().get("/feedback")
    assert "Mechanical heart valve" in shown.text
    assert "2026-11-30" in shown.text


@pytest.mark.parametrize("address", ["/feedback", "/feedback.csv", "/feedback.json"])
def test_no_comment_no_user_and_no_id_is_shown(address: str, opened: Open, store: EventLog) -> None:
    show(store, "secret-id", 20, accepted=5, overridden=6, hook_instance="hook-of-a-patient")
    answer = opened().get(address)
    assert answer.status_code == 200
    for text in ("Example", "secret-id", "hook-of-a-patient"):
        assert text not in answer.text


def test_text_of_an_ehr_in_place_of_a_reason_is_not_shown(opened: Open, store: EventLog) -> None:
    store.record([card_like(CARD, f"card-{number}") for number in range(9)])
    evil = [
        FeedbackItem(f"card-{number}", "overridden", NOW, (), "Mrs Example", "urn:elsewhere") for number in range(9)
    ]
    store.record_feedback(CARD.service, evil, NOW)
    text = opened().get("/feedback").text
    assert "a reason that this service does not offer" in text
    assert "Mrs Example" not in text


def test_a_reason_that_a_site_policy_offers_is_one_of_ours(opened: Open, store: EventLog, tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    folder.mkdir()
    own = "[[override_reason]]\ncode = 'on-trial'\ndisplay = 'In a trial'\ntopics = ['vka-dialysis']\n"
    (folder / "north.toml").write_text(policy_file(more=own), "utf-8")
    store.record([card_like(CARD, f"card-{number}") for number in range(9)])
    said = [FeedbackItem(f"card-{number}", "overridden", NOW, (), "on-trial") for number in range(9)]
    store.record_feedback(CARD.service, said, NOW)
    for policies, words in ((folder, "In a trial"), (None, "a reason that this service does not offer")):
        assert words in opened(site_policies=policies).get("/feedback").text


@pytest.mark.parametrize(("accepted", "words"), [(4, "fewer than 5"), (5, "5")])
def test_numbers_are_told_from_five_on(accepted: int, words: str, opened: Open, store: EventLog) -> None:
    show(store, "a", 40, accepted=accepted)
    (row, *_) = list(csv.DictReader(io.StringIO(opened().get("/feedback.csv").text)))
    assert (row["shown"], row["accepted"]) == ("40", words)
    assert row["unanswered"] == ("withheld" if accepted == 4 else "35")


def test_a_week_begins_in_the_time_zone_of_the_clinic(opened: Open, store: EventLog) -> None:
    show(store, "a", 9, at=datetime(2026, 11, 29, 23, 30, tzinfo=UTC))
    for zone, week in (("Europe/Berlin", "2026-W49"), ("UTC", "2026-W48")):
        found = opened(timezone=ZoneInfo(zone)).get("/feedback.json").get_json()
        assert [row["week"] for row in found["by_week"] if row["shown"]] == [week]
        assert found["time_zone"] == zone


def test_another_quarter_can_be_chosen_and_none_that_is_not_there(opened: Open, store: EventLog) -> None:
    show(store, "a", 9)
    show(store, "b", 7, at=NOW - timedelta(days=91))
    visitor = opened()
    assert visitor.get("/feedback.json").get_json()["all"]["shown"] == 9
    assert visitor.get("/feedback.json?quarter=2026-Q3").get_json()["all"]["shown"] == 7
    assert "<option selected>2026-Q3</option>" in visitor.get("/feedback?quarter=2026-Q3").text
    for quarter in ("2026-Q2", "2027-Q1", "nonsense", "2026-Q33"):
        assert visitor.get("/feedback", query_string={"quarter": quarter}).status_code == 404


def test_each_tenant_is_counted_by_itself(opened: Open, store: EventLog, tmp_path: Path) -> None:
    show(store, "a", 9, client="https://ehr.example")
    show(store, "b", 7, client="urn:gone")
    show(store, "c", 8, client="")
    visitor = clinic(opened, tmp_path, pages_behind_proxy=True)
    assert visitor.get("/feedback.json").get_json()["tenant"] == "callers that are not known"
    assert visitor.get("/feedback.json?tenant=north").get_json()["all"]["shown"] == 9
    page = visitor.get("/feedback?tenant=urn:gone").text
    assert "<option selected>urn:gone</option>" in page
    assert visitor.get("/feedback.json?tenant=urn:gone").get_json()["all"]["shown"] == 7
    assert visitor.get("/feedback?tenant=nobody").status_code == 404


def test_answers_on_cards_that_are_not_in_the_log_are_told_apart(opened: Open, store: EventLog) -> None:
    show(store, "a", 9)
    stray = [FeedbackItem(f"stray-{number}", "accepted", NOW) for number in range(6)]
    store.record_feedback(CARD.service, [*stray, FeedbackItem("stray-9", "overridden", NOW)], NOW)
    found = opened().get("/feedback.json").get_json()
    assert found["answers_on_unknown_cards"] == {"accepted": 6, "overridden": "fewer than 5"}
    assert found["all"]["accepted"] == 0


VIEW = Event("", NOW, Kind.ANSWERED, service=CARD.service, hook="patient-view")


def record(store: EventLog, times: int, **differs: Any) -> None:
    """So many events."""
    store.record([replace(VIEW, id=new_id(), **differs) for _ in range(times)])


def test_what_was_held_back_and_could_not_be_read_is_told_without_small_numbers(opened: Open, store: EventLog) -> None:
    show(store, "a", 9)
    record(store, 12, content={UNMAPPED: [["lab", "urn:x", "PO4", "mg/dL"]]})
    record(store, 6, kind=Kind.SUPPRESSED, reason="shadow", topic="vka-cua", indicator="critical")
    record(store, 4, kind=Kind.REFUSED, reason="labs")
    record(store, 7, kind=Kind.GAP, reason="conditions")
    found = opened().get("/feedback.json").get_json()
    held = {"why": "shadow", "card": "vka-cua", "indicator": "critical", "held_back": 6}
    assert found["held_back"] == [{**held, "charts_meanwhile": 12, "of_100_charts": 50.0}]
    assert found["refusal"] == [{"was_missing": "labs", "calls": "fewer than 5"}]
    assert found["gap"] == [{"could_not_be_read": "conditions", "calls": 7}]
    assert found["unmapped"] == [{"kind": "lab", "system": "urn:x", "code": "PO4", "unit": "mg/dL", "calls": 12}]
    assert (found["calls_answered"], found["calls_looked_at_for_unmapped_codes"]) == (12, 12)
    page = opened().get("/feedback").text
    for words in ("Held back", "Refused", "Fallen silent", "Burden: cards for each 100 opened charts", "PO4"):
        assert words in page


def test_that_no_code_was_unmapped_is_said_of_the_calls_looked_at_alone(opened: Open, store: EventLog) -> None:
    record(store, 12)
    record(store, 5, content={UNMAPPED: []})
    said = "None was on 5 calls or more, of those that were looked at, 5 of 17 answered."
    assert said in opened().get("/feedback").text


def test_what_was_switched_is_told_to_whom_it_concerns_as_in_a_report(opened: Open, store: EventLog) -> None:
    record(store, 12, tenant="north", client="https://ehr.example")
    record(store, 12, tenant="south", client="urn:south")
    for tenant, reason in (("north", "theirs"), ("", "for all"), ("south", "of others")):
        content = {"switched": "off", "by": "Dr Silva"}
        store.record([Event(new_id(), NOW, Kind.SWITCHED, tenant=tenant, reason=reason, content=content)])
    visitor = opened()
    told = visitor.get("/feedback.json?tenant=north").get_json()["switched"]
    assert sorted((row["tenant"], row["switched"], row["by"], row["why"]) for row in told) == [
        ("all tenants", "off", "Dr Silva", "for all"),
        ("north", "off", "Dr Silva", "theirs"),
    ]
    assert "Switched off and on at once" in visitor.get("/feedback?tenant=north").text


def test_heads_are_those_of_the_command(opened: Open, store: EventLog) -> None:
    record(store, 12)
    page = opened().get("/feedback").text
    for name in ("policy", "held-back", "gap", "refusal", "burden", "silent", "switched", "unmapped"):
        assert f'<h2 id="{name}">{HEADS[name].head}</h2>' in page
        assert SECTIONS[name].head is HEADS[name]


def test_a_tenant_in_shadow_mode_has_calls_and_no_card(opened: Open, store: EventLog) -> None:
    record(store, 12)
    record(store, 6, kind=Kind.SUPPRESSED, reason="shadow", topic="vka-cua", indicator="critical")
    page = opened().get("/feedback").text
    assert "No card was shown." in page
    assert "Calls answered: 12" in page
    assert "No card has been shown yet" not in page


def test_a_topic_that_is_shown_no_longer_is_told_over_the_end_of_a_quarter(opened: Open, store: EventLog) -> None:
    long_ago = datetime(2026, 9, 20, 12, tzinfo=UTC)
    record(store, 3, at=long_ago, kind=Kind.ISSUED, topic="vka-cua", indicator="critical")
    record(store, 3)
    found = opened().get("/feedback.json").get_json()
    silent = {"what": "topic", "name": "vka-cua", "last_in": "2026-W38", "held_back_since": ""}
    assert (found["quarter"], found["silent"], found["silent_days"]) == ("2026-Q4", [silent], 14)


def test_a_site_policy_that_nobody_has_reviewed_is_named(opened: Open, tmp_path: Path) -> None:
    (tmp_path / "north.toml").write_text(policy_file("north", review_by=date(2026, 11, 29)), "utf-8")
    # Nothing is in the log, so it is the page of all tenants.
    said = "The site policy of north was not reviewed since 2026-01-10."
    assert said in opened(site_policies=tmp_path).get("/feedback").text
    (tmp_path / "north.toml").write_text(policy_file("north", review_by=date(2026, 11, 30)), "utf-8")
    assert said not in opened(site_policies=tmp_path).get("/feedback").text


ADDRESSES = ("/feedback", "/feedback.csv", "/feedback.csv?table=gap", "/feedback.json")


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_form_says_what_is_not_shown_now(address: str, opened: Open, store: EventLog, path: Path) -> None:
    record(store, 12)
    with changing(Path(f"{path}.spool.kill-switch.json")) as entries:
        entries.append(SwitchedOff(NOW, "Dr Ana Silva", "a wrong text", "vka-cua"))
    text = opened().get(address).text
    assert "Cards on vka-cua have been switched off since 2026-11-30 12:00 UTC by Dr Ana Silva: a wrong text." in text
    assert "No card does not mean no risk." in text


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_state_of_another_tenant_is_not_told(address: str, opened: Open, store: EventLog, tmp_path: Path) -> None:
    record(store, 12, tenant="north", client="https://ehr.example")
    record(store, 12, tenant="south", client="urn:south")
    (tmp_path / "north.toml").write_text(
        policy_file("north", "[[shadow]]\nsince = 2026-02-01\nuntil = 2035-12-31\nreason = 'our pilot'\n"), "utf-8"
    )
    (tmp_path / "south.toml").write_text(policy_file("south", review_by=date(2026, 11, 29)), "utf-8")
    visitor = opened(site_policies=tmp_path)
    sign = "&" if "?" in address else "?"
    north, south = (visitor.get(f"{address}{sign}tenant={one}").text for one in ("north", "south"))
    assert ("our pilot" in north, "our pilot" in south) == (True, False)
    said = "The site policy of south was not reviewed since 2026-01-10."
    assert (said in north, said in south) == (False, True)


def test_each_table_is_a_file_of_its_own(opened: Open, store: EventLog) -> None:
    record(store, 6, kind=Kind.REFUSED, reason="labs")
    visitor = opened()
    assert visitor.get("/feedback.csv?table=refusal").text.splitlines() == ["was_missing,calls,remarks", "labs,6,"]
    assert visitor.get("/feedback.csv?table=nonsense").status_code == 404


def test_what_happened_is_told_to_each_tenant_by_itself(opened: Open, store: EventLog) -> None:
    record(store, 6, kind=Kind.REFUSED, reason="labs", tenant="north", client="https://ehr.example")
    record(store, 7, kind=Kind.REFUSED, reason="labs", tenant="south", client="urn:south")
    for tenant, calls in (("north", 6), ("south", 7)):
        found = opened().get(f"/feedback.json?tenant={tenant}").get_json()
        assert found["refusal"] == [{"was_missing": "labs", "calls": calls}]


# ------------------------------------------------------------------ nothing, and nothing that can be read
def test_an_empty_log_is_said(opened: Open) -> None:
    visitor = opened()
    assert "No card has been shown yet" in visitor.get("/feedback").text
    assert visitor.get("/feedback.json").get_json()["quarter"] is None
    assert visitor.get("/feedback.csv").text.splitlines()[1:] == ["all,,,0,0,0,0,"]


def test_answers_without_any_card_in_the_log_are_not_nothing(opened: Open, store: EventLog) -> None:
    stray = [FeedbackItem(f"stray-{number}", "accepted", NOW) for number in range(6)]
    store.record_feedback(CARD.service, [*stray, FeedbackItem("stray-9", "overridden", NOW)], NOW)
    visitor = opened()
    page = visitor.get("/feedback").text
    assert "No card is in the log, but there are answers" in page
    assert "6 accepted, fewer than 5 overridden" in page
    assert "No card has been shown yet" not in page
    found = visitor.get("/feedback.json").get_json()
    assert found["answers_on_unknown_cards"] == {"accepted": 6, "overridden": "fewer than 5"}


@pytest.mark.parametrize("address", ["/feedback", "/feedback.csv", "/feedback.json"])
def test_a_database_that_cannot_be_read_is_no_zero(
    address: str, opened: Open, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.mkdir()
    answer = opened().get(address)
    assert answer.status_code == 503
    assert "this does not mean that there were none" in answer.text
    assert answer.headers["Retry-After"] == "5"
    assert "the feedback page cannot be shown: the database could not be used" in caplog.text


# ------------------------------------------------------------------ who may see it
def clinic(opened: Open, tmp_path: Path, **settings: Any) -> FlaskClient:
    clients = tmp_path / "clients.toml"
    clients.write_text(trust_file(issuer="https://ehr.example"), "utf-8")
    return opened(dev=False, trusted_clients=clients, public_url="https://cds.example", **settings)


def test_the_token_opens_the_page_as_a_password_and_as_a_bearer_token(opened: Open, tmp_path: Path) -> None:
    visitor = clinic(opened, tmp_path, pages_token=TOKEN)
    for headers in (basic(TOKEN), basic(TOKEN, ""), {"Authorization": f"Bearer {TOKEN}"}):
        answer = visitor.get("/feedback", headers=headers)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        basic(TOKEN[:-1]),
        basic(TOKEN + "x"),
        basic("", TOKEN),
        basic("pässword"),
        {"Authorization": f"Bearer {TOKEN.upper()}"},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic !"},
        {"Authorization": f"Digest {TOKEN}"},
        {"Authorization": TOKEN},
    ],
)
@pytest.mark.parametrize("address", ["/feedback", "/feedback.csv", "/feedback.json"])
def test_without_the_token_nothing_is_shown(
    address: str,
    headers: dict[str, str],
    opened: Open,
    store: EventLog,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    show(store, "a", 9)
    answer = clinic(opened, tmp_path, pages_token=TOKEN).get(address, headers=headers)
    assert answer.status_code == 401
    assert [challenge.split()[0] for challenge in answer.headers.getlist("WWW-Authenticate")] == ["Basic", "Bearer"]
    assert "vka-cua" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert TOKEN[:10] not in caplog.text


def test_wrong_tokens_are_counted_and_told_without_the_token(
    opened: Open, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    visitor = clinic(opened, tmp_path, pages_token=TOKEN)
    with caplog.at_level(logging.WARNING, "cds_service"):
        visitor.get("/feedback")
        assert not caplog.records
        for _ in range(3):
            visitor.get("/feedback", headers=basic("a-wrong-guess"))
    assert [record.getMessage() for record in caplog.records] == [
        "the feedback page was refused to a wrong token (1 since this was last said)"
    ]


def test_with_dev_a_token_that_is_set_is_asked_for_too(opened: Open) -> None:
    visitor = opened(pages_token=TOKEN)
    assert visitor.get("/feedback").status_code == 401
    assert visitor.get("/feedback", headers=basic(TOKEN)).status_code == 200


def test_behind_a_proxy_that_asks_the_page_is_open_to_whom_it_lets_through(opened: Open, tmp_path: Path) -> None:
    visitor = clinic(opened, tmp_path, pages_behind_proxy=True)
    assert visitor.get("/feedback", headers={"Host": "cds.example"}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "empty"}, 200),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "empty"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "script"}, 403),
    ],
)
def test_another_site_may_link_to_it_and_not_read_it(
    headers: dict[str, str], status: int, opened: Open, tmp_path: Path
) -> None:
    answer = clinic(opened, tmp_path, pages_behind_proxy=True).get("/feedback", headers=headers)
    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_the_page_counts_for_the_rate_of_calls(opened: Open, tmp_path: Path) -> None:
    visitor = clinic(opened, tmp_path, pages_token=TOKEN, rate_limit="2 per minute")
    assert [visitor.get("/feedback").status_code for _ in range(3)] == [401, 401, 429]


def test_the_page_is_off_unless_it_is_switched_on(opened: Open) -> None:
    assert opened(pages=frozenset({"reasons"})).get("/feedback").status_code == 404


# ------------------------------------------------------------------ settings
ON = {"CDS_PAGES": "feedback"}


def test_without_dev_token_and_proxy_the_start_is_refused_with_what_to_set() -> None:
    with pytest.raises(SettingsError, match=r"set CDS_PAGES_TOKEN, or CDS_PAGES_BEHIND_PROXY=true .* or use --dev"):
        from_environment(ON)
    with pytest.raises(SettingsError, match="CDS_PAGES_BEHIND_PROXY=true"):
        from_environment({**ON, "CDS_PAGES_BEHIND_PROXY": "false"})


@pytest.mark.parametrize("environment", [{"CDS_PAGES_TOKEN": TOKEN}, {"CDS_PAGES_BEHIND_PROXY": "true"}, {}])
def test_any_of_the_three_will_do(environment: dict[str, str]) -> None:
    assert from_environment({**ON, **environment}, dev=not environment).pages == {"feedback"}


@pytest.mark.parametrize(("token", "fits"), [("x" * 31, False), ("x" * 32, True), ("x" * 16 + " " + "x" * 16, False)])
def test_a_token_that_could_be_guessed_is_refused(token: str, fits: bool) -> None:
    if fits:
        assert from_environment({**ON, "CDS_PAGES_TOKEN": token}).pages_token == token
        return
    with pytest.raises(SettingsError, match="CDS_PAGES_TOKEN: expected 32 to 200") as refused:
        from_environment({**ON, "CDS_PAGES_TOKEN": token})
    assert token not in str(refused.value)


def test_the_token_is_in_no_repr() -> None:
    assert TOKEN not in repr(Settings(pages_token=TOKEN))
