"""A small explanation with a bit of everything, made up, for the tests of how explanations are shown.

What may live here: data. It fits the schema.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def answer(name: str, says: str, met: bool | None, *facts: str, parts: tuple[str, ...] = ()) -> Json:
    """A question with its answer."""
    made: Json = {"name": name, "says": says, "met": met}
    if facts:
        made["facts"] = [{"says": fact} for fact in facts]
    return made | ({"parts": list(parts)} if parts else {})


def answers(*made: Json) -> Json:
    return {one["name"]: one for one in made}


ANSWERS = answers(
    answer("dialysis", "the patient is on dialysis", True, "dialysed on Monday"),
    answer("sign", "there is a skin sign", False, "a scar is none", parts=("grave", "weak")),
    answer("grave", "a sign is grave", False),
    answer("weak", "a sign is weak", None, "the problem list was not available"),
    answer("refuted", "calciphylaxis was excluded", True, "excluded in May"),
    answer("read", "all was read", None),
    answer("sepsis", "there is sepsis (or a fever): today", False),
)
SUSPECTED: Json = {
    "topic": "cua-suspected",
    "title": "Suspected",
    "outcome": "does not hold",
    "when": ["dialysis", "sign"],
    "kept_by": ["sign"],
}
EXCLUDED: Json = {
    "topic": "cua-possible",
    "title": "Possible",
    "outcome": "does not hold",
    "when": ["dialysis"],
    "unless": ["refuted"],
    "kept_by": ["refuted"],
}
FAR: Json = {
    "topic": "cua-sepsis",
    "title": "Sepsis",
    "outcome": "does not hold",
    "when": ["sepsis"],
    "kept_by": ["sepsis"],
}
"""A rule that tells nothing: no fact is behind the question that kept it."""
GIVEN: Json = {
    "topic": "cua-risk",
    "title": "Risk",
    "outcome": "gave its card",
    "indicator": "info",
    "when": ["dialysis"],
}
OPEN: Json = {
    "topic": "cua-gap",
    "title": "Gap",
    "outcome": "cannot tell",
    "when": ["dialysis", "read"],
    "kept_by": ["read"],
}
HELD: Json = {
    "topic": "vka-dialysis",
    "title": "On dialysis",
    "outcome": "holds, not shown here",
    "why": "the status card names the drug",
    "when": ["dialysis"],
}


def unasked(topic: str, title: str, why: str = "a rule above ends the search") -> Json:
    return {"topic": topic, "title": title, "outcome": "not asked: a rule above ends the search", "why": why}


def an_explanation(**changed: Any) -> Json:
    """The whole; a member that is changed to None is left out."""
    made: Json = {
        "hook": "patient-view",
        "on": "2026-11-29",
        "headline": ["One card comes: cua-risk.", "On dialysis, without a sign."],
        "cards": [{"topic": "cua-risk", "title": "Risk", "indicator": "info", "summary": "Look at the skin"}],
        "patient": {"age": "70 years", "sex": "male", "dialysis": "on dialysis", "facts": [{"says": "seen on Monday"}]},
        "tier": "elevated risk",
        "score": {
            "points": 2,
            "factors": [
                {"name": "vka", "says": "warfarin", "points": 2, "met": True, "facts": [{"says": "warfarin 5 mg"}]},
                {"name": "female", "says": "female sex", "points": 1, "met": False},
                {"name": "albumin", "says": "low albumin", "points": 1, "met": None},
            ],
            "limits": {"elevated risk": 2, "high risk": 6},
        },
        "status_rows": [FAR, SUSPECTED, EXCLUDED, GIVEN, {**FAR, "topic": "cua-fever"}, OPEN, FAR],
        "drug_classes": [
            {
                "drug_class": "vka",
                "name": "vitamin K antagonist",
                "drugs": [{"says": "warfarin (RxNorm 1)", "how": "RxNorm 1"}],
                "rows": [HELD, unasked("vka-a", "First"), unasked("vka-b", "Second"), unasked("vka-a", "Third")],
            },
            {"drug_class": "iron", "name": "iron by mouth", "not_asked": "no active drug is of this class"},
            {"drug_class": "calcium", "name": "calcium product", "not_asked": "no active drug is of this class"},
        ],
        "other_drugs": [{"says": "amlodipine"}],
        "answers": ANSWERS,
        "conditions": [{"says": "“Gout” (undated): nothing that the rules look for"}],
        "results": ["calcium 9.4 mg/dL"],
        "missing": ["no result: PTH", "no result: albumin"],
        "origins": [
            {"query": "patient", "what": "the patient", "came": "sent along", "records": 1},
            {"query": "pth", "what": "PTH results", "came": "not available: timed out", "records": 0, "failed": True},
            {"query": "conditions", "what": "conditions", "came": "sent along", "records": 7},
        ],
    }
    return {name: value for name, value in {**made, **changed}.items() if value is not None}
