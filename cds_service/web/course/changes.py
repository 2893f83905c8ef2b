"""What changed on which day: a drug that the rules look at started or ended, a finding was recorded or is gone.

What may live here: the days of changes and their words, taken from the periods of a course. An end that is not
recorded, or that is only the end of the days that are known, is no change.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from cds_service.web.course.figure import Change, Changes, Window, next_day
from cds_service.web.course.unread import unread_changes
from cds_service.web.course.words import CourseWords
from hooks.course import Course, DrugLane, End, FindingLane, MedicationPeriod

_DAY = timedelta(days=1)
_UNSURE = ", another prescription of it has no recorded beginning or end"


def changes(course: Course, words: CourseWords) -> tuple[Change, ...]:
    """Every day of the whole course on which something changed, oldest first: a number is the same in every view."""
    found: dict[date, list[str]] = {}
    drugs = (change for lane in course.drugs for change in _of_drug(lane))
    findings = (change for lane in course.findings for change in _of_finding(lane, course.today, words))
    for on, what in (*drugs, *findings):
        if course.first <= on <= course.today:
            found.setdefault(on, []).append(what)
    # The same drug prescribed twice on one day started once.
    return tuple(
        Change(number, on, tuple(dict.fromkeys(found[on]))) for number, on in enumerate(sorted(found), start=1)
    )


def changes_within(course: Course, window: Window, words: CourseWords) -> Changes:
    """The changes of the days that are drawn, and what is not known of them."""
    every = changes(course, words)
    shown = tuple(change for change in every if change.on >= window.first)
    unread = unread_changes(course)
    nothing = unread or ("none in these days" if every else "none on record")
    return Changes(shown, "" if shown else nothing, unread)


def undated(course: Course) -> str:
    """'1 beginning, 2 ends' of drugs and findings whose day is not recorded; "" for none."""
    drugs = [period for lane in course.drugs for period in lane.periods]
    findings = [lane.period for lane in course.findings]
    begins = [period.start for period in drugs] + [period.known for period in findings]
    ends = [period.end for period in drugs] + [period.end for period in findings]
    counts = ((begins.count(None), "beginning"), (ends.count(End.UNKNOWN), "end"))
    return ", ".join(f"{count} {what}{'' if count == 1 else 's'}" for count, what in counts if count)


def _of_drug(lane: DrugLane) -> Iterator[tuple[date, str]]:
    """A prescription that another one of the same drug follows without a day between is no change."""
    name = lane.drug if lane.drug == lane.kind.name else f"{lane.drug} ({lane.kind.name})"
    for period in lane.periods:
        others = [other for other in lane.periods if other is not period]
        if period.start is not None:
            before = [_taken(other, period.start - _DAY) for other in others]
            if True not in before:
                yield period.start, f"{name} started{_UNSURE if None in before else ''}"
        if period.end is End.KNOWN and period.last is not None:
            after = [_taken(other, next_day(period.last)) for other in others]
            if True not in after:
                yield next_day(period.last), f"{name} ended, last day {period.last}{_UNSURE if None in after else ''}"


def _taken(period: MedicationPeriod, day: date) -> bool | None:
    """Is the day one of the period? None where its beginning or end is not recorded, and it may be."""
    if (period.start and day < period.start) or (period.last and day > period.last):
        return False
    return None if period.start is None or period.end is End.UNKNOWN else True


def _of_finding(lane: FindingLane, today: date, words: CourseWords) -> Iterator[tuple[date, str]]:
    period, name = lane.period, words.finding(lane)
    if period.known is not None:
        yield period.known, f"{name} recorded: “{period.then.text}”"
    # A day to come is cut to today when it is read: only an end before today is one.
    if period.end is End.KNOWN and period.gone is not None and period.gone < today:
        yield period.gone, f"{name} gone"
