"""`calciphylaxis-cds policy`: every fault in one go, everything in force, and what a change would bring."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cds_service.commands.cli import cli
from cds_service.policy_work import changes
from cds_service.stories import load_vignettes
from fhir_mappings.packaged import packaged_text
from tests.unit.cds_service.cds_client import trust_file
from tests.unit.cds_service.knowledge.policies import policy_file

HIGH = '{ since = 2003-10-01, value = 10.2, source = "KDOQI 2003, guideline 6" }'
LATER = HIGH + ', { since = 2026-12-01, value = 10.0, source = "our protocol" }'
STORY = """
[[vignette]]
title = "Our protocol: calcium 10.1 on calcium acetate"
hook = "order-select"
patient = { dialysis = "haemodialysis" }
labs = "controlled"
orders = ["calcium acetate"]
results = [{ of = "calcium", value = 10.1 }]
expect = ["%s"]
"""


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(cli, ("policy", *arguments), env=environment)


def put(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return str(folder)


@pytest.fixture
def ours(tmp_path: Path) -> str:
    """A policy in which another value holds from 2026-12-01 on."""
    return put(tmp_path / "ours", "hooks/thresholds.toml", packaged_text("thresholds").replace(HIGH, LATER))


@pytest.fixture
def few_stories(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the stories that ship only some are played: what is printed does not hang on how many there are."""
    some = load_vignettes()[::100]
    monkeypatch.setattr(changes, "load_vignettes", lambda folder=None: load_vignettes(folder) if folder else some)


@pytest.fixture
def site(tmp_path: Path) -> str:
    """The file of a site policy in which another value holds from 2026-12-01 on, and a code of its own."""
    more = "[[threshold]]\nname='calcium_high'\nfrom=2026-12-01\nvalue=10.0\nsource='our protocol'\n"
    path = tmp_path / "north.toml"
    more += "[[drug]]\ndrug_class='vitamin_k_antagonist'\nsystem='urn:drugs'\ncode='W5'\nname='warfarin'\n"
    path.write_text(policy_file(more=more, review_by=date(2035, 12, 31)), "utf-8")
    return str(path)


# ------------------------------------------------------------------ a site policy
CODES = "Codes of your own are on no story and no synthetic patient: diff shows what they bring only with --bundles."


def test_a_site_policy_without_a_fault_is_told_with_who_answers_for_it(site: str) -> None:
    result = run("check", "--site", site)
    assert result.exit_code == 0, result.output
    _, told, codes = result.stdout.splitlines()
    assert codes == f"look at: {CODES}"
    assert told.startswith("site policy of north, version ")
    assert told.endswith(
        ": approved by Dr Ben Okoro, informatics on 2026-01-10, from 2026-01-15 on, to be reviewed by 2035-12-31"
    )
    found = json.loads(run("check", "--site", site, "--json").stdout)["site_policy"]
    assert (found["tenant"], found["owner"], found["review_by"]) == ("north", "Dr Ana Silva, nephrology", "2035-12-31")
    assert {"site_policy", "look_at"}.isdisjoint(json.loads(run("check", "--json").stdout))


def test_what_an_approver_should_see_is_told_beside_it(site: str) -> None:
    with Path(site).open("a", encoding="utf-8") as file:
        file.write("[[wording]]\ntopic = 'cua-suspected'\nadd = 'Call 1234.'\n")
    said = "Cards on cua-suspected, which can be critical, also say: Call 1234."
    assert run("check", "--site", site).stdout.splitlines()[2:] == [f"look at: {said}", f"look at: {CODES}"]
    assert json.loads(run("check", "--site", site, "--json").stdout)["look_at"] == [said, CODES]


def test_a_tenant_that_no_trusted_client_has_is_seen_before_the_service_leaves_the_file_aside(
    site: str, tmp_path: Path
) -> None:
    clients = tmp_path / "clients"
    known = {"CDS_TRUSTED_CLIENTS": str(clients), "CDS_PUBLIC_URL": "https://cds.example"}

    def told() -> list[str]:
        result = run("check", "--site", site, "--json", **known)
        assert result.exit_code == 0, result.output
        return [remark for remark in json.loads(result.stdout)["look_at"] if remark != CODES]

    clients.write_text(trust_file(tenant="northern"), "utf-8")
    said = (
        "tenant: the service would leave this file aside: there is no trusted client of the tenant north; did you "
        "mean northern?"
    )
    assert told() == [said]
    assert f"look at: {said}" in run("check", "--site", site, **known).stdout
    clients.write_text("nonsense", "utf-8")
    assert told() == ["tenant: CDS_TRUSTED_CLIENTS cannot be used, so nobody knows whether a client has this tenant."]
    clients.write_text(trust_file(tenant="north"), "utf-8")
    assert told() == []


def test_a_policy_whose_review_is_overdue_is_told(tmp_path: Path) -> None:
    site = tmp_path / "north.toml"
    site.write_text(policy_file(review_by=date(2026, 2, 1)), "utf-8")
    last = run("check", "--site", str(site)).stdout.splitlines()[-1]
    assert last.startswith("look at: It was to be reviewed by 2026-02-01, and today is ")


@pytest.mark.parametrize("command", ["check", "show"])
def test_critical_cards_that_are_not_shown_stand_first(site: str, command: str) -> None:
    assert json.loads(run(command, "--site", site, "--json").stdout)["critical_not_shown"] == {}
    assert "NOT" not in run(command, "--site", site).stdout
    with Path(site).open("a", encoding="utf-8") as file:
        file.write("[topics.vka-past-cua]\non = false\nreason = 'minute 12'\n")
        file.write("[critical_off]\npeople = ['Ana Silva', 'Ben Okoro']\ncovers = ['vka-past-cua']\n")
        file.write("reason = 'another system warns'\n")
    first, *_ = run(command, "--site", site).stdout.splitlines()
    assert first == "Critical cards that are NOT shown by this policy: vka-past-cua (order-select, order-sign)"
    told = json.loads(run(command, "--site", site, "--json").stdout)
    assert next(iter(told.items())) == ("critical_not_shown", {"vka-past-cua": ["order-select", "order-sign"]})
    assert "critical_not_shown" not in json.loads(run(command, "--json").stdout)


def test_all_faults_are_told_at_once_those_of_a_folder_too(site: str, tmp_path: Path) -> None:
    folder = tmp_path / "ours"
    folder.mkdir()
    (folder / "labs.toml").write_text("analyte = 3\n", "utf-8")
    with Path(site).open("a", encoding="utf-8") as file:
        file.write("[topics.vka-cua]\non = false\nreason = 'x'\n")
    Path(site).write_text(Path(site).read_text("utf-8").replace("'vitamin_k_antagonist'", "'vitamin_k'"), "utf-8")
    told = run("check", "--site", site, "--policy", str(folder)).stdout
    assert "drug_class: there is no drug class vitamin_k" in told
    assert "[topics.vka-cua] on = false" in told
    assert "labs.toml: " in told


def test_check_refuses_what_is_approved_in_future_and_a_draft_can_be_compared(tmp_path: Path) -> None:
    dates: dict[str, Any] = {key: date(2035, 12, 31) for key in ("approved", "effective", "review_by")}
    site = tmp_path / "north.toml"
    site.write_text(policy_file(**dates), "utf-8")
    result = run("check", "--site", str(site))
    assert result.exit_code == 1
    assert "approved: must not be after today" in result.output
    assert run("show", "--site", str(site)).exit_code == 0


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("owner = ", "ownr = ", "ownr: there is no such key; did you mean owner?"),
        ("'vitamin_k_antagonist'", "'vitamin_k'", "drug 1 (warfarin): drug_class: t"),
        ("value=10.0", "value=100", "thresholds.toml: [calcium_high] values[2].value: must be from 9 to 11.5, not 100"),
    ],
    ids=["a key", "a name", "a number"],
)
def test_a_fault_of_a_site_policy_is_told_with_its_key(site: str, old: str, new: str, fault: str) -> None:
    Path(site).write_text(Path(site).read_text("utf-8").replace(old, new), "utf-8")
    result = run("check", "--site", site)
    assert result.exit_code == 1
    assert fault in result.stdout
    assert any(fault in line for line in json.loads(run("check", "--site", site, "--json").stdout)["faults"])


def test_what_is_in_force_by_a_site_policy_can_be_shown(site: str) -> None:
    shown = json.loads(run("show", "--site", site, "--at", "2026-12-01", "--json").stdout)
    (number,) = (one for one in shown["numbers"] if one["key"] == "calcium_high")
    assert (number["value"], number["source"]) == ("10 mg/dL", "our protocol")
    assert shown["site_policy"]["tenant"] == "north"
    assert run("show", "--site", site).stdout.startswith("site policy of north, ")


@pytest.mark.usefixtures("few_stories")
def test_what_a_site_policy_brings_can_be_compared_with_what_ships_and_with_another_one(site: str) -> None:
    told = json.loads(run("diff", "packaged", "packaged", "--site", site, "--at", "2026-12-01", "--json").stdout)
    assert (told["old"], told["new"]) == ("packaged", "packaged with north.toml")
    assert [one["key"] for one in told["numbers"]] == ["calcium_high"]
    (entry,) = told["entries"]
    assert (entry["file"], entry["old"]) == ("drugs.toml", "")
    assert "W5" in entry["new"]
    same = run("diff", "packaged", "packaged", "--site", site, "--old-site", site, "--json")
    assert json.loads(same.stdout)["numbers"] == []


# ------------------------------------------------------------------ check
def test_the_packaged_files_are_without_a_fault() -> None:
    result = run("check")
    assert (result.exit_code, result.stdout.count("\n")) == (0, 1)
    assert result.stdout.startswith("no fault: 9 files; ")


def test_a_sound_folder_is_told_with_the_files_that_came_from_it(ours: str) -> None:
    result = run("check", "--policy", ours)
    assert result.exit_code == 0
    assert f"(hooks/thresholds.toml of {ours}, the others packaged)" in result.stdout


def test_every_fault_of_every_file_is_a_line_with_file_and_key(tmp_path: Path) -> None:
    folder = put(tmp_path, "thresholds.toml", packaged_text("thresholds").replace("value = 10.2,", "value = 2.55,"))
    put(tmp_path, "drugs.toml", packaged_text("drugs").replace('"warfarin", "warfarin sodium"', '"warfarin" "x"'))
    put(tmp_path, "reasons.toml", packaged_text("reasons").replace("\n[groups]\n", "\n[gruops]\n"))
    put(tmp_path, "lab.toml", packaged_text("labs"))
    result = run("check", "--policy", folder)
    assert result.exit_code == 1
    starts = [
        "lab.toml: there is no such data file; did you mean labs.toml?",
        "thresholds.toml: [calcium_high] values[1].value: must be from 9 to 11.5, not 2.55",
        "drugs.toml: line 40, column 16: not valid TOML",
        "reasons.toml: [gruops]: there is no such key; did you mean groups?",
        "reasons.toml: groups: is missing",
    ]
    lines = result.stdout.splitlines()
    assert [line[: len(start)] for line, start in zip(lines, starts, strict=True)] == starts


@pytest.mark.parametrize(
    "words", [("check", "--policy"), ("show", "--at", "2026-11-30", "--policy"), ("diff", "packaged")]
)
def test_a_value_that_would_hold_before_its_day_because_the_old_line_is_gone_is_a_fault(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    text = packaged_text("thresholds").replace(HIGH, LATER.removeprefix(f"{HIGH}, "))
    result = run(*words, put(tmp_path, "thresholds.toml", text))
    assert result.exit_code == 1
    assert "thresholds.toml: [calcium_high] the value from 2003-10-01 (10.2) is gone" in result.output


@pytest.mark.usefixtures("few_stories")
@pytest.mark.parametrize(
    "words", [("check", "--policy"), ("show", "--json", "--policy"), ("diff", "--csv", "packaged")]
)
def test_a_copy_beside_a_data_file_is_told_as_not_used_apart_from_the_result(words: tuple[str, ...], ours: str) -> None:
    put(Path(ours), "thresholds.toml.txt", "")
    result = run(*words, ours)
    assert result.exit_code == 0
    assert result.stderr == "warning: thresholds.toml.txt: is not used: hooks/thresholds.toml is\n"
    assert "warning:" not in result.stdout


# ------------------------------------------------------------------ show
@pytest.mark.parametrize(("day", "value"), [("2026-11-30", "10.2 mg/dL"), ("2026-12-01", "10 mg/dL")])
def test_what_is_shown_holds_on_the_day(day: str, value: str, ours: str) -> None:
    result = run("show", "--policy", ours, "--at", day, "--json")
    numbers = {row["key"]: row for row in json.loads(result.stdout)["numbers"]}
    assert numbers["calcium_high"]["value"] == value


def test_without_a_day_it_is_today_in_the_clinic_and_a_table_for_people(ours: str) -> None:
    result = run("show", "--policy", ours, CDS_TIMEZONE="Pacific/Kiritimati")
    assert result.exit_code == 0
    assert "Numbers in force on " in result.stdout


def test_what_is_no_day_is_a_slip() -> None:
    result = run("show", "--at", "1.12.2026")
    assert result.exit_code == 2
    assert "1.12.2026" in result.output


def test_a_faulty_policy_shows_nothing(tmp_path: Path) -> None:
    result = run("show", "--policy", str(tmp_path / "nowhere"))
    assert result.exit_code == 1
    assert "nowhere: cannot be read" in result.output


# ------------------------------------------------------------------ diff
def test_from_its_day_on_a_new_value_is_told_in_json_and_on_a_page(ours: str, tmp_path: Path) -> None:
    stories = put(tmp_path / "stories", "ours.toml", STORY % "calcium-hypercalcaemia warning")
    page = tmp_path / "page.html"
    arguments = ("diff", "packaged", ours, "--at", "2026-12-01", "--stories", stories)
    as_json = run(*arguments, "--json", "--html", str(page))
    assert as_json.exit_code == 0, as_json.output
    document = json.loads(as_json.stdout)
    gained = {(row["patient"], row["topic"]) for row in document["rows"] if row["change"] == "gains"}
    assert ("Our protocol: calcium 10.1 on calcium acetate", "calcium-hypercalcaemia") in gained
    assert ("Calcium acetate is picked: calcium 10.2", "calcium-hypercalcaemia") in gained
    assert document["played"]["patients"]["own story"] == 1
    assert document["played"]["patients"]["synthetic patient"] > 30
    assert all(sentence in page.read_text("utf-8") for sentence in document["summary"])


@pytest.mark.usefixtures("few_stories")
def test_a_story_that_does_not_hold_and_a_bundle_that_cannot_be_read_are_told_once_at_the_end(
    ours: str, tmp_path: Path
) -> None:
    stories = put(tmp_path / "stories", "ours.toml", STORY % "calcium-hypercalcaemia warning")
    bundles = put(tmp_path / "bundles", "a.json", "{")
    patient = {"resourceType": "Patient", "id": "p1", "birthDate": "1950-02-02"}
    put(tmp_path / "bundles", "b.json", json.dumps({"resourceType": "Bundle", "entry": [{"resource": patient}]}))
    arguments = ("diff", ours, "packaged", "--at", "2026-12-01", "--stories", stories, "--bundles", bundles)
    result = run(*arguments)
    assert result.exit_code == 1
    said = "calcium-restrict info came, calcium-hypercalcaemia warning was expected"
    told = f"a story of yours does not hold: Our protocol: calcium 10.1 on calcium acetate: {said}"
    assert result.stdout.splitlines()[-2:] == ["not played: a.json: is not valid JSON", told]
    assert result.output.count(said) == 1
    assert "1 Bundle" in result.stdout
    as_csv = run(*arguments, "--csv")
    rows = list(csv.DictReader(io.StringIO(as_csv.stdout)))
    lost = {row["patient"] for row in rows if row["change"] == "loses" and row["topic"] == "calcium-hypercalcaemia"}
    assert "Our protocol: calcium 10.1 on calcium acetate" in lost
    assert (as_csv.exit_code, as_csv.stderr.splitlines()) == (
        1,
        ["a.json: is not valid JSON", f"Our protocol: calcium 10.1 on calcium acetate: {said}"],
    )


@pytest.mark.parametrize(
    ("option", "file", "said"),
    [
        ("--stories", "a.txt", "holds no story"),
        ("--bundles", "a.txt", "holds no Bundle"),
        ("--stories", "a.toml", "a.toml: vignette: is missing"),
    ],
)
def test_a_folder_that_cannot_be_used_ends_it_in_words(option: str, file: str, said: str, tmp_path: Path) -> None:
    result = run("diff", "packaged", "packaged", option, put(tmp_path, file, ""))
    assert result.exit_code == 1
    assert said in result.output


def test_a_page_that_cannot_be_written_is_told(ours: str, tmp_path: Path) -> None:
    result = run("diff", "packaged", ours, "--html", str(tmp_path / "no" / "page.html"))
    assert result.exit_code == 1
    assert "page.html: cannot be written (No such file or directory)" in result.output
    assert "gain" not in result.output, "before anything is played"


@pytest.mark.usefixtures("few_stories")
def test_with_a_page_alone_the_totals_are_printed(ours: str, tmp_path: Path) -> None:
    result = run("diff", "packaged", ours, "--at", "2026-11-30", "--html", str(tmp_path / "page.html"))
    assert result.exit_code == 0
    assert result.stdout.splitlines()[:3] == [
        "In what was played, no critical card is lost or becomes less urgent.",
        "Nobody gains a card.",
        "Nobody loses a card.",
    ]
    assert "calcium_high is the same in both; now 10 mg/dL from 2026-12-01 on (our protocol)." in result.stdout
    assert result.stdout.splitlines()[-1] == f"{tmp_path}/page.html holds the whole of it"
