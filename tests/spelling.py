"""Words of the two spellings in a text, for the tests of texts, cards and pages alike.

What may live here: finding words of one side. The table is the clinicians' own, `hooks/spelling.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from fhir_mappings.packaged import packaged_data

TABLE: Mapping[str, Mapping[str, str]] = packaged_data("spelling")
PAIRS: Mapping[str, str] = {**TABLE["words"], **TABLE["further"]}
"""International = US."""
OTHER_SIDE = {"en-GB": set(PAIRS.values()), "en-US": set(PAIRS)}
"""The words that a text in this spelling does not hold."""

_NOT_OURS = re.compile(r"\{[^{}]*\}|“[^”]*”|\]\([^)\s]*\)|https?://\S+|\w*_\w*")
_NAME = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)+")
"""A topic, or the code of a reason: words in small letters that hyphens join."""


def words(text: str, names: frozenset[str] = frozenset()) -> set[str]:
    """The words of a text in small letters, without quotations, placeholders, addresses, and these names."""
    ours = _NAME.sub(lambda found: " " if found[0] in names else found[0], _NOT_OURS.sub(" ", text))
    return {word.lower() for word in re.findall(r"[A-Za-z]+", ours)}


def of_the_other_side(text: str, locale: str, names: frozenset[str] = frozenset()) -> set[str]:
    """The words of a text that this spelling writes in another way."""
    return words(text, names) & OTHER_SIDE[locale]
