"""A patient whose chart is never silent, as a sound FHIR server answers about it; and a stranger who must never show.

What may live here: resources and sound answers. What is done to an answer on its way stands in the modes.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

from tests.contract.records import (
    ICD10CM,
    ON_DIALYSIS,
    PATIENT_ID,
    SNOMED,
    WARFARIN,
    Json,
    bundle,
    condition,
    order,
    result,
)
from tests.fuzz.bodies import PATIENT

STRANGER = "Irrlicht"
STRANGE_CALCIUM = 15.7
STRANGE = (STRANGER, f"{STRANGE_CALCIUM} mg/dL")
"""What only an answer holds that nobody asked for, and of which no card may know."""
PAGE = 2
"""Conditions on a page, where a mode pages: the skin necrosis is on the second."""


def _days_ago(days: int) -> str:
    """The service that is played upon looks at the real clock."""
    return (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="seconds")


def _lab(number: str, code: str, value: float, unit: str) -> Json:
    return {**result(number, code, value, unit), "effectiveDateTime": _days_ago(3)}


NECROSIS = condition("necrosis", "Skin necrosis of the thigh", system=SNOMED, code="95347000")
HELD: tuple[Json, ...] = (
    ON_DIALYSIS,
    condition("pressure", "Essential hypertension", system=ICD10CM, code="I10"),
    NECROSIS,
    {**WARFARIN, "authoredOn": _days_ago(40)},
    {**order("amlodipine", "197361", "amlodipine 5 mg tablet"), "authoredOn": _days_ago(40)},
    _lab("calcium", "17861-6", 11.9, "mg/dL"),
    _lab("phosphate", "2777-1", 4.4, "mg/dL"),
    _lab("albumin", "1751-7", 4.1, "g/dL"),
    _lab("pth", "2731-8", 300, "pg/mL"),
    _lab("kt-v", "70961-8", 1.6, "1"),
)
# All of them say that they are this patient's: only the connection tells that nobody asked for them.
OF_THE_STRANGER: tuple[Json, ...] = (
    ON_DIALYSIS,
    condition("stranger", f"Skin necrosis of the ear ({STRANGER})", system=SNOMED, code="95347000"),
    {**order("stranger", "855332", f"warfarin {STRANGER}"), "authoredOn": _days_ago(4)},
    _lab("stranger", "17861-6", STRANGE_CALCIUM, "mg/dL"),
)
_CODED = ("Observation", "Procedure")


@dataclass(frozen=True)
class Question:
    """What was asked below a base: a type, and an id or a query."""

    base: str
    kind: str
    id: str = ""
    query: str = ""

    @property
    def address(self) -> str:
        """Where it was asked."""
        rest = f"/{self.id}" if self.id else f"?{self.query}"
        return f"{self.base}/{self.kind}{rest}"

    @property
    def is_search(self) -> bool:
        return not self.id

    @property
    def offset(self) -> int:
        """Where the page begins that was asked for."""
        told = re.match("[0-9]+", parse_qs(self.query).get("_offset", ["0"])[0])
        return int(told[0]) if told else 0


def sound(question: Question, held: tuple[Json, ...] = HELD, *, page: int = 0, next_link: str = "") -> Json:
    """The right answer; with `page` conditions come on pages of that size, the next at `next_link`.

    `{next}` in that link is where it really lies.
    """
    if question.id:
        named = {"resourceType": question.kind, "id": question.id}
        return PATIENT if question.kind == "Patient" else {**named, "code": {"text": "unknown here"}}
    found = [one for one in held if one["resourceType"] == question.kind and _has_code(one, question.query)]
    start = question.offset
    shown = found[start : start + page] if page and question.kind == "Condition" else found
    link = [{"relation": "self", "url": question.address}]
    if len(found) > start + len(shown):
        here = f"{question.base}/{question.kind}?{question.query}&_offset={start + page}"
        link.append({"relation": "next", "url": next_link.replace("{next}", here)})
    return bundle(*shown, link=link) | {"total": len(found)}


def unasked(question: Question, patient: str = "") -> bytes:
    """What an answer about the stranger would look like.

    It does not say which question it answers, or, with `patient`, that it is that about this one.
    """
    found = sound(question, OF_THE_STRANGER)
    found.pop("link", None)
    named = [{"relation": "self", "url": f"{question.base}/{question.kind}?patient={patient}"}]
    return json.dumps(found | ({"link": named} if patient else {})).encode()


def _has_code(resource: Json, query: str) -> bool:
    tokens = [token for value in parse_qs(query).get("code", ()) for token in value.split(",") if token]
    if not tokens or resource["resourceType"] not in _CODED:
        return True
    codes = {coding["code"] for coding in resource["code"].get("coding", ())}
    return any(token.rpartition("|")[2] in codes for token in tokens)


__all__ = ["HELD", "PAGE", "PATIENT_ID", "STRANGE", "Question", "sound", "unasked"]
