"""What stands behind the cards, topic by topic: for the people who want to check them.

What may live here: types. They are read in `loading.py`; the sentences stand in `reasons.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hooks.card import Indicator
from hooks.policy import CardText
from hooks.reasons.numbers import Number


@dataclass(frozen=True, slots=True)
class Reference:
    """A source: `read` says how much of it was read, `identifier` is a PMID, DOI or the like.

    Where no address of it is known, `url` is empty.
    """

    cites: str
    read: str
    url: str = ""
    identifier: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that is known, how well, and from where."""

    says: str
    strength: str
    cites: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One way to a card: at which hooks it comes, how urgent it is there, and under which conditions (all of `when`).

    Drug rows also say `unless`, of which class they are, their place (`number` of `of`, read from the top), and the
    topics of the rows `before` them, which win.
    """

    hooks: Mapping[str, Indicator]
    when: tuple[str, ...]
    source: str
    unless: tuple[str, ...] = ()
    drug_class: str = ""
    number: int = 0
    of: int = 0
    before: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """A dated change of a rule: `on` is a month or a day."""

    on: str
    what: str


@dataclass(frozen=True, slots=True)
class Topic:
    """Everything behind the cards of one topic. Sentences may hold {thresholds}; `tables` names what else is shown."""

    code: str
    group: str
    about: str
    texts: tuple[CardText, ...]
    rows: tuple[Row, ...]
    numbers: tuple[Number, ...]
    evidence: tuple[Claim, ...]
    against: tuple[Claim, ...]
    limits: tuple[str, ...]
    history: tuple[Version, ...]
    see: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The name of the card."""
        return self.texts[0].title

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """How urgent the card can be, the most urgent first."""
        found = {indicator for row in self.rows for indicator in row.hooks.values()}
        return tuple(sorted(found, key=lambda indicator: -indicator.urgency))

    @property
    def drug_classes(self) -> tuple[str, ...]:
        """The classes of the drugs that raise it."""
        return tuple(dict.fromkeys(row.drug_class for row in self.rows if row.drug_class))


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its paragraphs."""

    title: str
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reasons:
    """All topics by code, in the order of the file, and what holds for all of them.

    `questions` has the words of every question that a rule asks: of the situations, and of all others.
    """

    groups: Mapping[str, str]
    drug_classes: Mapping[str, str]
    slots: Mapping[str, str]
    concepts: Mapping[str, str]
    situations: Mapping[str, str]
    questions: Mapping[str, str]
    topics: Mapping[str, Topic]
    numbers: Mapping[str, Number]
    limits: tuple[str, ...]
    about: tuple[Section, ...]
    about_numbers: tuple[Number, ...]
    history: tuple[Version, ...]
