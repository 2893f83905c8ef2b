"""Heart valves: the kind that one entry tells of, by its codes and words together.

What may live here: reading one entry for a valve. The words stand in `[valve_words]` of `conditions.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fhir_mappings.clauses import ReadingWords, Text, finding_denied, mentions
from fhir_mappings.screening import Screen
from hooks.chart import BY_NAME, Sign

MECHANICAL = "mechanical_valve"
UNKNOWN = "valve_kind_unknown"
NOT_MECHANICAL = "valve_not_mechanical"
VALVES = frozenset({MECHANICAL, UNKNOWN, NOT_MECHANICAL})


@dataclass(frozen=True, slots=True)
class ValveWords:
    """`[valve_words]`; `mechanical_beside` reaches further, beside words of a biological valve."""

    mechanical: re.Pattern[str]
    mechanical_beside: re.Pattern[str]
    biological: re.Pattern[str]
    replaced: re.Pattern[str]
    screen: Screen
    reading: ReadingWords


def settle_valve(concepts: dict[str, Sign], texts: Sequence[Text], words: ValveWords) -> None:
    """Leave at most one of the valve concepts that rules look at: mechanical, or of unknown kind.

    Words of a biological valve beat a code that does not name the kind; an entry that speaks of both is unknown.
    """
    coded = concepts.pop(MECHANICAL, None)
    unknown, biological = concepts.pop(UNKNOWN, None), concepts.pop(NOT_MECHANICAL, None)
    mechanical_words = _named(texts, words.mechanical, words.reading)
    biological_words = _named(texts, words.biological, words.reading)
    both = _named(texts, words.mechanical_beside, words.reading) if biological_words and not coded else ""
    if both:
        concepts[UNKNOWN] = unknown or Sign(UNKNOWN, BY_NAME, both)
    elif coded or mechanical_words:
        concepts[MECHANICAL] = coded or Sign(MECHANICAL, BY_NAME, mechanical_words)
    elif biological_words or biological:
        return
    elif unknown:
        concepts[UNKNOWN] = unknown
    elif replaced := _named(texts, words.replaced, words.reading):
        concepts[UNKNOWN] = Sign(UNKNOWN, BY_NAME, replaced)


def _named(texts: Sequence[Text], pattern: re.Pattern[str], reading: ReadingWords) -> str:
    """The clause of the first mention that is not denied, or ""."""
    for text in texts:
        for start, end in text.sentences():
            for found in mentions(pattern, text.plain, start, end):
                if not finding_denied(text, found.start(), found.end(), reading):
                    return text.quote(*text.around(found.start(), found.end()))
    return ""
