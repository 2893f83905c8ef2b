"""The data files of the packages: the policy, vocabulary and reasons that ship with the service.

What may live here: the one reader of packaged data files. It needs nothing of the service, so that whole populations
can be screened without it. Reading data files, here and in `policy_folder`, is the only I/O of this package; it happens
at a start, never on a request. What is made of them is kept by their texts in `knowledge_files`.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources
from typing import Any

from fhir_mappings.data_files import checked, text_of
from fhir_mappings.knowledge_files import (
    POLICY_FILES,
    REASONS_FILES,
    SPELLING_FILES,
    VOCABULARY_FILES,
    read_knowledge,
    read_policy,
    read_reasons,
    read_spelling,
    read_vocabulary,
)
from fhir_mappings.spelling import WRITTEN, Spell
from fhir_mappings.vocabulary import Vocabulary
from hooks.policy import Policy
from hooks.reasons import Reasons

PACKAGE_OF = {
    "thresholds": "hooks",
    "drug_rules": "hooks",
    "status_cards": "hooks",
    "wording": "hooks",
    "reasons": "hooks",
    "spelling": "hooks",
    "labs": "fhir_mappings",
    "drugs": "fhir_mappings",
    "conditions": "fhir_mappings",
}
"""Every data file that clinicians own, by its name without ".toml", and the package it lies in."""


def packaged_text(name: str) -> str:
    """The text of the data file of this name ("drugs"), as it ships."""
    return text_of(resources.files(PACKAGE_OF[name]).joinpath(f"{name}.toml").read_bytes())


def packaged_data(name: str) -> dict[str, Any]:
    """The checked values of the data file of this name, as it ships."""
    return checked(name, packaged_text(name))


def default_policy(locale: str = WRITTEN) -> Policy:
    """The policy of the packaged files. Raises PolicyError with every problem of the files."""
    return read_policy(_texts(POLICY_FILES), locale)


def default_vocabulary() -> Vocabulary:
    """The vocabulary of the packaged files."""
    return read_vocabulary(_texts(VOCABULARY_FILES))


def default_knowledge(locale: str = WRITTEN) -> tuple[Policy, Vocabulary]:
    """Policy and vocabulary of the packaged files. Raises DataFileError with every problem of both."""
    return read_knowledge(_texts((*POLICY_FILES, *VOCABULARY_FILES)), locale)


def default_reasons(policy: Policy, locale: str = WRITTEN) -> Reasons:
    """The reasons of the packaged files for a policy. Raises PolicyError with every problem of the files."""
    return read_reasons(_texts(REASONS_FILES), policy, locale)


def default_spelling(locale: str) -> Spell:
    """The spelling of a locale by the packaged table, for words of ours in other files. Raises DataFileError."""
    return read_spelling(_texts(SPELLING_FILES), locale)


def _texts(names: Iterable[str]) -> dict[str, str]:
    return {name: packaged_text(name) for name in names}
