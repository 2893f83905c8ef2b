"""What of a code, system or unit may be shown: what looks like one, and no name, date of birth or words of a person.

What may live here: the looks of codes, systems and units. A remark stands in place of everything else, so that it is
counted all the same. Whoever types a name where a code belongs writes more than three letters in a row, as a rule.

That rule hides codes of laboratories as well (PHOS, K_SER, CA-TOT), and by its look alone PHOS cannot be told from
SMITH. `may_be_local` names those that may be shown where something else than their look vouches for them: see `crowd`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from fhir_mappings.code_systems import system_of

WORDS_FOR_CODE = "(words in place of a code)"
CODE_OF_FEW = "(a code that could be a name, on few patients)"
WORDS_FOR_SYSTEM = "(words in place of a system)"
WORDS_FOR_UNIT = "(words in place of a unit)"

_CODE = re.compile(r"[A-Z]{1,3}|(?=.*[0-9])[A-Za-z0-9./:_^*+#-]{1,20}")
"""Three capital letters ("PTH"), or something with a digit in it ("17861-6", "E83.59", "B01AA03", "LAB12")."""

_LOCAL = re.compile(r"(?=.{2,20}$)[A-Z][A-Z0-9]*(?:[._-][A-Z0-9]+)*")
"""Capital letters and digits, in parts: what tables of laboratories hold. Nobody types blanks, commas or "Smith" so."""

_SYSTEM = re.compile(r"(?:https?://[A-Za-z0-9.:-]+(?:/[A-Za-z0-9./:_-]*)?|urn:[A-Za-z0-9./:_-]+|[0-2](?:\.[0-9]+)+)")
_LONGEST_SYSTEM = 200

_UNIT = re.compile(r"[A-Za-z0-9./*^%°µμ²³'\[\]{}()_+ -]{1,24}")

_WORDS = re.compile(
    r"""
      (?<![A-Za-zµμ]) (?! [munpfkµμ](?:mol|osm|kat) (?![A-Za-zµμ]) ) [A-Za-zµμ]{4}   # letters in a row, but for mmol
    | (?<![A-Za-z]) [A-Z][a-z]{2} (?![A-Za-z])                                      # Eva
    | [A-Za-zµμ]{3} [ ]+ [A-Za-zµμ] | [A-Za-zµμ] [ ]+ [A-Za-zµμ]{3}                 # for you, but for mm Hg
    | (?:[A-Za-z]+ [ ]+){2} [A-Za-z]                                                # is it so
    """,
    re.VERBOSE,
)
_DATE = re.compile(
    r"""(?<![0-9])(?:
      (?:19|20)[0-9]{2} [-./]? (?:0[1-9]|1[0-2]) [-./]? (?:0[1-9]|[12][0-9]|3[01])
    | (?:0?[1-9]|[12][0-9]|3[01]) [-./] (?:0?[1-9]|1[0-2]) [-./] (?:19|20)[0-9]{2}
    | (?:0[1-9]|[12][0-9]|3[01]) (?:0[1-9]|1[0-2]) (?:19|20)[0-9]{2}
    )(?![0-9])""",
    re.VERBOSE,
)


Shown = Callable[[str, str], tuple[str, str]]
"""What is shown of a system and a code of it."""


def plainly(system: str, code: str) -> tuple[str, str]:
    """System and code, as far as both may be shown to anybody."""
    return shown_system(system), shown_code(code)


def as_written(system: str, code: str) -> tuple[str, str]:
    """Both as they stand on the record, for whoever may read that anyway."""
    return system, code


def plainly_or_local(system: str, code: str) -> tuple[str, str]:
    """As `plainly`, but with codes that may be shown where something vouches for them."""
    return shown_system(system), code if may_be_local(system, code) else shown_code(code)


def is_remark(code: str) -> bool:
    """Does this stand in place of a code that is not shown?"""
    return code in (WORDS_FOR_CODE, CODE_OF_FEW)


def may_be_local(system: str, code: str) -> bool:
    """Is it a code that `shown_code` hides and that a table of codes may hold, under the address of such a table?"""
    return (
        _LOCAL.fullmatch(code) is not None
        and shown_code(code) != code
        and not _DATE.search(code)
        and _is_address(system)
    )


def shown_code(code: str) -> str:
    """The code, or a remark in place of what does not look like one."""
    return code if _CODE.fullmatch(code) and not _tells(code) else WORDS_FOR_CODE


def shown_unit(unit: str) -> str:
    """The unit, or a remark in place of what does not look like one."""
    return unit if _UNIT.fullmatch(unit) and not _tells(unit) else WORDS_FOR_UNIT


def shown_system(system: str) -> str:
    """The system where it is an address, an OID or a short name; else how we name it, or a remark; "" stays "".

    Addresses are made by whoever sets up a server, so words may stand in them; what is asked at one is not shown.
    """
    if not system or _is_address(system) or shown_code(system) == system:
        return system
    known = system_of(system)
    return WORDS_FOR_SYSTEM if known is None else known.value


def _is_address(system: str) -> bool:
    return len(system) <= _LONGEST_SYSTEM and bool(_SYSTEM.fullmatch(system)) and not _DATE.search(system)


def _tells(text: str) -> bool:
    """Does it hold words, a name or a date?"""
    return bool(_WORDS.search(text) or _DATE.search(text))
