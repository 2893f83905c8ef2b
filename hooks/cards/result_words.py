"""Results in words: value, unit, date and age, the limit that was crossed, and what weakens them.

What may live here: the wording of single results, used by all cards. Names and decimals stand in `wording.toml`. In a
detail a value stands first as the laboratory sent it, the conventional unit beside it; a summary has the conventional
unit alone. Text that came from a record is escaped here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from hooks.assessment import Assessment
from hooks.calcium import nearest_albumin
from hooks.cards.markdown import escape, listed
from hooks.chart import Result, Unreadable
from hooks.modality import Modality
from hooks.wording import Wording

MOST_DECIMALS = 2
_LONG_NUMBER = re.compile(rf"\d+\.\d{{{MOST_DECIMALS + 1},}}")
DAYS_OF_A_YEAR = 365


def age(day: date, on: date) -> str:
    """'today', '1 day ago', '365 days ago', '2 years ago'; '3 days ahead' for a later day."""
    days = (on - day).days
    if days == 0:
        return "today"
    long_ago = abs(days) > DAYS_OF_A_YEAR
    count, unit = (abs(days) // DAYS_OF_A_YEAR, "year") if long_ago else (abs(days), "day")
    return f"{count} {unit}{'' if count == 1 else 's'} {'ago' if days > 0 else 'ahead'}"


_AGE = re.compile(r", (?:today|\d+ (?:day|year)s? (?:ago|ahead)|\d+(?: and \d+)* d old)| \(\d+ d old\)")


def without_ages(words: str) -> str:
    """The same without the ages of its dates, so that it stays the same from one day to the next."""
    return _AGE.sub("", words)


def exact(number: float) -> str:
    """A threshold or count without needless decimals."""
    return f"{number:.4f}".rstrip("0").rstrip(".")


def rounded(number: float) -> str:
    """A limit as cards show it, reported ones too: two decimals at most, no needless ones."""
    return f"{number:.{MOST_DECIMALS}f}".rstrip("0").rstrip(".")


def _shortened(received: str) -> str:
    """A value as received, with two decimals at most."""
    return _LONG_NUMBER.sub(lambda number: rounded(float(number[0])), received)


def _side(value: float, limit: float) -> int:
    return (value > limit) - (value < limit)


@dataclass(frozen=True)
class ResultWords:
    """Words about the results of one assessment."""

    patient: Assessment
    wording: Wording

    # ------------------------------------------------------------------ one value
    def number(self, value: float, decimals: int, limit: float | None = None) -> str:
        """The value as it is shown; with more decimals (two at most) where rounding would put it on the other side of
        the limit.
        """
        shown = f"{value:.{decimals}f}"
        while limit is not None and decimals < MOST_DECIMALS and _side(float(shown), limit) != _side(value, limit):
            decimals += 1
            shown = f"{value:.{decimals}f}"
        return shown

    def value(self, result: Result, limit: float | None = None) -> str:
        """'2.60 mmol/L (10.4 mg/dL)' as received with the conventional unit beside it, or '10.4 mg/dL'."""
        shown = self.converted(result, limit)
        received = self._received(result)
        return f"{received} ({shown})" if received else shown

    def converted(self, result: Result, limit: float | None = None) -> str:
        """'10.4 mg/dL': the conventional unit alone, plain text for a summary."""
        style = self.wording.analytes[result.analyte]
        unit = style.unit
        if style.peritoneal_unit and self.patient.modality is Modality.PERITONEAL:
            unit = style.peritoneal_unit
        return f"{result.comparator}{self.number(result.value, style.decimals, limit)} {unit}".rstrip()

    def _received(self, result: Result) -> str:
        """As the laboratory sent it, or "" where that was the conventional unit; a correction of ours in its unit."""
        calcium = self.patient.labs.calcium
        measured = calcium.measured
        if result is not calcium.chosen or measured is None or calcium.albumin is None or not measured.original:
            return escape(_shortened(result.original))
        number, _, unit = measured.original.partition(" ")
        try:
            factor = float(number) / measured.value
        except ValueError:
            return ""
        return escape(f"{result.value * factor:.{MOST_DECIMALS}f} {unit}")

    def brief(self, result: Result, limit: float | None = None) -> str:
        """'calcium 10.3 mg/dL (88 d old)' for a summary; the age only of a value that is no longer fresh."""
        days = (self.patient.on - result.on).days
        old = f" ({days} d old)" if self.patient.labs.is_old(result) else ""
        return f"{self.short_name(result)} {self.converted(result, limit)}{old}"

    def when(self, day: date) -> str:
        """'2026-11-12, 10 days ago'."""
        return f"{day.isoformat()}, {age(day, self.patient.on)}"

    def name(self, result: Result) -> str:
        """The result's name, saying where it was corrected."""
        calcium = self.patient.labs.calcium
        if result is calcium.chosen and calcium.albumin is not None:
            return "corrected calcium"
        return self.wording.analytes[result.analyte].name

    def short_name(self, result: Result) -> str:
        """The name without what stands in brackets: 'corrected calcium' for the laboratory's, too."""
        return self.name(result).split(" (")[0]

    def result(self, result: Result, limit: float | None = None, relation: str = "", *notes: str) -> str:
        """'phosphate 1.97 mmol/L (6.1 mg/dL, above 5.5; 2026-11-12, 10 days ago)'."""
        bound = f"{relation} {self._limit(result, limit)}" if limit is not None and relation else ""
        return self._described(result, self.converted(result, limit), bound, *notes)

    def _limit(self, result: Result, limit: float) -> str:
        """The limit with at least the decimals of the value beside it."""
        decimals = self.wording.analytes[result.analyte].decimals
        return max(rounded(limit), f"{limit:.{decimals}f}", key=len)

    def _described(self, result: Result, shown: str, bound: str, *notes: str) -> str:
        received = self._received(result)
        first = ", ".join(filter(None, (shown if received else "", bound)))
        parts = [first, *notes, self.correction(result), self._tie(result), self.when(result.on), self._stale(result)]
        return f"{self.name(result)} {received or shown} ({'; '.join(part for part in parts if part)})"

    def _stale(self, result: Result) -> str:
        fresh = self.patient.limits.windows[result.analyte].fresh
        return f"older than {fresh} days" if self.patient.labs.is_old(result) else ""

    def _tie(self, result: Result) -> str:
        """The other value of the same moment and rank: the card names both."""
        calcium = self.patient.labs.calcium
        received = calcium.measured if result is calcium.chosen and calcium.measured else result
        tied = self.patient.labs.tied(result.analyte)
        if not any(other.at == received.at and other.value == received.value for other in tied):
            return ""
        others = listed(self.value(other) for other in tied if other.value != received.value)
        return f"also reported at that time: {others}" if others else ""

    def correction(self, result: Result) -> str:
        """How the chosen calcium came about; empty for every other result."""
        calcium = self.patient.labs.calcium
        if calcium.measured is None or result not in calcium.series:
            return ""
        if result is not calcium.chosen:
            return "not corrected, a newer result leaves it open"
        if calcium.albumin is not None:
            return f"measured {self.value(calcium.measured)}, albumin {self.value(calcium.albumin)}"
        unread = self.patient.labs.albumin_unread
        if unread is not None:
            albumin = f"an albumin of {unread.on.isoformat()}" if unread.on else "an undated albumin"
            return f"not corrected, {albumin} could not be read ({escape(unread.reason)})"
        if result.comparator or nearest_albumin(self.patient.labs, result) is not None:
            return "not corrected, calcium or albumin known only as above or below a value"
        return f"not corrected, no albumin within {exact(self.patient.limits.correction_albumin_days)} days"

    def unread(self, item: Unreadable) -> str:
        """'of 2026-11-20, 2 days ago could not be read: no unit', or '(undated) could not be read: …'."""
        dated = f"of {self.when(item.on)}" if item.on else "(undated)"
        return f"{dated} could not be read: {escape(item.reason)}"
