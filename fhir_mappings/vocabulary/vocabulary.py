"""The vocabulary of this package: codes, units, names and words in force, frozen and checked as a whole.

What may live here: bringing the three parsed data files together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fhir_mappings.vocabulary.conditions import ConditionVocabulary, parse_conditions
from fhir_mappings.vocabulary.drugs import DrugVocabulary, parse_drugs
from fhir_mappings.vocabulary.labs import LabVocabulary, parse_labs


class VocabularyError(ValueError):
    """The data files cannot be used. The message lists every problem, one per line, with file and key."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Everything needed to read FHIR for the rules."""

    labs: LabVocabulary
    drugs: DrugVocabulary
    conditions: ConditionVocabulary


def load_vocabulary(labs: Mapping[str, Any], drugs: Mapping[str, Any], conditions: Mapping[str, Any]) -> Vocabulary:
    """The vocabulary of the three parsed files, whose shapes have been checked; VocabularyError with all problems."""
    problems: list[str] = []
    vocabulary = Vocabulary(
        parse_labs(labs, problems),
        parse_drugs(drugs, problems),
        parse_conditions(conditions, problems),
    )
    if problems:
        raise VocabularyError(problems)
    return vocabulary


def vocabulary_problems(files: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What no schema can say of these of the three parsed files, by name."""
    problems: list[str] = []
    for name, parse in (("labs", parse_labs), ("drugs", parse_drugs), ("conditions", parse_conditions)):
        if name in files:
            parse(files[name], problems)
    return problems
