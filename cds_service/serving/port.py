"""Can this address be listened on? It is asked before anything is loaded, so that the answer comes at once.

What may live here: that question.
"""

from __future__ import annotations

import os
import socket


class PortTaken(Exception):
    """Nobody can listen there; the text says where, and what the system says."""


def insist_on_free_port(host: str, port: int) -> None:
    """Take the address for a moment. Whoever takes it between now and the start is told of by gunicorn.

    Raises:
        PortTaken: somebody listens there, it is no address of this machine, or it may not be taken.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            # As gunicorn does: connections that have ended do not hold the port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, UnicodeError) as error:
        number = getattr(error, "errno", None) or 0
        # Name servers have numbers of their own, below 0.
        said = os.strerror(number).lower() if number > 0 else "there is no such address"
        raise PortTaken(f"cannot listen on {host}, port {port}: {said}") from None
