"""What to ask an EHR for: one table serves as the advertised prefetch and as the fallback fetch.

What may live here: searches and their words. Which codes an analyte has stands in `labs.toml`, which a concept has in
`conditions.toml`; the templates follow. How far back a search looks is worked out from the longest window that the
policy gives, at any date, to what is searched for. So nobody has to keep the two equal.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import ceil
from urllib.parse import quote

from fhir_mappings.code_systems import ADDRESS, System
from fhir_mappings.vocabulary import DIALYSIS_PROCEDURES, SURGERY, VALVES, Vocabulary
from hooks.chart import Analyte
from hooks.policy import Policy
from hooks.thresholds import ThresholdHistory

TEMPLATE_LIMIT = 500
"""A template must stay shorter than this: some EHRs store it in a field of that size."""

PATIENT_VIEW = frozenset({"patient-view"})
EVERY_HOOK = frozenset({"patient-view", "order-select", "order-sign"})

STATEMENTS = "statements"
HISTORY = frozenset({STATEMENTS, "administrations", "dispenses"})
"""The parts of the medication history that can be asked for; what comes along unasked is read in any case."""

_PATIENT_TOKEN = "{{context.patientId}}"  # noqa: S105  # a prefetch token, no secret


Params = tuple[tuple[str, str], ...]
SINCE = "since"
EVERY_CATEGORY = "laboratory,vital-signs,procedure,exam"
"""Where dialysis doses, weights and temperatures stand."""
EVERY_INTENT = "proposal,plan,order,original-order,reflex-order,filler-order,instance-order,option"
"""Some servers want the intent named (US Core's search is by patient and intent)."""


@dataclass(frozen=True)
class Query:
    """One search about the patient, or the read of the patient (no `params`).

    `what` names the results for a clinician. `params` hold everything but patient and date, values literal. Where
    `date_param` is set the fallback fetch asks for the last `look_back_days` only (prefetch templates cannot). A
    look-back without `date_param` says what the rules look at, and is not part of the search. With `newest_are_enough`
    a first page that is sorted newest first is all that is wanted. `coded` is the value of the parameter `code` with
    the system before each code; `plain` are the parameters, besides the patient, of plainer forms of the search, for
    servers that refuse the others (`SINCE` stands for the first day of the look-back). Nothing rests on an `optional`
    query: cards come without it, and say that it could not be read.
    """

    key: str
    what: str
    resource_type: str
    params: Params = ()
    look_back_days: int | None = None
    date_param: str | None = None
    analytes: frozenset[Analyte] = frozenset()
    hooks: frozenset[str] = EVERY_HOOK
    newest_are_enough: bool = False
    coded: str = ""
    plain: tuple[Params, ...] = ()
    optional: bool = False

    def template(self) -> str:
        """The prefetch template, relative to the FHIR base."""
        return self._path(_PATIENT_TOKEN, self.params)

    def fetch_path(self, patient_id: str, on: date) -> str:
        """The same search for one patient as of a day."""
        dates = ((self.date_param, self._since(on)),) if self.date_param else ()
        return self._path(quote(patient_id, safe=""), self.params[:1] + dates + self.params[1:])

    def plainer(self, patient_id: str, on: date) -> tuple[str, ...]:
        """Plainer forms of the search, in the order in which a server that refuses it is asked.

        What they bring beyond the search is left out by readers and rules, as ever. The last form names the patient by
        the parameter's other name.
        """
        patient = quote(patient_id, safe="")
        forms = [self._path(patient, _dated(form, self._since(on))) for form in self.plain]
        last = [self._path(patient, _dated(self.plain[0], self._since(on)), "subject=Patient/")] if self.plain else []
        return (*forms, *last)

    def with_systems(self) -> Query:
        """The same query with the code system before each code: some servers find a code only so."""
        if not self.coded:
            return self
        return replace(self, params=self._coded(self.params), plain=tuple(map(self._coded, self.plain)), coded="")

    def _coded(self, params: Params) -> Params:
        return tuple((name, self.coded if name == "code" else value) for name, value in params)

    def _since(self, on: date) -> str:
        """From which day on results are asked for, with one day to spare for time zones."""
        return "" if self.look_back_days is None else f"ge{on - timedelta(days=self.look_back_days + 1)}"

    def _path(self, patient: str, params: Iterable[tuple[str, str]], about: str = "patient=") -> str:
        if not self.params:
            return f"{self.resource_type}/{patient}"
        return "&".join([f"{self.resource_type}?{about}{patient}", *(f"{name}={value}" for name, value in params)])


def _dated(params: Params, since: str) -> Iterator[tuple[str, str]]:
    """These parameters, with the day from which on is asked in place of `SINCE`."""
    return ((name, since if value == SINCE else value) for name, value in params)


def build_queries(
    vocabulary: Vocabulary, policy: Policy, history: Collection[str] = (STATEMENTS,)
) -> tuple[Query, ...]:
    """Every query, in the order in which they are advertised. What would become too long is asked for in parts.

    `history` names the parts of the medication history that are asked for.
    """
    taken = [query for part, query in _history(policy.history).items() if part in history]
    return (*_records(vocabulary, policy.history), *_results(vocabulary, policy.history), *taken)


def _records(vocabulary: Vocabulary, history: ThresholdHistory) -> tuple[Query, ...]:
    """The patient, the problem list (resolved entries matter too), active prescriptions, dialysis and operations."""
    dialysis_days = max(
        days
        for _, limits in history.periods
        for days in (limits.dialysis_procedure_days, limits.dialysis_after_transplant_days)
    )

    def procedures(key: str, what: str, concepts: Iterable[str], look_back_days: int | None = None) -> Iterator[Query]:
        coded = [coding for concept in concepts for coding in vocabulary.conditions.codes[concept]]
        return _by_code(Query(key, what, "Procedure", look_back_days=look_back_days, plain=((),)), coded, 50)

    return (
        Query("patient", "the patient", "Patient"),
        Query("conditions", "conditions", "Condition", (("_sort", "-recorded-date"), ("_count", "1000")), plain=((),)),
        Query(
            "medications",
            "active medications",
            "MedicationRequest",
            (("status", "active"), ("_sort", "-authoredon"), ("_count", "200")),
            plain=((("status", "active"), ("intent", EVERY_INTENT)), (("intent", EVERY_INTENT),), ()),
        ),
        # No date in the search: a dialysis that is still in progress counts whenever it began.
        *procedures("dialysis_procedures", "dialysis procedures", DIALYSIS_PROCEDURES, ceil(dialysis_days)),
        *procedures("valve_procedures", "heart valve procedures", VALVES),
        *procedures("surgery_procedures", "kidney transplant, parathyroid and heart assist procedures", SURGERY),
        # Procedures known by their words alone: no code finds them. The newest are enough.
        Query(
            "procedures",
            "procedures recorded in words",
            "Procedure",
            (("_sort", "-date"), ("_count", "100")),
            newest_are_enough=True,
            plain=((),),
        ),
    )


STOPPED_ORDERS = Query(
    "stopped_medications",
    "stopped prescriptions",
    "MedicationRequest",
    (("status", "stopped,cancelled"), ("_sort", "-authoredon"), ("_count", "200")),
    newest_are_enough=True,
    optional=True,
    plain=((("intent", EVERY_INTENT),), ()),
)
"""Not advertised: asked for only where the medication history alone names a drug that such an order may have ended."""


def _history(history: ThresholdHistory) -> dict[str, Query]:
    """Drugs that no prescription names. A dispense may last longer than any window: its list is read to the end."""
    days = ceil(max(limits.administration_days for _, limits in history.periods))

    def query(part: str, resource_type: str, status: str, date_param: str, look_back_days: int | None = None) -> Query:
        return Query(
            f"medication_{part}",
            "the medication history",
            resource_type,
            (*((("status", status),) if status else ()), ("_sort", f"-{date_param}"), ("_count", "200")),
            look_back_days=look_back_days,
            date_param=date_param if look_back_days else None,
            optional=True,
            plain=((),),
        )

    return {
        STATEMENTS: query(STATEMENTS, "MedicationStatement", "active", "effective"),
        "administrations": query("administrations", "MedicationAdministration", "", "effective-time", days),
        "dispenses": query("dispenses", "MedicationDispense", "", "whenhandedover"),
    }


def _longest_window(analytes: Iterable[Analyte], history: ThresholdHistory) -> int:
    """How many days one of these analytes is usable at most, at any date."""
    return max(limits.windows[analyte].usable for analyte in analytes for _, limits in history.periods)


def _results(vocabulary: Vocabulary, history: ThresholdHistory) -> tuple[Query, ...]:
    a = Analyte

    def query(
        key: str,
        what: str,
        *analytes: Analyte,
        count: int = 100,
        hooks: frozenset[str] = EVERY_HOOK,
        category: str = "laboratory",
    ) -> Iterator[Query]:
        days = _longest_window(analytes, history)
        asked = [vocabulary.labs.by_analyte[analyte] for analyte in analytes]
        codes = [(System.LOINC.value, code) for words in asked for code in (*words.codes, *words.shown)]
        codes += [own for words in asked for own in words.local]
        plain = ((("category", category), ("date", SINCE)),)
        made = Query(key, what, "Observation", (), days, "date", frozenset(analytes), hooks, plain=plain)
        return _by_code(made, codes, count)

    return (
        *query(
            "calcium",
            "calcium results",
            a.TOTAL_CALCIUM,
            a.ALBUMIN_CORRECTED_CALCIUM,
            a.IONISED_CALCIUM,
            a.IONISED_CALCIUM_PH74,
        ),
        *query("phosphate_albumin", "phosphate and albumin results", a.PHOSPHATE, a.ALBUMIN),
        *query("pth_alp", "PTH and alkaline phosphatase results", a.INTACT_PTH, a.ALKALINE_PHOSPHATASE),
        *query(
            "dialysis_dose",
            "dialysis dose results",
            a.SP_KT_V,
            a.PD_WEEKLY_KT_V,
            a.UREA_REDUCTION_RATIO,
            category=EVERY_CATEGORY,
        ),
        *query("weight", "dialysis weights", a.DRY_WEIGHT, a.POST_DIALYSIS_WEIGHT, count=200, category=EVERY_CATEGORY),
        *query("bmi", "body mass index", a.BODY_MASS_INDEX, count=50, category=EVERY_CATEGORY),
        *query("temperature", "body temperatures", a.BODY_TEMPERATURE, hooks=PATIENT_VIEW, category=EVERY_CATEGORY),
        *query(
            "inflammation",
            "white cell count and CRP results",
            a.WHITE_CELL_COUNT,
            a.C_REACTIVE_PROTEIN,
            hooks=PATIENT_VIEW,
        ),
    )


def _by_code(query: Query, codings: Iterable[tuple[str, str]], count: int) -> Iterator[Query]:
    """This query as a search for codes, in as many parts as it needs to stay short; the codes keep their order."""
    parts: list[list[tuple[str, str]]] = [[]]
    for coding in codings:
        if len(_of_codes(query, [*parts[-1], coding], count).template()) >= TEMPLATE_LIMIT:
            parts.append([])
        parts[-1].append(coding)
    for number, part in enumerate(parts, start=1):
        key = query.key if number == 1 else f"{query.key}_{number}"
        yield replace(_of_codes(query, part, count), key=key)


def _of_codes(query: Query, asked: Collection[tuple[str, str]], count: int) -> Query:
    """A query as a search for codes, newest first. Its plainer forms keep the codes first, and do without them last.

    Kt/V and the like stand in several categories, so that a category in place of the codes is the last resort.
    """
    code = ("code", ",".join(code for _, code in asked))
    dates: tuple[Params, ...] = ((code, ("date", SINCE)),) if query.date_param else ()
    return replace(
        query,
        params=(code, ("_sort", "-date"), ("_count", str(count))),
        plain=(*dates, (code,), *query.plain),
        coded=",".join(f"{ADDRESS.get(system, system)}|{code}" for system, code in asked),
    )
