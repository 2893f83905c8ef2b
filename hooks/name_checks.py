"""Do the names in a data file lead somewhere, and does everything that the rules name have its entry?

What may live here: these two questions, for all files of the policy alike.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator


def unknown_names(where: str, names: Iterable[str], known: Collection[str]) -> Iterator[str]:
    """One line per name that leads nowhere; `where` is file, section and key."""
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, sorted(known), n=1)
            yield f"{where} names the unknown {name}" + (f"; did you mean {near[0]}?" if near else "")


def name_problems(where: str, given: Collection[str], expected: Collection[str]) -> Iterator[str]:
    """One line per name that a section lacks, or has and should not have; `where` is file and section."""
    yield from (f"{where} {name} is missing" for name in sorted(expected) if name not in given)
    yield from (f"{where} {name} is not known" for name in given if name not in expected)
