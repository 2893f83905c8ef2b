"""The report: the members of its JSON document stay as they are, and people read the conclusion last."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from cds_service.fhir_doctor import PatientReport, as_json, as_text
from cds_service.fhir_doctor.findings import (
    Call,
    Draft,
    LookedUp,
    Scope,
    Tried,
    Unread,
)
from cds_service.fhir_doctor.report import MOST_LINES
from cds_service.unknown_codes import UnknownCode, UnknownUnit

USUAL = Tried("usual", 400, "the FHIR server answered 400", 0, None, 0, 12)
PLAIN = Tried("plainer 1", 200, "", 3, 3, 1, 20)
REPORT = PatientReport(
    server="https://ehr.example/fhir",
    patient="p1",
    looked_up=(LookedUp("conditions", "conditions", "Condition", ("patient-view",), (USUAL, PLAIN)),),
    survey=LookedUp("survey", "all results, one page", "Observation", (), (replace(USUAL, form="by category"),)),
    unknown_codes=(
        UnknownCode("Observation", "http://loinc.org", "2823-3", known_system=True, times=9),
        UnknownCode("Observation", "urn:oid:1.2.3", "CA", known_system=False, times=4),
        UnknownCode("Observation", "", "K", known_system=False, times=3),
        UnknownCode("Observation", "", "", known_system=False, times=2),
    ),
    unknown_units=(UnknownUnit("total_calcium", "furlong", 2),),
    unread=(Unread("total_calcium", "no unit", 1),),
    lost=("Medication/m1",),
    gaps=(("calcium results", "the FHIR server answered 403"),),
    scope=Scope("adult", "presumed", "presumed from the ESRD code", "T0"),
    calls=(Call("patient-view", 200, (("vka-dialysis", "warning"),), "1 card: vka-dialysis"),),
    drafts=(Draft("order-sign", "calcium_product", ("calcium-cua",)), Draft("order-sign", "iv_iron", ())),
    suspicions=("conditions: the usual form brought nothing",),
)


def test_the_json_document_has_these_members() -> None:
    assert as_json(REPORT) == {
        "version": 1,
        "about": "patient",
        "server": "https://ehr.example/fhir",
        "patient": "p1",
        "looked_up": [
            {
                "query": "conditions",
                "what": "conditions",
                "resource_type": "Condition",
                "hooks": ("patient-view",),
                "essential": True,
                "used": "plainer 1",
                "tried": (
                    {
                        "form": "usual",
                        "status": 400,
                        "problem": "the FHIR server answered 400",
                        "found": 0,
                        "total": None,
                        "pages": 0,
                        "milliseconds": 12,
                        "complete": True,
                    },
                    {
                        "form": "plainer 1",
                        "status": 200,
                        "problem": "",
                        "found": 3,
                        "total": 3,
                        "pages": 1,
                        "milliseconds": 20,
                        "complete": True,
                    },
                ),
            }
        ],
        "survey": as_json(REPORT)["survey"],
        "unknown_codes": as_json(REPORT)["unknown_codes"],
        "unknown_units": ({"analyte": "total_calcium", "unit": "furlong", "times": 2},),
        "unread": ({"what": "total_calcium", "reason": "no unit", "times": 1},),
        "lost": ("Medication/m1",),
        "gaps": [{"what": "calcium results", "reason": "the FHIR server answered 403"}],
        "scope": {"age": "adult", "dialysis": "presumed", "rests_on": "presumed from the ESRD code", "tier": "T0"},
        "calls": (
            {
                "hook": "patient-view",
                "status": 200,
                "cards": [{"topic": "vka-dialysis", "indicator": "warning"}],
                "says": "1 card: vka-dialysis",
            },
        ),
        "drafts": (
            {"hook": "order-sign", "drug_class": "calcium_product", "topics": ("calcium-cua",), "refused": ""},
            {"hook": "order-sign", "drug_class": "iv_iron", "topics": (), "refused": ""},
        ),
        "suspicions": ("conditions: the usual form brought nothing",),
        "ok": True,
        "conclusion": "patient-view: 1 card: vka-dialysis",
    }
    assert as_json(REPORT)["survey"]["used"] is None
    assert as_json(REPORT)["unknown_codes"][0] == {
        "resource_type": "Observation",
        "system": "http://loinc.org",
        "code": "2823-3",
        "known_system": True,
        "times": 9,
    }
    assert json.loads(json.dumps(as_json(REPORT)))["scope"]["tier"] == "T0"


def test_every_member_of_the_json_document_is_described() -> None:
    text = (Path(__file__).parents[4] / "docs" / "connecting.md").read_text(encoding="utf-8")
    described = set(re.findall(r"`(\w+)`", text))
    assert set(as_json(REPORT)) <= described
    assert set(as_json(REPORT)["looked_up"][0]) | set(as_json(REPORT)["looked_up"][0]["tried"][0]) <= described


def test_people_read_a_table_sections_and_last_what_a_call_would_be_answered() -> None:
    lines = as_text(REPORT).splitlines()
    assert lines[0] == "FHIR server https://ehr.example/fhir, patient p1"
    assert " ".join(lines[3].split()) == "* conditions 400 0 - 0 12 usual: the FHIR server answered 400"
    assert " ".join(lines[4].split()) == "200 3 3 1 20 plainer 1 (used)"
    assert "    2 x furlong  (total_calcium)" in lines
    assert "    1 x total_calcium: no unit" in lines
    assert "      Medication/m1" in lines
    assert "      calcium results: the FHIR server answered 403" in lines
    assert "      adult; dialysis: presumed (presumed from the ESRD code); tier T0" in lines
    assert "      order-sign, calcium_product: calcium-cua" in lines
    assert "iv_iron" not in as_text(REPORT)
    assert lines[-2:] == ["! conditions: the usual form brought nothing", "patient-view: 1 card: vka-dialysis"]


def test_codes_of_systems_that_are_not_read_come_first() -> None:
    lines = as_text(REPORT).splitlines()
    start = lines.index("Observation: codes that no rule knows")
    assert lines[start + 1 : start + 5] == [
        "    4 x urn:oid:1.2.3 CA  (system not read)",
        "    3 x (no system) K  (system not read)",
        "    2 x (no code, and words that tell nothing)",
        "    9 x http://loinc.org 2823-3",
    ]


@pytest.mark.parametrize("more", [0, 1])
def test_a_long_list_of_codes_is_cut_and_it_is_said(more: int) -> None:
    codes = tuple(UnknownCode("Condition", "s", str(number), True, 1) for number in range(MOST_LINES + more))
    text = as_text(replace(REPORT, unknown_codes=codes))
    assert ("and 1 more codes: --json has all" in text) is bool(more)
    assert len(as_json(replace(REPORT, unknown_codes=codes))["unknown_codes"]) == MOST_LINES + more


def test_what_is_empty_has_no_heading() -> None:
    bare = replace(
        REPORT, unknown_codes=(), unknown_units=(), unread=(), lost=(), gaps=(), scope=None, drafts=(), suspicions=()
    )
    assert len(as_text(bare).splitlines()) == 8
    assert as_json(bare)["scope"] is None


@pytest.mark.parametrize("query", ["patient", "conditions", "medications"])
def test_without_an_essential_query_nothing_is_well(query: str) -> None:
    failed = replace(REPORT.looked_up[0], query=query, tried=(USUAL,))
    assert not replace(REPORT, looked_up=(failed,)).ok
    assert replace(REPORT, looked_up=(replace(failed, query="calcium"),)).ok


def test_a_refused_call_is_not_well() -> None:
    assert not replace(REPORT, calls=(Call("patient-view", 412, (), "412"),)).ok


def test_the_form_used_is_that_of_the_service() -> None:
    nothing = replace(PLAIN, form="usual", found=0)
    part = Tried("plainer 2", 200, "too few", 2, 9, 1, 5, complete=False)
    coded = replace(PLAIN, form="with systems")
    for tried, used, overlooked in (
        ((USUAL, PLAIN), PLAIN, None),
        ((USUAL, part, PLAIN), part, None),
        ((nothing, PLAIN), nothing, PLAIN),
        ((nothing, PLAIN, coded), coded, None),
        ((nothing, replace(coded, found=0)), nothing, None),
        ((PLAIN, coded), PLAIN, None),
        ((USUAL, coded), None, None),
        ((USUAL,), None, None),
    ):
        one = replace(REPORT.looked_up[0], tried=tried)
        assert (one.used, one.overlooked) == (used, overlooked)
