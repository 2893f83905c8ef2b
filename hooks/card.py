"""Cards and suggestions, as CDS Hooks defines them, before they become JSON.

What may live here: the shapes, and the refusal of what the specification refuses. Wording lives in the TOML files,
JSON in `cds_service/api/card_json.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

SUMMARY_LIMIT = 140
"""CDS Hooks: a summary is shorter than 140 characters."""


class CardError(ValueError):
    """A card that the CDS Hooks specification does not allow."""


class Indicator(StrEnum):
    """How urgent a card is; the members stand in the order of urgency."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def urgency(self) -> int:
        """0 for info, 1 for warning, 2 for critical."""
        return _URGENCY[self]


_URGENCY = {indicator: number for number, indicator in enumerate(Indicator)}


@dataclass(frozen=True, slots=True)
class Remove:
    """Take an order away: delete a draft, or stop an active prescription. `reference` is "MedicationRequest/<id>"."""

    reference: str
    draft: bool
    description: str


@dataclass(frozen=True, slots=True)
class Propose:
    """Create a draft order from the template of this name (`cds_service/templates`)."""

    template: str
    description: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One choice that a clinician can accept; all its actions are then carried out."""

    label: str
    actions: tuple[Remove | Propose, ...]
    recommended: bool = False

    def __post_init__(self) -> None:
        if not self.label or not self.actions:
            raise CardError("a suggestion needs a label and at least one action")


@dataclass(frozen=True, slots=True)
class OverrideReason:
    """Why a clinician may set a card aside. `standard` is (system, code, display) of a published equivalent, if any."""

    code: str
    display: str
    standard: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """One piece of advice. `topic` is its identity, `detail` GitHub-flavoured Markdown with record text escaped.

    `at_most_one`: the suggestions are alternatives, each complete in itself. `facts` are those that decided, in words
    that stay the same as long as the facts do: no age stands in them. They are not shown.
    """

    topic: str
    topic_display: str
    indicator: Indicator
    summary: str
    detail: str
    suggestions: tuple[Suggestion, ...] = ()
    override_reasons: tuple[OverrideReason, ...] = ()
    at_most_one: bool = False
    facts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.summary or len(self.summary) >= SUMMARY_LIMIT:
            raise CardError(f"a summary has 1 to {SUMMARY_LIMIT - 1} characters, this one {len(self.summary)}")
        if not self.topic or not self.detail:
            raise CardError("a card needs a topic and a detail")


def most_urgent_first(cards: list[Card]) -> list[Card]:
    """Critical, then warning, then info; within one indicator the order in which the rules gave them."""
    return sorted(cards, key=lambda card: -card.indicator.urgency)
