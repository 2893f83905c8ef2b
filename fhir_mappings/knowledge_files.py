"""Policy, vocabulary and reasons from the texts of the clinicians' data files, wherever these come from.

What may live here: bringing the two checks together, shape and sense, so that every problem of every file is told at
once. What is wrong in one file hides nothing in the others. A clinic's changes are put onto the parsed files, which are
checked again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from fhir_mappings.data_faults import place
from fhir_mappings.data_files import DataFileError, checked, packaged_schema
from fhir_mappings.knowledge_fit import misfits
from fhir_mappings.site_changes import (
    NO_CHANGES,
    POLICY_SECTIONS,
    VOCABULARY_SECTIONS,
    Changes,
    Files,
    with_changes,
)
from fhir_mappings.spelling import WRITTEN, Spell, respelled, speller, spelling_problems
from fhir_mappings.vocabulary import Vocabulary, VocabularyError, load_vocabulary, vocabulary_problems
from hooks.policy import Policy
from hooks.policy_loading import load_policy, policy_problems
from hooks.reasons import Reasons, load_reasons
from hooks.thresholds import PolicyError

SPELLING_FILES = ("spelling",)
POLICY_FILES = ("thresholds", "drug_rules", "status_cards", "wording", *SPELLING_FILES)
VOCABULARY_FILES = ("labs", "drugs", "conditions")
REASONS_FILES = ("reasons", "thresholds", "drug_rules", *SPELLING_FILES)

Texts = Mapping[str, str]
"""The text of each file by the name of the file without ".toml"."""
_KEPT = 4
"""So many policies and vocabularies are kept: a check reads the same texts again, and a comparison two of each."""


def read_policy(texts: Texts, locale: str = WRITTEN, changes: Changes = NO_CHANGES) -> Policy:
    """The policy of four texts, in the spelling of a locale by a fifth. Raises PolicyError with every problem.

    Changes need the text of the reasons as well: it says where the texts of a topic stand.
    """
    own = changes.only(POLICY_SECTIONS)
    names = (*POLICY_FILES, *(("reasons",) if own != NO_CHANGES else ()))
    return _policy(tuple((name, texts[name]) for name in names), locale, own)


@lru_cache(_KEPT)
def _policy(texts: tuple[tuple[str, str], ...], locale: str, changes: Changes) -> Policy:
    files, problems = _checked(dict(texts), [name for name, _ in texts])
    if problems:
        raise PolicyError("\n".join([*problems, *policy_problems(files)]))
    # Only to look up places in it: what it says is not respelled here.
    aside = {"reasons": files.pop("reasons")} if "reasons" in files else {}
    changed, problems = _changed({**_respelled(files, locale), **aside}, changes)
    if problems:
        raise PolicyError("\n".join(problems))
    return load_policy(**{name: data for name, data in changed.items() if name != "reasons"})


def read_vocabulary(texts: Texts, changes: Changes = NO_CHANGES) -> Vocabulary:
    """The vocabulary of three texts. Raises VocabularyError with every problem."""
    return _vocabulary(tuple(texts[name] for name in VOCABULARY_FILES), changes.only(VOCABULARY_SECTIONS))


@lru_cache(_KEPT)
def _vocabulary(texts: tuple[str, ...], changes: Changes) -> Vocabulary:
    files, problems = _checked(dict(zip(VOCABULARY_FILES, texts, strict=True)), VOCABULARY_FILES)
    if problems:
        raise VocabularyError([*problems, *vocabulary_problems(files)])
    changed, problems = _changed(files, changes)
    if problems:
        raise VocabularyError(problems)
    return load_vocabulary(**changed)


def read_reasons(texts: Texts, policy: Policy, locale: str = WRITTEN, changes: Changes = NO_CHANGES) -> Reasons:
    """The reasons of a text, and of the texts that made the policy. Raises PolicyError with every problem."""
    files, problems = _checked(texts, REASONS_FILES)
    if problems:
        raise PolicyError("\n".join(problems))
    files = with_changes(_respelled(files, locale), changes)
    return load_reasons(files["reasons"], files["thresholds"], files["drug_rules"], policy)


def read_spelling(texts: Texts, locale: str) -> Spell:
    """The spelling of a locale by a text. Raises DataFileError with every problem."""
    files, problems = _checked(texts, SPELLING_FILES)
    if problems:
        raise DataFileError(problems)
    return speller(files["spelling"], locale)


def read_knowledge(texts: Texts, locale: str = WRITTEN, changes: Changes = NO_CHANGES) -> tuple[Policy, Vocabulary]:
    """Policy and vocabulary together. Raises DataFileError with every problem of both."""
    problems: list[str] = []
    try:
        policy = read_policy(texts, locale, changes)
    except PolicyError as error:
        problems += str(error).splitlines()
    try:
        vocabulary = read_vocabulary(texts, changes)
    except VocabularyError as error:
        problems += error.problems
    if not problems:
        problems += misfits(policy, vocabulary)
    if problems:
        raise DataFileError(problems)
    return policy, vocabulary


def knowledge_problems(texts: Texts, locale: str = WRITTEN, changes: Changes = NO_CHANGES) -> list[str]:
    """Every problem of all files, each once. What a file says of others is asked where these have no fault."""
    problems: list[str] = []
    try:
        read_knowledge(texts, locale, changes)
    except DataFileError as error:
        problems += error.problems
    problems += _checked(texts, REASONS_FILES)[1]
    try:
        read_reasons(texts, read_policy(texts, locale, changes), locale, changes)
    except PolicyError as error:
        problems += str(error).splitlines()
    return list(dict.fromkeys(problems))


def _checked(texts: Texts, names: Iterable[str]) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """The files that have the right shape, and what is wrong with the others and with the table of spellings."""
    files: dict[str, dict[str, Any]] = {}
    problems: list[str] = []
    for name in names:
        try:
            files[name] = checked(name, texts[name])
        except DataFileError as error:
            problems += error.problems
    problems += spelling_problems(files["spelling"]) if "spelling" in files else ()
    return files, problems


def changed_data(name: str, texts: Texts, changes: Changes = NO_CHANGES) -> dict[str, Any]:
    """The values of one file as the clinic wants them, of texts that have no fault."""
    if changes == NO_CHANGES:
        return checked(name, texts[name])
    return with_changes({one: checked(one, text) for one, text in texts.items()}, changes)[name]


def _changed(files: Files, changes: Changes) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """The files with the changes, and what is wrong with their shape by these."""
    changed = with_changes(files, changes)
    touched = {name: data for name, data in changed.items() if data != files[name]}
    faults = ((name, data, fault) for name, data in touched.items() for fault in packaged_schema(name).faults(data))
    return changed, [f"{name}.toml: {place(data, fault.path)}: {fault.problem}" for name, data, fault in faults]


def _respelled(files: Mapping[str, dict[str, Any]], locale: str) -> dict[str, dict[str, Any]]:
    """The files in the spelling of a locale, without the table that was needed for it."""
    ours = {name: data for name, data in files.items() if name != "spelling"}
    if locale == WRITTEN:
        return ours
    spell = speller(files["spelling"], locale)
    return {name: respelled(name, data, spell) for name, data in ours.items()}
