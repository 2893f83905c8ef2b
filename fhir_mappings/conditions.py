"""Conditions of the problem list: status, concepts by code and by words, and how certain a calciphylaxis is.

What may live here: reading one Condition. The rules decide which signs count when; each kind of words has its own
reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

from fhir_mappings.clauses import Text, read_text
from fhir_mappings.code_systems import System, system_of
from fhir_mappings.dates import read_span_as_of
from fhir_mappings.dialysis_words import add_dialysis
from fhir_mappings.fhir_json import Concept, Json, as_object, as_objects, code_of, read_concept, status_codes
from fhir_mappings.further_words import add_further
from fhir_mappings.letters import as_seen
from fhir_mappings.names import Reading, strongest
from fhir_mappings.screening import Screen
from fhir_mappings.skin_words import GANGRENE, add_signs, place_gangrene, texture_sign
from fhir_mappings.valve_words import VALVES, settle_valve
from fhir_mappings.vocabulary import CALCIPHYLAXIS, RESIDUAL, ConditionVocabulary
from hooks.chart import BY_NAME, Clinical, Condition, Sign

ERROR, REFUTED = "entered-in-error", "refuted"
DOUBTFUL = ("provisional", "differential", "unconfirmed")
PAST = frozenset({"resolved", "inactive", "remission"})
STATED = frozenset({"active", "recurrence", "relapse"})
ABATEMENT = ("abatementDateTime", "abatementAge", "abatementPeriod", "abatementRange", "abatementString")

PROVISIONAL = "calciphylaxis_provisional"
HISTORY = "calciphylaxis_history"
EXCLUDED = "calciphylaxis_refuted"

CERTAINTY = "http://fhir.de/StructureDefinition/icd-10-gm-diagnosesicherheit"
CERTAINTIES = ("G", "V", "Z", "A")
"""Of ICD-10-GM: sure, suspected, past, excluded. Of several on one entry the first of this row counts."""


@dataclass(frozen=True, slots=True)
class _Status:
    """What the statuses of an entry say, with the certainty of ICD-10-GM, which qualifies it like a status."""

    past: bool
    refuted: bool
    doubt: str
    stated: bool


def read_condition(resource: Json, on: date, zone: tzinfo, vocabulary: ConditionVocabulary) -> Condition | None:
    """One Condition as of the day `on`; None when it is entered in error, or refuted and not of calciphylaxis.

    Everything that is not resolved, inactive or in remission is active, also without a status (problem lists often
    carry none). A verification status that we do not know counts as none. Its dates never end after `on`, unless they
    begin after it.
    """
    status = _status(resource)
    if status is None:
        return None
    code = read_concept(resource.get("code"))
    words = as_seen(code.words)
    read = [(begins, read_text(word, vocabulary.words.reading)) for begins, word in vocabulary.telling(words)]
    if status.refuted:
        concepts = _excluded(code, read, vocabulary)
        if not concepts:
            return None
        verification = REFUTED
    else:
        concepts = _by_code(code, vocabulary)
        if read:
            _by_words(concepts, read, vocabulary)
        if GANGRENE in concepts:
            place_gangrene(concepts, words, vocabulary.words.skin.acral)
        if read or not VALVES.isdisjoint(concepts):
            valves = vocabulary.words.valves
            settle_valve(concepts, _of(read, valves.screen), valves)
        named = _of(read, vocabulary.words.names.screen) if read else ()
        reading = _settle_calciphylaxis(concepts, named, status, vocabulary)
        verification = status.doubt or ("provisional" if reading is Reading.PROVISIONAL else "confirmed")
    return Condition(
        text=code.words[0] if code.words else code.first_code,
        concepts=concepts,
        clinical=Clinical.PAST if status.past else Clinical.ACTIVE,
        verification=verification,
        onset=read_span_as_of(resource.get("onsetDateTime"), on, zone),
        recorded=read_span_as_of(resource.get("recordedDate"), on, zone),
        still_active=status.stated,
    )


Read = Sequence[tuple[Sequence[str], Text]]
"""Texts worth reading, each with the first letters of its words."""


def is_set_aside(resource: Json) -> bool:
    """Is the entry refuted or entered in error? No rule looks at it, but for a refuted calciphylaxis."""
    status = _status(resource)
    return status is None or status.refuted


def _of(read: Read, screen: Screen) -> list[Text]:
    """The texts that may hold what passes this screen."""
    return [text for begins, text in read if screen.passes(begins, text.plain)]


def _status(resource: Json) -> _Status | None:
    verification = status_codes(resource.get("verificationStatus"))
    if ERROR in verification:
        return None
    clinical = status_codes(resource.get("clinicalStatus"))
    certainty = _certainty(resource)
    past = not PAST.isdisjoint(clinical) or certainty == "Z"
    doubt = next((status for status in DOUBTFUL if status in verification), "")
    return _Status(
        past=past,
        refuted=REFUTED in verification or certainty == "A",
        doubt=doubt or ("provisional" if certainty == "V" else ""),
        stated=not past and not STATED.isdisjoint(clinical) and not any(resource.get(key) for key in ABATEMENT),
    )


def _certainty(resource: Json) -> str:
    """The certainty that a coding of ICD-10-GM carries, or "" without one that we know."""
    found = set()
    for coding in as_objects(as_object(resource.get("code")).get("coding")):
        for extension in as_objects(coding.get("extension")):
            if extension.get("url") == CERTAINTY and system_of(coding.get("system")) is System.ICD10_GM:
                found.add(code_of(as_object(extension.get("valueCoding"))).upper())
    return next((certainty for certainty in CERTAINTIES if certainty in found), "")


def _by_code(code: Concept, vocabulary: ConditionVocabulary) -> dict[str, Sign]:
    """The concepts of the codes, each with the first code that stands for it."""
    concepts: dict[str, Sign] = {}
    for coding in code.codings:
        for concept in vocabulary.conditions.of(coding):
            sign = Sign(concept, coding.named)
            if concept == vocabulary.words.skin.texture.otherwise:
                telling = vocabulary.telling(as_seen(filter(None, (code.text, coding.display))))
                texts = [read_text(word, vocabulary.words.reading) for _, word in telling]
                sign = texture_sign(sign, texts, vocabulary.words.skin)
            concepts.setdefault(sign.concept, sign)
    for concept in tuple(concepts):
        for weaker in vocabulary.instead_of[concept]:
            concepts.pop(weaker, None)
    return concepts


def _by_words(concepts: dict[str, Sign], read: Read, vocabulary: ConditionVocabulary) -> None:
    """Add what the words name: dialysis first, while the concepts are those of the codes alone."""
    words = vocabulary.words
    add_dialysis(concepts, _of(read, words.dialysis.screen), words.dialysis)
    add_further(concepts, _of(read, words.further.screen), words.further)
    add_signs(concepts, _of(read, words.skin.screen), words.skin)


def _settle_calciphylaxis(
    concepts: dict[str, Sign], texts: Sequence[Text], status: _Status, vocabulary: ConditionVocabulary
) -> Reading:
    """Replace what codes say of calciphylaxis by how certain it is, and answer how it is named.

    A specific code counts by itself, with any words. A residual code counts as the words beside it say, and
    without them stays the unspecific finding that it is. Doubt about something past is nothing.
    """
    specific, residual = concepts.pop(CALCIPHYLAXIS, None), concepts.pop(RESIDUAL, None)
    mention = strongest(texts, vocabulary.words.names) if texts else None
    reading = Reading.NAMED if specific else (mention.reading if mention else Reading.NONE)
    if reading is Reading.NONE:
        if residual:
            concepts[RESIDUAL] = residual
        return reading
    doubtful = bool(status.doubt) or reading is Reading.PROVISIONAL
    past = status.past or reading is Reading.HISTORY
    if not (doubtful and past):
        certainty = PROVISIONAL if doubtful else HISTORY if past else CALCIPHYLAXIS
        coded = specific or residual
        concepts[certainty] = Sign(
            certainty, coded.how if coded else BY_NAME, "" if specific or not mention else mention.quote
        )
    return reading


def _excluded(code: Concept, read: Read, vocabulary: ConditionVocabulary) -> dict[str, Sign]:
    """What a refuted entry says: that calciphylaxis was excluded, where its codes or words stand for calciphylaxis."""
    for coding in code.codings:
        if CALCIPHYLAXIS in vocabulary.conditions.of(coding):
            return {EXCLUDED: Sign(EXCLUDED, coding.named)}
    mention = strongest(_of(read, vocabulary.words.names.screen), vocabulary.words.names)
    if mention is None or mention.reading is Reading.NONE:
        return {}
    return {EXCLUDED: Sign(EXCLUDED, BY_NAME, mention.quote)}
