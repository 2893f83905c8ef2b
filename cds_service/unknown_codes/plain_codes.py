"""What of a code, system or unit may be shown: what looks like one, and no name, date of birth or words of a person.

What may live here: the looks of codes, systems and units. A remark stands in place of everything else, so that it is
counted all the same. Whoever types a name where a code belongs writes more than three letters in a row, as a rule.
"""

from __future__ import annotations

import re

from fhir_mappings.code_systems import system_of

WORDS_FOR_CODE = "(words in place of a code)"
WORDS_FOR_SYSTEM = "(words in place of a system)"
WORDS_FOR_UNIT = "(words in place of a unit)"

_CODE = re.compile(r"[A-Z]{1,3}|(?=.*[0-9])[A-Za-z0-9./:_^*+#-]{1,20}")
"""Three capital letters ("PTH"), or something with a digit in it ("17861-6", "E83.59", "B01AA03", "LAB12")."""

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
    is_address = len(system) <= _LONGEST_SYSTEM and _SYSTEM.fullmatch(system) and not _DATE.search(system)
    if not system or is_address or shown_code(system) == system:
        return system
    known = system_of(system)
    return WORDS_FOR_SYSTEM if known is None else known.value


def _tells(text: str) -> bool:
    """Does it hold words, a name or a date?"""
    return bool(_WORDS.search(text) or _DATE.search(text))
