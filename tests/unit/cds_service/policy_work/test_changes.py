"""Two policies side by side: who gains, who loses, whose card is another one, and who cannot be judged."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cds_service.knowledge import InForce, Knowledge, knowledge_of
from cds_service.knowledge.site_policy import parse_site_policy
from cds_service.policy_work.bundles import BundleError, PatientBundle, bundles_in
from cds_service.policy_work.changes import Change, Moment, compared
from cds_service.policy_work.drafts import draft_of, drafts
from cds_service.policy_work.patients import (
    Call,
    Patient,
    Source,
    bundle_patients,
    moment_on,
    story_patients,
    synthetic_patients,
)
from cds_service.policy_work.summary import in_words, played
from cds_service.settings import Settings
from cds_service.stories import Answer, read_stories
from fhir_mappings.chart import ChartContext, build_chart
from tests.unit.cds_service.knowledge.policies import policy_file
from tests.unit.cds_service.policy_work.conftest import ON, Changed, Compared, story

RXNORM, ATC = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://www.whocc.no/atc"
NOON = moment_on(ON, ZoneInfo("UTC"))
LOWER = ("thresholds", "value = 10.2,", "value = 10.0,")
LATER = (
    "thresholds",
    '{ since = 2003-10-01, value = 10.2, source = "KDOQI 2003, guideline 6" }',
    '{ since = 2003-10-01, value = 10.2, source = "KDOQI 2003, guideline 6" }, '
    '{ since = 2026-12-01, value = 10.0, source = "our protocol" }',
)
ACETATE = 'orders = ["calcium acetate"]\nresults = [{{ of = "calcium", value = {0} }}]'
BETWEEN, BELOW, ABOVE = (story(f"calcium {value}", ACETATE.format(value)) for value in (10.1, 9.9, 10.4))


def kinds(told: object) -> list[tuple[str, str, str, str]]:
    return [(row.change.value, row.topic, row.old, row.new) for row in told.rows]  # type: ignore[attr-defined]


def test_between_the_old_and_the_new_limit_one_card_becomes_another_and_programs_get_a_loss_and_a_gain(
    compare: Compared,
) -> None:
    told = compare(BETWEEN + BELOW, LOWER)
    assert kinds(told) == [
        ("loses", "calcium-restrict", "info", ""),
        ("gains", "calcium-hypercalcaemia", "", "warning"),
    ]
    assert {row.patient for row in told.rows} == {"calcium 10.1"}
    assert told.rows[0].moments == (Moment("order-select", ""),)
    assert in_words(told)[:4] == [
        "In what was played, no critical card is lost or becomes less urgent.",
        "1 of 2 stories: calcium-restrict (info) becomes calcium-hypercalcaemia (warning).",
        "Nobody else gains a card.",
        "Nobody else loses a card.",
    ]


def test_above_both_limits_only_the_words_change_and_that_is_told_apart(compare: Compared) -> None:
    told = compare(ABOVE, LOWER)
    assert kinds(told) == [("says or offers something else", "calcium-hypercalcaemia", "warning", "warning")]
    assert in_words(told)[1:3] == ["Nobody gains a card.", "Nobody loses a card."]
    assert in_words(told)[4] == "1 of 1 story sees the same card, and it says or offers something else."


def test_a_card_that_becomes_more_urgent_is_neither_gained_nor_lost(compare: Compared) -> None:
    told = compare(ABOVE, ("thresholds", "value = 12.0,", "value = 10.3,"))
    assert ("changes its indicator", "calcium-hypercalcaemia", "warning", "critical") in kinds(told)
    assert in_words(told)[3] == "1 of 1 story sees calcium-hypercalcaemia warning → critical."


def test_a_value_that_begins_later_changes_nothing_before_its_day_and_that_is_said(compare: Compared) -> None:
    before = compare(BETWEEN, LATER, on=date(2026, 11, 30))
    assert before.rows == ()
    assert in_words(before)[4] == (
        "On 2026-11-30 calcium_high is the same in both; now 10 mg/dL from 2026-12-01 on (our protocol)."
    )
    assert not before.numbers[0].in_force
    after = compare(BETWEEN, LATER, on=date(2026, 12, 1))
    assert [row.change for row in after.rows] == [Change.LOSES, Change.GAINS]
    assert after.numbers[0].in_force


def test_a_story_with_its_own_day_is_played_on_that_day(compare: Compared) -> None:
    dated = BETWEEN.replace("expect = []", "now = 2026-11-30T10:00:00Z\nexpect = []")
    assert compare(dated, LATER, on=date(2026, 12, 1)).rows == ()


def test_a_change_that_nobody_who_was_played_shows_is_no_silence(compare: Compared) -> None:
    told = compare(BELOW, LOWER)
    assert told.rows == ()
    assert in_words(told)[4:] == [
        "The files differ, and nobody who was played shows it: tell a story of your own about it."
    ]
    same = compare(BELOW)
    assert (same.numbers, same.entries, in_words(same)[4:]) == ((), (), [])


def card(about: str, indicator: str = "info") -> dict[str, object]:
    return {"source": {"topic": {"code": about}}, "indicator": indicator}


REFUSED, QUIET, ONE = Answer(refused="calcium could not be read"), Answer(), Answer((card("vka-valve"),))


@pytest.mark.parametrize(
    ("was", "is_now", "row", "said"),
    [
        (ONE, REFUSED, ("is no longer judged", "", "vka-valve info", REFUSED.refused),
         "1 of 1 Bundle is no longer judged."),
        (REFUSED, QUIET, ("is judged now", "", REFUSED.refused, "no card"), "1 of 1 Bundle is judged now."),
        (REFUSED, REFUSED, ("is judged under neither", "", REFUSED.refused, REFUSED.refused),
         "1 of 1 Bundle is judged under neither."),
    ],
)  # fmt: skip
def test_whom_a_policy_refuses_to_judge_is_told_as_such_and_never_taken_for_quiet(
    was: Answer, is_now: Answer, row: tuple[str, ...], said: str, packaged: InForce, changed: Changed
) -> None:
    def answer(knowledge: Knowledge) -> Answer:
        return was if knowledge is packaged.knowledge else is_now

    patient = Patient(Source.BUNDLE, "a.json", (Call("patient-view", "", answer),))
    told = compared(("packaged", packaged), ("ours", changed()), ON, [patient])
    assert kinds(told) == [row]
    assert in_words(told)[1:4] == ["Nobody gains a card.", "Nobody loses a card.", "No card changes its indicator."]
    assert in_words(told)[4] == said


URGENT, LESS, OTHER = (Answer((card("vka-cua", how),)) for how in ("critical", "warning", "info"))


@pytest.mark.parametrize(
    ("was", "is_now", "said"),
    [
        (URGENT, QUIET, "Critical cards: 1 of 1 Bundle loses one or sees it less urgent (vka-cua)."),
        (URGENT, LESS, "Critical cards: 1 of 1 Bundle loses one or sees it less urgent (vka-cua)."),
        (URGENT, REFUSED,
         "Critical cards: 1 of 1 Bundle loses one or sees it less urgent (of patients who are no longer judged)."),
        (LESS, OTHER, "In what was played, no critical card is lost or becomes less urgent."),
        (LESS, QUIET, "In what was played, no critical card is lost or becomes less urgent."),
        (LESS, URGENT, "In what was played, no critical card is lost or becomes less urgent."),
        (LESS, REFUSED, "In what was played, no critical card is lost or becomes less urgent."),
    ],
)  # fmt: skip
def test_first_of_all_it_is_told_who_loses_a_critical_card(
    was: Answer, is_now: Answer, said: str, packaged: InForce, changed: Changed
) -> None:
    def answer(knowledge: Knowledge) -> Answer:
        return was if knowledge is packaged.knowledge else is_now

    patient = Patient(Source.BUNDLE, "a.json", (Call("patient-view", "", answer),))
    told = compared(("packaged", packaged), ("ours", changed()), ON, [patient])
    assert in_words(told)[0] == said


def test_a_story_about_what_cannot_be_judged_is_no_difference(compare: Compared) -> None:
    told = story("unread", 'unreadable = ["conditions"]\nactive = ["warfarin"]', "patient-view")
    assert compare(told, LOWER).rows == ()


def test_a_request_that_the_service_cannot_take_is_judged_under_neither(packaged: InForce, changed: Changed) -> None:
    bundle = PatientBundle("a.json", {"resourceType": "Patient", "id": "no id/../"}, ())
    told = compared(
        ("packaged", packaged),
        ("ours", changed()),
        ON,
        list(bundle_patients([bundle], NOON, drafts(packaged, packaged))),
    )
    assert {row.change for row in told.rows} == {Change.NEITHER}
    assert in_words(told)[-1] == "1 of 1 Bundle is judged under neither."


def test_a_site_policy_that_changes_no_card_changes_no_words() -> None:
    site = parse_site_policy(
        policy_file(
            more="[[drug]]\ndrug_class='vitamin_k_antagonist'\nsystem='urn:drugs'\ncode='W5'\nname='warfarin'\n"
        ),
        "n",
    )
    settings = Settings(public_url="https://cds.example", pages=frozenset({"reasons"}))
    told = [
        compared(
            ("packaged", knowledge_of(None, settings)),
            ("north", knowledge_of(None, settings, made)),
            ON,
            list(story_patients(read_stories(BETWEEN), Source.STORY, NOON)),
        ).rows
        for made in (None, site)
    ]
    assert told == [(), ()]


# ------------------------------------------------------------------ who is played
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Etc/GMT+12", "America/New_York"])
def test_the_moment_lies_on_the_day_in_the_clinic_and_in_utc(zone: str) -> None:
    now = moment_on(ON, ZoneInfo(zone))
    assert now.date() == ON
    assert now.astimezone(ZoneInfo(zone)).date() == ON


def test_every_class_with_a_rule_is_ordered_by_one_drug_of_that_class_alone(packaged: InForce) -> None:
    ordered = drafts(packaged, packaged)
    assert [draft.drug_class for draft in ordered] == list(packaged.knowledge.policy.rules)
    for draft in ordered:
        context = ChartContext("p", ON, ZoneInfo("UTC"), [draft.order_for("p")])
        (seen,) = build_chart([], context, packaged.knowledge.vocabulary).drafts
        with_rules = [name for match in seen.matches if (name := match.drug_class) in packaged.knowledge.policy.rules]
        assert with_rules == [draft.drug_class]


@pytest.mark.parametrize(
    ("entry", "concept"),
    [
        ({}, {"text": "ours"}),
        ({"atc": ["A1"]}, {"coding": [{"system": ATC, "code": "A1", "display": "ours"}], "text": "ours"}),
        (
            {"rxnorm_products": {"1": "both", "2": "ours 5 MG Oral Tablet"}, "atc": ["A1"]},
            {"coding": [{"system": RXNORM, "code": "2", "display": "ours 5 MG Oral Tablet"}],
             "text": "ours 5 MG Oral Tablet"},
        ),
        ({"rxnorm_products": {"1": "both"}}, {"text": "ours"}),
    ],
    ids=["by name where there is no code", "by ATC", "by a product of its own", "never by that of a combination"],
)  # fmt: skip
def test_a_draft_is_coded_as_well_as_the_file_allows(entry: dict[str, object], concept: dict[str, object]) -> None:
    other = {"name": "other", "class": ["a", "b"], "rxnorm_products": {"1": "both"}}
    draft = draft_of("a", [other, {"name": "ours", "class": "a", **entry}])
    assert (draft.drug, draft.concept) == ("ours", concept)


def test_synthetic_patients_are_rolled_to_the_day_and_asked_at_every_hook(packaged: InForce) -> None:
    now = NOON
    ordered = drafts(packaged, packaged)
    patients = list(synthetic_patients(now, ordered))
    assert len(patients) > 30
    assert {(call.hook, bool(call.drug)) for call in patients[0].calls} == {
        ("patient-view", False),
        ("order-select", True),
        ("order-sign", True),
    }
    assert len(patients[0].calls) == 1 + 2 * len(ordered)
    said = {one.title: one.calls[0].answer(packaged.knowledge).said for one in patients}
    assert ("cua-suspected", "critical") in said["Hardening skin of the legs on warfarin and calcium acetate"]
    assert said["Everything in range on haemodialysis: no card at all"] == ()


# ------------------------------------------------------------------ Bundles
def of_patient(*resources: object, **patient: object) -> str:
    first = {"resourceType": "Patient", "id": "p1", "birthDate": "1950-02-02", **patient}
    entries = [{"fullUrl": f"urn:uuid:{number}", "resource": one} for number, one in enumerate((first, *resources))]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})


PATIENT = {"resourceType": "Patient", "id": "p2"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "is not valid JSON"),
        ("[]", "is no FHIR Bundle"),
        ('{"resourceType": "Patient", "id": "p1"}', "is no FHIR Bundle"),
        ('{"resourceType": "Bundle"}', "holds no Patient; one is needed"),
        (
            '{"resourceType": "Bundle", "entry": [{}, {"resource": {"id": "x"}}]}',
            "entry[1] holds no resource: resourceType is missing",
        ),
        ('{"resourceType": "Bundle", "entry": []}', "holds no Patient; one is needed"),
        (of_patient(PATIENT), "is about several patients; one is needed"),
        (of_patient(id=None), ""),
        (
            '{"resourceType": "Bundle", "link": [{"relation": "next", "url": "x"}], "entry": ['
            + json.dumps({"resource": PATIENT})
            + "]}",
            "names a further page, which is not in it",
        ),
        (
            '{"resourceType": "Bundle", "total": 400, "entry": [' + json.dumps({"resource": PATIENT}) + "]}",
            "holds a search that counted more than came along",
        ),
        (of_patient(), ""),
        (of_patient(id=7), ""),
    ],
)
def test_a_bundle_that_cannot_be_used_says_why_and_nothing_of_its_content(
    text: str, problem: str, tmp_path: Path
) -> None:
    (tmp_path / "a.json").write_text(text)
    (bundle,) = bundles_in(tmp_path)
    assert (bundle.file, bundle.problem) == ("a.json", problem)
    assert bool(bundle.patient) is not bool(problem)


def test_two_versions_of_one_patient_are_one_patient(tmp_path: Path) -> None:
    old, new = ({**PATIENT, "meta": {"versionId": v}, "gender": g} for v, g in (("1", "male"), ("2", "female")))
    text = json.dumps({"resourceType": "Bundle", "entry": [{"resource": new}, {"resource": old}]})
    (tmp_path / "a.json").write_text(text)
    (bundle,) = bundles_in(tmp_path)
    assert bundle.patient["gender"] == "female"


def test_a_file_that_is_gone_is_told_and_hidden_and_other_files_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.json").symlink_to(tmp_path / "gone")
    (tmp_path / "B.JSON").write_text(of_patient())
    (tmp_path / ".c.json").write_text("{")
    (tmp_path / "d.txt").write_text("{")
    found = {bundle.file: bundle.problem for bundle in bundles_in(tmp_path)}
    assert found == {"B.JSON": "", "a.json": "cannot be read (No such file or directory)"}


def test_a_folder_without_bundles_is_a_slip(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="holds no Bundle"):
        list(bundles_in(tmp_path))
    with pytest.raises(BundleError, match="cannot be read"):
        list(bundles_in(tmp_path / "nowhere"))


def observations(number: int, value: float, now: datetime) -> list[dict[str, object]]:
    return [
        {
            "resourceType": "Observation",
            "id": f"o{count}",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "17861-6"}]},
            "subject": {"reference": "Patient/p1"},
            "effectiveDateTime": now.isoformat(),
            "valueQuantity": {"value": value, "unit": "mg/dL", "code": "mg/dL", "system": "http://unitsofmeasure.org"},
        }
        for count in range(number)
    ]


DIALYSIS = {
    "resourceType": "Condition",
    "id": "c1",
    "clinicalStatus": {"coding": [{"code": "active"}]},
    "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "Z99.2"}]},
    "subject": {"reference": "Patient/p1"},
}
WARFARIN = {
    "resourceType": "MedicationRequest",
    "id": "m1",
    "status": "active",
    "intent": "order",
    "subject": {"reference": "Patient/p1"},
    "medicationReference": {"reference": "Medication/drug"},
}
DRUG = {"resourceType": "Medication", "id": "drug", "code": {"text": "warfarin 2 mg"}}


def test_a_bundle_is_played_with_everything_it_holds_however_much(packaged: InForce, tmp_path: Path) -> None:
    now = NOON
    (tmp_path / "a.json").write_text(of_patient(DIALYSIS, WARFARIN, DRUG, *observations(150, 10.4, now)))
    calcium = [draft for draft in drafts(packaged, packaged) if draft.drug_class == "calcium_product"]
    (patient,) = bundle_patients(bundles_in(tmp_path), now, calcium)
    opened, selected, signed = (call.answer(packaged.knowledge) for call in patient.calls)
    assert [answer.refused for answer in (opened, selected, signed)] == ["", "", ""]
    assert "warfarin and calcium 10.4" in opened.cards[0]["detail"], "a drug that is only referred to"
    assert "medication history" not in opened.cards[0]["detail"], "nothing of it is missing"
    assert selected.said == signed.said == (("calcium-hypercalcaemia", "warning"),)
    assert "could not be read" not in selected.cards[0]["detail"]


def test_moments_are_told_for_a_patient_of_the_readers_own(packaged: InForce, changed: Changed, tmp_path: Path) -> None:
    now = NOON
    (tmp_path / "a.json").write_text(of_patient(DIALYSIS, *observations(1, 10.1, now)))
    calcium = [draft for draft in drafts(packaged, packaged) if draft.drug_class == "calcium_product"]
    patients = list(bundle_patients(bundles_in(tmp_path), now, calcium))
    told = compared(("packaged", packaged), ("ours", changed(LOWER)), ON, patients)
    (gained,) = told.of(Change.GAINS)
    assert gained.moments == (Moment("order-select", "calcium acetate"), Moment("order-sign", "calcium acetate"))
    assert (told.calls, told.played) == (3, {Source.BUNDLE: 1})
    assert played(told).startswith("Played on 2026-12-05: 1 Bundle, 3 calls under each policy.")
