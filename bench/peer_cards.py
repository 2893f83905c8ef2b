"""What the peer's service answers: cards of the same kind and about the same size as the service's own.

What may live here: `peer_rule`'s findings as CDS Hooks JSON. Standard library only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import uuid4

from bench.peer_rule import (
    CALCIUM,
    DAYS,
    DRUGS,
    HIGH_CALCIUM,
    HIGH_PHOSPHATE,
    HIGH_PRODUCT,
    PHOSPHATE,
    Json,
    Minerals,
    Row,
    offences,
)

_TESTS = (
    (CALCIUM, "Calcium, serum"),
    ("1751-7", "Albumin, serum"),
    (PHOSPHATE, "Phosphate, serum"),
    ("2731-8", "Intact PTH"),
    ("1995-0", "Ionised calcium"),
)
NAMED_ONLY = frozenset({"855332"})
"""Drugs that the patient's card names and that have no card of their own."""
OTHERS = {"359296": ("sevelamer", "lanthanum", "sucroferric oxyhydroxide")}
_REASONS = (
    ("specialist-advised", "Specialist advised it"),
    ("patient-preference-or-palliative", "Patient preference or palliative goals"),
    ("data-wrong", "The data behind this card are wrong"),
)


def cards(
    results: Iterable[Row],
    drugs: Iterable[tuple[Row, Json]],
    conditions: Iterable[Row],
    patient_id: str,
    on: date,
) -> list[Json]:
    """One card for the patient and one for each offending drug of its own kind; none without a finding.

    `drugs` come with the prescription as it was received, because the suggestion to stop it sends it back.
    """
    found = offences(results, drugs, conditions, on)
    if found is None:
        return []
    minerals, offending = found
    return [_patient_card(minerals, [row for row, _ in offending], patient_id, on)] + [
        _drug_card(row, order, minerals, patient_id, on) for row, order in offending if row.code not in NAMED_ONLY
    ]


def _why(minerals: Minerals, on: date) -> str:
    return (
        f"- corrected calcium {minerals.corrected:.1f} mg/dL (limit {HIGH_CALCIUM}; measured {minerals.calcium:.1f} "
        f"mg/dL, albumin {minerals.albumin:.1f} g/dL)\n"
        f"- phosphate {minerals.phosphate:.1f} mg/dL (limit {HIGH_PHOSPHATE})\n"
        f"- Ca x P {minerals.product:.1f} mg²/dL² (limit {HIGH_PRODUCT:.0f})\n"
        f"- on dialysis, results of the last {DAYS} days before {on.isoformat()}\n"
    )


def _patient_card(minerals: Minerals, drugs: Sequence[Row], patient_id: str, on: date) -> Json:
    names = ", ".join(DRUGS[row.code].lower() for row in drugs)
    taken = "".join(
        f"- active: {row.words} (since {row.day.isoformat()}, {(on - row.day).days} days ago)\n" for row in drugs
    )
    detail = (
        f"**High minerals on dialysis:** corrected calcium {minerals.corrected:.1f} mg/dL, product "
        f"{minerals.product:.1f}.  \nChange what can be changed and check the skin at each session.\n\n"
        f"**Why now**\n\n{_why(minerals, on)}{taken}\n"
        "**What to do**\n\n1. Look at each drug that adds calcium, phosphate or calcification.\n"
        "2. Check the skin at each session; ask for pain.\n3. Recheck calcium, phosphate and PTH.\n\n"
        "*A rule made for a comparison of programs; not for clinical use.*"
    )
    suggestions = [
        _suggestion("Order a full skin check", [_order("Inspection of the whole skin, legs and abdomen", patient_id)]),
        _recheck(patient_id),
    ]
    summary = f"High minerals on dialysis: Ca x P {minerals.product:.1f}; active: {names or 'no offending drug'}"
    return _card(summary, detail, "minerals-high", suggestions)


def _drug_card(row: Row, order: Json, minerals: Minerals, patient_id: str, on: date) -> Json:
    name = DRUGS[row.code]
    detail = (
        f"**{name} with high minerals:** it is one of the drugs that this comparison looks for.  \nRecheck.\n\n"
        f"**Why now**\n\n- active: {row.words} (RxNorm {row.code}; prescribed {row.day.isoformat()}, "
        f"{(on - row.day).days} days ago)\n{_why(minerals, on)}\n"
        f"**What to do**\n\n1. Stop {name.lower()} after talking to whoever prescribed it.\n"
        "2. Look at the dialysate and at the other drugs.\n3. Recheck calcium, phosphate and PTH.\n\n"
        "*A rule made for a comparison of programs; not for clinical use.*"
    )
    stop = {
        "type": "update",
        "description": f"Stop the active prescription: {row.words}",
        "resource": {**order, "status": "stopped"},
    }
    recheck = _recheck(patient_id)
    suggestions = [_suggestion(f"Stop {name.lower()} and recheck", [stop, *recheck["actions"]])]
    suggestions += [
        _suggestion(f"Order {other} in place of {name.lower()}", [_drug(other, patient_id), stop, *recheck["actions"]])
        for other in OTHERS.get(row.code, ())
    ]
    suggestions.append(recheck)
    summary = f"{name}: corrected calcium {minerals.corrected:.1f} mg/dL on dialysis; stop or replace it"
    return _card(summary, detail, f"drug-{row.code}", suggestions)


def _drug(name: str, patient_id: str) -> Json:
    resource = {
        "resourceType": "MedicationRequest",
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": {"text": name},
        "subject": {"reference": f"Patient/{patient_id}"},
    }
    return {"type": "create", "description": f"Create a draft order: {name}", "resource": resource}


def _recheck(patient_id: str) -> Json:
    orders = [_order(text, patient_id, code) for code, text in _TESTS]
    return _suggestion("Recheck calcium, phosphate and PTH", orders)


def _order(text: str, patient_id: str, code: str | None = None) -> Json:
    concept: Json = {"text": text}
    if code is not None:
        concept["coding"] = [{"system": "http://loinc.org", "code": code, "display": text}]
    laboratory = {"system": "http://snomed.info/sct", "code": "108252007", "display": "Laboratory procedure"}
    resource = {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "order",
        "category": [{"coding": [laboratory]}],
        "code": concept,
        "subject": {"reference": f"Patient/{patient_id}"},
    }
    return {"type": "create", "description": f"Create a draft order: {text}", "resource": resource}


def _suggestion(label: str, actions: list[Json]) -> Json:
    return {"label": label, "uuid": str(uuid4()), "isRecommended": False, "actions": actions}


def _card(summary: str, detail: str, topic: str, suggestions: list[Json]) -> Json:
    return {
        "uuid": str(uuid4()),
        "summary": summary,
        "indicator": "warning",
        "detail": detail,
        "source": {"label": "bench-peer", "topic": {"system": "urn:bench:topic", "code": topic, "display": topic}},
        "suggestions": suggestions,
        "selectionBehavior": "any",
        "overrideReasons": [
            {"code": code, "system": "urn:bench:override-reason", "display": words} for code, words in _REASONS
        ],
    }
