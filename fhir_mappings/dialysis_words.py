"""Dialysis and end-stage kidney disease in words.

What may live here: reading the words of one entry for dialysis. The words stand in `[dialysis_words]` of
`conditions.toml`; what they mean beside codes and procedures is decided by the rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fhir_mappings.clauses import REACH, ReadingWords, Text, masked, mentions
from fhir_mappings.screening import Screen
from hooks.chart import BY_NAME, Sign

DIALYSIS = "dialysis_in_words"
END_STAGE = "esrd_in_words"
TAKEN_BACK = "esrd_taken_back"
HAEMODIALYSIS = "haemodialysis_evidence"
PERITONEAL = "peritoneal_evidence"


@dataclass(frozen=True, slots=True)
class DialysisWords:
    """`[dialysis_words]`; `…_accented` are found with their accents only."""

    not_beside: frozenset[str]
    kind_beside: frozenset[str]
    dialysis: re.Pattern[str]
    dialysis_accented: re.Pattern[str]
    end_stage: re.Pattern[str]
    screen: Screen
    haemodialysis: re.Pattern[str]
    peritoneal: re.Pattern[str]
    before: re.Pattern[str]
    after: re.Pattern[str]
    directly_before: re.Pattern[str]
    inside: re.Pattern[str]
    overlooked: re.Pattern[str]
    not_dialysed: re.Pattern[str]
    transplanted: re.Pattern[str]
    transplant_not: re.Pattern[str]
    reading: ReadingWords


def add_dialysis(concepts: dict[str, Sign], texts: Sequence[Text], words: DialysisWords) -> None:
    """Add what the words say of dialysis, unless a code of the entry speaks of the matter itself.

    Beside a code of dialysis or end-stage disease they still tell the kind.
    """
    speaking = words.not_beside & concepts.keys()
    if not speaking <= words.kind_beside:
        return
    for text in texts:
        for found, quote in _counted(text, words, words.dialysis, words.dialysis_accented):
            if not speaking:
                _add(concepts, DIALYSIS, quote)
            for concept, kind in ((HAEMODIALYSIS, words.haemodialysis), (PERITONEAL, words.peritoneal)):
                if kind.search(found):
                    _add(concepts, concept, quote)
        for _, quote in () if speaking else _counted(text, words, words.end_stage):
            _add(concepts, TAKEN_BACK if _is_taken_back(text.plain, words) else END_STAGE, quote)


def _add(concepts: dict[str, Sign], concept: str, quote: str) -> None:
    concepts.setdefault(concept, Sign(concept, BY_NAME, quote))


def _is_taken_back(text: str, words: DialysisWords) -> bool:
    """Does the same text say that the patient is not dialysed, or that a kidney was transplanted?"""
    if words.not_dialysed.search(text):
        return True
    return bool(words.transplanted.search(text)) and not words.transplant_not.search(text)


def _counted(
    text: Text, words: DialysisWords, plain: re.Pattern[str], accented: re.Pattern[str] | None = None
) -> Iterator[tuple[str, str]]:
    """The words of every mention that nothing denies, and its clause as recorded."""
    deniable = masked(text.deniable, words.overlooked)
    for number, clause in enumerate(text.clauses):
        found = list(mentions(plain, text.plain, clause.start, clause.end))
        found += mentions(accented, text.accented, clause.start, clause.end) if accented else ()
        for mention in found:
            begin, stop = max(clause.start, mention.start() - REACH), min(clause.end, mention.end() + REACH)
            if not _denied(deniable, (begin, mention.start(), mention.end(), stop), words):
                yield text.plain[mention.start() : mention.end()], text.quote(number, number)


def _denied(text: str, places: tuple[int, int, int, int], words: DialysisWords) -> bool:
    """`places` are where the clause begins, where the mention begins and ends, and where the clause ends."""
    begin, start, end, stop = places
    return bool(
        words.inside.search(text, start, end)
        or words.before.search(text, begin, start)
        or words.directly_before.search(text, begin, start)
        or words.after.match(text, end, stop)
        or words.reading.directly_after.match(text, end, stop)
    )
