"""A table of the reasons pages: the conditions and procedures that are recognised, with their codes.

What may live here: the condition vocabulary in force as rows of a table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fhir_mappings.code_systems import System
from fhir_mappings.vocabulary import KINDS, ConditionVocabulary


@dataclass
class CodeRow:
    """One condition or procedure with the codes that stand for it, by code system; `by_words`: free text too."""

    name: str
    kinds: list[str] = field(default_factory=list)
    codes: dict[str, list[str]] = field(default_factory=dict)
    by_words: bool = False

    def add(self, kind: str, system: str, code: str) -> None:
        """Note a code once."""
        if kind not in self.kinds:
            self.kinds.append(kind)
        codes = self.codes.setdefault(system, [])
        if code not in codes:
            codes.append(code)


def code_rows(vocabulary: ConditionVocabulary, names: Mapping[str, str]) -> list[CodeRow]:
    """Every concept in the order of `conditions.toml`; `names` has their words."""
    rows = {concept: CodeRow(names[concept], by_words=concept in vocabulary.worded) for concept in vocabulary.codes}
    for kind, concepts in zip(KINDS, (vocabulary.conditions, vocabulary.procedures), strict=True):
        for shape, of_shape in (("{}", concepts.exact), ("{}…", concepts.icd10_prefix)):
            for (system, code), found in of_shape.items():
                for concept in found:
                    rows[concept].add(kind, system, shape.format(_dotted(system, code)))
        for code, found in concepts.icd10_not.items():
            for concept in found:
                rows[concept].add(kind, System.ICD10, f"not {_dotted(System.ICD10, code)}…")
    return list(rows.values())


def _dotted(system: str, code: str) -> str:
    """ICD-10 codes are kept without the dot that people write."""
    return f"{code[:3]}.{code[3:]}" if system.startswith("ICD-10") and len(code) > 3 else code
