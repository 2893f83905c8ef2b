"""What a card said and says, in one sentence of each.

What may live here: finding the first words of a card that differ. Sentences of a patient's own card are patient data:
whose they may be is decided where rows are made.
"""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import Any

Json = dict[str, Any]
Example = tuple[str, str]
NO_EXAMPLE: Example = ("", "")

_MOST_ALIKE = 50
"""About as many characters of what is alike are kept in front of what differs."""

_MARKS = re.compile(r"\*\*|^[-#>* ]+|\\(?=[^\w\s])")


def example(old: Json, new: Json) -> Example:
    """The summaries where they differ, else the first lines of the details that do, else what is offered.

    NO_EXAMPLE where all of it reads the same.
    """
    for before, after in zip_longest(_sentences(old), _sentences(new), fillvalue=""):
        if before != after:
            return _near(before, after)
    offers = _offers(old), _offers(new)
    return offers if offers[0] != offers[1] else NO_EXAMPLE


def _near(before: str, after: str) -> Example:
    """Two sentences from shortly before the place where they part: what is shown of them may be cut at its end."""
    parting = next(at for at, (one, other) in enumerate(zip_longest(before, after)) if one != other)
    start = before.rfind(" ", 0, parting - _MOST_ALIKE) + 1 if parting > 2 * _MOST_ALIKE else 0
    ahead = "… " if start else ""
    old, new = (f"{ahead}{text[start:]}" if text else "nothing" for text in (before, after))
    return old, new


def _sentences(card: Json) -> list[str]:
    lines = (_MARKS.sub("", line).strip() for line in str(card.get("detail", "")).splitlines())
    return [str(card.get("summary", "")), *filter(None, lines)]


def _offers(card: Json) -> str:
    labels = [str(one["label"]) for name in ("suggestions", "links") for one in card.get(name, ())]
    return f"offers: {'; '.join(labels) or 'nothing'}"
