"""What to ask an EHR for: one table serves as the advertised prefetch and as the fallback fetch.

What may live here: searches and their words. Which codes an analyte has stands in `labs.toml`, which a concept has in
`conditions.toml`; the templates follow. How far back a search looks is worked out from the longest window that the
policy gives, at any date, to what is searched for. So nobody has to keep the two equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from urllib.parse import quote

from fhir_mappings.vocabulary import DIALYSIS_PROCEDURES, SURGERY, VALVES, Vocabulary, VocabularyError
from hooks.chart import Analyte
from hooks.policy import Policy
from hooks.thresholds import ThresholdHistory

TEMPLATE_LIMIT = 500
"""A template must stay shorter than this: some EHRs store it in a field of that size."""

PATIENT_VIEW = frozenset({"patient-view"})
EVERY_HOOK = frozenset({"patient-view", "order-select", "order-sign"})

_PATIENT_TOKEN = "{{context.patientId}}"  # noqa: S105  # a prefetch token, no secret


@dataclass(frozen=True)
class Query:
    """One search about the patient, or the read of the patient (no `params`).

    `what` names the results for a clinician. `params` hold everything but patient and date, values literal. Where
    `date_param` is set the fallback fetch asks for the last `look_back_days` only (prefetch templates cannot). A
    look-back without `date_param` says what the rules look at, and is not part of the search. A resource of the last
    `settled_days` counts for the rules as much as one that still runs. With `newest_are_enough` the first page is all
    that is wanted: a list that goes on is complete.
    """

    key: str
    what: str
    resource_type: str
    params: tuple[tuple[str, str], ...] = ()
    look_back_days: int | None = None
    date_param: str | None = None
    analytes: frozenset[Analyte] = frozenset()
    hooks: frozenset[str] = EVERY_HOOK
    settled_days: int = 0
    newest_are_enough: bool = False

    def template(self) -> str:
        """The prefetch template, relative to the FHIR base."""
        return self._path(_PATIENT_TOKEN, self.params)

    def fetch_path(self, patient_id: str, on: date) -> str:
        """The same search for one patient as of a day, with one day to spare for time zones."""
        dates: tuple[tuple[str, str], ...] = ()
        if self.date_param and self.look_back_days is not None:
            dates = ((self.date_param, f"ge{on - timedelta(days=self.look_back_days + 1)}"),)
        return self._path(quote(patient_id, safe=""), self.params[:1] + dates + self.params[1:])

    def _path(self, patient: str, params: Iterable[tuple[str, str]]) -> str:
        if not self.params:
            return f"{self.resource_type}/{patient}"
        return "&".join([f"{self.resource_type}?patient={patient}", *(f"{name}={value}" for name, value in params)])


def build_queries(vocabulary: Vocabulary, policy: Policy) -> tuple[Query, ...]:
    """Every query, in the order in which they are advertised; VocabularyError when a template becomes too long."""
    queries = (*_records(vocabulary, policy.history), *_results(vocabulary, policy.history))
    problems = [
        f"query {query.key}: {len(query.template())} characters, must be fewer than {TEMPLATE_LIMIT}; too many codes"
        for query in queries
        if len(query.template()) >= TEMPLATE_LIMIT
    ]
    if problems:
        raise VocabularyError(problems)
    return queries


def _records(vocabulary: Vocabulary, history: ThresholdHistory) -> tuple[Query, ...]:
    """The patient, the problem list (resolved entries matter too), active prescriptions, dialysis and operations."""
    codes = vocabulary.conditions.codes
    spans = [
        days
        for _, limits in history.periods
        for days in (limits.dialysis_procedure_days, limits.dialysis_after_transplant_days)
    ]
    return (
        Query("patient", "the patient", "Patient"),
        Query("conditions", "conditions", "Condition", (("_sort", "-recorded-date"), ("_count", "1000"))),
        Query(
            "medications",
            "active medications",
            "MedicationRequest",
            (("status", "active"), ("_sort", "-authoredon"), ("_count", "200")),
        ),
        # No date in the search: a dialysis that is still in progress counts whenever it began.
        Query(
            "dialysis_procedures",
            "dialysis procedures",
            "Procedure",
            _by_code(_all(DIALYSIS_PROCEDURES, codes), 50),
            look_back_days=ceil(max(spans)),
            settled_days=int(min(spans)),
        ),
        Query("valve_procedures", "heart valve procedures", "Procedure", _by_code(_all(VALVES, codes), 50)),
        Query(
            "surgery_procedures",
            "kidney transplant, parathyroid and heart assist procedures",
            "Procedure",
            _by_code(_all(SURGERY, codes), 50),
        ),
        # Procedures known by their words alone: no code finds them. The newest are enough.
        Query(
            "procedures",
            "procedures recorded in words",
            "Procedure",
            (("_sort", "-date"), ("_count", "100")),
            newest_are_enough=True,
        ),
    )


def _all(concepts: Iterable[str], codes: Mapping[str, tuple[str, ...]]) -> list[str]:
    return [code for concept in concepts for code in codes[concept]]


def _longest_window(analytes: Iterable[Analyte], history: ThresholdHistory) -> int:
    """How many days one of these analytes is usable at most, at any date."""
    return max(limits.windows[analyte].usable for analyte in analytes for _, limits in history.periods)


def _results(vocabulary: Vocabulary, history: ThresholdHistory) -> tuple[Query, ...]:
    a = Analyte

    def query(key: str, what: str, *analytes: Analyte, count: int = 100, hooks: frozenset[str] = EVERY_HOOK) -> Query:
        days = _longest_window(analytes, history)
        asked = [vocabulary.labs.by_analyte[analyte] for analyte in analytes]
        codes = [code for words in asked for code in (*words.codes, *words.shown)]
        params = _by_code(codes, count)
        return Query(key, what, "Observation", params, days, "date", frozenset(analytes), hooks)

    return (
        query(
            "calcium",
            "calcium results",
            a.TOTAL_CALCIUM,
            a.ALBUMIN_CORRECTED_CALCIUM,
            a.IONISED_CALCIUM,
            a.IONISED_CALCIUM_PH74,
        ),
        query("phosphate_albumin", "phosphate and albumin results", a.PHOSPHATE, a.ALBUMIN),
        query("pth_alp", "PTH and alkaline phosphatase results", a.INTACT_PTH, a.ALKALINE_PHOSPHATASE),
        query("dialysis_dose", "dialysis dose results", a.SP_KT_V, a.PD_WEEKLY_KT_V, a.UREA_REDUCTION_RATIO),
        query("weight", "dialysis weights", a.DRY_WEIGHT, a.POST_DIALYSIS_WEIGHT, count=200),
        query("bmi", "body mass index", a.BODY_MASS_INDEX, count=50),
        query("temperature", "body temperatures", a.BODY_TEMPERATURE, hooks=PATIENT_VIEW),
        query(
            "inflammation",
            "white cell count and CRP results",
            a.WHITE_CELL_COUNT,
            a.C_REACTIVE_PROTEIN,
            hooks=PATIENT_VIEW,
        ),
    )


def _by_code(codes: Iterable[str], count: int) -> tuple[tuple[str, str], ...]:
    return ("code", ",".join(codes)), ("_sort", "-date"), ("_count", str(count))
