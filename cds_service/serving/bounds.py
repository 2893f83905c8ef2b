"""What a worker grants its callers before it knows them: time, bytes and connections.

What may live here: the bounds, and how they follow from the settings and from what the system allows.
"""

from __future__ import annotations

import logging
import resource
from dataclasses import dataclass

from cds_service.settings import WAITING_FOR_A_THREAD, Settings

log = logging.getLogger("cds_service")

MOST_DESCRIPTORS = 1_024
"""libcurl's `fdset` knows descriptors below this one; above it, look-ups become slower."""
_SEARCHES_AT_ONCE = 13
"""So many connections may a call open to its FHIR server."""
_FOR_THE_REST = 64
"""Descriptors for the database, the log, key sets and what listens."""
_LEAST_HELD_BYTES = 64_000_000


@dataclass(frozen=True, slots=True)
class Bounds:
    """Seconds, bytes and counts, each for one worker.

    A request has to be there whole, head and body, `request_seconds` after its first byte. Who is silent that long is
    left: `silent_seconds` on a new connection, `idle_seconds` after an answer. A whole request that no thread has taken
    after `wait_seconds` is refused. An answer has to be taken within `send_seconds`. After a refusal what still comes
    is thrown away for `linger_seconds`, so that the refusal arrives. At the end, who waits for nothing is listened to
    for `drain_seconds` more. `held_bytes` bounds all requests that a worker holds, half or whole. `threads` answer.
    """

    silent_seconds: float = 15
    request_seconds: float = 10
    idle_seconds: float = 15
    wait_seconds: float = 5
    send_seconds: float = 60
    linger_seconds: float = 2
    drain_seconds: float = 1
    head_bytes: int = 32_768
    body_bytes: int = 10_000_000
    held_bytes: int = _LEAST_HELD_BYTES
    connections: int = 400
    threads: int = 16


def bounds_of(settings: Settings) -> Bounds:
    """The bounds that follow from the settings, and from how many files this process may open."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    descriptors = MOST_DESCRIPTORS if allowed == resource.RLIM_INFINITY else min(allowed, MOST_DESCRIPTORS)
    outwards = settings.fhir_pool_size + settings.threads * _SEARCHES_AT_ONCE
    left = min(settings.max_connections, descriptors - _FOR_THE_REST - outwards)
    connections = max(left, settings.threads + WAITING_FOR_A_THREAD)
    if connections < settings.max_connections:
        log.info(
            "%d connections of callers for each worker, as files allow; %d are set",
            connections,
            settings.max_connections,
        )
    return Bounds(
        silent_seconds=settings.silent_seconds,
        request_seconds=settings.request_seconds,
        idle_seconds=settings.idle_seconds,
        wait_seconds=settings.wait_seconds,
        send_seconds=settings.send_seconds,
        drain_seconds=settings.drain_seconds,
        body_bytes=settings.max_body_bytes,
        held_bytes=max(_LEAST_HELD_BYTES, 4 * settings.max_body_bytes),
        threads=settings.threads,
        connections=connections,
    )
