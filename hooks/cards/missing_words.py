"""What a card says is missing, could not be read, or is shown without being compared.

What may live here: these lines, used by all cards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from hooks.cards.lab_words import LabWords
from hooks.cards.markdown import escape, listed
from hooks.chart import UNREAD_DRUG, Analyte, Gap

RESULTS = frozenset(analyte.value for analyte in Analyte)
MOST_UNREAD = 3
"""So many unreadable results of one need are told, the newest ones; the others are counted."""


@dataclass(frozen=True)
class MissingWords(LabWords):
    """Words about what is not there."""

    def missing(self, needs: tuple[str, ...]) -> list[str]:
        """Lines about needed results that are missing, too old or unreadable, then about everything that could not be
        read.
        """
        never = [need for need in needs if not self.has(need) and next(self._reasons(need), None) is None]
        names = listed(self.wording.needs[need].name for need in never)
        return ([f"no result: {names}"] if names else []) + self.unused(needs)

    def unused(self, needs: tuple[str, ...]) -> list[str]:
        """Lines about what is there and was not used: too old, of unknown method, or it could not be read."""
        lines = [line for need in needs for line in self._reasons(need)]
        lines += [line for need in needs for line in self._shown_only(need)]
        lines += [f"could not be read: {gap.what} ({escape(gap.reason)})" for gap in self.patient.chart.gaps]
        lines += list(dict.fromkeys(f"{gap.what} could not be read ({escape(gap.reason)})" for gap in self._optional))
        return lines + self._unread_entries() + list(self._unusable())

    @property
    def _optional(self) -> tuple[Gap, ...]:
        return self.patient.chart.optional_gaps

    def missing_names(self, needs: tuple[str, ...]) -> str:
        """The names of the needed results of which none is usable, for a summary."""
        return listed(self.wording.needs[need].name for need in needs if not self.has(need))

    def has(self, need: str) -> bool:
        """Is there a usable result for this need?"""
        return any(self.patient.labs.usable(analyte) for analyte in self.wording.needs[need].analytes)

    def about_need(self, need: str) -> list[str]:
        """What is missing, too old, unreadable or of unknown method of one need; empty where all is well."""
        lines = [*self._reasons(need), *self._shown_only(need)]
        nothing = [] if self.has(need) else [f"no result: {self.wording.needs[need].name}"]
        return lines or nothing

    def _reasons(self, need: str) -> Iterator[str]:
        """Why the newest result of a need is not used.

        Each need tells by itself, also where a clinic lets two share a result: else one of them would say "no result".
        """
        entry, there = self.wording.needs[need], self.has(need)
        if not there:
            yield from self._too_old(need)
        unread = self.patient.labs.unreadable_newer(*entry.named)
        start = f"a newer {entry.name}" if there else f"{entry.name}: a result"
        newest = sorted(unread, key=lambda item: item.on or date.min, reverse=True)
        lines = list(dict.fromkeys(f"{start} {self.unread(item)}" for item in newest))
        yield from lines[:MOST_UNREAD]
        if len(lines) > MOST_UNREAD:
            yield f"{entry.name}: {len(lines) - MOST_UNREAD} more could not be read"

    def _too_old(self, need: str) -> Iterator[str]:
        entry = self.wording.needs[need]
        results = [result for analyte in entry.analytes for result in self.patient.chart.results.get(analyte, ())]
        if results:
            newest = max(results, key=lambda result: result.at)
            ahead = newest.on > self.patient.on
            yield f"{entry.name}: {'dated in the future' if ahead else 'too old'} ({self.when(newest.on)})"

    def _shown_only(self, need: str) -> Iterator[str]:
        """Results of unknown method: the newest of each analyte that is not too old, never compared with a limit."""
        for analyte in self.wording.needs[need].analytes:
            results = self.patient.labs.shown(analyte)
            if results:
                newest = max(results, key=lambda result: result.at)
                name = self.wording.analytes[analyte].name
                yield f"{name} of unknown method, not compared: {self.value(newest)} ({self.when(newest.on)})"

    def _unread_entries(self) -> list[str]:
        unread = self.unread_entries()
        return [f"could not be read: {unread}"] if unread else []

    def unread_entries(self) -> str:
        """'the drug of 2 active orders', or nothing; entries of the medication history are told apart from orders."""
        chart = self.patient.chart
        ordered, taken = chart.unread_medications, chart.unread_history
        found = [f"the drug of {ordered} active order{'s' if ordered > 1 else ''}"] if ordered else []
        found += [f"the drug of {_entries(taken)} of the medication history"] if taken else []
        found += [f"{_entries(chart.unread_conditions)} of the problem list"] if chart.unread_conditions else []
        return listed(found)

    def _unusable(self) -> Iterator[str]:
        """Records that are no results and could not be used, counted by reason; unread drugs are told already."""
        unreadable = self.patient.chart.unreadable
        others = [item for item in unreadable if item.what not in RESULTS and item.reason != UNREAD_DRUG]
        for (what, reason), count in Counter((item.what, item.reason) for item in others).most_common(3):
            yield f"{count} {escape(what)} record{'s' if count > 1 else ''} not used: {escape(reason)}"


def _entries(count: int) -> str:
    return f"{count} entr{'ies' if count > 1 else 'y'}"
