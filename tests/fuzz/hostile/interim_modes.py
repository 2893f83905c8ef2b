"""Interim answers (1xx) before the final one, as HTTP allows them and as it does not.

What may live here: modes whose fault is an answer of 1xx. Source: RFC 9110, 15.2.
"""

from __future__ import annotations

from tests.fuzz.hostile.exchange import Exchange
from tests.fuzz.hostile.mode import Act, Mode

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
PROCESSING = b"HTTP/1.1 102 Processing\r\n\r\n"
EARLY_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"


def before(*interim: bytes, pause: float = 0.0) -> Act:
    """These first, each in a piece of its own, then the right answer."""

    def act(exchange: Exchange) -> None:
        for one in interim:
            exchange.send(one)
            if pause:
                exchange.pause(pause)
        exchange.answer()

    return act


def endless(interim: bytes, seconds: float) -> Act:
    """Nothing but these."""
    return lambda exchange: exchange.endlessly(lambda _: interim, seconds)


def switch(exchange: Exchange) -> None:
    exchange.send(SWITCHING)
    exchange.hold()


def in_one_piece(exchange: Exchange) -> None:
    exchange.send(CONTINUE + EARLY_HINTS)
    exchange.answer()


MODES = (
    Mode("100 first", "says 100 Continue before the answer", before(CONTINUE), right=True),
    Mode("102 first", "says 102 Processing before the answer", before(PROCESSING), right=True),
    Mode("102 and a pause", "says 102 Processing and goes on 50 ms later", before(PROCESSING, pause=0.05), right=True),
    Mode("103 first", "says 103 Early Hints before the answer", before(EARLY_HINTS), right=True),
    Mode("103 twice", "says 103 Early Hints twice before the answer", before(EARLY_HINTS, EARLY_HINTS), right=True),
    Mode("several interim", "says 100 and 103 in one piece before the answer", in_one_piece, right=True),
    Mode("199 first", "says 199, which nobody has defined, before the answer", before(b"HTTP/1.1 199 x\r\n\r\n")),
    Mode("flood of 100", "says 100 Continue 3,000 times before the answer", before(CONTINUE * 3_000)),
    Mode("endless 100", "says 100 Continue without end, as fast as it can", endless(CONTINUE * 20, 0.0), heavy=True),
    Mode("dripping 102", "says 102 Processing every 50 ms without end", endless(PROCESSING, 0.05)),
    Mode("101", "switches to another protocol that nobody asked for", switch),
)
