"""The policy in force: thresholds, drug rules and wording, as types.

What may live here: what a rule may ask of the policy. A process holds one frozen policy and swaps it as a whole; how it
is read and checked stands in `policy_loading`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from hooks.card import Indicator
from hooks.thresholds import ThresholdHistory, Thresholds
from hooks.wording import Wording


class Role(StrEnum):
    """The part of a drug class in calciphylaxis."""

    FEEDING = "feeding"
    HELPING = "helping"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class DrugClass:
    """One entry of `[classes]` in `drug_rules.toml`: the class as people write it, and its part in calciphylaxis.

    `phrase` names the half-sentence of `status_cards.toml` about active drugs of a feeding class; `in_summary` lets the
    summary of a status card name them, too. With any of the situations of `removal_not_recommended` taking such a drug
    away is offered, and never marked as recommended.
    """

    name: str
    detail: str = ""
    role: Role = Role.NEUTRAL
    phrase: str = ""
    in_summary: bool = False
    removal_not_recommended: tuple[str, ...] = ()

    @property
    def described(self) -> str:
        """The name with its detail, for a table."""
        return f"{self.name} ({self.detail})" if self.detail else self.name


PLAIN_CLASSES = ("insulin", "peritoneal_dialysis_fluid", "other")
"""The drug classes that need no entry in `[classes]`: the rules ask for two of them by name, and "other" is a drug
that is known and of which nothing is said."""


@dataclass(frozen=True, slots=True)
class DrugRule:
    """One row of `drug_rules.toml`.

    A `silent` row gives no card. No row below a `final` one is looked at. A row `beside` gives its card besides that of
    the other rows. At patient-view the indicator may be another one, or the card `hidden_at_patient_view`; a card
    `not_beside` others is dropped there where a status card of one of these topics is shown.
    """

    drug_class: str
    topic: str
    text: str
    indicator: Indicator
    when: tuple[str, ...]
    unless: tuple[str, ...] = ()
    silent: bool = False
    final: bool = False
    beside: bool = False
    at_patient_view: Indicator | None = None
    hidden_at_patient_view: bool = False
    not_beside: tuple[str, ...] = ()
    keep_at_order_sign: bool = False
    removal_not_recommended: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CardText:
    """What a card of a topic says; `why` and `needs` are names of facts and results.

    `draft_summary` and `draft_lead` are said in place of the others where the drug is only about to be ordered.
    `added` are sentences of one clinic, said below the lead as they stand and told as its own.
    """

    title: str
    summary: str
    lead: tuple[str, ...]
    do: tuple[str, ...]
    evidence: tuple[str, ...]
    why: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    suggest: tuple[str, ...] = ()
    override: tuple[str, ...] = ()
    draft_summary: str = ""
    draft_lead: tuple[str, ...] = ()
    added: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that clinicians own, in the form in which the rules use it.

    `drug_classes` stand in the order in which they are shown.
    """

    history: ThresholdHistory
    drug_classes: Mapping[str, DrugClass]
    rules: Mapping[str, tuple[DrugRule, ...]]
    drug_texts: Mapping[str, CardText]
    status_texts: Mapping[str, CardText]
    status_phrases: Mapping[str, str]
    wording: Wording

    def thresholds(self, on: date) -> Thresholds:
        """The thresholds in force on a day."""
        return self.history.on(on)
