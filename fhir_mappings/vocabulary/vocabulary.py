"""The vocabulary of this package: codes, units, names and words in force, frozen and checked as a whole.

What may live here: bringing the three data files together. Reading the packaged files is the only I/O of the package;
it happens at the start of the service, never on a request.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
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
    """The vocabulary of parsed `labs.toml`, `drugs.toml` and `conditions.toml`; VocabularyError with all problems."""
    problems: list[str] = []
    vocabulary = Vocabulary(
        parse_labs(labs, problems),
        parse_drugs(drugs, problems),
        parse_conditions(conditions, problems),
    )
    if problems:
        raise VocabularyError(problems)
    return vocabulary


def default_vocabulary() -> Vocabulary:
    """The vocabulary of the packaged files. Takes some tens of milliseconds: the caller keeps it."""
    return load_vocabulary(*(_packaged(name) for name in ("labs.toml", "drugs.toml", "conditions.toml")))


def _packaged(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files("fhir_mappings").joinpath(name).read_text(encoding="utf-8"))
