"""What is wrong in a data file whose shape is right: noted one by one, so that one start of the service shows it all.

What may live here: noting. Which questions are asked of a file stands beside its reader.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_mappings.data_faults import place
from fhir_mappings.vocabulary.check_digits import is_loinc, is_snomed


@dataclass(frozen=True, slots=True)
class FileProblems:
    """The problems of one file ("labs.toml") with these values; each becomes one of the `lines`."""

    file: str
    data: Mapping[str, Any]
    lines: list[str]

    def note(self, problem: str, *path: str | int) -> None:
        """Note what is wrong at a place of the file: the keys and places (from 0) that lead there."""
        self.lines.append(f"{self.file}: {place(self.data, path)}: {problem}")

    def check_loinc(self, codes: Iterable[str], *path: str | int) -> None:
        """Note the codes whose check digit is wrong."""
        for code in codes:
            if not is_loinc(code):
                self.note(f"{code} is no LOINC code (check digit)", *path)

    def check_snomed(self, codes: Iterable[str], *path: str | int) -> None:
        """Note the codes whose check digit is wrong."""
        for code in codes:
            if not is_snomed(code):
                self.note(f"{code} is no SNOMED CT code (check digit)", *path)
