"""What of the record could not be read, in the words of picture and tables.

What may live here: telling "nothing on record" and "nothing that could be read" apart.
"""

from __future__ import annotations

from cds_service.web.course.result_words import joined
from cds_service.web.course.words import CourseWords
from hooks.course import Course


def why_empty(course: Course, query: str) -> str:
    """Why there is nothing: nothing on record, or nothing that could be read."""
    gaps = [gap for gap in course.gaps if gap.query == query]
    unread = unread_records(course, query)
    if gaps or unread:
        return joined((*map(CourseWords.gap, gaps), f"{unread}; no other on record" if unread and not gaps else unread))
    return "none on record in these two years"


def unread_records(course: Course, query: str) -> str:
    """'2 prescriptions whose drug could not be read' for "medications"; the entries for "conditions"; "" for none."""
    if query == "medications":
        named = sum(record.what == "medication" for record in course.unreadable)
        count, singular, plural = max(named, course.unread_drugs), "prescription", "prescriptions"
        why = "whose drug could not be read"
    else:
        count, singular, plural = sum(record.what == "condition" for record in course.unreadable), "entry", "entries"
        why = "that could not be read"
    return f"{count} {singular if count == 1 else plural} {why}" if count else ""


def nothing_there(course: Course, query: str) -> str:
    """The same in few words, for the picture."""
    if any(gap.query == query for gap in course.gaps):
        return "could not be read"
    return unread_records(course, query) or "none on record"


def unread_changes(course: Course) -> str:
    """What of drugs and findings was not read, so that their changes are not known; "" where all was read."""
    drugs = _unread("drugs", "medications", course, some=bool(course.drugs or course.other_drugs))
    findings = _unread("findings", "conditions", course, some=bool(course.findings))
    return joined((drugs, unread_records(course, "medications"), findings, unread_records(course, "conditions")))


def _unread(what: str, query: str, course: Course, *, some: bool) -> str:
    if not any(gap.query == query for gap in course.gaps):
        return ""
    return f"not all {what} could be read" if some else f"{what} could not be read"
