"""Reading a search answer: is this Bundle sound, what does it hold, does it go on?

What may live here: pure functions over one FHIR Bundle as it was received, prefetched or fetched. No sockets, no
clock, nothing clinical; which resource means what is decided in `fhir_mappings`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

JsonObject = dict[str, Any]

NOT_A_BUNDLE = "the answer was not a FHIR Bundle"
UNREADABLE_ENTRY = "an entry of the Bundle could not be read"
UNREADABLE_NEXT = "the link to the next page could not be read"
REPORTED_ERROR = "the FHIR server reported an error (OperationOutcome)"

_HARMLESS = frozenset({"success", "information", "warning"})
_NO_RESULTS = ("OperationOutcome", "Bundle")
"""What is no result of a search: remarks, and a Bundle inside the Bundle, of which nobody knows what it holds."""


class Page(NamedTuple):
    """One page of an answer, looked through once.

    `problem` says why it cannot be used, and is None when it can; `resources` are those of the entries, in order,
    without empty entries and OperationOutcomes; `matches` counts those that answer the search itself, not an
    `_include`; `counted` counts all entries that hold something, as some servers do for `total`.
    """

    problem: str | None
    resources: list[JsonObject]
    matches: int
    counted: int


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


def read_page(bundle: object) -> Page:
    """What a Bundle holds, or why this value cannot be used as the answer of a search."""
    if reports_error(bundle):
        return Page(REPORTED_ERROR, [], 0, 0)
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        return Page(NOT_A_BUNDLE, [], 0, 0)
    page = _looked_through(bundle.get("entry"))
    if page.problem is not None:
        return page
    if not _is_absent_or_list_of_objects(bundle.get("link")) or not all(map(_has_address, _next_links(bundle))):
        return page._replace(problem=UNREADABLE_NEXT)
    return page


def next_link(bundle: Mapping[str, Any]) -> str | None:
    """Where the next page lies, as the server wrote it (absolute or relative), or None on the last page."""
    return next((link["url"].strip() for link in _next_links(bundle) if _has_address(link)), None)


def matches(bundle: Mapping[str, Any]) -> Iterator[JsonObject]:
    """The resources of this page that answer the search itself, as far as its entries can be read."""
    entries = bundle.get("entry")
    for entry in entries if isinstance(entries, list) else ():
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict) or resource.get("resourceType") == "OperationOutcome":
            continue
        if _is_match(entry.get("search")):
            yield resource


def total(bundle: Mapping[str, Any]) -> int:
    """How many the server says there are on all pages together, matches or entries; 0 where it does not say."""
    said = bundle.get("total")
    return said if isinstance(said, int) and not isinstance(said, bool) else 0


def looks_truncated(bundle: Mapping[str, Any], page: Page, requested_count: int) -> bool:
    """True when a Bundle without a next page, which holds this, has less than there seems to be.

    Either the server counted more than it sent, or there are as many matches as were asked for (`_count`): some
    clients put the first page into the prefetch and leave out its links.
    """
    return next_link(bundle) is None and (total(bundle) > page.counted or page.matches >= requested_count)


def _looked_through(entries: object) -> Page:
    """The entries in one go: first what cannot be read counts as their problem, then what reports an error."""
    if not isinstance(entries, list):
        return Page(None if entries is None else UNREADABLE_ENTRY, [], 0, 0)
    unreadable, failed = False, False
    resources: list[JsonObject] = []
    included = remarks = 0
    for entry in entries:
        if not isinstance(entry, dict):
            unreadable = True
            continue
        # Hand-written clients leave the entry around a resource out.
        resource = entry.get("resource", entry if "resourceType" in entry else None)
        if not isinstance(resource, dict):
            unreadable = unreadable or resource is not None
        elif resource.get("resourceType") in _NO_RESULTS:
            remarks += 1
            failed = failed or reports_error(resource)
            unreadable = unreadable or resource["resourceType"] == "Bundle"
        else:
            resources.append(resource)
            if "search" in entry and not _is_match(entry["search"]):
                included += 1
    problem = UNREADABLE_ENTRY if unreadable else REPORTED_ERROR if failed else None
    return Page(problem, resources, len(resources) - included, len(resources) + remarks)


def _is_match(search: object) -> bool:
    """Does the entry answer the search itself? One that does not say so does."""
    return not isinstance(search, dict) or search.get("mode", "match") == "match"


def _next_links(bundle: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    links = bundle.get("link")
    links = links if isinstance(links, list) else []
    return (link for link in links if isinstance(link, dict) and link.get("relation") == "next")


def _is_harmless(severity: object) -> bool:
    return isinstance(severity, str) and severity.strip().lower() in _HARMLESS


def _is_absent_or_list_of_objects(value: object) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(item, dict) for item in value))


def _has_address(link: Mapping[str, Any]) -> bool:
    return isinstance(link.get("url"), str) and bool(link["url"].strip())
