"""Laboratory results at a glance: a line per analyte with the newest value, its mark and range, and the one before.

What may live here: bringing results of one analyte together. What a result means is read by `fhir_mappings`, as the
service does; what it could not use is shown as it was sent, and said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from cds_service.knowledge import Knowledge
from cds_service.web.ehr.limits import RuleLimits, rule_limits
from cds_service.web.ehr.marks import Marked, Ranges, marked
from cds_service.web.ehr.rows import date_text, day_of, is_mistaken, words_of
from cds_service.web.ehr.values import each_measured, value_words
from fhir_mappings.dates import read_moment
from fhir_mappings.fhir_json import as_object, as_objects, as_text
from fhir_mappings.lab_codes import analyte_code
from fhir_mappings.labs import RANKS, Reading, read_observation
from fhir_mappings.reference_ranges import Person
from fhir_mappings.vocabulary import LabVocabulary
from hooks.chart import Analyte, Result, Unreadable

NOT_USABLE = "not usable by the rules"
METHOD_NOT_KNOWN = "told, not compared by the rules: its method is not known"
NAMELESS = "result without a name"
_IN_BLOOD = re.compile(r" \[[^\]]*\]| in Serum(?:, Plasma or Blood| or Plasma)?(?= |$)", re.IGNORECASE)
"""What LOINC's names hold for machines; the specimen is left out where it is the usual one."""


@dataclass(frozen=True, slots=True)
class ShownResult:
    """One result as it was sent. `note` says why the rules cannot use it, "" where they can or do not look at it."""

    value: str
    day: str
    marked: Marked
    status: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ResultLine:
    """All results of one analyte: the newest, the one before it, and the others. `sent_as` is the record's own name."""

    name: str
    sent_as: str
    newest: ShownResult
    before: ShownResult | None
    others: tuple[ShownResult, ...]

    @property
    def more(self) -> str:
        """'3 more, 1 of them not usable by the rules': what is folded away, and whether something there matters."""
        lost = sum(bool(other.note) for other in self.others)
        return f"{len(self.others)} more" + (f", {lost} of them {NOT_USABLE}" if lost else "")


class Read(NamedTuple):
    """A result as it was sent, as the service reads it (None: no rule looks at it), and what its line is known by.

    `key` is our analyte, else the code, else the name.
    """

    sent: Mapping[str, Any]
    found: Result | Unreadable | None
    key: object


@dataclass(frozen=True)
class ResultReader:
    """Reads the results of one patient, as the service does on this day."""

    patient_id: str
    person: Person
    knowledge: Knowledge
    today: date

    def lines(self, observations: Iterable[Mapping[str, Any]]) -> list[ResultLine]:
        """A line per analyte, the newest first; of one day those first that the rules know."""
        every = [self._read(one) for observation in observations for one in each_measured(observation)]
        results = [read.found for read in every if isinstance(read.found, Result)]
        albumins = tuple(result for result in results if result.analyte is Analyte.ALBUMIN)
        groups: dict[object, list[Read]] = {}
        for read in sorted(every, key=self._recent, reverse=True):
            groups.setdefault(read.key, []).append(read)
        lines = [self._line(groups[key], albumins) for key in sorted(groups, key=_place)]
        return sorted(lines, key=lambda line: line.newest.day, reverse=True)

    def _read(self, one: Mapping[str, Any]) -> Read:
        knowledge = self.knowledge
        labs = knowledge.vocabulary.labs
        reading = Reading(self.patient_id, knowledge.zone, labs, self.today, self.person)
        return Read(one, next(iter(read_observation(one, reading)), None), _key(one, labs))

    def _recent(self, read: Read) -> tuple[bool, str, float, int]:
        """What sorts by date; of one moment the corrected one is the newer. What was entered in error comes last."""
        if isinstance(read.found, Result):
            return True, self._day(read), read.found.at, read.found.rank
        moment = read_moment(date_text(read.sent), self.knowledge.zone)
        rank = RANKS.get(as_text(read.sent.get("status")).lower(), 0)
        return not is_mistaken(read.sent), self._day(read), moment.at if moment else 0.0, rank

    def _day(self, read: Read) -> str:
        """The day by which the rules go; as it was sent where they have none."""
        if read.found is not None and read.found.on:
            return read.found.on.isoformat()
        return day_of(read.sent, self.knowledge.zone)

    def _line(self, group: Sequence[Read], albumins: tuple[Result, ...]) -> ResultLine:
        sent_as = words_of(as_object(group[0].sent.get("code"))) or NAMELESS
        shown = [self._shown(read, albumins) for read in group]
        before = shown[1] if len(shown) > 1 and not is_mistaken(group[1].sent) else None
        return ResultLine(
            self._name(group[0].key, sent_as), sent_as, shown[0], before, tuple(shown[2 if before else 1 :])
        )

    def _name(self, key: object, sent_as: str) -> str:
        """What the service calls the analyte; else the record's own name, without what only machines need."""
        if not isinstance(key, Analyte):
            return _IN_BLOOD.sub("", sent_as) or sent_as
        name = self.knowledge.policy.wording.analytes[key].name
        return name[0].upper() + name[1:]

    def _shown(self, read: Read, albumins: tuple[Result, ...]) -> ShownResult:
        return ShownResult(
            value=value_words(read.sent),
            day=self._day(read),
            marked=Marked() if is_mistaken(read.sent) else self._marked(read, albumins),
            status=_status(read.sent),
            note=_note(read),
        )

    def _marked(self, read: Read, albumins: tuple[Result, ...]) -> Marked:
        labs, rules, words = self.knowledge.vocabulary.labs, RuleLimits(), None
        if isinstance(read.key, Analyte):
            words = labs.by_analyte[read.key]
            if isinstance(read.found, Result):
                rules = rule_limits(read.found, albumins, self.knowledge.policy, self.today)
        on = read.found.on if read.found else None
        return marked(read.sent, on, Ranges(self.person, self.today, labs), words, rules)


def _key(one: Mapping[str, Any], labs: LabVocabulary) -> object:
    code, concept = analyte_code(one, labs), as_object(one.get("code"))
    if code and code not in labs.shown:
        return labs.by_code[code].analyte
    coding = next(iter(as_objects(concept.get("coding"))), {})
    own = as_text(coding.get("code"))
    return (as_text(coding.get("system")), own) if own else words_of(concept).casefold()


def _place(key: object) -> int:
    """The analytes of the rules in their own order, then all others."""
    every = list(Analyte)
    return every.index(key) if isinstance(key, Analyte) else len(every)


def _status(one: Mapping[str, Any]) -> str:
    status = as_text(one.get("status"))
    return "" if status == "final" else status.replace("-", " ") or "no status"


def _note(read: Read) -> str:
    if isinstance(read.found, Unreadable):
        return f"{NOT_USABLE}: {read.found.reason}"
    return METHOD_NOT_KNOWN if read.found and not isinstance(read.key, Analyte) else ""
