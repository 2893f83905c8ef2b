"""The words in which FHIR servers are asked: who, within what limits, until when, and what can go wrong.

What may live here: types and reasons. No sockets, no waiting; nothing clinical.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self

from cds_service.fhir_client.bundles import JsonObject

Past = Callable[[Sequence[JsonObject]], bool]

LATE = "the FHIR server did not answer in time"
CROWDED = "the FHIR server was not asked: too many calls wait for FHIR servers"
UNREACHABLE = "the FHIR server could not be reached"
NOT_SECURE = "no secure connection to the FHIR server could be made"
NOT_FHIR = "the answer was not FHIR JSON"
OTHER_RESOURCE = "the answer was not the resource asked for"
OTHER_PATIENT = "it belongs to another patient"
OTHER_RESOURCES = "the answer held other resources than asked for"
OTHER_SEARCH = "the answer was that of another search"
UNNAMED = "the answer did not say which search it answers"
NOT_ALLOWED = "the FHIR server is not on the allow-list"
NOT_A_SERVER = "the FHIR server's address is not a plain http(s) URL"
BAD_PATH = "the address of the resource cannot be used"
BAD_TOKEN = "the access token cannot be sent"  # noqa: S105 (a sentence, not a token)
TOO_LARGE = "the answer was larger than the limit"
TOO_LARGE_TOGETHER = "the answers together were larger than the limit"
ELSEWHERE = "a next page lies on another server"
REPEATED = "the FHIR server sent the same next page twice"
TOO_MANY_PAGES = "there were more pages than the limit"
TOO_MANY_ENTRIES = "there were more entries than the limit"
TOO_FEW = "the FHIR server sent fewer resources than it counted"

SETTINGS = {
    CROWDED: "CDS_THREADS, CDS_WORKERS",
    TOO_LARGE: "CDS_FHIR_MAX_BYTES",
    TOO_LARGE_TOGETHER: "CDS_FHIR_MAX_CALL_BYTES",
    TOO_MANY_PAGES: "CDS_FHIR_MAX_PAGES",
    TOO_MANY_ENTRIES: "CDS_FHIR_MAX_ENTRIES",
}
"""Where a limit of ours was the reason: the settings that move it, for whoever reads the log."""

NO_ANSWER = frozenset({LATE, UNREACHABLE, NOT_SECURE})
"""Nothing came from the server that could be taken for an answer."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a FHIR server may ask of us. `max_bytes` is per answer, `max_pages` per search; the deadline,
    `max_call_bytes` and `max_entries` are for all searches of a call.

    All bytes are counted as unpacked. `pool_size` is how many connections are kept open between calls, `threads` how
    many calls a worker serves at a time.
    """

    deadline_seconds: float = 1.5
    max_pages: int = 100
    max_bytes: int = 20_000_000
    max_call_bytes: int = 40_000_000
    max_entries: int = 10_000
    pool_size: int = 128
    threads: int = 16


class FhirError(Exception):
    """The FHIR server could not be asked or did not answer. `reason` is fit for a card: no patient data, no address."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def anew(self) -> Self:
        """The same failure without the frames it came through."""
        made = type(self).__new__(type(self), *self.args)
        vars(made).update(vars(self))
        return made


class RefusedError(FhirError):
    """An answer with an HTTP status other than 200."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the FHIR server answered {status}")
        self.status = status


class PassingError(FhirError):
    """A failure that may be over soon. `pause` is how many seconds to wait, None when the server forbids it."""

    def __init__(self, reason: str, pause: float | None) -> None:
        super().__init__(reason)
        self.pause = pause


@dataclass(frozen=True, slots=True)
class FhirServer:
    """The server of one hook request and the token that opens it; both end with that request."""

    base: str
    token: str | None = field(default=None, repr=False)


NOT_ASKED_FOR = frozenset({ELSEWHERE, BAD_PATH, REPEATED, TOO_MANY_PAGES, TOO_MANY_ENTRIES, TOO_FEW})
"""Why a search that went on was not read further, without any page lost that was asked for."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search brought. When not `complete`, `reason` says why more may exist that we have not seen.

    `bases` are what the server calls itself there (see `fhir_mappings.bases`).
    """

    resources: list[JsonObject]
    complete: bool = True
    reason: str = ""
    bases: frozenset[str] = frozenset()

    @property
    def lost_a_page(self) -> bool:
        """Was a page asked for that could not be had?"""
        return not self.complete and self.reason not in NOT_ASKED_FOR


@dataclass(frozen=True, slots=True)
class Deadline:
    """The one moment at which all waiting for FHIR servers ends, on the given clock (seconds, monotonic).

    Reading stops `margin` seconds before, so that the pages already read can still be handed over.
    """

    ends_at: float
    margin: float
    clock: Callable[[], float]

    def reading(self) -> float:
        """Seconds that may still be spent on the network, never below 0."""
        return max(0.0, self.ends_at - self.margin - self.clock())
