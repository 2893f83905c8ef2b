"""The service: HTTP in, HTTP out, and everything with a side effect. Nothing clinical is decided here.

What may live here: handing out `create_app`. It is imported only when somebody asks for it, so that the command line
can print its help without loading the service.
"""

from __future__ import annotations

TYPE_CHECKING = False
"""As `typing` has it; to load that takes longer than anything else before Ctrl-C is answered."""

if TYPE_CHECKING:
    from cds_service.app import create_app

__all__ = ["create_app"]


def __getattr__(name: str) -> object:
    if name == "create_app":
        from cds_service.app import create_app

        return create_app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
