"""A card that is lost while another one about the same class of drug is gained: one card that becomes another.

What may live here: joining such rows, for people who read them. Programs get the rows as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from cds_service.policy_work.changes import Change, Difference, Row

Classes = Mapping[str, Collection[str]]
"""The classes of drugs that raise a card, by its topic."""


def shown(told: Difference, *changes: Change) -> tuple[Row, ...]:
    """The rows of these kinds for readers; without kinds, all of them."""
    return tuple(row for row in joined(told.rows, told.classes) if not changes or row.change in changes)


def joined(rows: Iterable[Row], classes: Classes) -> list[Row]:
    """The rows, with one row for each card that becomes another at the same moments of the same patient."""
    patients: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        patients.setdefault((row.source, row.patient), []).append(row)
    return [row for of_one in patients.values() for row in _of_one(of_one, classes)]


def _of_one(rows: Sequence[Row], classes: Classes) -> Iterator[Row]:
    left = [list(row.moments) for row in rows]
    for lost, gained in _pairs(rows, classes):
        both = [moment for moment in left[lost] if moment in left[gained]]
        if both:
            new = rows[gained]
            yield replace(rows[lost], change=Change.BECOMES, becomes=new.topic, new=new.new, moments=tuple(both))
            for side in (lost, gained):
                left[side] = [moment for moment in left[side] if moment not in both]
    yield from (replace(row, moments=tuple(moments)) for row, moments in zip(rows, left, strict=True) if moments)


def _pairs(rows: Sequence[Row], classes: Classes) -> Iterator[tuple[int, int]]:
    """The places of a lost card and a gained one of the same class of drug."""
    for lost, old in enumerate(rows):
        for gained, new in enumerate(rows):
            is_pair = (old.change, new.change) == (Change.LOSES, Change.GAINS)
            if is_pair and set(classes.get(old.topic, ())) & set(classes.get(new.topic, ())):
                yield lost, gained
