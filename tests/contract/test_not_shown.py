"""Cards that are worked out and not shown: shadow mode, switches of the site policy, the kill switch. Each is an event
with its reason, and whoever asks is told: silence must never read as "no risk"."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from cds_service import create_app
from cds_service.api.not_shown import MORE
from cds_service.commands.cli import cli
from cds_service.knowledge import Switches, read_switches
from cds_service.settings import Settings
from cds_service.storage import SwitchedOff, changing, kill_switch
from cds_service.storage.schema import event as event_table
from tests.contract.conftest import close, knowledge
from tests.contract.ehr import HOOKS, Ehr, ehr_of, topics
from tests.contract.records import (
    CALCIUM_DRAFT,
    CONFIRMED,
    DIALYSIS,
    ICD10CM,
    NOW,
    ON_DIALYSIS,
    WARFARIN,
    WARFARIN_DRAFT,
    Json,
    Record,
    condition,
    failure,
    order,
)

BY = SwitchedOff(NOW, "Dr Silva", "the text of step 3 is wrong")


def answered(*covers: str) -> Json:
    people = ["Dr Ana Silva", "Dr Ben Okoro"]
    return {"people": people, "reason": "another system warns", "covers": [*covers]}


Event = Mapping[str, Any]


class Site:
    """A service with these switches, and what it has kept."""

    def __init__(self, folder: Path, **document: Any) -> None:
        policy = knowledge().policy
        switches = read_switches(document, policy) if document else Switches()
        url = f"sqlite:///{folder}/cds.sqlite3"
        self.settings = Settings(dev=True, database_url=url, pages=frozenset({"try", "feedback"}))
        self.app: Flask = create_app(self.settings, lambda: NOW, knowledge=replace(knowledge(), switches=switches))
        self.ehr: Ehr = ehr_of(self.app)
        self.file = Path(f"{folder}/cds.sqlite3.spool.kill-switch.json")

    def ask_all(self, **context: Any) -> dict[str, list[Json]]:
        """The cards of one call of each hook about the same patient."""
        answers = {}
        for hook in HOOKS:
            body = self.ehr.request(hook, CONFIRMED, [WARFARIN_DRAFT, CALCIUM_DRAFT] if hook != HOOKS[0] else ())
            body["context"] |= context
            answers[hook] = self.ehr.cards(body)
        return answers

    def events(self, *kinds: str) -> list[Event]:
        log, database = self.app.extensions["cds_event_log"], self.app.extensions["cds_database"]
        log.ship()
        rows = database.transact(lambda connection: connection.execute(select(event_table)).mappings().all(), 5.0)
        return [dict(row) for row in rows if not kinds or row["kind"] in kinds]

    def switch(self, *off: SwitchedOff) -> None:
        with changing(self.file) as entries:
            entries[:] = off

    def get(self, path: str) -> Any:
        return self.ehr.client.get(path)

    @property
    def descriptions(self) -> dict[str, str]:
        return {one["hook"]: one["description"] for one in self.get("/cds-services").get_json()["services"]}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Site]]:
    """Services in folders of their own that look at the kill switch in every call; closed after the test."""
    monkeypatch.setattr(kill_switch, "LOOK_SECONDS", 0.0)
    made: list[Site] = []

    def make(**document: Any) -> Site:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Site(folder, **document))
        return made[-1]

    yield make
    for one in made:
        one.app.extensions["cds_event_log"].write_what_waits(5.0)
        close(one.app)


def decided(events: list[Event]) -> list[tuple[Any, ...]]:
    """What a card's event says, without its kind and what is new in each call."""
    told = ("service", "hook", "topic", "indicator", "facts", "policy", "rules")
    return sorted(tuple(one[name] for name in told) for one in events)


CARDS = ("card-issued", "card-suppressed")


# ------------------------------------------------------------------ shadow mode
def test_in_shadow_mode_no_card_comes_and_the_same_events_are_kept(site: Callable[..., Site]) -> None:
    lit, shadowed = site(), site(shadow=[{"since": date(2026, 11, 1), "reason": "pilot"}])
    shown, none = lit.ask_all(), shadowed.ask_all()
    assert all(shown.values())
    assert not any(none.values())
    assert decided(shadowed.events(*CARDS)) == decided(lit.events(*CARDS))
    assert len(lit.events("card-issued")) == len(shadowed.events("card-suppressed")) == sum(map(len, shown.values()))
    assert {one["reason"] for one in shadowed.events(*CARDS)} == {"shadow"}
    assert {one["card_uuid"] for one in shadowed.events(*CARDS)} == {None}
    others = [[one["kind"] for one in site.events() if one["kind"] not in CARDS] for site in (lit, shadowed)]
    assert others[0] == others[1]


@pytest.mark.parametrize(
    ("record", "key", "status"),
    [(CONFIRMED, "pth_alp", 200), (DIALYSIS, "pth_alp", 200), (CONFIRMED, "conditions", 412)],
    ids=["cards although something was not read", "a card that tells of it", "a refusal"],
)
def test_what_could_not_be_read_leaves_the_same_events_in_shadow_mode(
    record: Record, key: str, status: int, site: Callable[..., Site]
) -> None:
    kinds = []
    for one in (site(), site(shadow=[{"since": date(2026, 11, 1), "reason": "pilot"}])):
        body = one.ehr.request("patient-view", record)
        body["prefetch"][key] = failure()
        assert one.ehr.post(body).status_code == status
        kinds.append([event["kind"].replace("issued", "suppressed") for event in one.events()])
    assert kinds[0] == kinds[1]
    assert kinds[0]


@pytest.mark.parametrize(
    ("document", "killed", "silent"),
    [
        ({}, (), 0),
        ({}, (BY,), 1),
        (
            {"hooks": {"patient-view": {"on": False, "reason": "minute 13"}}, "critical_off": answered("patient-view")},
            (),
            1,
        ),
        ({"shadow": [{"since": date(2026, 11, 1), "reason": "pilot"}]}, (), 0),
    ],
    ids=["nothing is off", "the kill switch", "the hook is off", "shadow mode"],
)
def test_a_call_whose_cards_were_all_held_back_was_silent_for_a_gap(
    document: Json, killed: tuple[SwitchedOff, ...], silent: int, site: Callable[..., Site]
) -> None:
    one = site(**document)
    one.switch(*killed)
    body = one.ehr.request("patient-view", CONFIRMED)
    body["prefetch"]["pth_alp"] = failure()
    assert one.ehr.post(body).status_code == 200
    assert [event["reason"] for event in one.events("silent-for-a-gap")] == ["pth_alp"] * silent


def test_the_answer_is_an_event_with_the_number_of_cards_shown_and_held_back(site: Callable[..., Site]) -> None:
    pilot = {"since": date(2026, 11, 1), "reason": "pilot", "hook": "order-select"}
    one = site(shadow=[pilot], critical_off=answered("order-select"))
    shown = one.ask_all()
    counts = {event["hook"]: event["content"] for event in one.events("answered")}
    assert {hook: count["cards"] for hook, count in counts.items()} == {
        hook: len(cards) for hook, cards in shown.items()
    }
    assert (counts["patient-view"].get("held"), counts["order-select"]["held"]) == (None, 2)


def test_shadow_mode_begins_on_its_day(site: Callable[..., Site]) -> None:
    tomorrow = site(shadow=[{"since": date(2026, 11, 23), "reason": "pilot"}])
    assert all(tomorrow.ask_all().values())
    assert "shadow" not in str(tomorrow.descriptions)


# ------------------------------------------------------------------ what the site policy switches off
def test_a_topic_a_hook_and_a_service_that_are_off_give_no_cards_and_say_why(site: Callable[..., Site]) -> None:
    one = site(
        topics={"calcium-cua": {"on": False, "reason": "minute 12"}},
        hooks={"order-select": {"on": False, "reason": "minute 13"}},
        services={"calciphylaxis-order-sign": {"on": False, "reason": "minute 14"}},
        critical_off=answered("calcium-cua", "order-select", "calciphylaxis-order-sign"),
    )
    shown = one.ask_all()
    assert (shown["order-select"], shown["order-sign"]) == ([], [])
    assert "calcium-cua" not in topics(shown["patient-view"])
    reasons = {(event["hook"], event["reason"]) for event in one.events("card-suppressed")}
    assert reasons == {("order-select", "hook-off"), ("order-sign", "service-off")}
    said = one.descriptions
    whose = "for callers that are not known"
    off = f"Cards on calcium-cua are not shown, by the site policy {whose}: minute 12."
    assert all(off in text for text in said.values())
    assert f"No cards are shown at order-select, by the site policy {whose}: minute 13." in said["order-select"]
    assert "minute 13" not in said["order-sign"]
    assert "minute 14" in said["order-sign"]
    people = f"{whose} by Dr Ana Silva and Dr Ben Okoro: another system warns."
    assert all(people in text for text in said.values())
    assert all(text.endswith("No card does not mean no risk.") for text in said.values())


def test_another_indicator_is_that_of_the_card_and_of_the_event(site: Callable[..., Site]) -> None:
    one = site(topics={"vka-cua": {"indicator": {"order-select": "warning"}}}, critical_off=answered("vka-cua"))
    shown = one.ask_all()
    indicators = {
        hook: {card["indicator"] for card in cards if topics([card]) == ["vka-cua"]} for hook, cards in shown.items()
    }
    assert (indicators["order-select"], indicators["order-sign"]) == ({"warning"}, {"critical"})
    kept = {event["indicator"] for event in one.events("card-issued") if event["topic"] == "vka-cua"}
    assert kept == {"warning", "critical"}


def test_users_to_whom_no_cards_are_addressed_get_those_alone_that_can_be_critical(site: Callable[..., Site]) -> None:
    one = site(
        roles={"users": ["PractitionerRole"]},
        topics={"vka-cua": {"indicator": {"order-sign": "warning"}}},
        critical_off=answered("vka-cua"),
    )
    assert len(one.ask_all(userId="PractitionerRole/1")["order-sign"]) == 2
    assert topics(one.ask_all(userId="Practitioner/1")["order-sign"]) == ["calcium-cua", "vka-cua"]
    body = one.ehr.request("order-sign", DIALYSIS, [WARFARIN_DRAFT])
    body["context"]["userId"] = "Practitioner/1"
    assert one.ehr.cards(body) == []
    assert [(event["topic"], event["reason"]) for event in one.events("card-suppressed")] == [("vka-dialysis", "role")]


# ------------------------------------------------------------------ what could not be read is told all the same
OBESITY = condition("obesity", "Obesity", system=ICD10CM, code="E66.9")
DIABETES = condition("diabetes", "Type 2 diabetes", system=ICD10CM, code="E11.9")
UNREAD_DRUG = {**order("unread", "0", ""), "medicationCodeableConcept": {}}
RISKY: Record = {**DIALYSIS, "conditions": [ON_DIALYSIS, OBESITY, DIABETES], "medications": [WARFARIN, UNREAD_DRUG]}
SIGN_OFF = {"topics": {"vka-cua": {"on": False, "reason": "minute 12"}}, "critical_off": answered("vka-cua")}
VKA_OFF = {"topics": {"vka-dialysis": {"on": False, "reason": "minute 12"}}}
RISK_OFF = {"topics": {name: {"on": False, "reason": "minute 12"} for name in ("cua-risk-high", "cua-risk-elevated")}}
RISK_SHADOW = {
    "shadow": [{"since": date(2026, 11, 1), "reason": "pilot", "topic": name} for name in RISK_OFF["topics"]]
}
OTHERS = {"roles": {"users": ["PractitionerRole"]}}


def off(document: Json, *topics_too: str) -> Json:
    """The document with these topics off, too."""
    more = {name: {"on": False, "reason": "minute 13"} for name in topics_too}
    return document | {"topics": {**document.get("topics", {}), **more}}


def test_an_unreadable_drug_is_a_gap_where_nothing_at_all_is_shown(site: Callable[..., Site]) -> None:
    one = site()
    one.switch(BY)
    assert one.ehr.cards(one.ehr.request("patient-view", RISKY)) == []
    assert [event["reason"] for event in one.events("silent-for-a-gap")] == ["unreadable_entries"]


@pytest.mark.parametrize(
    "document",
    [off(RISK_OFF, "vka-dialysis"), off(RISK_SHADOW, "vka-dialysis"), OTHERS],
    ids=["off", "in shadow", "for others"],
)
def test_an_unreadable_drug_is_told_where_the_card_that_told_of_it_is_held_back(
    document: Json, site: Callable[..., Site]
) -> None:
    lit, held = site(), site(**document)
    cards = lit.ehr.cards(lit.ehr.request("patient-view", RISKY))
    assert set(topics(cards)) & RISK_OFF["topics"].keys()
    (gap,) = held.ehr.cards(held.ehr.request("patient-view", RISKY))
    assert topics([gap]) == ["cua-data-gap"]
    assert {event["topic"] for event in held.events("card-suppressed")} >= set(topics(cards))


def test_an_unreadable_drug_is_told_where_the_kill_switch_holds_the_card_back(site: Callable[..., Site]) -> None:
    one = site()
    one.switch(*(replace(BY, topic=topic) for topic in (*RISK_OFF["topics"], "vka-dialysis")))
    assert topics(one.ehr.cards(one.ehr.request("patient-view", RISKY))) == ["cua-data-gap"]


def test_results_that_could_not_be_read_are_told_where_the_card_of_the_order_is_held_back(
    site: Callable[..., Site],
) -> None:
    for document, told in (({}, ["vka-dialysis"]), (OTHERS, ["cua-data-gap"]), (VKA_OFF, ["cua-data-gap"])):
        one = site(**document)
        body = one.ehr.request("order-sign", DIALYSIS, [WARFARIN_DRAFT])
        body["prefetch"]["calcium"] = failure()
        assert topics(one.ehr.cards(body)) == told
        body["prefetch"]["calcium"] = one.ehr.prefetch("order-sign", DIALYSIS)["calcium"]
        assert topics(one.ehr.cards(body)) == [name for name in told if name != "cua-data-gap"]


def test_without_the_active_drugs_an_order_is_not_judged_by_a_card_that_is_held_back(
    site: Callable[..., Site],
) -> None:
    for document, status in (({}, 200), (VKA_OFF, 412)):
        one = site(**document)
        body = one.ehr.request("order-sign", DIALYSIS, [WARFARIN_DRAFT])
        body["prefetch"]["medications"] = failure()
        assert one.ehr.post(body).status_code == status


def test_a_list_that_was_cut_is_not_judged_by_a_critical_card_that_is_held_back(site: Callable[..., Site]) -> None:
    for document, status in (({}, 200), (SIGN_OFF, 412)):
        one = site(**document)
        body = one.ehr.request("order-sign", CONFIRMED, [WARFARIN_DRAFT])
        body["prefetch"]["conditions"]["link"] = [{"relation": "next", "url": "https://elsewhere.example/page/2"}]
        answer = one.ehr.post(body)
        assert answer.status_code == status
        assert ("which this clinic does not show" in answer.text) is (status == 412)
        held = [(event["topic"], event["reason"]) for event in one.events("card-suppressed")]
        assert held == ([("vka-cua", "topic-off")] if document else [])


# ------------------------------------------------------------------ the kill switch
def test_the_kill_switch_works_without_a_restart_and_so_does_its_end(site: Callable[..., Site]) -> None:
    one = site()
    before = one.ask_all()
    one.switch(BY)
    assert not any(one.ask_all().values())
    assert {event["reason"] for event in one.events("card-suppressed")} == {"kill-switch"}
    one.switch()
    assert {hook: topics(cards) for hook, cards in one.ask_all().items()} == {
        hook: topics(cards) for hook, cards in before.items()
    }


def test_what_an_operator_types_reaches_a_service_that_runs(site: Callable[..., Site]) -> None:
    one, why = site(), ("--reason", "wrong text", "--by", "Dr Silva")
    one.ask_all()

    def typed(*words: str) -> None:
        done = CliRunner().invoke(cli, ["switch", *words, *why], env={"CDS_DATABASE_URL": one.settings.database_url})
        assert done.exit_code == 0, done.output

    typed("off", "--topic", "vka-cua")
    assert topics(one.ask_all()["order-sign"]) == ["calcium-cua"]
    typed("on", "--topic", "vka-cua")
    assert len(one.ask_all()["order-sign"]) == 2
    assert [event["content"] for event in one.events("switched")] == [
        {"switched": "off", "by": "Dr Silva"},
        {"switched": "on", "by": "Dr Silva"},
    ]


def test_the_kill_switch_of_a_topic_leaves_the_other_cards(site: Callable[..., Site]) -> None:
    one = site()
    one.switch(replace(BY, topic="vka-cua"))
    assert topics(one.ask_all()["order-sign"]) == ["calcium-cua"]


def test_the_kill_switch_of_another_tenant_changes_nothing_here(site: Callable[..., Site]) -> None:
    one = site()
    one.switch(replace(BY, tenant="northern-dialysis"))
    assert all(one.ask_all().values())
    one.switch(replace(BY, tenant="default"))
    assert not any(one.ask_all().values())


def test_while_something_is_switched_off_everything_says_so(site: Callable[..., Site]) -> None:
    one = site()
    quiet = one.get("/cds-services").data
    assert one.get("/health/ready").get_json() == {"status": "ok"}
    one.switch(replace(BY, topic="vka-cua"))
    said = (
        "Cards on vka-cua have been switched off since 2026-11-22 10:00 UTC by Dr Silva: the text of step 3 is wrong."
    )
    assert {text.partition(said)[2] for text in one.descriptions.values()} == {" No card does not mean no risk."}
    health = one.get("/health/ready")
    assert health.status_code == 200
    assert health.get_json() == {
        "status": "ok",
        "not_shown": [{"reason": "kill-switch", "topic": "vka-cua", "tenants": "all"}],
        "note": f"No card does not mean no risk. {MORE}",
    }
    one.switch()
    assert one.get("/cds-services").data == quiet


def test_readiness_names_nobody_and_repeats_no_reason(site: Callable[..., Site]) -> None:
    """Whoever reaches the port may ask for it."""
    one = site(
        topics={"calcium-cua": {"on": False, "reason": "minute 12"}},
        services={"calciphylaxis-order-sign": {"on": False, "reason": "minute 14"}},
        shadow=[{"since": date(2026, 11, 1), "reason": "pilot", "hook": "order-select"}],
        critical_off=answered("calcium-cua", "order-select", "calciphylaxis-order-sign"),
    )
    one.switch(replace(BY, topic="vka-cua", tenant="northern-dialysis"), replace(BY, topic="vka-cua", tenant="south"))
    health = one.get("/health/ready")
    assert health.get_json()["not_shown"] == [
        {"reason": "kill-switch", "topic": "vka-cua", "tenants": 2},
        {"reason": "service-off", "service": "calciphylaxis-order-sign", "tenants": 1},
        {"reason": "topic-off", "topic": "calcium-cua", "tenants": 1},
        {"reason": "shadow", "hook": "order-select", "tenants": 1},
    ]
    for words in ("Dr", "minute", "pilot", "another system", "step 3", "northern", "south"):
        assert words not in health.text


@pytest.mark.parametrize("path", ["/", "/feedback"])
def test_the_pages_for_people_say_so_too(path: str, site: Callable[..., Site]) -> None:
    one = site(shadow=[{"since": date(2026, 11, 1), "reason": "pilot of <b>nephrology</b>"}])
    one.switch(replace(BY, topic="vka-cua"))
    page = one.get(path)
    assert page.status_code == 200
    assert "Cards on vka-cua have been switched off since 2026-11-22 10:00 UTC by Dr Silva" in page.text
    assert (
        "(shadow mode) for callers that are not known since 2026-11-01: pilot of &lt;b&gt;nephrology&lt;/b&gt;."
        in page.text
    )
    assert "<li>No card does not mean no risk.</li>" in page.text
    assert "not-shown" not in site().get(path).text


def test_the_try_page_tells_what_the_kill_switch_keeps_back(site: Callable[..., Site]) -> None:
    one = site()
    one.switch(replace(BY, topic="vka-cua"))
    body = one.ehr.request("order-sign", CONFIRMED, [WARFARIN_DRAFT])
    page = one.ehr.client.post("/try", data={"sent": json.dumps(body)}).text
    assert '<p class="none">No card for this message.</p>' in page
    assert "Cards on vka-cua have been switched off" in page
    assert "Worked out and not shown: vka-cua, critical (switched off at once, by the kill switch)." in page


def test_a_service_that_is_off_still_is_listed(site: Callable[..., Site]) -> None:
    one = site(
        services={"calciphylaxis-order-sign": {"on": False, "reason": "x"}},
        critical_off=answered("calciphylaxis-order-sign"),
    )
    assert list(one.descriptions) == list(HOOKS)


def test_a_service_that_starts_with_a_damaged_file_shows_cards_and_is_not_ready(site: Callable[..., Site]) -> None:
    before = site()
    before.file.write_text("{")
    one = Site(before.file.parent)
    health = one.get("/health/ready")
    assert health.status_code == 503
    assert "it is not known what was switched off; all cards are on" in health.text
    assert all(one.ask_all().values())
    assert "it is not known what was switched off; all cards are on." in one.descriptions["order-sign"]
    one.file.unlink()
    one.switch(BY)
    assert one.get("/health/ready").status_code == 200
    assert not any(one.ask_all().values())
    close(one.app)


@pytest.mark.parametrize("fault", ["damaged", "gone"])
def test_a_worker_that_comes_later_does_not_say_that_all_is_well_while_it_cannot_know_what_is_off(
    fault: str, site: Callable[..., Site]
) -> None:
    one = site()
    assert one.get("/health/ready").status_code == 200
    one.switch(BY)
    one.file.unlink()
    if fault == "damaged":
        one.file.write_text("{")
    one.app.extensions["cds_kill_switch"].begin()
    assert one.get("/health/ready").status_code == 503
    assert "it is not known what was switched off; all cards are on" in one.get("/health/ready").text


def test_a_file_that_cannot_be_read_leaves_what_was_and_is_told(site: Callable[..., Site]) -> None:
    one = site()
    one.switch(replace(BY, topic="vka-cua"))
    one.ask_all()
    one.file.write_text("{")
    assert topics(one.ask_all()["order-sign"]) == ["calcium-cua"]
    fault = one.get("/health/ready").get_json()["kill_switch_fault"]
    assert fault == "the kill switch cannot be read (JSONDecodeError); what was switched off before stays so"
    assert "The kill switch cannot be read" in one.descriptions["order-sign"]
    one.file.unlink()
    assert topics(one.ask_all()["order-sign"]) == ["calcium-cua"]
    one.switch()
    assert len(one.ask_all()["order-sign"]) == 2
    assert "kill_switch_fault" not in json.dumps(one.get("/health/ready").get_json())
