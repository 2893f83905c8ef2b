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
UNREACHABLE = "the FHIR server could not be reached"
NOT_SECURE = "no secure connection to the FHIR server could be made"
NOT_FHIR = "the answer was not FHIR JSON"
OTHER_RESOURCE = "the answer was not the resource asked for"
OTHER_PATIENT = "it belongs to another patient"
OTHER_RESOURCES = "the answer held other resources than asked for"
OTHER_SEARCH = "the answer was that of another search"
NOT_ALLOWED = "the FHIR server is not on the allow-list"
NOT_A_SERVER = "the FHIR server's address is not a plain http(s) URL"
BAD_PATH = "the address of the resource cannot be used"
BAD_TOKEN = "the access token cannot be sent"  # noqa: S105 (a sentence, not a token)
TOO_LARGE = "the answer was larger than the limit"
TOO_LARGE_TOGETHER = "the answers together were larger than the limit"
ELSEWHERE = "a next page lies on another server"
REPEATED = "the FHIR server sent the same next page twice"
TOO_MANY_PAGES = "there were more pages than the limit"
TOO_FEW = "the FHIR server sent fewer resources than it counted"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a FHIR server may ask of us. `max_bytes` is per answer; the deadline and `max_call_bytes` are for all.

    All bytes are counted as unpacked. `pool_size` is how many connections are kept open between calls.
    """

    deadline_seconds: float = 1.5
    max_pages: int = 100
    max_bytes: int = 20_000_000
    max_call_bytes: int = 40_000_000
    pool_size: int = 128


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


NOT_ASKED_FOR = frozenset({ELSEWHERE, BAD_PATH, REPEATED, TOO_MANY_PAGES, TOO_FEW})
"""Why a search that went on was not followed further, without any page lost that was asked for."""


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
