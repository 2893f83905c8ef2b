"""What was told last of each file of the site policies: each change is told once, over a start and by all workers.

What may live here: the steps from one told state of a file to the next. The files behind them stand in `policy_copies`.
"""

from __future__ import annotations

from dataclasses import dataclass

from cds_service.knowledge.policy_copies import Copies


@dataclass(frozen=True, slots=True)
class Step:
    """To the next told state of a file, its `text`, "" where the file is gone. `of` is where it belongs.

    `follows` are the states that it may follow: the one before it, and the one that was told when it was noticed.
    """

    of: LastTold
    name: str
    text: str
    follows: frozenset[str]

    def is_due(self) -> bool:
        """Else another worker has told this of the file meanwhile, or more."""
        return self.of.may_follow(self)

    def done(self) -> None:
        """It was told."""
        self.of.remember(self)

    def passed(self) -> None:
        """Another worker has told it."""
        self.of.forget(self)


class LastTold:
    """By file the text that was told last, or waits to be told by this process. Without copies this process alone."""

    def __init__(self, copies: Copies) -> None:
        self._copies = copies
        self._ours: dict[str, str] = {}

    def start_anew(self) -> None:
        """What waited is given up: it may come from a process that began long ago."""
        self._ours.clear()

    def names(self) -> set[str]:
        """The files of which a state was told, and not that they are gone."""
        return {name for name in (*self._copies.told_names(), *self._ours) if self.text(name)}

    def text(self, name: str) -> str:
        """The last state of a file, "" where there is none."""
        return self._ours[name] if name in self._ours else self._copies.told(name)

    def mark(self, name: str) -> str:
        """The same for all workers until something else is told of the file; "" where there is none."""
        return self._copies.told_at(name)

    def step(self, name: str, text: str) -> Step:
        """The step from the last state of a file to this one, which waits from now on."""
        follows = frozenset((self.text(name), self._copies.told(name)))
        self._ours[name] = text
        return Step(self, name, text, follows)

    def may_follow(self, step: Step) -> bool:
        """Is what was told of its file still what it was?"""
        return not self._copies or self._copies.told(step.name) in step.follows

    def remember(self, step: Step) -> None:
        """Its state is the one that was told last."""
        self._copies.remember_told(step.name, step.text)
        if self._copies.told(step.name) == step.text:
            self.forget(step)

    def forget(self, step: Step) -> None:
        """It waits no more, and another one of its file may."""
        if self._copies and self._ours.get(step.name) == step.text:
            del self._ours[step.name]
