"""Conditions of the problem list: status, concepts by code and by words, and how certain a calciphylaxis is.

What may live here: reading one Condition. The rules decide which signs count when.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from re import Pattern

from fhir_mappings.clauses import Mention, Reading, mentions
from fhir_mappings.dates import read_span
from fhir_mappings.fhir_json import Concept, Json, read_concept, status_codes
from fhir_mappings.vocabulary import CALCIPHYLAXIS, RESIDUAL, ConditionVocabulary
from hooks.chart import Clinical, Condition, Sign

BY_NAME = "by name"
DROPPED = frozenset({"refuted", "entered-in-error"})
DOUBTFUL = ("provisional", "differential", "unconfirmed")
PAST = frozenset({"resolved", "inactive", "remission"})

PROVISIONAL = "calciphylaxis_provisional"
HISTORY = "calciphylaxis_history"


def read_condition(resource: Json, zone: tzinfo, vocabulary: ConditionVocabulary) -> Condition | None:
    """One Condition, or None when it is refuted or entered in error.

    Everything that is not resolved, inactive or in remission is active, also without a status (problem lists often
    carry none). A verification status that we do not know counts as none.
    """
    verification = status_codes(resource.get("verificationStatus"))
    if not DROPPED.isdisjoint(verification):
        return None
    doubt = next((status for status in DOUBTFUL if status in verification), "")
    past = not PAST.isdisjoint(status_codes(resource.get("clinicalStatus")))
    code = read_concept(resource.get("code"))
    telling = [word for word in code.words if vocabulary.may_tell(word)]
    concepts = _by_code(code, vocabulary)
    _add_signs(concepts, [word for word in telling if word == code.text] if code.text else telling, vocabulary)
    reading = _settle_calciphylaxis(concepts, telling, vocabulary, doubtful=bool(doubt), past=past)
    return Condition(
        text=code.words[0] if code.words else code.first_code,
        concepts=concepts,
        clinical=Clinical.PAST if past else Clinical.ACTIVE,
        verification=doubt or ("provisional" if reading is Reading.PROVISIONAL else "confirmed"),
        onset=read_span(resource.get("onsetDateTime"), zone),
        recorded=read_span(resource.get("recordedDate"), zone),
    )


def _by_code(code: Concept, vocabulary: ConditionVocabulary) -> dict[str, Sign]:
    """The concepts of the codes, each with the first code that stands for it."""
    concepts: dict[str, Sign] = {}
    for coding in code.codings:
        for concept in vocabulary.conditions.of(coding):
            sign = Sign(concept, f"{coding.system} {coding.code}")
            if concept == vocabulary.texture.otherwise:
                sign = _texture(sign, (code.text, coding.display), vocabulary)
            concepts.setdefault(sign.concept, sign)
    for concept in tuple(concepts):
        for weaker in vocabulary.instead_of[concept]:
            concepts.pop(weaker, None)
    return concepts


def _texture(sign: Sign, texts: Sequence[str], vocabulary: ConditionVocabulary) -> Sign:
    """A code for changed skin texture: hard skin where the text or its own display says so, else as it is."""
    mention = _sign_mention(texts, vocabulary.texture.pattern, vocabulary)
    return Sign(vocabulary.texture.concept, sign.how, mention.quote) if mention else sign


def _add_signs(concepts: dict[str, Sign], texts: Sequence[str], vocabulary: ConditionVocabulary) -> None:
    """Add the skin signs that the words name; where a code already stands for the sign, the words join it."""
    for sign in vocabulary.signs if texts else ():
        mention = _sign_mention(texts, sign.pattern, vocabulary)
        if mention:
            coded = concepts.get(sign.concept)
            concepts[sign.concept] = Sign(sign.concept, coded.how if coded else BY_NAME, mention.quote)


def _sign_mention(texts: Sequence[str], pattern: Pattern[str], vocabulary: ConditionVocabulary) -> Mention | None:
    """The first mention that counts as a finding of today."""
    found = (mention for text in texts for mention in mentions(text, pattern, vocabulary.words))
    return next((mention for mention in found if mention.counts_as_sign), None)


def _settle_calciphylaxis(
    concepts: dict[str, Sign], texts: Sequence[str], vocabulary: ConditionVocabulary, *, doubtful: bool, past: bool
) -> Reading:
    """Replace what codes say of calciphylaxis by how certain it is, and answer how it is named.

    A specific code counts by itself, with any words. A residual code counts as the words beside it say, and
    without them stays the unspecific finding that it is. Doubt about something past is nothing.
    """
    specific, residual = concepts.pop(CALCIPHYLAXIS, None), concepts.pop(RESIDUAL, None)
    mention = _strongest(texts, vocabulary)
    reading = Reading.NAMED if specific else (mention.reading if mention else Reading.NONE)
    if reading is Reading.NONE:
        if residual:
            concepts[RESIDUAL] = residual
        return reading
    doubtful = doubtful or reading is Reading.PROVISIONAL
    past = past or reading is Reading.HISTORY
    if not (doubtful and past):
        certainty = PROVISIONAL if doubtful else HISTORY if past else CALCIPHYLAXIS
        coded = specific or residual
        concepts[certainty] = Sign(
            certainty, coded.how if coded else BY_NAME, "" if specific or not mention else mention.quote
        )
    return reading


def _strongest(texts: Sequence[str], vocabulary: ConditionVocabulary) -> Mention | None:
    """The strongest mention of calciphylaxis, the first where several are equally strong."""
    found = (mention for text in texts for mention in mentions(text, vocabulary.calciphylaxis, vocabulary.words))
    return max(found, key=lambda mention: mention.reading, default=None)
