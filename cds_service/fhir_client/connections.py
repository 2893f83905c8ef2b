"""Open connections to one FHIR server, driven by libcurl: requests go out, answers come in, side by side.

What may live here: libcurl, its handles and the sockets that it keeps. One thread at a time uses them; nothing blocks
but `listen`. What is asked, and whether it is asked again, is decided in `talk`.
"""

from __future__ import annotations

import math
import os
import select
import stat
from collections import deque
from collections.abc import Callable, Collection

import pycurl

from cds_service.fhir_client.answer import HttpAnswer
from cds_service.fhir_client.transfer import Network, Received, Request, Transfer
from cds_service.fhir_client.unpacking import Allowance

OUT_OF_SIGHT_SECONDS = 0.01
"""How often we look after a request that libcurl shows no socket of: a name is being looked up, or it is above 1023."""
_NO_SOCKET = -1
OnReceived = Callable[[Received], None]


class Connections:
    """The connections to one base URL for one client, kept open between requests.

    libcurl takes whatever lies on a kept connection for the answer to the next request. An answer that nobody asked
    for is found in this order, and once one was found every further request gets a new connection:

    1. before a request goes out (`are_quiet`): bytes wait on the socket of an idle connection;
    2. when it has just gone out (`send`): an answer has begun already. Over TLS these bytes lay in OpenSSL, unseen;
    3. when its answer has come: that names another question (see `talk`).
    """

    def __init__(self, network: Network, most_kept: int) -> None:
        self._network = network
        self._sockets: dict[int, int] = {}
        """The number that the system gave to each socket, by descriptor: after closing, that may be another one."""
        self._in_streams: set[int] = set()
        self._idle_transfers: list[Transfer] = []
        self._unsent: list[Transfer] = []
        self._begun: list[Transfer] = []
        self._under_way: dict[pycurl.Curl, tuple[Transfer, OnReceived]] = {}
        self._ended: deque[tuple[OnReceived, Received]] = deque()
        self._look: select.poll | None = None
        """At the idle connections; built anew when libcurl may have opened or closed some."""
        self.are_trusted = True
        """False for good as soon as something came that was not asked for."""
        self.may_be_used_again = True
        """False while each request is to have a new connection."""
        self.have_rested = self.have_served_again = False
        """Were they idle for long before they were lent? Has one of them brought a further answer, and nothing else?"""
        self.may_look_up_a_name = False
        """A request ended before it had an address: a thread of libcurl may still wait for the name server."""
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_MAXCONNECTS, most_kept)

    def __len__(self) -> int:
        """How many requests are under way."""
        return len(self._under_way)

    def count(self) -> int:
        """How many connections are open."""
        return len(self._open())

    def are_quiet(self) -> bool:
        """Has nothing come on any idle connection? Bytes there are no answer to what comes next, a hang-up is none."""
        if self._look is None:
            self._look = select.poll()
            for descriptor in self._open().difference(self._used(), self._in_streams):
                self._look.register(descriptor, select.POLLIN)
        return not self._look.poll(0)

    def distrust(self) -> None:
        """Use none of the connections again that are open now."""
        self.are_trusted = False

    def start(self, request: Request, allowance: Allowance, on_received: OnReceived) -> None:
        """Make this request ready for `send`; `on_received` is called from `listen`, once."""
        transfer = self._idle_transfers.pop() if self._idle_transfers else Transfer(self._network, self._begun.append)
        transfer.prepare(request, allowance)
        self._under_way[transfer.easy] = transfer, on_received
        self._unsent.append(transfer)
        self._multi.add_handle(transfer.easy)

    def send(self) -> None:
        """Send all requests that were started, together: every call of libcurl gives other threads a turn."""
        if not self._unsent:
            return
        if not self.are_quiet():
            self.distrust()
        for transfer in self._unsent:
            transfer.choose_connection(may_use_kept=self.are_trusted and self.may_be_used_again)
        self._multi.perform()
        for transfer in self._unsent:
            if transfer.finds_what_was_not_asked_for():
                self.distrust()
        self._unsent.clear()
        self._take_what_has_ended()

    def listen(self, seconds: float) -> None:
        """Send, wait until something comes, no longer than this, and hand over every answer that is whole."""
        self.send()
        if not self._ended:
            self._wait(seconds)
            self._multi.perform()
            self._take_what_has_ended()
        while self._ended:
            on_received, received = self._ended.popleft()
            on_received(received)

    def give_up(self) -> None:
        """Hang up on all that have not answered, and forget what was not handed over."""
        for easy, (transfer, _) in list(self._under_way.items()):
            self.may_look_up_a_name |= transfer not in self._unsent and not easy.getinfo(pycurl.PRIMARY_IP)
            self._put_back(transfer)
        self._unsent.clear()
        self._begun.clear()
        self._ended.clear()

    def close(self) -> None:
        """Close every connection."""
        self.give_up()
        self._multi.close()
        for transfer in self._idle_transfers:
            transfer.close()
        self._idle_transfers.clear()

    def _wait(self, seconds: float) -> None:
        """Until libcurl has something to do."""
        reading, writing, _ = self._multi.fdset()
        events = dict.fromkeys(reading, select.POLLIN)
        for descriptor in writing:
            events[descriptor] = events.get(descriptor, 0) | select.POLLOUT
        look = select.poll()
        for descriptor, event in events.items():
            look.register(descriptor, event)
        if self._is_out_of_sight(events):
            seconds = min(seconds, OUT_OF_SIGHT_SECONDS)
        milliseconds, timer = math.ceil(seconds * 1000), self._multi.timeout()
        look.poll(milliseconds if timer < 0 else min(timer, milliseconds))

    def _is_out_of_sight(self, seen: Collection[int]) -> bool:
        """Does a request wait for something else than these descriptors? One of them is libcurl's own."""
        used = self._used()
        connected = set(used) - {_NO_SOCKET}
        return not connected.issubset(seen) or len(seen) - 1 < len(connected) + used.count(_NO_SOCKET)

    def _used(self) -> list[int]:
        """The sockets on which answers are awaited, `_NO_SOCKET` for each request that is not connected yet."""
        return [easy.getinfo(pycurl.ACTIVESOCKET) for easy in self._under_way]

    def _take_what_has_ended(self) -> None:
        """At once, so that the connections count as idle: libcurl uses them for the next request."""
        self._look = None
        _, finished, failed = self._multi.info_read()
        ended = {**dict.fromkeys(finished, pycurl.E_OK), **{easy: code for easy, code, _ in failed}}
        for transfer in self._begun:
            if transfer.easy not in ended and transfer.is_unwanted():
                ended[transfer.easy] = pycurl.E_WRITE_ERROR
        self._begun.clear()
        for easy, code in ended.items():
            transfer, on_received = self._under_way[easy]
            self.may_look_up_a_name |= code != pycurl.E_OK and not easy.getinfo(pycurl.PRIMARY_IP)
            received = transfer.received(code)
            self._remember(easy.getinfo(pycurl.ACTIVESOCKET), received)
            self.have_served_again |= received.on_kept and isinstance(received.outcome, HttpAnswer)
            self._put_back(transfer)
            self._ended.append((on_received, received))

    def _put_back(self, transfer: Transfer) -> None:
        self._multi.remove_handle(transfer.easy)
        del self._under_way[transfer.easy]
        transfer.forget()
        self._idle_transfers.append(transfer)

    def _remember(self, descriptor: int, received: Received) -> None:
        """The socket that was used. What comes in streams between two answers is no answer."""
        if not received.on_kept or descriptor not in self._sockets:
            self._in_streams.discard(descriptor)
            if (number := _socket_number(descriptor)) is not None:
                self._sockets[descriptor] = number
        if received.in_streams:
            self._in_streams.add(descriptor)

    def _open(self) -> set[int]:
        """The descriptors of our sockets that libcurl has not closed; one may have become that of another file."""
        closed = [descriptor for descriptor, number in self._sockets.items() if _socket_number(descriptor) != number]
        for descriptor in closed:
            del self._sockets[descriptor]
        return set(self._sockets)


def _socket_number(descriptor: int) -> int | None:
    """What the system calls the socket behind a descriptor; None when there is none."""
    try:
        found = os.fstat(descriptor)
    except OSError:
        return None
    return found.st_ino if stat.S_ISSOCK(found.st_mode) else None
