"""One patient on one FHIR server: every query measured, then the chart as the service would have it.

What may live here: the order of the steps, and what looks suspicious about all together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from cds_service.api import Collected, HookRequest, gathering, past_look_back
from cds_service.fhir_client import LATE, FhirReader
from cds_service.fhir_doctor.asking import Asker
from cds_service.fhir_doctor.findings import LookedUp, PatientReport, Unread
from cds_service.fhir_doctor.verdict import calls, scope_of
from cds_service.knowledge import Knowledge
from cds_service.unknown_codes import CodeReading, as_written, each_once, plainly, unknown_units
from fhir_mappings.chart import ChartContext, build_chart, drug_shelf
from fhir_mappings.drug_places import is_path
from fhir_mappings.forms import Form
from fhir_mappings.queries import Query
from hooks.chart import Chart

NOT_ASKABLE = "a reference that this server cannot be asked for"
Progress = Callable[[int, int, str], None]
"""Called after each step with the steps done, the steps in all, and what was just done."""


@dataclass(frozen=True)
class Examination:
    """What an examination needs: `asker` has time, `service` has the limits of the service; both ask the same server.

    `hooks` are those whose calls are played. `every_code`: codes are told as they are written, names among them.
    """

    asker: Asker
    service: FhirReader
    knowledge: Knowledge
    hooks: Sequence[str]
    progress: Progress
    every_code: bool = False

    @property
    def queries(self) -> tuple[Query, ...]:
        """Those of all these hooks, each once."""
        return tuple(query for query in self.knowledge.queries if not query.hooks.isdisjoint(self.hooks))


def examine(of: Examination, patient_id: str, now: datetime) -> PatientReport:
    """Everything that can be said of this patient on this server."""
    knowledge = of.knowledge
    on = now.astimezone(knowledge.zone).date()
    looked_up = tuple(_measured(of, patient_id, on))
    survey = of.asker.survey(patient_id)
    collected = _collected(of, patient_id, on)
    drugs, lost, bases = collected.medications, collected.lost, collected.bases
    context = ChartContext(patient_id, on, knowledge.zone, medications=drugs, lost=lost, bases=bases)
    chart = build_chart(collected.queries, context, knowledge.vocabulary)
    answers, drafts = calls(of.hooks, chart, on, knowledge.policy)
    seen = each_once(of.asker.brought)
    shelf = drug_shelf(drugs, collected.queries, bases)
    shown = as_written if of.every_code else plainly
    return PatientReport(
        server=of.asker.server.base,
        patient=patient_id,
        looked_up=looked_up,
        survey=survey,
        unknown_codes=CodeReading(knowledge.vocabulary, shelf, on, knowledge.zone, shown).unknown(seen),
        unknown_units=unknown_units(seen, knowledge.vocabulary),
        unread=_unread(chart),
        lost=tuple(sorted(path if is_path(path) else NOT_ASKABLE for path in collected.lost)),
        gaps=tuple((gap.what, gap.reason) for gap in chart.gaps),
        scope=None if chart.gap("patient") else scope_of(chart, on, knowledge.policy),
        calls=answers,
        drafts=drafts,
        suspicions=tuple(_suspicions(of, patient_id, looked_up, survey, chart)),
    )


def _measured(of: Examination, patient_id: str, on: date) -> Iterator[LookedUp]:
    queries, zone = of.queries, of.knowledge.zone
    for done, query in enumerate(queries, start=1):
        yield of.asker.look_up(query, patient_id, on, partial(past_look_back, query, on, zone))
        of.progress(done, len(queries), query.what)


def _collected(of: Examination, patient_id: str, on: date) -> Collected:
    """What the service would have collected for a call without prefetch, within its own limits."""
    request = HookRequest(of.hooks[0], "doctor", patient_id, {}, of.asker.server)
    with gathering(of.service, request, on, of.knowledge.zone, of.service.deadline()) as gatherer:
        return gatherer.collect(of.queries, ())


def _unread(chart: Chart) -> tuple[Unread, ...]:
    seen = Counter((one.what, one.reason) for one in chart.unreadable)
    return tuple(Unread(what, reason, times) for (what, reason), times in sorted(seen.items()))


def _suspicions(
    of: Examination, patient_id: str, looked_up: Sequence[LookedUp], survey: LookedUp, chart: Chart
) -> Iterator[str]:
    """What is well formed and can hardly be true, or differs from one form of a search to the other."""
    if any(gap.reason == LATE for gap in chart.gaps):
        yield "the server was too slow for the service, which has one limit for all look-ups: CDS_FHIR_DEADLINE_SECONDS"
    for one in looked_up:
        usual, used, overlooked = one.tried[0], one.used, one.overlooked
        if used is not None and used is not usual:
            why = usual.problem or "nothing found"
            yield f"{one.query}: usual form: {why}; used is '{used.form}', found {used.found}"
        if overlooked is not None:
            form, number = overlooked.form, overlooked.found
            yield f"{one.query}: suspicious: nothing is found, and the form '{form}' finds {number}"
    yield from _empty(of, patient_id, [*looked_up, survey])


def _empty(of: Examination, patient_id: str, looked_up: Sequence[LookedUp]) -> Iterator[str]:
    found: Counter[str] = Counter()
    for one in looked_up:
        if one.used is None:
            # What could not be read is told as a failure already.
            return
        found[one.resource_type] += one.used.found
    if not found["Patient"] or any(found[kind] for kind in ("Condition", "Procedure", "Observation")):
        return
    beside = "medications, but" if found["MedicationRequest"] else "no medications and"
    yield (
        f"suspicious: there is a Patient with {beside} no Condition, no Procedure and no Observation at all: are "
        "searches by patient=<id> answered, and may this token read these types?"
    )
    typed = of.asker.measure(Form("typed", f"Condition?patient=Patient/{patient_id}"))
    if typed.tried.found:
        yield f"Condition?patient=Patient/<id> finds {typed.tried.found}: this server wants the type before the id"
