"""Do policy and vocabulary fit each other? Each of them can be sound, and both together still raise no card.

What may live here: questions that need both of them; one sentence for each answer that is no.
"""

from __future__ import annotations

from collections.abc import Iterator

from fhir_mappings.vocabulary import Vocabulary
from hooks.chart import Analyte
from hooks.name_checks import unknown_names
from hooks.policy import PLAIN_CLASSES, Policy
from hooks.thresholds import COMPARED


def misfits(policy: Policy, vocabulary: Vocabulary) -> Iterator[str]:
    """One line for each part of either that does not fit the other, with file and key."""
    yield from _classes_of_one_file_only(policy, vocabulary)
    for key, analyte, value in _limits(policy):
        words, style = vocabulary.labs.by_analyte[analyte], policy.wording.analytes[analyte]
        if not words.low < value < words.high:
            yield (
                f"labs.toml: {analyte} plausible must reach beyond {value:g}, which is {key} of thresholds.toml: "
                "results on the other side of it would not be used"
            )
        if round(value, style.decimals) != value:
            yield (
                f"wording.toml: [analytes.{analyte}] decimals: {style.decimals} are too few to show {value:g}, which "
                f"is {key} of thresholds.toml"
            )


def _classes_of_one_file_only(policy: Policy, vocabulary: Vocabulary) -> Iterator[str]:
    """A class that is spelt in two ways would raise no card, and nobody would see it."""
    classes = vocabulary.drugs.classes
    for name in policy.drug_classes:
        if name not in classes:
            yield f"drug_rules.toml: no drug of drugs.toml is of the class {name}"
    yield from unknown_names("drugs.toml: class", sorted(classes), {*policy.drug_classes, *PLAIN_CLASSES})


def _limits(policy: Policy) -> Iterator[tuple[str, Analyte, float]]:
    """Every value that a threshold has on any day, with each result that it is compared with; each once."""
    found = {
        (key, analyte, getattr(thresholds, key)): None
        for key, analytes in COMPARED.items()
        for _, thresholds in policy.history.periods
        for analyte in analytes
    }
    yield from found
