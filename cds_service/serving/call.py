"""One whole request given to the application, in a thread, and the head of its answer.

What may live here: waitress's WSGI task, and what of HTTP it leaves open.
"""

from __future__ import annotations

from socket import MSG_PEEK
from typing import Any

from waitress.channel import ClientDisconnected
from waitress.task import WSGITask
from waitress.utilities import build_http_date

from cds_service.clock import ARRIVED
from cds_service.serving.request import Request

_BODYLESS = ("1", "204", "304")
_SOFTWARE = "calciphylaxis-cds"


def _is_gone(caller: Any) -> bool:
    """Only a reset is sure: who has ended its own half may still listen."""
    try:
        caller.recv(1, MSG_PEEK)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return False


class Call(WSGITask):
    """A request of a connection. Nothing of waitress's own words is sent: no Server, no sorted headers."""

    channel: Any
    request: Request  # type: ignore[assignment]  # what the stubs say of it is wrong

    def service(self) -> None:
        """Have it answered. Callers may have waited for a thread, and those who have gone meanwhile need no answer."""
        if _is_gone(self.channel.socket):
            raise ClientDisconnected
        super().service()

    @property
    def has_body(self) -> bool:
        """May this answer have a body?"""
        return self.request.command != "HEAD" and not self.status.startswith(_BODYLESS)

    def get_environment(self) -> dict[str, Any]:
        """The request as WSGI has it. The path stays as it was sent; waitress makes one slash of several."""
        environment = super().get_environment()
        environment |= {"PATH_INFO": self.request.path, "SERVER_SOFTWARE": _SOFTWARE, "wsgi.multiprocess": True}
        environment[ARRIVED] = self.request.arrived
        return environment

    def write(self, data: bytes) -> None:
        """Head and first part leave together: one packet less, and one call of the system."""
        if self.wrote_header or not (data and self.has_body and self.complete):
            super().write(data)
            return
        head = self.build_response_header()
        self.wrote_header = True
        if self.content_length is None:
            self.channel.write_soon(head)
            super().write(data)
        else:
            part = data[: self.content_length]
            self.content_bytes_written += len(part)
            self.channel.write_soon(head + part)

    def build_response_header(self) -> bytes:
        """The head of the answer, and with it whether the connection is used again."""
        names = {name.lower() for name, _ in self.response_headers}
        headers = [pair for pair in self.response_headers if pair[0].lower() != "content-length"]
        sized = self.content_length is not None or not self.has_body
        self.chunked_response = not sized and self.version == "1.1"
        if self.content_length is not None and not self.status.startswith(_BODYLESS):
            headers.append(("Content-Length", str(self.content_length)))
        if self.chunked_response:
            headers.append(("Transfer-Encoding", "chunked"))
        if "date" not in names:
            headers.append(("Date", build_http_date(self.start_time)))
        headers.append(("Connection", self._connection(sized or self.chunked_response)))
        lines = [f"HTTP/{self.version} {self.status}", *(f"{name}: {value}" for name, value in headers)]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"

    def _connection(self, has_an_end: bool) -> str:
        wished = {word.strip().lower() for word in self.request.headers.get("CONNECTION", "").split(",")}
        stays = "close" not in wished if self.version == "1.1" else "keep-alive" in wished
        if self.close_on_finish or not stays or not has_an_end or self.channel.server.is_draining:
            self.close_on_finish = True
            return "close"
        return "keep-alive"
