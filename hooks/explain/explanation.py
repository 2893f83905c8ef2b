"""An explanation: what one call asked, what was answered and on what it rests, as frozen values.

What may live here: types, and their form as plain data (for JSON). Everything that is said is plain text: a page
escapes it, a terminal shows it as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from enum import Enum, StrEnum
from typing import Any

from hooks.card import Card, Indicator


class Outcome(StrEnum):
    """What became of one row of the rules."""

    FIRED = "gave its card"
    DROPPED = "holds, not shown here"
    WITHHELD = "holds, the answer was refused"
    OUTRANKED = "holds, another rule goes before it"
    NOT_REACHED = "not asked: a rule above ends the search"
    SILENT = "holds, and says nothing by intent"
    NOT_MET = "does not hold"
    CANNOT_TELL = "cannot tell"
    NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True)
class Measured:
    """A result behind a fact: value in the canonical unit, as received, its day, the code that matched; the limit it
    was compared with, and how far it lies above (positive) or below (negative) that.
    """

    analyte: str
    value: float
    unit: str
    on: date
    comparator: str = ""
    received: str = ""
    code: str = ""
    limit: float | None = None
    away: float | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that an answer rests on, in words; `how` is the code that matched, or "by name". `short` is for the
    head of an explanation, where the whole would be too long.
    """

    says: str
    how: str = ""
    result: Measured | None = None
    short: str = ""

    @property
    def brief(self) -> str:
        """The short form, where there is one."""
        return self.short or self.says


@dataclass(frozen=True, slots=True)
class Answer:
    """A question with its answer: True, False, or None where the data cannot tell. `parts` are further questions, by
    name, that it is made of.
    """

    name: str
    says: str
    met: bool | None
    facts: tuple[Fact, ...] = ()
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the rules. `when` and `unless` name the questions that it asks, `kept_by` those that keep it from
    holding: all of `when` have to be so, none of `unless`. `why` says what became of it.
    """

    topic: str
    title: str
    outcome: Outcome
    why: str = ""
    indicator: Indicator | None = None
    when: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    kept_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DrugClassRows:
    """The rows of one drug class. Where no drug of it is there, the rows were `not_asked` for the reason given."""

    drug_class: str
    name: str
    drugs: tuple[Fact, ...] = ()
    not_asked: str = ""
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class FactorAnswer:
    """One risk factor: the points that it has, and those that it gave."""

    name: str
    says: str
    points: int
    met: bool | None
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """The risk points: a heuristic, not validated. `limits` names the scores from which a tier is reached."""

    points: int
    factors: tuple[FactorAnswer, ...] = ()
    limits: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GivenCard:
    """A card of the answer."""

    topic: str
    title: str
    indicator: Indicator
    summary: str


@dataclass(frozen=True, slots=True)
class HeldCard:
    """A card that was worked out and is not shown; `why`, in words."""

    topic: str
    title: str
    indicator: Indicator
    summary: str
    why: str


@dataclass(frozen=True, slots=True)
class Silent:
    """What kept rows silent: the name of the question, its answer in words with the facts, and whose rows they are."""

    who: str
    question: str
    says: str
    rows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the data of one look-up came from, in words, and how many records came."""

    query: str
    what: str
    came: str
    records: int = 0
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Patient:
    """Whom the rules see."""

    age: str
    sex: str
    dialysis: str
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why these cards came and no others, for one call.

    `headline` are the sentences to read first. `silence` tells what kept the rows from holding, the most telling
    first. `held` are cards that the rules give and that the clinic or its operator keeps from being shown.
    `conditions` are the entries of the problem list with what each stands for. `refused` is the reason where
    the service would not judge. `answers` holds every question that a row names. `unused` says that something is there
    and was not used (too old, of unknown method, or it could not be read): without cards this is no all-clear.
    """

    hook: str
    on: date
    headline: tuple[str, ...]
    cards: tuple[GivenCard, ...] = ()
    held: tuple[HeldCard, ...] = ()
    refused: str = ""
    silence: tuple[Silent, ...] = ()
    patient: Patient | None = None
    tier: str = ""
    score: Score | None = None
    signs: tuple[Fact, ...] = ()
    conditions: tuple[Fact, ...] = ()
    status_rows: tuple[Row, ...] = ()
    drug_classes: tuple[DrugClassRows, ...] = ()
    other_drugs: tuple[Fact, ...] = ()
    answers: Mapping[str, Answer] = field(default_factory=dict)
    results: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unused: bool = False
    origins: tuple[Origin, ...] = ()


def given(cards: list[Card]) -> tuple[GivenCard, ...]:
    """The cards of an answer, as an explanation names them."""
    return tuple(GivenCard(card.topic, card.topic_display, card.indicator, card.summary) for card in cards)


def held_back(cards: Iterable[tuple[Card, str]]) -> tuple[HeldCard, ...]:
    """Cards that are not shown, each with the reason, as an explanation names them."""
    return tuple(HeldCard(card.topic, card.topic_display, card.indicator, card.summary, why) for card, why in cards)


def as_data(thing: Any) -> Any:
    """An explanation, or a part of one, as plain data for JSON: what is empty is left out."""
    if is_dataclass(thing) and not isinstance(thing, type):
        members = {one.name: getattr(thing, one.name) for one in fields(thing)}
        return {name: as_data(value) for name, value in members.items() if _is_told(name, value)}
    if isinstance(thing, Mapping):
        return {str(name): as_data(value) for name, value in thing.items()}
    if isinstance(thing, tuple | list):
        return [as_data(one) for one in thing]
    if isinstance(thing, Enum):
        return thing.value
    return thing.isoformat() if isinstance(thing, date) else thing


def _is_told(name: str, value: object) -> bool:
    """`met` and numbers say something whatever they are."""
    if isinstance(value, str | tuple | Mapping):
        return bool(value)
    return name == "met" or not (value is None or value is False)
