"""The chart: all that a rule may know of a patient, in the words of clinicians.

What may live here: frozen values and nothing else. A chart holds no FHIR, no codes to look up and no clock. Every
number is already in the one unit in which the rules compare, every date is a calendar day of the clinic.
`fhir_mappings` builds it, the rules of this package read it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

UNREAD_DRUG = "no drug named"
"""The reason of an order whose drug could not be read: cards count those orders apart."""


class Analyte(StrEnum):
    """What a result measures. The value of each member is its key in `fhir_mappings/labs.toml`."""

    TOTAL_CALCIUM = "total_calcium"
    ALBUMIN_CORRECTED_CALCIUM = "albumin_corrected_calcium"
    IONISED_CALCIUM = "ionised_calcium"
    IONISED_CALCIUM_PH74 = "ionised_calcium_ph74"
    PHOSPHATE = "phosphate"
    ALBUMIN = "albumin"
    INTACT_PTH = "intact_pth"
    ALKALINE_PHOSPHATASE = "alkaline_phosphatase"
    SP_KT_V = "sp_kt_v"
    PD_WEEKLY_KT_V = "pd_weekly_kt_v"
    UREA_REDUCTION_RATIO = "urea_reduction_ratio"
    BODY_MASS_INDEX = "body_mass_index"
    DRY_WEIGHT = "dry_weight"
    POST_DIALYSIS_WEIGHT = "post_dialysis_weight"
    BODY_TEMPERATURE = "body_temperature"
    WHITE_CELL_COUNT = "white_cell_count"
    C_REACTIVE_PROTEIN = "c_reactive_protein"


CALCIUM = frozenset(
    {
        Analyte.TOTAL_CALCIUM,
        Analyte.ALBUMIN_CORRECTED_CALCIUM,
        Analyte.IONISED_CALCIUM,
        Analyte.IONISED_CALCIUM_PH74,
    }
)
"""Every kind of calcium: one analyte where it is asked whether a result is there or could not be read."""


class Result(NamedTuple):
    """One laboratory or bedside value, converted.

    `value` is in `unit`, the canonical unit of the analyte, rounded to 4 decimals. `at` orders results that share a
    day (seconds since the epoch). `rank` orders results of the
    same instant: 2 corrected or amended, 1 final, 0 preliminary. `comparator` is "", "<", "<=", ">" or ">=".
    `original` is the value as received ("2.60 mmol/L") when it came in another unit, else "". `upper_limit` is the
    reported upper reference limit in `unit`, where one came with the result that holds for the patient. `timed` is
    False for a result whose date has no time: it cannot be ordered among those of its day, and stands at the moment of
    the latest of them.
    """

    analyte: Analyte
    value: float
    unit: str
    on: date
    at: float
    rank: int = 1
    comparator: str = ""
    original: str = ""
    upper_limit: float | None = None
    code: str = ""
    timed: bool = True


class Span(NamedTuple):
    """A date as precisely as it was recorded: one day, or the first and last day of a month or year."""

    first: date
    last: date


class Clinical(StrEnum):
    """Is the condition there now (`active`), or was it there before (`past`)?"""

    ACTIVE = "active"
    PAST = "past"


BY_NAME = "by name"
"""How a sign or a drug was found that no code stands for."""


class Sign(NamedTuple):
    """One concept that a condition stands for, and how that was found.

    `how` names the code ("SNOMED CT 34319007") or "by name". `words` are the words of the record that decided, for
    a sign read from text (to be quoted on the card), else "". `place` is the word for a place of the body that makes
    gangrene weigh fully ("thigh"), else "". Under `gangrene_acral`, `concept` says what sits there: gangrene or
    skin_necrosis.
    """

    concept: str
    how: str
    words: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """One entry of the problem list that is not entered in error.

    `concepts` maps the concept names of `fhir_mappings/conditions.toml` ("diabetes", "skin_induration", …) to how they
    were found. For calciphylaxis the certainty is part of the concept: `calciphylaxis` (confirmed, or no status
    given), `calciphylaxis_provisional` (status provisional, differential or unconfirmed, or worded so),
    `calciphylaxis_history` (worded "history of", or past by its clinical status), `calcium_disorder_unspecific`
    (a residual calcium metabolism code that does not name calciphylaxis). Of refuted entries only those of
    calciphylaxis are here, with the one concept `calciphylaxis_refuted`. `verification` is the recorded status
    ("confirmed" when none was recorded). `still_active` is True when the record itself says that it is active, and
    names no end.
    """

    text: str
    concepts: Mapping[str, Sign]
    clinical: Clinical = Clinical.ACTIVE
    verification: str = "confirmed"
    onset: Span | None = None
    recorded: Span | None = None
    still_active: bool = False

    @property
    def active(self) -> bool:
        """True while the condition is there now."""
        return self.clinical is Clinical.ACTIVE


@dataclass(frozen=True, slots=True)
class Procedure:
    """A completed or running procedure. `on` is its day: its end, else its start; None without a date.

    `ongoing` is True for a procedure in progress without an end: it counts as today. `monthly` billing services
    carry the concept `dialysis_monthly_service`.
    """

    text: str
    concepts: Mapping[str, Sign]
    on: date | None = None
    ongoing: bool = False


@dataclass(frozen=True, slots=True)
class DrugMatch:
    """One drug class of a medication: `drug` is the ingredient's plain name, `how` the code or "by name"."""

    drug_class: str
    drug: str
    how: str

    @property
    def by_name(self) -> bool:
        """True when no code was known and the words decided."""
        return self.how == BY_NAME


class Source(StrEnum):
    """What says that the patient has a drug: an order, or an entry of the medication history without one."""

    ORDER = "order"
    STATEMENT = "statement"
    DISPENSE = "dispense"
    ADMINISTRATION = "administration"


@dataclass(frozen=True, slots=True)
class Medication:
    """An active prescription, a drug of the medication history or a draft order as the rules see it.

    `reference` identifies the order ("MedicationRequest/abc"; "" when it has no id, or none of its own because it is
    contained in an order set, or where there is no order). `display` is the drug as the record words it. `matches` is
    empty for a drug that no rule knows. `authored` is the day of prescription; in the medication history that since
    which it is taken, or on which it was handed over or given.
    """

    reference: str
    display: str
    matches: tuple[DrugMatch, ...] = ()
    authored: date | None = None
    source: Source = Source.ORDER

    @property
    def substances(self) -> tuple[str, ...]:
        """What it is made of, as far as the words of the record do not hold it: shown beside them."""
        words = self.display.lower()
        return tuple(dict.fromkeys(match.drug for match in self.matches if match.drug.lower() not in words))


@dataclass(frozen=True, slots=True)
class Taken:
    """An entry of the medication history that may count as an active drug: whether it does, the rules decide by day.

    `drug` is None where it could not be read. `on` is the day of its last word: of the statement, of the handing over,
    of the giving. `supply` is for how many days what was dispensed lasts, None where that is not stated.
    """

    source: Source
    drug: Medication | None
    on: date | None = None
    supply: float | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that was received and could not be used, with the reason in words ("no unit", "implausible value").

    `what` is the analyte or the kind of record ("total_calcium", "condition", "medication"); `on` its day if known.
    `no_result` is True for what never was a result of this patient (cancelled, not yet measured, not performed, of
    somebody else, of another method): it is never taken for a newer one.
    """

    what: str
    reason: str
    on: date | None = None
    no_result: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """A look-up that failed or was cut short: not "nothing recorded" but "could not be read".

    `what` is the key of the query in words ("calcium", "dialysis procedures"); `analytes` are the results that may be
    missing because of it; `reason` is short and holds no patient data ("the FHIR server answered 500"). `cut` is True
    where the list only went on further than was read, and nothing that was asked for was lost.
    """

    query: str
    what: str
    reason: str
    analytes: frozenset[Analyte] = frozenset()
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything the rules may look at for one patient.

    `results` holds every usable-looking result per analyte, in the `order_of_choice` (the rules decide about windows).
    `shown` holds, per analyte, the results of an unknown method: they are told, and never compared with a limit.
    `medications` are the active ones; `drafts` the orders to be judged, already limited to the selected ones where
    the hook says so; `other_drafts` were drafted beside them and are not judged; `unread_medications` and
    `unread_drafts` count those whose drug could not be read. `sex` is the administrative gender ("female", "male", …)
    or "". `born` is the earliest possible day of birth. `gaps` name failed look-ups by query key, `optional_gaps` those
    that nothing rests on but a line on the cards; `unreadable` what was dropped and why. `masked_conditions` is True
    when an entry of the problem list does not tell what it is; `unread_conditions` counts those that are there and
    could not be read. `unread_sessions` holds the days of what may have been
    dialysis and could not be read, None where its date is there and not understood; the rules decide which of them
    still matter. `history` are the entries of the medication history, `stopped` the orders that end
    such entries; the rules put those that count among the `medications`, and count in `unread_history` those whose drug
    could not be read.
    """

    born: date | None = None
    sex: str = ""
    conditions: tuple[Condition, ...] = ()
    procedures: tuple[Procedure, ...] = ()
    medications: tuple[Medication, ...] = ()
    drafts: tuple[Medication, ...] = ()
    other_drafts: tuple[Medication, ...] = ()
    unread_medications: int = 0
    unread_drafts: int = 0
    history: tuple[Taken, ...] = ()
    stopped: tuple[Medication, ...] = ()
    unread_history: int = 0
    unread_conditions: int = 0
    results: Mapping[Analyte, tuple[Result, ...]] = field(default_factory=dict)
    shown: Mapping[Analyte, tuple[Result, ...]] = field(default_factory=dict)
    unreadable: tuple[Unreadable, ...] = ()
    gaps: tuple[Gap, ...] = ()
    optional_gaps: tuple[Gap, ...] = ()
    masked_conditions: bool = False
    unread_sessions: tuple[date | None, ...] = ()

    @property
    def unread_drugs(self) -> int:
        """How many active drugs could not be read, ordered or from the medication history."""
        return self.unread_medications + self.unread_history

    @property
    def unread_entries(self) -> int:
        """The same with the entries of the problem list that could not be read."""
        return self.unread_drugs + self.unread_conditions

    def active(self, *concepts: str) -> Iterator[Condition]:
        """The active conditions with one of the concepts."""
        for condition in self.conditions:
            if condition.active and not condition.concepts.keys().isdisjoint(concepts):
                yield condition

    def gap(self, query: str) -> Gap | None:
        """The failed look-up of this query key, or None when it was read."""
        return next((gap for gap in self.gaps if gap.query == query), None)
