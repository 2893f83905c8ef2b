"""Who is slow, silent or greedy loses its own connection and nobody else's: time, connections and bytes are bounded."""

from __future__ import annotations

import logging
import socket
import struct
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from cds_service.serving import listener
from cds_service.serving.connection import Connection
from tests.unit.cds_service.serving.loop import (
    GET,
    LAST,
    WITHIN_SECONDS,
    Asked,
    Loop,
    everything,
    is_closed,
    outcome,
    running_loop,
    status,
)

SOON = 0.3
"""A bound that a test can wait for; what is not bounded here has the ordinary seconds."""


def body(length: int, sent: bytes = b"", *headers: str) -> bytes:
    lines = ["POST / HTTP/1.1", "Host: x", f"Content-Length: {length}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + sent


HALF = body(2, b"{")


# ------------------------------------------------------------------ time
def test_who_sends_nothing_is_left_without_a_word() -> None:
    with running_loop(silent_seconds=SOON) as loop, loop.connect() as caller:
        began = time.monotonic()
        assert everything(caller) == b""
        assert time.monotonic() - began >= SOON


@pytest.mark.parametrize("sent", [b"G", b"GET / HTTP/1.1\r\n", b"\r\n", body(9, b"{"), body(9, b"")])
def test_a_request_that_is_not_whole_in_time_is_408(sent: bytes) -> None:
    with running_loop(request_seconds=SOON) as loop:
        answer = loop.ask(sent)
        assert (status(answer), outcome(answer)["code"]) == (408, "timeout")
        assert loop.listener.held.bytes == 0


def test_dripping_gains_no_time() -> None:
    """The deadline is for the whole request: each byte would otherwise renew it."""
    with running_loop(request_seconds=3 * SOON) as loop, loop.connect() as caller:
        began = time.monotonic()
        caller.settimeout(0.02)
        caller.sendall(body(100_000))
        answer = b""
        while not answer and time.monotonic() - began < WITHIN_SECONDS:
            caller.sendall(b"x")
            try:
                answer = caller.recv(65_536)
            except TimeoutError:
                continue
        assert status(answer) == 408
        assert time.monotonic() - began < 3 * SOON + 2


def test_after_an_answer_a_caller_has_its_own_time_for_the_next_request() -> None:
    with running_loop(silent_seconds=60, idle_seconds=2 * SOON) as loop, loop.connect() as caller:
        caller.sendall(GET)
        assert status(caller.recv(65_536)) == 200
        time.sleep(SOON)
        caller.sendall(GET)
        assert status(caller.recv(65_536)) == 200
        assert is_closed(caller)


def test_a_call_that_takes_long_is_not_disturbed() -> None:
    asked = Asked()
    asked.gate.clear()
    times = {"silent_seconds": SOON, "request_seconds": SOON, "idle_seconds": SOON}
    with running_loop(asked, **times) as loop, loop.connect() as caller:
        caller.sendall(GET)
        time.sleep(3 * SOON)
        asked.gate.set()
        assert status(caller.recv(65_536)) == 200


def small_window(loop: Loop) -> socket.socket:
    """A connection into which only little fits at once."""
    caller = socket.socket()
    caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    caller.settimeout(WITHIN_SECONDS)
    caller.connect(("127.0.0.1", loop.port))
    return caller


def test_who_does_not_read_its_answer_holds_no_thread_and_is_left_in_time() -> None:
    asked = Asked(answer=b"x" * 20_000_000)
    with running_loop(asked, threads=1, send_seconds=2 * SOON) as loop, ExitStack() as stack:
        for _ in range(3):
            caller = stack.enter_context(small_window(loop))
            caller.sendall(GET + GET)
        loop.until(lambda: len(asked.bodies) == 3 and loop.listener.served == 0)
        asked.answer = b"seen"
        assert status(loop.ask(LAST)) == 200
        loop.until(lambda: not loop.listener.active_channels)
    assert len(asked.bodies) == 4, "the second request of a caller waits until it has its first answer"


def test_a_caller_that_leaves_in_the_middle_leaves_nothing_behind() -> None:
    with running_loop() as loop:
        for sent in (b"", b"GET /", body(50, b"{"), GET, body(100_000_000, b" " * 100_000)):
            caller = loop.connect()
            caller.sendall(sent)
            # Reset, not closed: what a crash looks like.
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            caller.close()
        assert status(loop.ask(LAST)) == 200
        loop.until(lambda: not loop.listener.active_channels)
        assert (loop.listener.held.bytes, loop.listener.served) == (0, 0)


# ------------------------------------------------------------------ connections
def test_when_all_connections_are_in_use_the_oldest_silent_one_goes(caplog: pytest.LogCaptureFixture) -> None:
    with running_loop(connections=4) as loop, ExitStack() as stack:
        silent = [stack.enter_context(loop.connect()) for _ in range(4)]
        loop.until(lambda: len(loop.listener.active_channels) == 4)
        for _ in range(3):
            assert status(loop.ask(LAST)) == 200
        assert is_closed(silent[0])
        silent[3].sendall(LAST)
        assert status(everything(silent[3])) == 200
    assert caplog.text.count("all connections are in use") == 1, "said once a minute, not for each"


@pytest.mark.parametrize("sent", [b"POST / HT", body(1_000, b"{"), b"nonsense\r\n\r\n"])
def test_half_a_request_keeps_nobody_out(sent: bytes) -> None:
    with running_loop(connections=4, linger_seconds=WITHIN_SECONDS) as loop, ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(loop.connect()).sendall(sent)
        assert [status(loop.ask(LAST)) for _ in range(5)] == [200] * 5
        assert len(loop.listener.active_channels) <= 4


def test_who_has_called_before_stays_as_long_as_there_are_strangers() -> None:
    with running_loop(connections=4) as loop, ExitStack() as stack:
        known = stack.enter_context(loop.connect())
        known.sendall(GET)
        assert status(known.recv(65_536)) == 200
        loop.until(lambda: loop.listener.served == 0)
        for _ in range(20):
            stack.enter_context(loop.connect())
        assert status(loop.ask(LAST)) == 200
        known.sendall(LAST)
        assert status(everything(known)) == 200


def let_in(loop: Loop, stack: ExitStack, sent: bytes = b"") -> socket.socket:
    """A caller that is in, and has sent this."""
    caller = stack.enter_context(loop.connect())
    address = caller.getsockname()
    loop.until(lambda: any(one.addr == address for one in list(loop.listener.active_channels.values())))
    caller.sendall(sent)
    loop.do(lambda: None)
    return caller


def known(loop: Loop, stack: ExitStack, sent: bytes = b"") -> socket.socket:
    """A caller that has called once, and has sent this since."""
    caller = let_in(loop, stack, GET)
    assert status(caller.recv(65_536)) == 200
    # The answer is here before the thread that gave it has said so.
    loop.until(lambda: loop.listener.served == 0)
    caller.sendall(sent)
    loop.do(lambda: None)
    return caller


Attack = Callable[[Loop, ExitStack], socket.socket]
ATTACKS: dict[str, Attack] = {
    "silent": let_in,
    "half a request": lambda loop, stack: let_in(loop, stack, HALF),
    "called once": known,
    "called once, then half a request": lambda loop, stack: known(loop, stack, HALF),
    "called once, then nonsense": lambda loop, stack: known(loop, stack, b"nonsense\r\n\r\n"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_new_callers_have_time_to_send_their_requests_whoever_holds_all_connections(attack: str) -> None:
    """Having called once needs no token: it must be worth no more than being new."""
    with running_loop(connections=12, linger_seconds=WITHIN_SECONDS) as loop, ExitStack() as stack:
        for _ in range(12):
            ATTACKS[attack](loop, stack)
        assert len(loop.listener.active_channels) == 12
        callers = [let_in(loop, stack, HALF) for _ in range(6)]
        for caller in callers:
            caller.sendall(b"}")
        assert [status(caller.recv(65_536)) for caller in callers] == [200] * 6


@pytest.mark.parametrize(("patience", "who_goes"), [(0.0, "stranger"), (WITHIN_SECONDS, "known")])
def test_a_stranger_goes_before_one_that_has_called_when_it_has_had_its_time(
    patience: float, who_goes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "_PATIENCE_SECONDS", patience)
    with running_loop(connections=3) as loop, ExitStack() as stack:
        callers = {"known": known(loop, stack), "known later": known(loop, stack), "stranger": let_in(loop, stack)}
        let_in(loop, stack)
        assert is_closed(callers.pop(who_goes))
        for one in callers.values():
            one.sendall(LAST)
            assert status(everything(one)) == 200


def test_of_those_who_have_called_one_that_is_idle_goes_before_one_that_is_sending() -> None:
    with running_loop(connections=2) as loop, ExitStack() as stack:
        sending, idle = known(loop, stack, HALF), known(loop, stack)
        let_in(loop, stack)
        assert is_closed(idle)
        sending.sendall(b"}")
        assert status(sending.recv(65_536)) == 200


def test_of_several_strangers_the_one_goes_whose_request_began_first() -> None:
    with running_loop(connections=3) as loop, ExitStack() as stack:
        first, second, third = (let_in(loop, stack) for _ in range(3))
        first.sendall(HALF)
        loop.until(lambda: loop.listener.held.bytes > 0)
        let_in(loop, stack)
        assert is_closed(second)
        for one, rest in ((first, b"}"), (third, GET)):
            one.sendall(rest)
            assert status(one.recv(65_536)) == 200


def test_of_those_who_have_called_the_one_that_is_idle_for_longest_goes() -> None:
    with running_loop(connections=3) as loop, ExitStack() as stack:
        idle = [stack.enter_context(loop.connect()) for _ in range(3)]
        for one in (*idle, idle[0]):
            one.sendall(GET)
            assert status(one.recv(65_536)) == 200
            # The answer is here before the thread that gave it has said so.
            loop.until(lambda: loop.listener.served == 0)
        assert status(loop.ask(LAST)) == 200
        assert is_closed(idle[1])
        idle[0].sendall(LAST)
        assert status(everything(idle[0])) == 200


def test_nobody_is_sent_away_whose_request_is_being_answered_and_the_others_wait_outside() -> None:
    asked = Asked()
    asked.gate.clear()
    with running_loop(asked, threads=3, connections=3) as loop, ExitStack() as stack:
        callers = [stack.enter_context(loop.connect()) for _ in range(3)]
        for one in callers:
            one.sendall(LAST)
        loop.until(lambda: loop.listener.served == 3)
        assert not loop.listener.readable()
        late = stack.enter_context(loop.connect())
        late.sendall(LAST)
        asked.gate.set()
        assert [status(everything(one)) for one in (*callers, late)] == [200] * 4


def test_while_calls_wait_for_a_thread_new_callers_are_left_to_other_workers() -> None:
    asked = Asked()
    asked.gate.clear()
    with running_loop(asked, threads=2) as loop, ExitStack() as stack:
        readable = []
        for expected in (1, 2, 3):
            stack.enter_context(loop.connect()).sendall(GET)
            loop.until(lambda expected=expected: loop.listener.served == expected)  # type: ignore[misc]
            readable.append(loop.listener.readable())
        asked.gate.set()
    assert readable == [True, True, False]


def test_when_the_system_allows_no_more_files_one_goes_and_the_next_comes_in(caplog: pytest.LogCaptureFixture) -> None:
    with running_loop() as loop, ExitStack() as stack:
        silent = stack.enter_context(loop.connect())
        loop.until(lambda: len(loop.listener.active_channels) == 1)
        full = loop.listener.socket

        class Full:
            """A listening socket that cannot open another one, once."""

            def accept(self) -> Any:
                loop.listener.socket = full
                raise OSError(24, "Too many open files")

        loop.do(lambda: setattr(loop.listener, "socket", Full()))
        assert status(loop.ask(LAST)) == 200
        assert is_closed(silent)
    assert "the system allows no more open files" in caplog.text
    assert "all connections are in use" not in caplog.text


def test_one_thing_that_was_said_does_not_silence_another(caplog: pytest.LogCaptureFixture) -> None:
    with running_loop(connections=1, held_bytes=0) as loop, ExitStack() as stack:
        for _ in range(3):
            let_in(loop, stack)
            loop.ask(HALF)
    assert caplog.text.count("all connections are in use") == 1
    assert caplog.text.count("too many bytes are being received") == 1


# ------------------------------------------------------------------ bytes
def test_beyond_the_bytes_of_all_the_oldest_request_that_is_not_whole_is_refused() -> None:
    with running_loop(body_bytes=10_000, held_bytes=25_000) as loop, ExitStack() as stack:
        greedy = [stack.enter_context(loop.connect()) for _ in range(3)]
        for one in greedy:
            before = loop.listener.held.bytes
            one.sendall(body(10_000, b" " * 8_000))
            loop.until(lambda before=before: loop.listener.held.bytes > before + 7_000)  # type: ignore[misc]
        assert status(loop.ask(body(4_000, b" " * 4_000, "Connection: close"))) == 200
        answer = everything(greedy[0])
        assert (status(answer), outcome(answer)["code"]) == (503, "transient")
        assert b"\r\nRetry-After: 1\r\n" in answer
        greedy[1].sendall(b" " * 2_000)
        assert status(greedy[1].recv(65_536)) == 200


def test_a_request_for_which_there_is_no_room_beside_those_being_answered_is_503_and_can_come_later() -> None:
    asked = Asked()
    asked.gate.clear()
    with running_loop(asked, body_bytes=10_000, held_bytes=15_000) as loop, loop.connect() as first:
        first.sendall(body(9_000, b" " * 9_000))
        loop.until(lambda: loop.listener.served == 1)
        second = body(9_000, b" " * 9_000, "Connection: close")
        assert status(loop.ask(second)) == 503
        asked.gate.set()
        assert status(first.recv(65_536)) == 200
        loop.until(lambda: loop.listener.held.bytes == 0)
        assert status(loop.ask(second)) == 200


def test_what_is_read_behind_a_request_is_counted_and_nothing_more_is_read_meanwhile() -> None:
    asked = Asked()
    asked.gate.clear()
    with running_loop(asked) as loop, loop.connect() as caller:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1_000_000)
        caller.sendall(GET + LAST + b" " * 200_000)
        loop.until(lambda: loop.listener.served == 1)
        held = loop.listener.held.bytes
        assert len(GET + LAST) < held <= 65_536
        loop.do(lambda: None)
        assert loop.listener.held.bytes == held
        asked.gate.set()
        assert status(caller.recv(65_536)) == 200
        loop.until(lambda: not loop.listener.active_channels)
        assert loop.listener.held.bytes == 0


def test_nothing_that_a_caller_sends_or_gets_is_written_to_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a file was opened")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    size = 9_000_000
    asked = Asked(answer=b"x" * size)
    with running_loop(asked) as loop:
        answer = loop.ask(body(size, b" " * size, "Connection: close"))
        chunked = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        chunks = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
        assert status(loop.ask(chunked + chunks * 8 + b"0\r\n\r\n")) == 200
    assert len(answer) > size
    assert [len(one) for one in asked.bodies] == [size, 8 * 0x100000]


def kept(loop: Loop) -> int:
    """The bytes of answers that are in memory."""
    buffers: list[Any] = [buffer for one in loop.listener.active_channels.values() for buffer in one.outbufs]
    return sum(len(one.strbuf if one.buf is None else one.buf.file.getvalue()) for one in buffers)


@pytest.mark.parametrize("size", [4, 7_000, 100_000, 3_000_000])
def test_an_answer_that_has_left_is_not_kept_however_long_the_connection_lives(size: int) -> None:
    with running_loop(Asked(answer=b"x" * size)) as loop, loop.connect() as caller:
        for _ in range(5):
            caller.sendall(GET)
            answer = b""
            while answer.count(b"x") < size:
                answer += caller.recv(1_000_000)
        loop.until(lambda: loop.listener.served == 0)
        loop.do(lambda: None)
        assert kept(loop) == 0
        assert len(loop.listener.active_channels) == 1


# ------------------------------------------------------------------ the loop
def turns(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> int:
    """How often the loop turns in half a second; when nothing happens it looks up every 0.1 seconds."""
    seen: list[None] = []
    with monkeypatch.context() as patch:
        patch.setattr(loop.listener, "sweep", lambda: seen.append(None))
        time.sleep(0.5)
    return len(seen)


@pytest.mark.parametrize("sent", [b"", GET[:20]])
def test_an_urgent_byte_does_not_keep_the_loop_awake(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_loop() as loop, loop.connect() as caller:
        caller.sendall(sent)
        assert turns(loop, monkeypatch) < 50
        caller.send(b"x", socket.MSG_OOB)
        loop.until(lambda: loop.listener.held.bytes == len(sent) + 1)
        assert turns(loop, monkeypatch) < 50
        caller.sendall(b"\r\n\r\n")
        assert status(everything(caller)) == 400


def test_who_waits_for_leave_to_go_on_and_is_gone_is_no_fault_of_ours(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any, **__: Any) -> int:
        raise BrokenPipeError(32, "Broken pipe")

    class Gone:
        """A socket whose other side has been reset."""

        def __init__(self, under: Any) -> None:
            self._under = under

        send = gone

        def __getattr__(self, name: str) -> Any:
            return getattr(self._under, name)

    with running_loop() as loop, loop.connect() as caller:
        loop.until(lambda: len(loop.listener.active_channels) == 1)
        (connection,) = loop.listener.active_channels.values()
        connection.socket = Gone(connection.socket)
        caller.sendall(body(9, b"", "Expect: 100-continue"))
        loop.until(lambda: not loop.listener.active_channels)
        assert loop.listener.held.bytes == 0
        assert status(loop.ask(LAST)) == 200
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


# ------------------------------------------------------------------ the end
def test_when_it_ends_calls_are_answered_and_those_who_wait_for_nothing_are_left() -> None:
    asked = Asked()
    asked.gate.clear()
    with running_loop(asked, drain_seconds=SOON) as loop, ExitStack() as stack:
        silent, half, called = (stack.enter_context(loop.connect()) for _ in range(3))
        half.sendall(body(2, b"{"))
        called.sendall(GET)
        loop.until(lambda: loop.listener.served == 1 and loop.listener.held.bytes > len(GET))
        loop.do(loop.listener.drain)
        assert is_closed(silent)
        half.sendall(b"}")
        asked.gate.set()
        for one in (called, half):
            answer = everything(one)
            assert status(answer) == 200
            assert b"\r\nConnection: close\r\n" in answer
        with pytest.raises(ConnectionRefusedError):
            loop.connect()


@pytest.mark.parametrize("times", [1, 3])
def test_a_call_that_was_on_its_way_when_it_ended_is_answered_as_the_last_one(times: int) -> None:
    """Who has a connection that is kept cannot know that nobody is going to read from it."""
    with running_loop(drain_seconds=WITHIN_SECONDS) as loop, loop.connect() as kept, loop.connect() as new:
        for _ in range(times):
            kept.sendall(GET)
            assert b"\r\nConnection: keep-alive\r\n" in kept.recv(65_536)
        loop.until(lambda: loop.listener.served == 0 and len(loop.listener.active_channels) == 2)
        loop.do(loop.listener.drain)
        for caller in (kept, new):
            caller.sendall(GET)
            answer = everything(caller)
            assert status(answer) == 200
            assert b"\r\nConnection: close\r\n" in answer


def test_an_answer_that_promised_another_call_before_the_end_keeps_its_promise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with running_loop(drain_seconds=WITHIN_SECONDS) as loop, loop.connect() as caller:
        answered = Connection._answered

        def drained(connection: Connection) -> None:
            """The end comes when the answer has been written."""
            loop.listener.drain()
            answered(connection)

        monkeypatch.setattr(Connection, "_answered", drained)
        caller.sendall(GET)
        assert b"\r\nConnection: keep-alive\r\n" in caller.recv(65_536)
        loop.until(lambda: loop.listener.served == 0)
        caller.sendall(GET)
        assert status(everything(caller)) == 200


def test_nobody_gains_time_by_the_end() -> None:
    with running_loop(silent_seconds=SOON, drain_seconds=WITHIN_SECONDS) as loop, loop.connect() as silent:
        loop.until(lambda: len(loop.listener.active_channels) == 1)
        loop.do(loop.listener.drain)
        began = time.monotonic()
        assert is_closed(silent)
        assert time.monotonic() - began < WITHIN_SECONDS / 2


# ------------------------------------------------------------------ after a refusal
@pytest.mark.parametrize("sent_at_once", [True, False])
def test_after_a_refusal_a_caller_may_go_on_sending_for_a_while(
    sent_at_once: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closed at once, the system would answer what still comes with a reset, and the refusal would be lost."""
    send = Connection.send

    def busy(connection: Any, data: bytes, do_close: bool = True) -> int:
        """There is no room in the system for an answer, once."""
        monkeypatch.setattr(Connection, "send", send)
        return 0

    with running_loop(linger_seconds=WITHIN_SECONDS) as loop, loop.connect() as caller:
        if not sent_at_once:
            monkeypatch.setattr(Connection, "send", busy)
        caller.sendall(b"nonsense\r\n\r\n")
        assert status(everything(caller)) == 400
        for _ in range(3):
            caller.sendall(b"x" * 10_000)
            loop.do(lambda: setattr(loop.listener, "_next_sweep", 0.0))
            loop.do(loop.listener.sweep)
            assert len(loop.listener.active_channels) == 1
        caller.close()
        loop.until(lambda: not loop.listener.active_channels)


def test_who_goes_on_sending_after_a_refusal_is_left_in_the_end() -> None:
    with running_loop(request_seconds=SOON, linger_seconds=SOON) as loop, loop.connect() as caller:
        caller.sendall(b"nonsense\r\n\r\n")
        assert status(everything(caller)) == 400
        loop.until(lambda: not loop.listener.active_channels)


# ------------------------------------------------------------------ faults of ours
def test_a_fault_of_ours_behind_an_answer_is_told_and_costs_one_connection(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Any) -> None:
        raise RuntimeError("Anna-Example-1957")

    with running_loop() as loop:
        with monkeypatch.context() as patch:
            patch.setattr(Connection, "_when_sent", broken)
            loop.ask(GET)
        assert status(loop.ask(LAST)) == 200
        loop.until(lambda: not loop.listener.active_channels)
        assert (loop.listener.served, loop.listener.held.bytes) == (0, 0)
    assert "unexpected RuntimeError at " in caplog.text
    assert "Anna" not in caplog.text


def test_a_fault_of_ours_while_reading_costs_one_connection_and_is_told_without_its_words(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)

    def broken(_: Any) -> bool:
        raise RuntimeError("Anna-Example-1957")

    with running_loop() as loop:
        with monkeypatch.context() as patch:
            patch.setattr(loop.listener, "make_room_for", broken)
            assert loop.ask(GET) == b""
        assert status(loop.ask(LAST)) == 200
    assert "unexpected RuntimeError at " in caplog.text
    assert "Anna" not in caplog.text
