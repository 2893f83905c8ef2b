"""Reading a search answer: is this Bundle sound, what does it hold, does it go on?

What may live here: pure functions over one FHIR Bundle as it was received, prefetched or fetched. No sockets, no
clock, nothing clinical; which resource means what is decided in `fhir_mappings`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeGuard

from cds_service.json_text import TOO_LARGE

JsonObject = dict[str, Any]

NOT_A_BUNDLE = "the answer was not a FHIR Bundle"
UNREADABLE_ENTRY = "an entry of the Bundle could not be read"
UNREADABLE_NEXT = "the link to the next page could not be read"
REPORTED_ERROR = "the FHIR server reported an error (OperationOutcome)"

_HARMLESS = frozenset({"success", "information", "warning"})
_NO_RESULTS = ("OperationOutcome", "Bundle")
"""What is no result of a search: remarks, and a Bundle inside the Bundle, of which nobody knows what it holds."""
_COUNT = re.compile("[0-9]{1,15}")
_NO_MATCHES = ("include", "outcome")
"""`search.mode` of what does not answer the search itself."""


class Page(NamedTuple):
    """One page of an answer, looked through once.

    `problem` says why it cannot be used, and is None when it can; `resources` are those of the entries, in order,
    without OperationOutcomes; `matches` counts those that answer the search itself, not an
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
    if not _is_absent_or_list_of_objects(bundle.get("link")) or not all(map(_is_readable, bundle.get("link") or ())):
        return page._replace(problem=UNREADABLE_NEXT)
    return page


def next_link(bundle: Mapping[str, Any]) -> str | None:
    """Where the next page lies, as the server wrote it (absolute or relative), or None on the last page."""
    return next((link["url"].strip() for link in _next_links(bundle) if _has_address(link)), None)


def matches(bundle: Mapping[str, Any]) -> Iterator[JsonObject]:
    """The resources of this page that answer the search itself, as far as its entries can be read."""
    return (resource for _, resource in match_entries(bundle))


def match_entries(bundle: Mapping[str, Any]) -> Iterator[tuple[Any, JsonObject]]:
    """The same, each with its fullUrl as it was sent."""
    entries = bundle.get("entry")
    for entry in entries if isinstance(entries, list) else ():
        resource = _resource_in(entry) if isinstance(entry, dict) else None
        if not isinstance(resource, dict) or resource.get("resourceType") == "OperationOutcome":
            continue
        if _is_match(entry.get("search")):
            yield entry.get("fullUrl"), resource


def total(bundle: Mapping[str, Any]) -> float:
    """How many the server says there are on all pages together, matches or entries; 0 where it does not say.

    What is there and is no count (a fraction, a word, a number that is too large) may stand for any number: infinity,
    so that nothing looks complete beside it.
    """
    said = bundle.get("total")
    if said is None:
        return 0
    if isinstance(said, str):
        return int(said) if _COUNT.fullmatch(said := said.strip()) else math.inf
    is_count = isinstance(said, int | float) and not isinstance(said, bool) and said >= 0 and said == said // 1
    return said if is_count else math.inf


def looks_truncated(bundle: Mapping[str, Any], page: Page, requested_count: int) -> bool:
    """True when a Bundle without a next page, which holds this, has less than there seems to be.

    Either the server counted more than it sent, or there are as many matches as were asked for (`_count`): some
    clients put the first page into the prefetch and leave out its links.
    """
    return next_link(bundle) is None and (total(bundle) > page.counted or page.matches >= requested_count)


def _looked_through(entries: object) -> Page:
    """The entries in one go: first what cannot be read counts as their problem, then what reports an error.

    An entry that says anything, be it only an address, and holds no resource has lost it on its way; `{}` says nothing.
    """
    if not isinstance(entries, list):
        return Page(None if entries is None else UNREADABLE_ENTRY, [], 0, 0)
    unreadable, failed = False, False
    resources: list[JsonObject] = []
    included = remarks = 0
    for entry in entries:
        resource = _resource_in(entry) if isinstance(entry, dict) else None
        if not _is_resource(resource):
            unreadable = unreadable or entry != {}
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


def _resource_in(entry: JsonObject) -> Any:
    """What an entry holds. Hand-written clients leave the entry around a resource out."""
    return entry.get("resource", entry if "resourceType" in entry else None)


def _is_resource(value: object) -> TypeGuard[JsonObject]:
    """One that does not say of which type it is tells nothing."""
    kind = value.get("resourceType") if isinstance(value, dict) else None
    return isinstance(kind, str) and kind.strip() != ""


def _is_match(search: object) -> bool:
    """Does the entry answer the search itself? One that does not say so does."""
    mode = search.get("mode") if isinstance(search, dict) else None
    return not isinstance(mode, str) or mode.strip().lower() not in _NO_MATCHES


def _next_links(bundle: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    links = bundle.get("link")
    links = links if isinstance(links, list) else []
    return (link for link in links if isinstance(link, dict) and _is_next(link))


def _is_readable(link: Mapping[str, Any]) -> bool:
    """Does it say what it leads to, and where that lies if it is the next page? One without a relation is none."""
    relation = link.get("relation")
    return (
        _has_address(link)
        if _is_next(link)
        else relation is None or (isinstance(relation, str) and relation != TOO_LARGE)
    )


def _is_next(link: Mapping[str, Any]) -> bool:
    relation = link.get("relation")
    return isinstance(relation, str) and relation.strip().lower() == "next"


def _is_harmless(severity: object) -> bool:
    return isinstance(severity, str) and severity.strip().lower() in _HARMLESS


def _is_absent_or_list_of_objects(value: object) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(item, dict) for item in value))


def _has_address(link: Mapping[str, Any]) -> bool:
    return isinstance(link.get("url"), str) and bool(link["url"].strip())
