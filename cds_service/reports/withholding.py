"""Small numbers withheld so that nobody can work them out from the numbers beside them.

What may live here: which numbers of a report are withheld, found out on the sums between them. What the numbers mean
stands in `report`.

The numbers of a report are taken as a flow round a ring of pipes: what flows into a point flows out of it, and these
are all the sums that hold between them. A total is one pipe; its parts are the pipes that it divides into. Whoever sees
some of the numbers cannot tell a withheld one exactly if it could be one more or one less while all sums still hold: if
one more can flow through its pipe, and back to where it came from through other withheld pipes. These stay what they
are said to be: from 1 to 4, or 5 and more.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from enum import Enum
from typing import NamedTuple

FEWEST = 5
"""The smallest number that is told, beside 0."""


class Withheld(Enum):
    """Why a number is not told, in words."""

    FEW = f"fewer than {FEWEST}"
    BESIDE = "withheld"


class Pipe(NamedTuple):
    """A number of a report: so many flow from one point to another.

    Where others have to be withheld too, those go first that have the lowest `price`: the number itself, unless it says
    little that others do not say.
    """

    name: Hashable
    start: Hashable
    end: Hashable
    number: int
    price: int | None = None


def withheld(pipes: Sequence[Pipe]) -> dict[Hashable, Withheld]:
    """What is withheld: numbers from 1 to 4, and as few others as keep each of those from being worked out.

    0 is told: it says of nobody what they did. What flows into each point has to flow out of it.
    """
    ring = _Ring(pipes)
    for number in ring.small:
        if not ring.hide(number):
            # Hardly ever: so few that nothing can be told, not even what is 0.
            return {pipe.name: Withheld.BESIDE for pipe in pipes}
    return {pipes[number].name: Withheld.FEW if number in ring.small else Withheld.BESIDE for number in ring.withheld}


def told(number: int) -> int | str:
    """A number that stands alone, in no sum with others: itself, or words in its place."""
    return Withheld.FEW.value if 0 < number < FEWEST else number


class _Step(NamedTuple):
    """One more (or one less, against the direction) through the pipe of this number."""

    pipe: int
    to: Hashable
    cost: int


class _Ring:
    """The pipes, and which of them are withheld by now."""

    def __init__(self, pipes: Sequence[Pipe]) -> None:
        self._pipes = pipes
        self.small = [number for number, pipe in enumerate(pipes) if 0 < pipe.number < FEWEST]
        self.withheld = set(self.small)
        self._at: dict[Hashable, list[int]] = defaultdict(list)
        for number, pipe in enumerate(pipes):
            self._at[pipe.start].append(number)
            self._at[pipe.end].append(number)

    def hide(self, number: int) -> bool:
        """Withhold what is needed for this one to be one more or one less; False where nothing helps."""
        pipe = self._pipes[number]
        ways = []
        if self._may_grow(number):
            ways.append(self._way(pipe.end, pipe.start, number))
        if self._may_shrink(number):
            ways.append(self._way(pipe.start, pipe.end, number))
        found = [way for way in ways if way is not None]
        if found:
            self.withheld.update(min(found, key=lambda way: way[0])[1])
        return bool(found)

    def _may_grow(self, number: int) -> bool:
        flows = self._pipes[number].number
        return flows != 0 and flows != FEWEST - 1

    def _may_shrink(self, number: int) -> bool:
        return self._pipes[number].number not in (0, 1, FEWEST)

    def _way(self, start: Hashable, goal: Hashable, without: int) -> tuple[int, list[int]] | None:
        """The way for one more that tells as much as possible: its cost and its pipes. None where there is none."""
        best: dict[Hashable, int] = {start: 0}
        came: dict[Hashable, tuple[Hashable, int]] = {}
        # The second number keeps points from being compared, which are of any kind.
        queue: list[tuple[int, int, Hashable]] = [(0, 0, start)]
        order = 0
        while queue:
            cost, _, here = heapq.heappop(queue)
            if here == goal:
                return cost, list(_back(came, goal))
            if cost > best[here]:
                continue
            for step in self._steps(here, without):
                total = cost + step.cost
                if total < best.get(step.to, total + 1):
                    best[step.to], came[step.to] = total, (here, step.pipe)
                    order += 1
                    heapq.heappush(queue, (total, order, step.to))
        return None

    def _steps(self, here: Hashable, without: int) -> Iterator[_Step]:
        for number in self._at[here]:
            pipe = self._pipes[number]
            # To withhold a large number loses more than to withhold a small one.
            price = pipe.number if pipe.price is None else pipe.price
            cost = 0 if number in self.withheld else price
            if number == without:
                continue
            if pipe.start == here and self._may_grow(number):
                yield _Step(number, pipe.end, cost)
            if pipe.end == here and self._may_shrink(number):
                yield _Step(number, pipe.start, cost)


def _back(came: dict[Hashable, tuple[Hashable, int]], here: Hashable) -> Iterator[int]:
    while here in came:
        here, pipe = came[here]
        yield pipe
