"""The findings as lines of text for people and as one JSON document for programs.

What may live here: layout and names. The members of the JSON document are described in `docs/connecting.md`; members
may be added, and `version` grows when one changes its meaning or goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from cds_service.fhir_doctor.findings import LookedUp, PatientReport, ServerReport, Tried, TypeFinding
from cds_service.unknown_codes import UnknownCode, is_remark
from hooks.cards import visible

VERSION = 1
MOST_LINES = 15
"""So many codes of one resource type are printed; the JSON document holds all."""
_WORDS_ONLY = "(no code, and words that tell nothing)"


def as_json(report: PatientReport | ServerReport) -> dict[str, Any]:
    """The whole report; always the same members, lists that may be empty, null where nothing is known."""
    about = "patient" if isinstance(report, PatientReport) else "server"
    document: dict[str, Any] = {"version": VERSION, "about": about, **asdict(report)}
    if isinstance(report, PatientReport):
        document["looked_up"] = [_look_up(one) for one in report.looked_up]
        document["survey"] = _look_up(report.survey)
        document["gaps"] = [{"what": what, "reason": reason} for what, reason in report.gaps]
        for call in document["calls"]:
            call["cards"] = [{"topic": topic, "indicator": indicator} for topic, indicator in call["cards"]]
    return {**document, "ok": report.ok, "conclusion": report.conclusion}


def as_text(report: PatientReport | ServerReport) -> str:
    """The report in lines, the conclusion last."""
    lines = _of_patient(report) if isinstance(report, PatientReport) else _of_server(report)
    return "\n".join(map(visible, lines))


def _look_up(one: LookedUp) -> dict[str, Any]:
    used = one.used
    return {**asdict(one), "essential": one.essential, "used": used.form if used else None}


def _of_patient(report: PatientReport) -> Iterator[str]:
    yield f"FHIR server {report.server}, patient {report.patient}"
    yield ""
    yield f"{'query (* essential)':<24}{'status':>7}{'found':>7}{'total':>7}{'pages':>7}{'ms':>7}  form"
    for one in (*report.looked_up, report.survey):
        yield from _rows(one)
    yield from _codes(report.unknown_codes)
    yield from _section("Units that we do not know", (
        f"{unit.times:>5} x {unit.unit}  ({unit.analyte})" for unit in report.unknown_units
    ))  # fmt: skip
    yield from _section(
        "Received, and not usable", (f"{one.times:>5} x {one.what}: {one.reason}" for one in report.unread)
    )
    yield from _section("Orders lead to, and could not be read", (f"      {path}" for path in report.lost))
    gaps = (f"      {what}: {reason}" for what, reason in report.gaps)
    yield from _section("Could not be read by the service within its limits", gaps)
    yield from _scope(report)
    yield from _section("Drafts that would raise a card", _drafts(report))
    yield ""
    yield from (f"! {suspicion}" for suspicion in report.suspicions)
    yield from (f"{call.hook}: {call.says}" for call in report.calls)


def _rows(one: LookedUp) -> Iterator[str]:
    for number, tried in enumerate(one.tried):
        name = f"{'*' if one.essential else ' '} {one.query}" if number == 0 else ""
        yield f"{name:<24}{_numbers(tried)}  {_form(one, tried)}"


def _numbers(tried: Tried) -> str:
    status, total = ("-" if value is None else str(value) for value in (tried.status, tried.total))
    return f"{status:>7}{tried.found:>7}{total:>7}{tried.pages:>7}{tried.milliseconds:>7}"


def _form(one: LookedUp, tried: Tried) -> str:
    used = " (used)" if one.used is tried and len(one.tried) > 1 else ""
    return f"{tried.form}{used}{f': {tried.problem}' if tried.problem else ''}"


def _codes(codes: Sequence[UnknownCode]) -> Iterator[str]:
    """By resource type; a system that we do not read first, because there no code can be known."""
    for kind in sorted({code.resource_type for code in codes}):
        own = sorted((code for code in codes if code.resource_type == kind), key=lambda code: code.known_system)
        lines = [f"{code.times:>5} x {_named(code)}" for code in own[:MOST_LINES]]
        if len(own) > MOST_LINES:
            lines.append(f"      and {len(own) - MOST_LINES} more codes: --json has all")
        if any(is_remark(code.code) for code in own):
            lines.append("      codes in words could be a name: --every-code prints them")
        yield from _section(f"{kind}: codes that no rule knows", lines)


def _named(code: UnknownCode) -> str:
    if not code.code:
        return _WORDS_ONLY
    remark = "" if code.known_system else "  (system not read)"
    return f"{code.system or '(no system)'} {code.code}{remark}"


def _scope(report: PatientReport) -> Iterator[str]:
    if report.scope is None:
        return
    scope = report.scope
    rests = f" ({scope.rests_on})" if scope.rests_on else ""
    yield from _section("Patient", [f"      {scope.age}; dialysis: {scope.dialysis}{rests}; tier {scope.tier}"])


def _drafts(report: PatientReport) -> Iterator[str]:
    for draft in report.drafts:
        if draft.topics:
            yield f"      {draft.hook}, {draft.drug_class}: {', '.join(draft.topics)}"


def _of_server(report: ServerReport) -> Iterator[str]:
    yield f"FHIR server {report.server}"
    yield f"metadata: {report.metadata.problem or 'FHIR ' + (report.fhir_version or 'without a version')}"
    yield from (f"  {one.resource_type}: {_declared(one)}" for one in report.types)
    yield from (f"patient to try: {patient}" for patient in report.patients)
    yield report.conclusion


def _declared(one: TypeFinding) -> str:
    if not one.declared:
        return "not declared"
    lacking = [f"search parameters not declared: {', '.join(one.undeclared)}"] if one.undeclared else []
    return "; ".join([f"searched by {', '.join(one.parameters)}"] * bool(one.parameters) + lacking) or "declared"


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    """A heading with its lines; nothing where there are none."""
    found = list(lines)
    if found:
        yield ""
        yield title
        yield from found
