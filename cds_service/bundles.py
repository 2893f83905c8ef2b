"""Reading a search answer: is this Bundle sound, what does it hold, does it go on?

What may live here: pure functions over one FHIR Bundle as it was received, prefetched or fetched. No sockets, no
clock, nothing clinical; which resource means what is decided in `fhir_mappings`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

JsonObject = dict[str, Any]

NOT_A_BUNDLE = "the answer was not a FHIR Bundle"
UNREADABLE_ENTRY = "an entry of the Bundle could not be read"
UNREADABLE_NEXT = "the link to the next page could not be read"
REPORTED_ERROR = "the FHIR server reported an error (OperationOutcome)"

_HARMLESS = frozenset({"success", "information", "warning"})


def reports_error(resource: object) -> bool:
    """True for an OperationOutcome that says, or may say, that something failed.

    Warnings and information are no failure: Epic puts them beside the matches of an ordinary search. An outcome
    whose severity cannot be read counts as a failure.
    """
    if not isinstance(resource, dict) or resource.get("resourceType") != "OperationOutcome":
        return False
    issues = resource.get("issue")
    if not isinstance(issues, list) or not issues:
        return True
    return not all(isinstance(issue, dict) and _is_harmless(issue.get("severity")) for issue in issues)


def bundle_problem(bundle: object) -> str | None:
    """Why this value cannot be used as the answer of a search, or None when it can."""
    if reports_error(bundle):
        return REPORTED_ERROR
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        return NOT_A_BUNDLE
    entries = bundle.get("entry")
    problem = None if entries is None else _entry_problem(entries)
    if problem is not None:
        return problem
    if not _is_absent_or_list_of_objects(bundle.get("link")) or not all(map(_has_address, _next_links(bundle))):
        return UNREADABLE_NEXT
    return None


def bundle_resources(bundle: Mapping[str, Any]) -> list[JsonObject]:
    """The resources of the entries, in order; entries without one are passed over, and so are OperationOutcomes.

    Ask `bundle_problem` first: this function takes what it can get.
    """
    return [
        resource
        for entry in _entries(bundle)
        if isinstance(resource := entry.get("resource"), dict) and resource.get("resourceType") != "OperationOutcome"
    ]


def next_link(bundle: Mapping[str, Any]) -> str | None:
    """Where the next page lies, as the server wrote it (absolute or relative), or None on the last page."""
    return next((link["url"].strip() for link in _next_links(bundle) if _has_address(link)), None)


def match_count(bundle: Mapping[str, Any]) -> int:
    """How many resources of this page answer the search itself, not an `_include` and not a remark of the server."""
    count = 0
    for entry in _entries(bundle):
        resource, search = entry.get("resource"), entry.get("search")
        mode = search.get("mode", "match") if isinstance(search, dict) else "match"
        if mode == "match" and isinstance(resource, dict) and resource.get("resourceType") != "OperationOutcome":
            count += 1
    return count


def total(bundle: Mapping[str, Any]) -> int:
    """How many matches the server says there are on all pages together; 0 where it does not say."""
    said = bundle.get("total")
    return said if isinstance(said, int) and not isinstance(said, bool) else 0


def looks_truncated(bundle: Mapping[str, Any], requested_count: int) -> bool:
    """True when a Bundle without a next page holds less than there seems to be.

    Either the server counted more matches than it sent, or the page is as full as was asked for (`_count`): some
    clients put the first page into the prefetch and leave out its links.
    """
    if next_link(bundle) is not None:
        return False
    matches = match_count(bundle)
    return total(bundle) > matches or matches >= requested_count


def _entries(bundle: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    entries = bundle.get("entry")
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _entry_problem(entries: object) -> str | None:
    """What is wrong with the entries: first what cannot be read, then what reports an error."""
    if not isinstance(entries, list):
        return UNREADABLE_ENTRY
    problem = None
    for entry in entries:
        if not isinstance(entry, dict):
            return UNREADABLE_ENTRY
        resource = entry.get("resource")
        if isinstance(resource, dict):
            if resource.get("resourceType") == "OperationOutcome" and reports_error(resource):
                problem = REPORTED_ERROR
        elif resource is not None:
            return UNREADABLE_ENTRY
    return problem


def _next_links(bundle: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    links = bundle.get("link")
    links = links if isinstance(links, list) else []
    return (link for link in links if isinstance(link, dict) and link.get("relation") == "next")


def _is_harmless(severity: object) -> bool:
    return isinstance(severity, str) and severity in _HARMLESS


def _is_absent_or_list_of_objects(value: object) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(item, dict) for item in value))


def _has_address(link: Mapping[str, Any]) -> bool:
    return isinstance(link.get("url"), str) and bool(link["url"].strip())
