"""Why an answer holds these cards and no others, worked out in this process when the page has called this service.

What may live here: from one exchange with our own service to its explanation, and the form in which the browser keeps
it. It is patient data: it stays with the page and is written into no log.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from cds_service.api import SERVICES, InvalidField, checked, explained_call, is_explanation
from cds_service.ehr_client import Exchange
from cds_service.fhir_client import FhirReader
from cds_service.knowledge import Knowledge
from cds_service.outcome import ServiceError
from hooks.explain import as_data
from hooks.reasons import Reasons

log = logging.getLogger("cds_service")

MOST_BYTES = 1_000_000
"""A kept explanation unpacks to less than this; the largest of a story has 35 kB."""


class Unexplained(StrEnum):
    """Why there is no explanation, as the page says it."""

    FAILED = "The explanation could not be made."
    REFUSED = "The request was refused before anything was looked at: the fault above is the whole explanation."
    NO_ANSWER = "The service gave no answer, so there is none to explain."


@dataclass(frozen=True, slots=True)
class Why:
    """An explanation as plain data, or why there is none."""

    data: Mapping[str, Any] | None = field(default=None, repr=False)
    unexplained: Unexplained | None = None


@dataclass(frozen=True)
class Explainer:
    """Explains calls of the service that the page is part of, by what is in force and what stands behind it."""

    in_force: Callable[[], tuple[Knowledge, Reasons]]
    reader: FhirReader
    clock: Callable[[], datetime]
    max_entries: int

    def of(self, service_id: str, sent: Exchange) -> Why:
        """The explanation of a call that has just been answered. It never raises: the page is there without it."""
        if sent.status not in (200, 412):
            return Why(unexplained=Unexplained.REFUSED if 400 <= sent.status < 500 else Unexplained.NO_ANSWER)
        try:
            return Why(self._explained(service_id, sent.request))
        except (InvalidField, ServiceError):
            return Why(unexplained=Unexplained.REFUSED)
        except Exception as error:
            # The message could carry patient data and stays out.
            log.error("an answer could not be explained: unexpected %s", type(error).__name__)
            return Why(unexplained=Unexplained.FAILED)

    def _explained(self, service_id: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        service = next(service for service in SERVICES if service_id == service.ID)
        request = checked(body, service, self.max_entries)
        made = explained_call(service, request, *self.in_force(), self.reader, self.clock())
        data: Mapping[str, Any] = as_data(made.explanation)
        return data


def packed(why: Why | None) -> str | None:
    """The form that the browser keeps: the name of what stands in its place, or the data, packed.

    What is larger than would be unpacked again is not kept: it would be refused with everything beside it.
    """
    if why is None:
        return None
    if why.data is None:
        return why.unexplained.name if why.unexplained else None
    written = json.dumps(why.data, ensure_ascii=False, separators=(",", ":")).encode()
    if len(written) >= MOST_BYTES:
        return Unexplained.FAILED.name
    return base64.b64encode(zlib.compress(written)).decode("ascii")


def unpacked(kept: object) -> Why | None:
    """What was packed. Raises ValueError or TypeError where that is something else."""
    if kept is None:
        return None
    if not isinstance(kept, str):
        raise TypeError
    if kept in Unexplained.__members__:
        return Why(unexplained=Unexplained[kept])
    data = json.loads(_inflated(kept))
    if not is_explanation(data):
        raise ValueError("this is no explanation")
    return Why(data)


def _inflated(kept: str) -> bytes:
    unpacking = zlib.decompressobj()
    try:
        written = unpacking.decompress(base64.b64decode(kept, validate=True), MOST_BYTES)
    except (binascii.Error, zlib.error):
        raise ValueError("this was not packed") from None
    if not unpacking.eof:
        raise ValueError("this is cut short, or larger than any explanation")
    return written


def differs(why: Why, sent: Exchange) -> bool:
    """Does the explanation speak of other cards than came? The record may have changed in the moment between."""
    if why.data is None:
        return False
    told = [(card["topic"], card["indicator"]) for card in why.data.get("cards", ())]
    return bool(why.data.get("refused")) != (sent.status == 412) or sorted(told) != sorted(_given(sent.body))


def _given(body: Any) -> list[tuple[str, str]]:
    cards = body.get("cards", ()) if isinstance(body, Mapping) else ()
    return [(_topic(card), str(card.get("indicator"))) for card in cards if isinstance(card, Mapping)]


def _topic(card: Mapping[str, Any]) -> str:
    source = card.get("source")
    topic = source.get("topic") if isinstance(source, Mapping) else None
    return str(topic.get("code")) if isinstance(topic, Mapping) else ""
