"""Drugs and findings of a figure: one lane for each, with its periods.

What may live here: beginning, end and colour of what was taken or found.
"""

from __future__ import annotations

from cds_service.web.course.figure import Lane, Lanes, Period, Window, lines, next_day, plain, shortened
from cds_service.web.course.result_words import joined
from cds_service.web.course.unread import nothing_there, unread_records
from cds_service.web.course.words import CourseWords
from hooks.course import Course, DrugLane, End, FindingLane, MedicationPeriod

GRAVE = ("calciphylaxis", "calciphylaxis_provisional", "skin_necrosis", "gangrene", "sepsis", "bacteraemia")
_MOST_LANES = 60
"""Lanes of drugs, and of findings, that are drawn; the tables hold all."""
_MOST_LETTERS, _LEAST_LETTERS = 60, 24
"""Of name and words of a finding: as many as a phone shows on one line."""


def drug_lanes(course: Course, window: Window, words: CourseWords) -> Lanes:
    """The drugs that the rules look at, in the clinicians' order."""
    shown = [lane for lane in course.drugs if any(_is_within(period, window) for period in lane.periods)]
    lanes = tuple(
        Lane(
            lane.drug if _only(lane, course) else f"{lane.drug}, {lane.kind.name}",
            lane.kind.role.value,
            tuple(_taken(period, lane, window, words) for period in lane.periods if _is_within(period, window)),
        )
        for lane in shown[:_MOST_LANES]
    )
    return _lanes("Drugs", lanes, len(shown) - len(lanes), len(course.drugs) - len(shown), course, "medications")


def _lanes(title: str, lanes: tuple[Lane, ...], more: int, before: int, course: Course, query: str) -> Lanes:
    """The group with what its title has to add: what could not be read, what is not drawn."""
    is_cut = any(gap.query == query for gap in course.gaps)
    unread = joined(("not all could be read" if is_cut else "", unread_records(course, query)))
    told = joined((f"{more} more in the table" if more else "", f"{before} before these days" if before else ""), ", ")
    empty = "" if lanes else "none in these days" if before else nothing_there(course, query)
    return Lanes(title, lanes, empty, unread if lanes or before else "", told)


def _only(lane: DrugLane, course: Course) -> bool:
    return sum(other.drug == lane.drug for other in course.drugs) == 1


def _is_within(period: MedicationPeriod, window: Window) -> bool:
    return period.last is None or period.last >= window.first


def _taken(period: MedicationPeriod, lane: DrugLane, window: Window, words: CourseWords) -> Period:
    """From its first day on; through today where it goes on. An unknown beginning or end is marked as such."""
    begin = max(period.start, window.first) if period.start else window.first
    until = next_day(period.last or window.today)
    note = joined(
        (
            "beginning not recorded" if period.start is None else "",
            (period.end_from or f"end not recorded ({period.status})") if period.end is End.UNKNOWN else "",
        )
    )
    return Period(
        begin,
        max(min(until, next_day(window.today)), next_day(begin)),
        open=period.end is End.UNKNOWN or period.start is None,
        note=plain(note),
        words=lines(words.drug(lane, period)),
    )


def finding_lanes(course: Course, window: Window, words: CourseWords) -> Lanes:
    """The findings, oldest first; of too many the newest are drawn."""
    shown = [lane for lane in course.findings if not (lane.period.gone and lane.period.gone <= window.first)]
    drawn = shown[-_MOST_LANES:]
    lanes = tuple(_finding(lane, window, words) for lane in drawn)
    return _lanes("Findings", lanes, len(shown) - len(drawn), len(course.findings) - len(shown), course, "conditions")


def _finding(lane: FindingLane, window: Window, words: CourseWords) -> Lane:
    """A spot where it was recorded, a bar as long as it was there: pale from the day on which it counts no more."""
    period = lane.period
    on = window.clipped(period.known) if period.known else window.first
    over = max(min(period.gone or next_day(window.today), next_day(window.today)), on)
    is_open = period.end is End.UNKNOWN or period.known is None
    pale = min(max(lane.uncounted.after, on), over) if lane.uncounted else over
    bars = (Period(on, pale, open=is_open), Period(pale, over, open=is_open, pale=True))
    name = words.finding(lane)
    return Lane(
        name,
        "high" if lane.concept in GRAVE else "neutral",
        tuple(bar for bar in bars if bar.begin < bar.until),
        shortened(period.then.text, max(_LEAST_LETTERS, _MOST_LETTERS - len(name))),
        on,
        lines(words.finding_lines(lane)),
    )
