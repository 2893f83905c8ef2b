"""The file of a site policy is understood wholly or refused wholly, with every problem named."""

from __future__ import annotations

import json
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from cds_service.knowledge import SitePolicy, SitePolicyError, knowledge_of, load_knowledge, load_site_policy
from cds_service.knowledge.site_policy import SERVICES, override_reasons_in, parse_site_policy
from cds_service.settings import Settings
from fhir_mappings.data_files import DataFileError, schema_of
from fhir_mappings.site_changes import NO_CHANGES
from hooks.chart import Analyte
from tests.house import ROOT
from tests.unit.cds_service.knowledge.policies import DATES, in_file, policy_file


def read(more: str = "", **changed: Any) -> SitePolicy:
    return parse_site_policy(policy_file(more=more, **changed), "north.toml")


def problems(more: str = "", **changed: Any) -> list[str]:
    with pytest.raises(SitePolicyError) as refused:
        read(more, **changed)
    return list(refused.value.problems)


def test_the_least_that_a_policy_says_is_who_answers_for_it_and_when() -> None:
    policy = read()
    assert policy.tenant == "north"
    assert policy.facts.owner == "Dr Ana Silva, nephrology"
    assert policy.changes == NO_CHANGES
    assert policy.text == policy_file()


@pytest.mark.parametrize("key", ["tenant", "owner", "approver", "approved", "effective", "review_by"])
def test_none_of_it_may_be_left_out(key: str) -> None:
    (problem,) = problems("", **{key: None})
    assert problem.startswith(f"{key}: is missing")


@pytest.mark.parametrize(("days", "overdue"), [(-1, False), (0, False), (1, True)])
def test_after_its_day_of_review_it_is_overdue(days: int, overdue: bool) -> None:
    policy = read()
    assert policy.facts.is_overdue(policy.facts.review_by + timedelta(days=days)) is overdue


@pytest.mark.parametrize("key", ["effective", "review_by"])
def test_nothing_holds_or_is_reviewed_before_it_is_approved(key: str) -> None:
    assert read("", **{key: DATES["approved"]})
    (problem,) = problems("", **{key: DATES["approved"] - timedelta(days=1)})
    assert problem == f"{key}: must not be before approved (2026-01-10)"


@pytest.mark.parametrize(
    "approver", ["Prof. ana silva, informatics", "Silva, Ana", "Ana Silva MD", "A. Silva", "PD Dr. Ana Silva (ICU)"]
)
def test_nobody_approves_what_is_their_own(approver: str) -> None:
    (problem,) = problems("", owner="Dr Ana Silva, nephrology", approver=approver)
    assert problem == (
        "approver: must be somebody else than the owner (Dr Ana Silva, nephrology): by these names it may be one "
        "person; write first name and surname of both in full; where two names have two words in common, name somebody "
        "else"
    )


@pytest.mark.parametrize("approver", ["Ben Silva", "Ana Sousa, nephrology", "B. Okoro"])
def test_somebody_else_does(approver: str) -> None:
    assert read(owner="Dr Ana Silva, nephrology", approver=approver).facts.approver == approver


@pytest.mark.parametrize("key", ["owner", "approver"])
def test_who_answers_is_named_in_full(key: str) -> None:
    assert problems("", **{key: "x"}) == [
        f"{key}: needs first name and surname of one person, such as Dr Ana Silva, nephrology"
    ]


def entry(section: str, **values: Any) -> str:
    """One entry of a list, or a table where its name has a dot or is no list's."""
    is_list = section in ("threshold", "shadow", "lab", "drug", "condition", "wording", "override_reason")
    heading = f"[[{section}]]" if is_list else f"[{section}]"
    return "\n".join([heading, *(f"{key} = {in_file(value)}" for key, value in values.items()), ""])


NUMBER = {"name": "phosphate_high", "from": date(2026, 12, 1), "value": 5, "source": "us"}
SHADOW = {"since": date(2026, 2, 1), "reason": "pilot"}
OFF = {"on": False, "reason": "x"}
WHY = {"covers": ["vka-cua"], "reason": "x"}
LAB = {"analyte": "phosphate", "system": "urn:lab", "code": "P"}
REASON = {"code": "on-trial", "display": "On trial", "topics": ["vka-cua"]}


def without(values: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key not in keys}


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("ownr = 1\n", "ownr: there is no such key; did you mean owner?"),
        ("card_limit = 0\n", "card_limit: must be from 1 to 50, not 0"),
        (entry("threshold", **without(NUMBER, "source")), "threshold 1 (phosphate_high): source: is missing"),
        (entry("threshold", **without(NUMBER, "value")), "threshold 1 (phosphate_high): needs either value, or fresh"),
        (entry("threshold", **NUMBER, fresh=3), "threshold 1 (phosphate_high): needs either value, or fresh and"),
        (entry("threshold", **NUMBER | {"name": "phosphat"}), "threshold 1 (phosphat): name: there is no number"),
        (entry("threshold", **NUMBER | {"from": "2026"}), "threshold 1 (phosphate_high): from: must be a date such as"),
        (entry("topics.vka-cua", on=False), "[topics.vka-cua] reason: is missing: on needs it"),
        (entry("topics.vka-cau", **OFF), "[topics.vka-cau]: there is no topic vka-cau; did you mean vka-cua"),
        (entry("topics.vka-cua.indicator", **{"order-sign": "urgent"}), "[topics.vka-cua.indicator] order-sign: must"),
        (entry("hooks.order-dispatch", **OFF), "[hooks.order-dispatch]: there is no such key"),
        (entry("services.order-sign", **OFF), "[services.order-sign]: there is no service order-sign"),
        (entry("shadow", **SHADOW, service="nobody"), "shadow 1: service: there is no service nobody"),
        (entry("shadow", **SHADOW, topic="vka-cau"), "shadow 1 (vka-cau): topic: there is no topic vka-cau"),
        (entry("shadow", **SHADOW, hook="order"), "shadow 1: hook: must be patient-view or order-select or order-sign"),
        (entry("shadow", **without(SHADOW, "reason")), "shadow 1: reason: is missing"),
        (entry("critical_off", people=["Dr A"], **WHY), "[critical_off] people: expected the names of two"),
        (entry("critical_off", people=["Dr A"] * 2, **WHY), "[critical_off] people: expected the names of two"),
        (entry("critical_off", people=["Ana Silva", "Ben Okoro"], reason="x"), "[critical_off] covers: is missing"),
        (entry("critical_off", **WHY | {"covers": []}), "[critical_off] covers: must not be empty"),
        (entry("roles", users=["Nurse"]), "[roles] users[1]: must be Practitioner or"),
        (entry("lab", **LAB | {"code": "P, Q"}), "lab 1 (P, Q): code: expected up to 64 letters"),
        (entry("lab", **LAB | {"system": "my lab"}), "lab 1 (P): system: expected the address or OID"),
        (entry("drug", drug_class="iv_iron", system="urn:x", code="P"), "drug 1 (P): name: is missing"),
        (entry("condition", finding="ulcers", system="urn:x", code="P"), "condition 1 (P): finding: there is no find"),
        (entry("wording", topic="vka-cua", add="x" * 301), "wording 1 (vka-cua): add:"),
        (entry("wording", topic="vka-cua", add="two\nlines"), "wording 1 (vka-cua): add: expected text of 1 to 500"),
        (entry("override_reason", **REASON | {"code": "On trial"}), "override_reason 1 (On trial): code: expected sm"),
    ],
)
def test_a_fault_is_told_with_its_key_and_in_words(more: str, problem: str) -> None:
    found = problems(more)
    assert [line for line in found if line.startswith(problem)], found


def test_none_of_these_is_a_fault_where_it_is_written_as_it_should_be() -> None:
    topics = [entry("topics.vka-cua", **OFF), entry("topics.iron-cua.indicator", **{"order-sign": "warning"})]
    switches = [entry("hooks.order-sign", **OFF), entry("services.calciphylaxis-order-sign", **OFF)]
    shadows = [
        entry("shadow", **SHADOW, service="calciphylaxis-order-sign", topic="vka-cua"),
        entry("shadow", **SHADOW),
    ]
    people = [
        entry("critical_off", people=["Dr Ana Silva", "Dr Ben Okoro"], **WHY),
        entry("roles", users=["Practitioner"]),
    ]
    codes = [entry("lab", **LAB, unit="mg/dL"), entry("wording", topic="vka-cua", add="Call 1234.")]
    parts = [*topics, *switches, *shadows, *people, *codes, entry("threshold", **NUMBER)]
    assert read("card_limit = 3\n" + "".join([*parts, entry("override_reason", **REASON)]))


def test_every_fault_is_told_at_once_those_of_names_beside_those_of_shape() -> None:
    more = entry("lab", **LAB | {"analyte": "phosphat", "code": "P Q"}) + entry("topics.vka-cau", **OFF)
    found = problems(more, owner=None)
    assert [line.partition(":")[0] for line in found] == ["lab 1 (P Q)", "owner", "lab 1 (P Q)", "[topics.vka-cau]"]


NEEDS_TWO = "[topics.vka-cua] on = false (patient-view, order-select, order-sign): it can be critical, so two people"


def test_what_is_wrong_with_switches_days_and_people_is_told_beside_faults_of_shape_and_names() -> None:
    more = entry("lab", **LAB | {"code": "P Q"}) + entry("topics.vka-cua", **OFF)
    more += entry("threshold", **NUMBER | {"name": "phosphat"}) + entry("topics.cua-data-gap", **OFF)
    found = problems(more, approver="Silva, Ana", review_by=DATES["approved"] - timedelta(days=1))
    heads = ["lab 1 (P Q)", "threshold 1 (phosphat)", "review_by", "approver", "[topics.cua-data-gap]"]
    assert [line.partition(":")[0] for line in found[:-1]] == heads
    assert found[-1].startswith(NEEDS_TWO)


def test_a_faulty_section_hides_the_rest_of_it_alone() -> None:
    two = {"people": ["Ana Silva", "Ben Okoro"], **WHY | {"covers": ["vka-cua", "order-sign", "suspected_score"]}}
    off = entry("topics.vka-cua", **OFF)
    answered = off + entry("critical_off", **two) + entry("hooks.order-sing", **OFF)
    # What the hook was to be called nobody knows: so nobody says that its name in covers is for nothing.
    assert [line.partition(":")[0] for line in problems(answered)] == ["[hooks.order-sing]", "[critical_off]"]
    nobody = off + entry("critical_off", **two | {"people": ["Ana Silva"]})
    assert [line.partition(":")[0] for line in problems(nobody)] == ["[critical_off] people"]


def test_where_a_number_makes_no_sense_the_switches_are_told_too() -> None:
    number = entry("threshold", **NUMBER | {"value": 50})
    with pytest.raises(DataFileError) as refused:
        knowledge_of(None, Settings(), read(number + entry("topics.vka-cua", **OFF)))
    first, second, third = refused.value.problems
    assert first.startswith("thresholds.toml: [phosphate_high] ")
    assert second.startswith(NEEDS_TWO)
    assert third.startswith("[[threshold]] phosphate_high = 50, higher than 5.5, which ships")


def test_the_file_is_named_before_its_faults() -> None:
    with pytest.raises(SitePolicyError, match=r"^north\.toml: the site policy cannot be used:\n  owner: is missing$"):
        read(owner=None)


def test_a_file_that_is_no_toml_or_no_text_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "north.toml"
    file.write_text("tenant = \n", "utf-8")
    with pytest.raises(SitePolicyError, match=r"^north\.toml: .*\n  line 1, column 10: not valid TOML"):
        load_site_policy(file)
    file.write_bytes(b"owner = 'Dr \xe9'\n")
    with pytest.raises(SitePolicyError, match="is not UTF-8"):
        load_site_policy(file)
    with pytest.raises(SitePolicyError, match=r"^gone\.toml: .*\n  cannot be read \(FileNotFoundError\)"):
        load_site_policy(tmp_path / "gone.toml")


def test_a_number_as_a_key_of_services_and_shadow_is_told_as_a_shape() -> None:
    assert problems("services = 3\nshadow = 3\ntopics = 3\n") == [
        "services: must be a table",
        "shadow: must be a list",
        "topics: must be a table",
    ]


def test_the_example_of_the_documents_is_one() -> None:
    page = (ROOT / "docs" / "site-policy.md").read_text("utf-8")
    example = page.partition("```toml\n")[2].partition("```")[0]
    policy = parse_site_policy(example, "northern.toml")
    schema = json.loads(files("cds_service.schemas").joinpath("site_policy.json").read_text("utf-8"))
    assert {*schema["properties"]} - {*policy.document} == {"hooks", "services"}
    knowledge = knowledge_of(None, Settings(), policy).knowledge
    limits = knowledge.policy.thresholds(date(2026, 12, 1))
    assert (limits.phosphate_high, limits.windows[Analyte.PHOSPHATE].usable) == (5.0, 60)


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_can_be_named(service: str) -> None:
    assert read(entry(f"services.{service}", on=True, reason="x") + entry("shadow", **SHADOW, service=service))


def test_what_follows_from_it_names_it_and_whose_it_is() -> None:
    settings = Settings(public_url="https://cds.example")
    policies = [read(), read(owner="Dr Eve Lind")]
    one, other = (knowledge_of(None, settings, policy).knowledge for policy in policies)
    packaged = load_knowledge(settings)
    assert (one.tenant, one.site, one.reasons_url) == (
        "north",
        policies[0].facts,
        "https://cds.example/reasons/of/north",
    )
    assert (packaged.tenant, packaged.site) == ("default", None)
    assert len({one.version, other.version, packaged.version}) == 3
    assert (one.policy, one.queries) == (packaged.policy, packaged.queries)


def test_without_pages_no_card_leads_to_the_reasons_of_a_policy() -> None:
    assert knowledge_of(None, Settings(), read()).knowledge.reasons_url is None


def test_the_schema_is_one_and_describes_every_section() -> None:
    schema = schema_of(files("cds_service.schemas").joinpath("site_policy.json").read_text("utf-8"))
    schema.validator.check_schema(dict(schema.whole))
    assert all("description" in part for name, part in schema.whole["properties"].items() if name != "tenant")


def test_days_are_days() -> None:
    assert problems(approved=None, more="approved = 2026-01-10T10:00:00Z\n") == [
        "approved: must be a date such as 2026-11-22, without quotes"
    ]
    assert read(approved=date(2026, 1, 9))


def test_nobody_can_have_approved_it_after_today() -> None:
    text, day = policy_file(approved=date(2026, 1, 10)), date(2026, 1, 9)
    with pytest.raises(SitePolicyError) as refused:
        parse_site_policy(text, "north.toml", day)
    assert refused.value.problems == (
        "approved: must not be after today (2026-01-09): whoever approves it has not done so yet",
    )
    assert parse_site_policy(text, "north.toml", date(2026, 1, 10)).tenant == "north"
    assert parse_site_policy(text, "a draft.toml").tenant == "north"


def test_the_reasons_of_all_policies_of_a_folder_are_known_without_those_of_faulty_ones(tmp_path: Path) -> None:
    for name, code in (("north", "on-trial"), ("south", "no-team"), (".hidden", "hidden"), ("faulty", "faulty")):
        changed: dict[str, Any] = {"owner": None} if name == "faulty" else {}
        text = policy_file(more=entry("override_reason", **REASON | {"code": code}), **changed)
        (tmp_path / f"{name}.toml").write_text(text, "utf-8")
    assert override_reasons_in(tmp_path) == {"on-trial": "On trial", "no-team": "On trial"}
