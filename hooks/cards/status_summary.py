"""What the summary of a status card says: the facts that decide, as many as fit.

What may live here: choosing facts for a summary. All words are plain text, values in conventional units.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hooks.assessment import Tier
from hooks.cards.markdown import listed
from hooks.cards.status_drugs import ACTIVE_VITAMIN_D, IRON, DrugWords
from hooks.chart import Result
from hooks.finding import Finding

FACTORS_ROOM = 95
"""So many characters of facts that raise the risk are read at a glance, in a lead too."""
NO_LIMIT = 10_000
MOST = 4
"""So many names of one kind stand in a summary that has the room."""


@dataclass(frozen=True)
class SummaryWords(DrugWords):
    """Words for a summary; `room`: so many characters are left for the facts, and what has no room is counted."""

    room: int = NO_LIMIT

    # ------------------------------------------------------------------ signs and drugs
    def signs_and_drugs(self) -> str:
        """'livedo and skin ulcer; warfarin active': the signs, the old values that decide, the drugs that feed it."""
        for most in range(MOST, -2, -1):
            signs = self.facts.sign_names(max(most, 1))
            words = signs + self.old_short(max(most, 1)) + self.offending_short(most)
            if len(words) <= self.room:
                break
        return words

    def offending_short(self, most: int = MOST) -> str:
        """'; warfarin and calcium acetate active', or how many there are; nothing without a drug or room."""
        names = self.offending_names(*(key for key, drug_class in self.feeding.items() if drug_class.in_summary))
        if not names or most < 0:
            return ""
        if not most:
            return f"; {len(names)} drug{'s' if len(names) > 1 else ''} to review"
        return f"; {_counted(names, min(most, 3 if len(names) <= 3 else 2))} active"

    # ------------------------------------------------------------------ what to do about the drugs
    def today(self) -> str:
        """'stop calcium acetate and review calcitriol': what to do about each drug, the most urgent first."""
        clauses = list(self._clauses())
        if not clauses:
            chart = self.facts.patient.chart
            none = "short_unread" if chart.unread_drugs or chart.gap("medications") else "short_none"
            return self.phrase(none) + self.by_modality("short_steps")
        steps = self.by_modality("short_steps")
        for most, rest in ((MOST, steps), (MOST, ""), (2, ""), (1, ""), (0, "")):
            words = self._said(clauses, most) + rest
            if len(words) <= self.room:
                return words
        for kept in range(len(clauses) - 1, 0, -1):
            more = sum(len(names) for _, names in clauses[kept:])
            words = self._said(clauses[:kept], 0) + f"; {more} more drug{'s' if more > 1 else ''}"
            if len(words) <= self.room:
                break
        return words

    def _said(self, clauses: list[tuple[str, list[str]]], most: int) -> str:
        calcium = self.facts.high_calcium()
        return listed(self.phrase(phrase, drugs=_counted(names, most), calcium=calcium) for phrase, names in clauses)

    def _clauses(self) -> Iterator[tuple[str, list[str]]]:
        """Half-sentences with the drugs that each is about."""
        by_class = {key: self.offending_names(key) for key in (*self.feeding, *IRON)}
        asked = {key for key in self.needed if by_class.get(key)}
        kept = self.facts.patient.valve or self.facts.standards()
        anticoagulants = by_class.pop("vitamin_k_antagonist")
        stopped = ["calcium_product", ACTIVE_VITAMIN_D] if self.vitamin_d_stops else ["calcium_product"]
        stop = [name for key in stopped if key not in asked for name in by_class[key]]
        review = [name for key in by_class if key not in {*stopped, *asked} for name in by_class[key]]
        replace = ("short_vka_valve" if kept else "short_vka", anticoagulants)
        clauses = [
            ("short_stop_high" if self.vitamin_d_stops else "short_stop", stop),
            ("short_needed", [name for key in by_class if key in asked for name in by_class[key]]),
            ("short_review", review),
        ]
        clauses.insert(1 if self.vitamin_d_stops else 0, replace)
        yield from ((phrase, list(dict.fromkeys(names))) for phrase, names in clauses if names)

    # ------------------------------------------------------------------ what raises the risk

    def _factor_results(self) -> dict[str, list[tuple[Result, float | None]]]:
        """The results behind the met risk factors, each with the limit that it crossed."""
        labs, limits = self.facts.patient.labs, self.facts.patient.limits
        calcium = labs.calcium
        minerals = [
            (finding, limit)
            for finding, limit in (
                (calcium.high, None),
                (calcium.upper_normal, limits.calcium_upper_normal),
                (labs.phosphate_high, limits.phosphate_high),
            )
            if finding
        ]
        if not minerals and labs.product is not None:
            minerals = [(Finding(True, labs.product.calcium), None), (Finding(True, labs.product.phosphate), None)]
        pth = labs.pth_high if labs.pth_high else labs.pth_low
        found: dict[str, list[tuple[Finding, float | None]]] = {
            "mineral_high": minerals,
            "mineral_moderate": minerals,
            "pth": [(pth, None if labs.pth_high else limits.pth_low)],
            "albumin": [(labs.albumin_low, limits.albumin_low)],
            "alkaline_phosphatase": [(labs.alkaline_phosphatase_high, None)],
            "obesity": [(labs.obese_by_index, None)],
            "dialysis_dose": [(labs.dialysis_dose_low, None)],
        }
        return {
            name: [(finding.result, limit) for finding, limit in findings if finding.result is not None]
            for name, findings in found.items()
        }

    def factors_short(self) -> str:
        """'warfarin, phosphate 7.1 mg/dL, PTH 700 pg/mL and 2 more': what raises the risk, as much as there is room
        for; drugs first, then values that are no longer fresh, since a reader must see their age.
        """
        drugs = {
            name: self.offending_names(name) for name in ("vitamin_k_antagonist", "calcium_product", "active_vitamin_d")
        }
        labs, results = self.facts.patient.labs, self._factor_results()
        items: list[tuple[int, str]] = []
        for factor in self.facts.patient.risk.factors:
            shown = results.get(factor.name, ())
            items += [(1, name) for name in drugs.get(factor.name, ())]
            items += [(2 if labs.is_old(result) else 3, self.facts.brief(result, limit)) for result, limit in shown]
            if not shown and factor.name not in drugs:
                items.append((4, self.facts.wording.factors_short[factor.name]))
        return _fitted([words for _, words in sorted(items, key=lambda item: item[0])], min(self.room, FACTORS_ROOM))

    def old_short(self, most: int = MOST) -> str:
        """'; calcium 10.6 mg/dL (88 d old)': the values that decide and are no longer fresh."""
        patient = self.facts.patient
        if patient.tier is not Tier.SUSPECTED or not self.facts.rests_on_score:
            return ""
        factors = self._factor_results()
        found = [result for factor in patient.risk.factors for result, _ in factors.get(factor.name, ())]
        old = dict.fromkeys(self.facts.brief(result) for result in found if patient.labs.is_old(result))
        return f"; {_counted(list(old), most)}" if old else ""

    # ------------------------------------------------------------------ lists that are counted where they are too long
    def triggers_short(self) -> str:
        """The findings that point to sepsis."""
        return _fitted([short for short, _ in self.triggers], self.room)

    def gaps(self) -> str:
        """What could not be read, in words for a sentence."""
        unread = self.facts.unread_entries()
        return _fitted([*(gap.what for gap in self.facts.patient.chart.gaps), *([unread] if unread else [])], self.room)


def _fitted(items: list[str], room: int) -> str:
    """As many items as there is room for, and how many more there are; the first one always."""
    items = list(dict.fromkeys(items))
    shown = len(items)
    while shown > 1 and len(_counted(items, shown)) > room:
        shown -= 1
    return _counted(items, shown)


def _counted(items: list[str], shown: int) -> str:
    """The first items and how many more there are; of several none: their number alone."""
    if len(items) < 2 or shown >= len(items):
        return listed(items)
    if not shown:
        return f"{len(items)} drugs"
    return listed([*items[:shown], f"{len(items) - shown} more"])
