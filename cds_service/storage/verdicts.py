"""What reviewers judge of cards, and its form as an event.

What may live here: the verdicts with what they mean, and the way from a verdict to an event and back. Reviewers are
named on purpose; patients and users are not, and a remark of a reviewer is not kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from cds_service.storage.event import Event, Kind
from cds_service.storage.store_error import StoreError


class Verdict(StrEnum):
    """What a reviewer judges of the card itself, shown or held back; NONE: nobody has judged it by this line."""

    APPROPRIATE = "appropriate"
    NOT_NEEDED = "not-needed"
    INAPPROPRIATE = "inappropriate"
    CANNOT_JUDGE = "cannot-judge"
    NONE = ""


MEANINGS: Mapping[Verdict, str] = {
    Verdict.APPROPRIATE: "it was right to show this card to this user at this moment, or would have been",
    Verdict.NOT_NEEDED: "what it says was right, and it was already known or already dealt with",
    Verdict.INAPPROPRIATE: "it was wrong for this patient, or wrong at this moment",
    Verdict.CANNOT_JUDGE: "the record does not tell enough, or the patient could not be found",
}


class Drawn(StrEnum):
    """Among which cards it was drawn. Shares of one of these say nothing of another one."""

    SHOWN = "shown"
    HELD_BACK = "held-back"
    OVERRIDDEN = "overridden"

    @property
    def kind(self) -> Kind:
        """The kind of events that these cards are."""
        return Kind.SUPPRESSED if self is Drawn.HELD_BACK else Kind.ISSUED


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What one reviewer judged of one card: `card` is the id of its event, `given` the moment of it.

    `replaces` is the id of the verdict in whose place this one was entered, "" for the first. `why` is the reason of a
    card that was held back.
    """

    id: str
    card: str
    drawn: Drawn
    reviewer: str
    verdict: Verdict
    replaces: str
    entered: datetime
    given: datetime
    tenant: str
    topic: str
    hook: str
    indicator: str
    why: str


def reviewed_event(
    card: Event, drawn: Drawn, reviewer: str, verdict: Verdict, now: datetime, replaces: str = ""
) -> Event:  # fmt: skip
    """That this card is in a sample, and what the reviewer judged of it.

    The same has the same id, so that it stays one however often it is entered. What is counted of the card comes along:
    the card may be deleted before the verdict is.
    """
    return Event(
        _id(card.id, drawn, _same(reviewer), verdict, replaces),
        now,
        Kind.REVIEWED,
        client=card.client,
        tenant=card.tenant,
        service=card.service,
        hook=card.hook,
        topic=card.topic,
        indicator=card.indicator,
        reason=card.reason,
        card_uuid=card.card_uuid,
        policy=card.policy,
        rules=card.rules,
        patient=card.patient,
        content={
            "verdict": verdict.value,
            "reviewer": reviewer,
            "drawn": drawn.value,
            "card": card.id,
            "given": card.at.isoformat(),
            "replaces": replaces,
        },
    )


def _id(*parts: str) -> str:
    return "reviewed-" + hashlib.sha256(repr(tuple(map(str, parts))).encode("utf-8", "replace")).hexdigest()


def _same(name: str) -> str:
    """A name as it is compared: blanks and letter case make no other reviewer."""
    return " ".join(name.split()).casefold()


def is_named(reviewer: str, other: str) -> bool:
    """Is it the same name, but for blanks and letter case?"""
    return _same(reviewer) == _same(other)


def reviewed_of(id_: str, entered: datetime, columns: Mapping[str, Any], content: Any) -> Reviewed:
    """What an event says. Raises StoreError where it cannot be read."""
    try:
        return Reviewed(
            id_,
            str(content["card"]),
            Drawn(content["drawn"]),
            str(content["reviewer"]),
            Verdict(content["verdict"]),
            str(content["replaces"]),
            entered,
            _moment(content["given"]),
            **columns,
        )
    except (KeyError, TypeError, ValueError):
        raise StoreError("the log holds an event that cannot be read (a verdict on a card)") from None


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a stored moment needs a time zone")
    return moment


def in_force(verdicts: Iterable[Reviewed]) -> list[Reviewed]:
    """Of each reviewer the last verdict on each card: the one that no other one has replaced."""
    known = list(verdicts)
    replaced = {one.replaces for one in known}
    last: dict[tuple[str, Drawn, str], Reviewed] = {}
    for one in sorted(known, key=lambda one: (one.entered, one.id)):
        if one.id not in replaced:
            last[one.card, one.drawn, _same(one.reviewer)] = one
    return list(last.values())
