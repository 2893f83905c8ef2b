"""The one that a connection came to, as the connection sees it.

What may live here: what is asked of it.
"""

from __future__ import annotations

from typing import Any, Protocol

from cds_service.serving.bounds import Bounds
from cds_service.serving.refusal import Headers
from cds_service.serving.request import Held


class Owner(Protocol):
    """What a connection asks of the one that it came to."""

    bounds: Bounds
    headers: Headers
    held: Held
    served: int
    is_draining: bool
    trigger: Any
    active_channels: Any

    def read(self, caller: Any) -> bytes:
        """What has come; nothing when the caller has hung up."""
        ...

    def make_room_for(self, newest: Any) -> bool:
        """Is there room for all that is held, with what has just come?"""
        ...

    def serve(self, connection: Any) -> None:
        """Have its request answered."""
        ...
