"""Servers that take their time, and servers whose texts are meant for somebody else than a reader.

What may live here: modes of silence and dripping, and modes of hostile texts in a sound answer.
"""

from __future__ import annotations

import json

from tests.contract.records import Json
from tests.fuzz.hostile.chart import sound
from tests.fuzz.hostile.exchange import FHIR, Exchange, head, whole
from tests.fuzz.hostile.mode import Act, Mode

DRIP_SECONDS = 0.03


def hold(exchange: Exchange) -> None:
    exchange.hold()


def drip_head(exchange: Exchange) -> None:
    exchange.send(b"HTTP/1.1 200 OK\r\nX-Drip: ")
    exchange.endlessly(lambda _: b"x", DRIP_SECONDS)


def drip_body(exchange: Exchange) -> None:
    exchange.send(head({"Content-Type": FHIR, "Content-Length": "1000000"}))
    exchange.endlessly(lambda _: b" ", DRIP_SECONDS)


def drip_the_answer(exchange: Exchange) -> None:
    """The right answer, a byte at a time: it would take a minute."""
    body = whole(exchange.right)
    for place in range(len(body)):
        if exchange.pause(DRIP_SECONDS):
            return
        exchange.send(body[place : place + 1])


def endless_body(exchange: Exchange) -> None:
    exchange.send(head({"Content-Type": FHIR, "Connection": "close"}) + b"{")
    exchange.endlessly(lambda _: b" " * 65_536)


def stop_in_the_middle(exchange: Exchange) -> None:
    data = whole(exchange.right)
    exchange.send(data[: len(data) // 2])
    exchange.hold()


def late_by(seconds: float) -> Act:
    """The right answer, late."""

    def act(exchange: Exchange) -> None:
        exchange.pause(seconds)
        exchange.answer()

    return act


def sometimes(exchange: Exchange) -> None:
    """Every second question of a connection is never answered."""
    exchange.answer() if exchange.number % 2 else exchange.hold()


def never_taken(exchange: Exchange) -> None:
    """Never called: no connection is taken."""


def with_text(resource: Json, text: str) -> Json:
    """A copy whose code or drug ends so."""
    members = [name for name in ("code", "medicationCodeableConcept") if name in resource]
    return resource | {name: resource[name] | {"text": f"{resource[name].get('text', '')} {text}"} for name in members}


def saying(text: str) -> Act:
    """A sound answer in which each text of the record ends so."""

    def act(exchange: Exchange) -> None:
        body = sound(exchange.question)
        for entry in body.get("entry", ()):
            entry["resource"] = with_text(entry["resource"], text)
        exchange.answer(json.dumps(body).encode())

    return act


TIME_MODES = (
    Mode("silent", "takes the question and says nothing", hold),
    Mode("silent every second time", "answers every second question of a connection", sometimes),
    Mode("connect hangs", "takes no connection", never_taken, accepts=False),
    Mode("dripping head", "sends a header a byte at a time", drip_head),
    Mode("dripping body", "sends blanks a byte at a time", drip_body),
    Mode("dripping answer", "sends the answer a byte at a time", drip_the_answer),
    Mode("stops in the middle", "sends half of the answer and falls silent", stop_in_the_middle),
    Mode("endless body", "sends blanks for ever, as fast as it can", endless_body, heavy=True),
    Mode("100 ms", "answers after 100 ms", late_by(0.1), right=True),
    Mode("just too late", "answers after 1.45 s", late_by(1.45)),
    Mode("2 s", "answers after 2 s", late_by(2.0)),
)
TEXT_MODES = (
    Mode("text: controls", "writes controls into texts", saying("\x1b]0;owned\x07\x9b31m\x00\x08"), right=True),
    Mode("text: directions", "turns the direction of texts", saying("\u202egnp.exe\u2066\u061c"), right=True),
    Mode("text: hidden", "writes letters that nobody sees", saying("\u200b\u00ad\U000e0041\u3164\ufff9"), right=True),
    Mode("text: lines", "writes line breaks into texts", saying("\n\n# Heading\u2028- item"), right=True),
    Mode(
        "text: links",
        "writes links into texts",
        saying("[x](http://evil.example) //evil.example www.evil.example"),
        right=True,
    ),
    Mode(
        "text: HTML",
        "writes HTML into texts",
        saying("<script>alert(1)</script><img src=x onerror=alert(1)>"),
        right=True,
    ),
    Mode("text: long", "writes a text of 200 kB", saying("x" * 200_000)),
)
MODES = (*TIME_MODES, *TEXT_MODES)
