"""`report`: what became of calls and cards, what was held back, what fell silent; never nothing in place of a fault."""

from __future__ import annotations

import csv
import io
import json
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, text

from cds_service.commands.cli import cli
from cds_service.commands.report import TABLES
from cds_service.knowledge import load_knowledge
from cds_service.reports import SECTIONS
from cds_service.settings import Settings
from cds_service.storage import Database, Event, EventLog, FeedbackItem, Kind, SwitchedOff, changing, new_id
from tests.unit.cds_service.knowledge.policies import policy_file

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
VIEW = Event("", MONDAY, Kind.ANSWERED, "urn:north", "northern", "calciphylaxis-patient-view", "patient-view")
SELECT = replace(VIEW, service="calciphylaxis-order-select", hook="order-select")


def card(uuid: str, of: Event = VIEW, topic: str = "vka-cua", indicator: str = "critical", **differs: Any) -> Event:
    return replace(of, id=f"card-{uuid}", kind=Kind.ISSUED, card_uuid=uuid, topic=topic, indicator=indicator, **differs)


def other(of: Event, kind: Kind = Kind.ANSWERED, **differs: Any) -> Event:
    return replace(of, id=new_id(), kind=kind, **differs)


def run(*arguments: str, database: Path, zone: str = "Europe/Berlin") -> Result:
    environment = {"CDS_DATABASE_URL": f"sqlite:///{database}", "CDS_TIMEZONE": zone}
    return CliRunner().invoke(cli, ["report", *arguments], env=environment)


def table(name: str, *arguments: str, database: Path, zone: str = "Europe/Berlin") -> list[dict[str, Any]]:
    result = run("--by", name, "--json", "--until", "2026-03-15", *arguments, database=database, zone=zone)
    assert result.exit_code == 0, result.output
    rows: list[dict[str, Any]] = json.loads(result.stdout)["tables"][name]
    return rows


@pytest.fixture
def filled(store: EventLog, path: Path) -> Path:
    """Two weeks of two tenants: opened charts with cards, a picked drug with a card, and what was held back."""
    later = MONDAY + timedelta(days=7)
    unmapped = {"cards": 2, "unmapped": [["lab", "urn:x", "PHOS", "mg/dL"], ["drug", "urn:y", "A1", ""]]}
    store.record([
        other(VIEW, content=unmapped),
        card("1"),
        card("2", topic="calcium-hypercalcaemia", indicator="warning"),
        other(VIEW, content={"cards": 0, "unmapped": [["lab", "urn:x", "PHOS", "mg/dL"]]}, at=later),
        other(VIEW, Kind.GAP, reason="labs", at=later),
        other(VIEW, Kind.REFUSED, reason="conditions", at=later),
        other(VIEW, Kind.SUPPRESSED, reason="shadow", topic="vka-cua", indicator="critical", at=later),
        other(VIEW, Kind.SUPPRESSED, reason="topic-off", topic="iron", indicator="info", at=later),
        other(SELECT, client="urn:south", tenant="southern", at=later),
        card("3", replace(SELECT, client="urn:south", tenant="southern"), indicator="info", at=later),
    ])  # fmt: skip
    why = FeedbackItem("1", "overridden", MONDAY, override_reason_code="mechanical-valve", user_comment="Mrs Example")
    store.record_feedback(VIEW.service, [why], MONDAY, "urn:north", "northern")
    return path


# ------------------------------------------------------------------ the tables
@pytest.mark.parametrize(
    ("by", "told"),
    [
        (
            "topic",
            [("calcium-hypercalcaemia", "warning", 1, 0), ("vka-cua", "critical", 1, 1), ("vka-cua", "info", 1, 0)],
        ),
        ("hook", [("order-select", 1, 0, 1, 0), ("patient-view", 2, 1, 2, 1)]),
        ("tenant", [("northern", 2, 1, 2, 1), ("southern", 1, 0, 1, 0)]),
        ("week", [("2026-W10", 1, 0, 2, 1), ("2026-W11", 2, 1, 1, 0)]),
    ],
)  # fmt: skip
def test_cards_and_calls_are_counted_by_topic_hook_tenant_and_week(
    by: str, told: list[tuple[Any, ...]], filled: Path
) -> None:
    names = {"topic": ("card", "indicator")}.get(by, (by, "calls_answered", "calls_refused"))
    rows = [row for row in table(by, database=filled) if row.get("card") != "all"]
    assert [tuple(row[name] for name in (*names, "shown", "overridden")) for row in rows] == told


@pytest.mark.parametrize(
    ("by", "rows"),
    [
        ("reason", [["mechanical-valve", 1, 1.0], ["all", 1, 1.0]]),
        (
            "held-back",
            [
                ["northern", "shadow", "patient-view", "vka-cua", "critical", 1, 2, 50.0],
                ["northern", "topic-off", "patient-view", "iron", "info", 1, 2, 50.0],
            ],
        ),
        ("gap", [["labs", "patient-view", 1]]),
        ("refusal", [["conditions", "patient-view", 1]]),
        ("unmapped", [["lab", "urn:x", "PHOS", "mg/dL", "no", 2, 2], ["drug", "urn:y", "A1", "", "no", 1, 2]]),
    ],
)
def test_what_was_held_back_missing_and_unmapped_is_counted(by: str, rows: list[list[Any]], filled: Path) -> None:
    assert [list(row.values()) for row in table(by, database=filled)] == rows


def test_each_version_of_the_policy_is_told_with_its_days_by_tenant(store: EventLog, path: Path) -> None:
    """The first call was late in the evening of a day that had ended in Berlin."""
    northern, late = replace(VIEW, policy="a1", rules="0.6.0"), datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    store.record([
        other(northern, at=late),
        other(northern, at=MONDAY + timedelta(days=7)),
        other(northern, Kind.REFUSED, at=MONDAY + timedelta(days=8)),
        other(replace(northern, policy="b2"), at=MONDAY + timedelta(days=9)),
        other(replace(northern, tenant="", client=""), at=late),
    ])  # fmt: skip
    anybody = ["callers that are not known", "a1", "0.6.0", "2026-03-03", "2026-03-03", 1, 0]
    before = ["northern", "a1", "0.6.0", "2026-03-03", "2026-03-10", 2, 1]
    after = ["northern", "b2", "0.6.0", "2026-03-11", "2026-03-11", 1, 0]
    assert [list(row.values()) for row in table("policy", database=path)] == [anybody, before, after]
    assert [list(row.values()) for row in table("policy", "--tenant", "northern", database=path)] == [before, after]
    told = run("--by", "policy", "--until", "2026-03-15", database=path).stdout
    assert "Versions of the policy (--by policy)" in told


def test_codes_that_are_not_shown_are_counted_with_what_can_be_done(store: EventLog, path: Path) -> None:
    hidden = [["lab", "urn:x", "(words in place of a code)", "mg/dL"], ["drug", "urn:x", "(on few patients)", ""]]
    for codes in (hidden, hidden[:1], [["lab", "urn:x", "PO4", ""]], []):
        store.record([other(VIEW, content={"unmapped": codes})])
    for form in ([], ["--json"], ["--csv"], ["--by", "unmapped"]):
        said = run(*form, database=path).output
        assert "there were some on 2 of 4 calls looked at" in said
        assert "doctor fhir --every-code" in said
    assert [row["calls"] for row in table("unmapped", database=path)] == [2, 1, 1]


def test_that_no_code_was_unmapped_is_said_of_the_calls_looked_at_alone(store: EventLog, path: Path) -> None:
    store.record([other(VIEW, content={"unmapped": []}), *[other(VIEW) for _ in range(6)]])
    said = run("--by", "unmapped", "--until", "2026-03-15", database=path).stdout
    assert "None was on the calls that were looked at, 1 of 7 answered." in said


def test_burden_is_told_for_each_hundred_calls_and_opened_charts(filled: Path) -> None:
    told = {(row["hook"], row["cards_that_are"]): list(row.values())[2:] for row in table("burden", database=filled)}
    assert told["patient-view", "all"] == [2, 2, 0, 2, 100.0, 100.0]
    assert told["patient-view", "critical"] == [1, 1, 0, 2, 50.0, 50.0]
    assert told["order-select", "warning or critical"] == [0, 0, 0, 1, 0.0, 0.0]
    assert told["all", "all"] == [3, 2, 0, 3, 100.0, 150.0]


def test_cards_held_back_are_told_for_each_hundred_charts_of_that_tenant_meanwhile(store: EventLog, path: Path) -> None:
    """Two tenants in shadow mode opened a chart each, and would have got a card on each; others opened eleven."""
    for tenant in ("east", "west"):
        theirs = replace(VIEW, client=f"urn:{tenant}", tenant=tenant, policy=f"shadow-{tenant}")
        store.record([other(theirs), other(theirs, Kind.SUPPRESSED, reason="shadow", topic="cua-suspected")])
    store.record([other(replace(VIEW, policy="packaged")) for _ in range(11)])
    told = [(row["tenant"], row["charts_meanwhile"], row["of_100_charts"]) for row in table("held-back", database=path)]
    assert told == [("east", 1, 100.0), ("west", 1, 100.0)]
    assert "the tenant opened meanwhile" in run("--by", "held-back", "--until", "2026-03-15", database=path).stdout


def test_a_hook_in_shadow_mode_is_not_taken_for_a_quiet_one(store: EventLog, path: Path) -> None:
    sign = replace(VIEW, hook="order-sign", service="calciphylaxis-order-sign")
    store.record([other(sign), other(sign, Kind.SUPPRESSED, reason="shadow", topic="vka-cua", indicator="critical")])
    (row,) = [row for row in table("burden", database=path) if row["hook"] == "order-sign"][:1]
    assert (row["shown"], row["held_back"], row["of_100_calls"]) == (0, 1, 0.0)


def test_a_topic_a_service_and_a_tenant_that_fell_silent_are_told(filled: Path) -> None:
    rows = table("silent", "--silent-days", "7", database=filled)
    assert [(row["what"], row["name"], row["tenant"], row["times_before"], row["last_on"]) for row in rows] == [
        ("topic", "calcium-hypercalcaemia", "northern", 1, "2026-03-02"),
        ("topic", "vka-cua", "northern", 1, "2026-03-02"),
    ]
    assert [row["held_back_since"] for row in rows] == ["", "shadow"]
    (late,) = [row for row in table("silent", "--silent-days", "1", database=filled) if row["tenant"] == "southern"]
    assert (late["what"], late["times_before"], late["last_on"]) == ("tenant", 1, "2026-03-09")


def test_one_tenant_is_told_by_itself(filled: Path) -> None:
    assert [row["hook"] for row in table("hook", "--tenant", "southern", database=filled)] == ["order-select"]
    assert table("unmapped", "--tenant", "southern", database=filled) == []


@pytest.mark.parametrize(("zone", "week"), [("Pacific/Auckland", "2026-W11"), ("UTC", "2026-W10")])
def test_weeks_are_those_of_the_time_zone_which_is_said(zone: str, week: str, store: EventLog, path: Path) -> None:
    sunday = datetime(2026, 3, 8, 20, tzinfo=UTC)
    store.record([other(VIEW, at=sunday)])
    assert [row["week"] for row in table("week", database=path, zone=zone) if row["calls_answered"]] == [week]
    assert f"({zone})" in run("--until", "2026-03-15", database=path, zone=zone).stdout


@pytest.mark.parametrize(
    ("since", "until", "calls"),
    [("2026-03-02", "2026-03-02", 1), ("2026-03-03", "2026-03-15", 2), ("2026-03-02", "2026-03-09", 3)],
)
def test_both_days_of_a_range_are_counted_whole(since: str, until: str, calls: int, filled: Path) -> None:
    result = run("--by", "week", "--json", "--since", since, "--until", until, database=filled)
    assert sum(row["calls_answered"] for row in json.loads(result.stdout)["tables"]["week"]) == calls


def test_what_was_switched_is_listed_with_who_and_why(store: EventLog, filled: Path) -> None:
    def switching(way: str, **differs: Any) -> Event:
        content = {"switched": way, "by": "Dr Silva"}
        return Event(new_id(), MONDAY, Kind.SWITCHED, reason="a wrong text", content=content, **differs)

    store.record(
        [
            switching("off", topic="vka-cua", tenant="southern"),
            replace(switching("on"), at=MONDAY + timedelta(days=1)),
            replace(switching("off", tenant="northern"), at=MONDAY + timedelta(days=20)),
        ]
    )
    off = ["2026-03-02 12:00 UTC", "off", "vka-cua", "southern", "Dr Silva", "a wrong text"]
    on = ["2026-03-03 12:00 UTC", "on", "all cards", "all tenants", "Dr Silva", "a wrong text"]
    assert [list(row.values()) for row in table("switched", database=filled)] == [off, on]
    assert [list(row.values()) for row in table("switched", "--tenant", "northern", database=filled)] == [on]
    assert [list(row.values()) for row in table("switched", "--tenant", "southern", database=filled)] == [off, on]


def test_what_became_of_site_policies_is_told_with_who_answers_for_them(store: EventLog, filled: Path) -> None:
    said = {"became": "changed", "file": "north.toml", "before": "v1", "owner": "Dr Silva", "approver": "Dr Okoro"}
    off = {"people": ["Dr A", "Dr B"], "reason": "another system warns", "covers": ["vka-cua", "kidney"]}
    days = {"approved": "2026-03-01", "effective": "2026-03-02"}
    changed = Event("p1", MONDAY, Kind.POLICY_CHANGED, tenant="northern", policy="v2",
                    content={**said, **days, "critical_off": off})  # fmt: skip
    refused = replace(changed, id="p2", at=MONDAY + timedelta(days=1), tenant="southern", policy="", reason="faulty",
                      content={"became": "refused", "file": "south.toml"})  # fmt: skip
    of_nobody = replace(refused, id="p3", at=MONDAY + timedelta(days=2), tenant="",
                        content={"became": "refused", "file": "x.toml"})  # fmt: skip
    store.record([changed, refused, of_nobody])
    first = ["2026-03-02 12:00 UTC", "northern", "changed", "v2", "v1", "Dr Silva", "Dr Okoro", "2026-03-01",
             "2026-03-02", "Dr A and Dr B", "vka-cua, kidney", "another system warns", "north.toml", ""]  # fmt: skip
    second = ["2026-03-03 12:00 UTC", "southern", "refused", *[""] * 9, "south.toml", "faulty"]
    third = ["2026-03-04 12:00 UTC", *second[1:]]
    third[1], third[-2] = "", "x.toml"
    assert [list(row.values()) for row in table("policy-change", database=filled)] == [first, second, third]
    alone = table("policy-change", "--tenant", "northern", database=filled)
    assert [list(row.values()) for row in alone] == [first]


# ------------------------------------------------------------------ forms
def test_every_table_is_in_the_report_and_can_be_asked_for_alone(filled: Path) -> None:
    assert tuple(SECTIONS) == TABLES
    whole = run(database=filled)
    assert whole.exit_code == 0, whole.output
    for name in TABLES:
        assert f"(--by {name})" in whole.stdout
        assert f"(--by {name})" in run("--by", name, database=filled).stdout
    assert set(json.loads(run("--json", database=filled).stdout)["tables"]) == set(TABLES)


def test_a_file_holds_one_table_or_each_value_of_all(filled: Path) -> None:
    alone = list(csv.DictReader(io.StringIO(run("--by", "refusal", "--csv", database=filled).stdout)))
    assert [{**row, "remarks": ""} for row in alone] == [
        {"was_missing": "conditions", "hook": "patient-view", "calls": "1", "remarks": ""}
    ]
    whole = list(csv.DictReader(io.StringIO(run("--csv", database=filled).stdout)))
    assert {row["table"] for row in whole} >= {"topic", "burden", "unmapped", "held-back"}
    assert {"table": "refusal", "line": "1", "column": "calls", "value": "1"} in whole


@pytest.mark.parametrize("form", [[], ["--json"], ["--csv"]])
def test_no_comment_and_no_id_is_told(form: list[str], filled: Path) -> None:
    said = run(*form, database=filled).output
    assert "vka-cua" in said
    assert "Example" not in said


# ------------------------------------------------------------------ what is switched off now
def with_policies(folder: Path, database: Path, *arguments: str) -> Result:
    environment = {"CDS_DATABASE_URL": f"sqlite:///{database}", "CDS_SITE_POLICIES": str(folder)}
    return CliRunner().invoke(cli, ["report", *arguments], env=environment)


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """One tenant has switched a topic off, and nobody has reviewed that in time."""
    folder = tmp_path / "policies"
    folder.mkdir()
    off = '[topics.calcium-restrict]\non = false\nreason = "see minute 12"\n'
    (folder / "north.toml").write_text(policy_file("northern", off, review_by=date(2026, 2, 1)), "utf-8")
    return folder


@pytest.mark.parametrize("form", [[], ["--json"], ["--csv"], ["--since", "2030-01-01"]])
def test_what_the_kill_switch_holds_back_now_stands_in_every_report(form: list[str], filled: Path) -> None:
    off = "Cards on vka-cua have been switched off"
    assert off not in run(*form, database=filled).output
    with changing(Path(f"{filled}.spool.kill-switch.json")) as entries:
        entries.append(SwitchedOff(MONDAY, "Dr Ana Silva", "a wrong text", "vka-cua"))
    assert off in run(*form, database=filled).output


def test_a_file_that_is_read_alone_says_what_is_not_shown(filled: Path) -> None:
    with changing(Path(f"{filled}.spool.kill-switch.json")) as entries:
        entries.append(SwitchedOff(MONDAY, "Dr Ana Silva", "a wrong text", "vka-cua"))
    off = "Cards on vka-cua have been switched off since 2026-03-02 12:00 UTC by Dr Ana Silva: a wrong text."
    rows = list(csv.DictReader(io.StringIO(run("--csv", database=filled).stdout)))
    assert rows[0] == {"table": "remarks", "line": "1", "column": "remarks", "value": off}
    (first, *others) = csv.DictReader(io.StringIO(run("--by", "hook", "--csv", database=filled).stdout))
    assert first["remarks"].startswith(off)
    assert {row["remarks"] for row in others} == {""}
    (only,) = csv.DictReader(io.StringIO(run("--by", "switched", "--csv", database=filled).stdout))
    assert only["remarks"].startswith(off), "a table without a line holds it, too"
    assert {value for name, value in only.items() if name != "remarks"} == {""}


def test_the_state_of_another_tenant_is_not_told_in_the_report_of_one(policies: Path, filled: Path) -> None:
    assert "see minute 12" in with_policies(policies, filled, "--tenant", "northern").stdout
    southern = with_policies(policies, filled, "--tenant", "southern")
    assert southern.exit_code == 0, southern.output
    assert "minute 12" not in southern.stdout
    assert "not reviewed" not in southern.stdout


@pytest.mark.parametrize(("policy", "is_said"), [("of a site policy", True), ("packaged", False), ("", False)])
def test_without_the_site_policies_of_the_service_that_is_said(
    policy: str, is_said: bool, store: EventLog, path: Path
) -> None:
    packaged = load_knowledge(Settings(dev=True)).version
    store.record([other(replace(VIEW, policy=packaged if policy == "packaged" else policy))])
    said = "the site policies were not read: CDS_SITE_POLICIES is not set"
    assert (said in run("--until", "2026-03-15", database=path).stdout) is is_said


def test_where_the_site_policies_are_read_nothing_is_missing(policies: Path, store: EventLog, path: Path) -> None:
    store.record([other(replace(VIEW, policy="of a site policy"))])
    assert "were not read" not in with_policies(policies, path).stdout


def test_what_a_site_policy_switches_off_and_who_has_not_reviewed_it_is_said(policies: Path, filled: Path) -> None:
    said = with_policies(policies, filled)
    assert said.exit_code == 0, said.output
    assert "see minute 12" in said.stdout
    assert "The site policy of northern was not reviewed since 2026-01-10." in said.stdout


def test_a_site_policy_that_cannot_be_read_is_not_as_if_nothing_were_off(policies: Path, filled: Path) -> None:
    (policies / "north.toml").write_text("tenant = 5", "utf-8")
    said = with_policies(policies, filled)
    assert said.exit_code == 0, said.output
    assert "The site policy north.toml cannot be used, so what it switches off is not told here" in said.stdout
    assert "vka-cua" in said.stdout


# ------------------------------------------------------------------ nothing, and nothing that can be read
def test_an_empty_range_says_that_no_call_was_answered(filled: Path, store: EventLog) -> None:
    for days in (["--until", "2026-03-01"], ["--since", "2026-03-10", "--until", "2026-03-12"]):
        result = run(*days, database=filled)
        assert result.exit_code == 0
        assert "no call was answered in this range: this does not mean that nobody was at risk" in result.stdout
        assert "no call was answered" in run(*days, "--csv", database=filled).stderr
        assert "no call was answered" in json.loads(run(*days, "--json", database=filled).stdout)["remarks"][0]


def test_calls_without_a_card_are_not_nothing(store: EventLog, path: Path) -> None:
    store.record([other(VIEW), other(VIEW, Kind.SUPPRESSED, reason="shadow", topic="vka-cua")])
    said = run(database=path).stdout
    assert "1 call was answered in this range; no card was shown, and 1 was worked out and held back" in said
    store.record([other(VIEW, Kind.REFUSED, reason="labs")])
    assert "(1 refused: what it needed could not be read)" in run(database=path).stdout


def test_an_empty_log_is_said(store: EventLog, path: Path) -> None:
    store.record_feedback("a", [FeedbackItem("1", "accepted", MONDAY)], MONDAY)
    with closing(Database(f"sqlite:///{path}")) as database, database.connected() as connection:
        connection.exec_driver_sql("DELETE FROM event")
    result = run(database=path)
    assert result.exit_code == 0
    assert "no call was answered in this range" in result.stdout


def test_a_tenant_that_is_not_in_the_range_is_said(filled: Path) -> None:
    said = run("--tenant", "southern", "--until", "2026-03-03", database=filled)
    assert said.exit_code == 0
    assert "nothing of the tenant southern is in the log in this range, in it are: northern" in said.stdout


@pytest.mark.parametrize("form", [[], ["--json"], ["--csv"], ["--until", "2026-03-03"]])
def test_a_tenant_that_is_not_in_the_log_at_all_is_no_empty_report(form: list[str], filled: Path) -> None:
    said = run("--tenant", "nobody", *form, database=filled)
    assert (said.exit_code, said.stdout) == (2, "")
    assert "--tenant nobody: nothing of this tenant is in the log; in it are: northern, southern" in said.stderr


def test_the_default_are_callers_that_are_not_known(store: EventLog, filled: Path) -> None:
    assert "nothing of the tenant callers that are not known is in the log" in (
        run("--tenant", "default", database=filled).stdout
    )
    store.record([other(replace(VIEW, client="", tenant=""))])
    for name in ("default", "callers that are not known"):
        (row,) = table("tenant", "--tenant", name, database=filled)
        assert (row["tenant"], row["calls_answered"]) == ("callers that are not known", 1)


def test_silence_is_not_told_of_a_range_that_is_too_short(filled: Path) -> None:
    said = run("--since", "2026-03-02", "--until", "2026-03-15", database=filled).stdout
    assert "no time before its last 14 days: what has fallen silent cannot be told" in said
    assert "It cannot be told: the range has no time before its last days." in said
    assert "Nothing has fallen silent." not in said


def test_where_there_is_no_database_none_is_made_and_the_place_is_told(tmp_path: Path) -> None:
    result = run(database=tmp_path / "cards.sqlite3")
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"{tmp_path}/cards.sqlite3: there is no database" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ['{"unmapped": [["lab"', '{"unmapped": 5}', '{"unmapped": [["lab"]]}'])
def test_events_that_cannot_be_read_are_a_fault(content: str, filled: Path) -> None:
    engine = create_engine(f"sqlite:///{filled}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE event SET content = :c WHERE kind = 'answered'"), {"c": content})
    engine.dispose()
    result = run(database=filled)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "the log holds an event that cannot be read" in result.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--json", "--csv"], "--json and --csv exclude each other"),
        (["--since", "2026-03-02", "--until", "2026-03-01"], "--until 2026-03-01 lies before --since 2026-03-02"),
        (["--since", "yesterday"], "--since"),
        (["--by", "patient"], "--by"),
        (["--silent-days", "0"], "--silent-days"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: list[str], said: str, filled: Path) -> None:
    result = run(*options, database=filled)
    assert result.exit_code == 2
    assert said in result.stderr
