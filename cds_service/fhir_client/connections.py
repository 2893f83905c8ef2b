"""Open connections to one FHIR server, driven by libcurl: requests go out, answers come in, side by side.

What may live here: libcurl, its handles and the sockets that it keeps. One thread at a time uses them; nothing blocks
but `listen`. What is asked, and whether it is asked again, is decided in `talk`.
"""

from __future__ import annotations

import math
import os
import select
import stat
from collections.abc import Callable

import pycurl

from cds_service.fhir_client.answer import HttpAnswer
from cds_service.fhir_client.transfer import Network, Received, Request, Transfer
from cds_service.fhir_client.unpacking import Allowance

_EVENTS = {
    pycurl.POLL_IN: select.POLLIN,
    pycurl.POLL_OUT: select.POLLOUT,
    pycurl.POLL_INOUT: select.POLLIN | select.POLLOUT,
}
OnReceived = Callable[[Received], None]


class Connections:
    """The connections to one base URL for one client, kept open between requests.

    libcurl takes whatever lies on a kept connection for the answer to the next request. So those that are idle are
    looked at before a request goes out, and once anything was odd every further request gets a new connection.
    """

    def __init__(self, network: Network, most_kept: int) -> None:
        self._network = network
        self._poll = select.poll()
        self._watched: set[int] = set()
        self._sockets: dict[int, int] = {}
        """The number that the system gave to each socket, by descriptor: after closing, that may be another one."""
        self._in_streams: set[int] = set()
        self._idle_transfers: list[Transfer] = []
        self._begun: list[Transfer] = []
        self._under_way: dict[pycurl.Curl, tuple[Transfer, OnReceived]] = {}
        self._was_looked_at = False
        self.are_trusted = True
        """False for good as soon as something came that was not asked for."""
        self.may_be_used_again = True
        """False while each request is to have a new connection."""
        self.have_rested = self.have_served_again = False
        """Were they idle for long before they were lent? Has one of them brought a further answer, and nothing else?"""
        self.may_look_up_a_name = False
        """A request ended before it had an address: a thread of libcurl may still wait for the name server."""
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_MAXCONNECTS, most_kept)

    def __len__(self) -> int:
        """How many requests are under way."""
        return len(self._under_way)

    def count(self) -> int:
        """How many connections are open."""
        return len(self._open())

    def are_quiet(self) -> bool:
        """Has nothing come on any idle connection? Bytes there are no answer to what comes next, a hang-up is none."""
        self._was_looked_at = True
        look = select.poll()
        for descriptor in self._open() - self._watched - self._in_streams:
            look.register(descriptor, select.POLLIN)
        return not look.poll(0)

    def distrust(self) -> None:
        """Use none of the connections again that are open now."""
        self.are_trusted = False

    def start(self, request: Request, allowance: Allowance, on_received: OnReceived) -> None:
        """Send this request; `on_received` is called from `listen`, once."""
        if not self._was_looked_at and not self.are_quiet():
            self.distrust()
        transfer = self._idle_transfers.pop() if self._idle_transfers else Transfer(self._network, self._begun.append)
        transfer.prepare(request, allowance, may_use_kept=self.are_trusted and self.may_be_used_again)
        self._under_way[transfer.easy] = transfer, on_received
        self._multi.add_handle(transfer.easy)
        self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        if transfer.finds_what_was_not_asked_for():
            self.distrust()

    def listen(self, seconds: float) -> None:
        """Wait until something comes, no longer than this, and hand over every answer that is whole."""
        if self._hand_over():
            # It came while requests were still being sent.
            return
        milliseconds, timer = math.ceil(seconds * 1000), self._multi.timeout()
        ready = self._poll.poll(milliseconds if timer < 0 else min(timer, milliseconds))
        for descriptor, event in ready:
            self._multi.socket_action(descriptor, _to_libcurl(event))
        if not ready:
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        self._hand_over()

    def give_up(self) -> None:
        """Hang up on all that have not answered."""
        for easy, (transfer, _) in list(self._under_way.items()):
            self.may_look_up_a_name |= not easy.getinfo(pycurl.PRIMARY_IP)
            self._multi.remove_handle(easy)
            self._put_back(transfer)

    def close(self) -> None:
        """Close every connection."""
        self.give_up()
        # It names us and we it: left so, both would stay in memory until garbage collection.
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, None)
        self._multi.close()
        for transfer in self._idle_transfers:
            transfer.close()
        self._idle_transfers.clear()

    def _hand_over(self) -> bool:
        """Each finished request to the one who waits for it, who may start others. False when none is finished."""
        self._was_looked_at = False
        _, finished, failed = self._multi.info_read()
        ended = {**dict.fromkeys(finished, pycurl.E_OK), **{easy: code for easy, code, _ in failed}}
        for transfer in self._begun:
            if transfer.easy not in ended and transfer.is_unwanted():
                ended[transfer.easy] = pycurl.E_WRITE_ERROR
        self._begun.clear()
        for easy, code in ended.items():
            transfer, on_received = self._under_way[easy]
            self.may_look_up_a_name |= code != pycurl.E_OK and not easy.getinfo(pycurl.PRIMARY_IP)
            self._multi.remove_handle(easy)
            received = transfer.received(code)
            if received.in_streams:
                # What comes there between two answers is no answer.
                self._in_streams.add(easy.getinfo(pycurl.ACTIVESOCKET))
            self.have_served_again |= received.on_kept and isinstance(received.outcome, HttpAnswer)
            self._put_back(transfer)
            on_received(received)
        return bool(ended)

    def _put_back(self, transfer: Transfer) -> None:
        del self._under_way[transfer.easy]
        transfer.forget()
        self._idle_transfers.append(transfer)

    def _watch(self, event: int, descriptor: int, multi: object, data: object) -> None:
        """Called by libcurl: what it waits for on this descriptor from now on."""
        if event == pycurl.POLL_REMOVE:
            self._watched.discard(descriptor)
            self._poll.unregister(descriptor)
            return
        self._poll.register(descriptor, _EVENTS[event])
        if descriptor in self._watched:
            return
        self._watched.add(descriptor)
        if (number := _socket_number(descriptor)) is not None and self._sockets.get(descriptor) != number:
            self._sockets[descriptor] = number
            self._in_streams.discard(descriptor)

    def _open(self) -> set[int]:
        """The descriptors of our sockets that libcurl has not closed; one may have become that of another file."""
        closed = [one for one, number in self._sockets.items() if _socket_number(one) != number]
        for one in closed:
            del self._sockets[one]
        return set(self._sockets)


def _socket_number(descriptor: int) -> int | None:
    """What the system calls the socket behind a descriptor; None when there is none."""
    try:
        found = os.fstat(descriptor)
    except OSError:
        return None
    return found.st_ino if stat.S_ISSOCK(found.st_mode) else None


def _to_libcurl(event: int) -> int:
    reading = pycurl.CSELECT_IN if event & (select.POLLIN | select.POLLHUP) else 0
    writing = pycurl.CSELECT_OUT if event & select.POLLOUT else 0
    return reading | writing | (pycurl.CSELECT_ERR if event & select.POLLERR else 0)
