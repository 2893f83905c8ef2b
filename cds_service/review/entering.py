"""From the lines of a file to events: is each of them about a card of the log, and is each reviewer one person?

What may live here: these checks against the log, and what of the file is new. Nothing is kept here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from cds_service.knowledge import may_be_one
from cds_service.review.reading import Fault, Line
from cds_service.spreadsheet import harmless
from cds_service.storage import Drawn, Event, Reviewed, Verdict, is_named, reviewed_event

Card = tuple[str, Drawn]


class Entered(NamedTuple):
    """The events to be kept, none where there are faults. Of the verdicts among them `changed` replace another one of
    the same reviewer; `known` lines say what the log says already; `without` have no verdict.
    """

    events: Sequence[Event]
    faults: Sequence[Fault]
    verdicts: int = 0
    changed: int = 0
    known: int = 0
    without: int = 0


def enter(lines: Sequence[Line], cards: Mapping[str, Event], before: Collection[Reviewed], now: datetime) -> Entered:
    """`cards` are those of the log that the lines name, and `before` the verdicts in force on them."""
    faults = [Fault(line.number, said) for line in lines for said in _faults(line, cards)]
    faults += _faults_of_reviewers(lines, before)
    if faults:
        return Entered([], sorted(faults))
    events: dict[str, Event] = {}
    verdicts = changed = known = 0
    for line in lines:
        mine = [one for one in before if _is_on(one, line) and is_named(one.reviewer, line.reviewer)]
        if line.verdict is Verdict.NONE:
            if not any(_is_on(one, line) for one in before):
                event = reviewed_event(cards[line.event], line.drawn, "", Verdict.NONE, now)
                events.setdefault(event.id, event)
            continue
        if any(one.verdict is line.verdict for one in mine):
            known += 1
            continue
        replaces = mine[0].id if mine else ""
        event = reviewed_event(cards[line.event], line.drawn, line.reviewer, line.verdict, now, replaces)
        if event.id not in events:
            events[event.id] = event
            verdicts += 1
            changed += bool(mine)
    without = sum(line.verdict is Verdict.NONE for line in lines)
    return Entered([*events.values()], [], verdicts, changed, known, without)


def _is_on(one: Reviewed, line: Line) -> bool:
    return (one.card, one.drawn) == (line.event, line.drawn)


def _faults(line: Line, cards: Mapping[str, Event]) -> Iterator[str]:
    card = cards.get(line.event)
    if card is None:
        yield "the log holds no card with this id in the column event (or no longer: events are deleted after a time)"
        return
    if card.kind != line.drawn.kind:
        yield f"this card was not drawn from those that were {line.drawn}"
    others = [name for name, said in line.said.items() if said not in (it := getattr(card, name), harmless(it))]
    if others:
        yield f"{', '.join(others)}: not as in the log; were some columns of the file sorted, and not all of them?"


def _faults_of_reviewers(lines: Sequence[Line], before: Collection[Reviewed]) -> Iterator[Fault]:
    """Two verdicts on a card are two only where they are of two people."""
    seen: dict[Card, list[Line]] = {}
    for line in lines:
        if line.verdict is Verdict.NONE:
            continue
        for other in seen.setdefault((line.event, line.drawn), []):
            if is_named(line.reviewer, other.reviewer):
                if line.verdict is not other.verdict:
                    yield Fault(line.number, f"the same reviewer judges this card otherwise in line {other.number}")
            elif may_be_one(line.reviewer, other.reviewer):
                yield Fault(line.number, f"the reviewer may be the same person as in line {other.number}: {_WRITE}")
        seen[line.event, line.drawn].append(line)
        for one in before:
            is_another_name = _is_on(one, line) and one.reviewer and not is_named(line.reviewer, one.reviewer)
            if is_another_name and may_be_one(line.reviewer, one.reviewer):
                yield Fault(line.number, f"the reviewer may be “{one.reviewer}”, who judged this card: {_WRITE}")


_WRITE = "write the name of one person always alike, and names of two so that they cannot be taken for each other"
