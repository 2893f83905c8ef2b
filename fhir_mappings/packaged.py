"""The data files of the packages: the policy, vocabulary and reasons that ship with the service.

What may live here: the one reader of packaged data files. It needs nothing of the service, so that whole populations
can be screened without it. Reading them is the only I/O of this package; it happens at a start, never on a request.
"""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any

from fhir_mappings.vocabulary import Vocabulary, load_vocabulary
from hooks.policy import Policy
from hooks.policy_loading import load_policy
from hooks.reasons import Reasons, load_reasons

PACKAGE_OF = {
    "thresholds": "hooks",
    "drug_rules": "hooks",
    "status_cards": "hooks",
    "wording": "hooks",
    "reasons": "hooks",
    "labs": "fhir_mappings",
    "drugs": "fhir_mappings",
    "conditions": "fhir_mappings",
}
"""Every data file that clinicians own, by its name without ".toml", and the package it lies in."""


def packaged_data(name: str) -> dict[str, Any]:
    """The parsed data file of this name ("drugs"), as it ships."""
    text = resources.files(PACKAGE_OF[name]).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def default_policy() -> Policy:
    """The policy of the packaged files. Raises PolicyError with every problem of the files."""
    return load_policy(*map(packaged_data, ("thresholds", "drug_rules", "status_cards", "wording")))


def default_vocabulary() -> Vocabulary:
    """The vocabulary of the packaged files. Takes some tens of milliseconds: the caller keeps it."""
    return load_vocabulary(*map(packaged_data, ("labs", "drugs", "conditions")))


def default_reasons(policy: Policy) -> Reasons:
    """The reasons of the packaged files for a policy. Raises PolicyError with every problem of the files."""
    return load_reasons(packaged_data("reasons"), packaged_data("thresholds"), packaged_data("drug_rules"), policy)
