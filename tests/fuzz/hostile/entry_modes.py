"""What the entries of a Bundle hold: nothing where a resource stood, or what an earlier page held already.

What may live here: modes whose JSON and links are sound, and whose entries are not. A proxy that may not show a
resource leaves its address, status or search mode behind; nodes behind a balancer name themselves in each address.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable

from tests.contract.records import Json
from tests.fuzz.hostile.chart import PAGE, Question, sound
from tests.fuzz.hostile.exchange import Exchange
from tests.fuzz.hostile.mode import Act, Mode

Change = Callable[[Json], Json]
_FRESH = itertools.count(1)


def lost(change: Change, *, last_only: bool = False) -> Act:
    """The right answer without a count, in which all entries, or the last one, are changed so."""

    def act(exchange: Exchange) -> None:
        body = sound(exchange.question)
        if exchange.question.is_search:
            kept = max(0, len(body["entry"]) - 1) if last_only else 0
            body["entry"] = [*body["entry"][:kept], *map(change, body["entry"][kept:])]
            del body["total"]
        exchange.answer(json.dumps(body).encode())

    return act


def first_again(change: Change, *, counted: bool) -> Act:
    """Conditions in pages, each of which is the first one; each time its entries are changed so."""

    def act(exchange: Exchange) -> None:
        asked = exchange.question
        first = Question(asked.base, asked.kind, asked.id, asked.query.partition("&_offset=")[0])
        body = sound(first, page=PAGE, next_link="{next}")
        if asked.is_search and asked.kind == "Condition":
            body["entry"] = [change(entry) for entry in body["entry"]]
            if asked.offset:
                body["link"] = [{"relation": "self", "url": asked.address}]
            if not counted:
                del body["total"]
        exchange.answer(json.dumps(body).encode())

    return act


def without_type(entry: Json) -> Json:
    return {"resource": {name: value for name, value in entry["resource"].items() if name != "resourceType"}}


def of_another_version(entry: Json) -> Json:
    return {**entry, "resource": {**entry["resource"], "meta": {"versionId": str(next(_FRESH))}}}


def of_another_host(entry: Json) -> Json:
    one = entry["resource"]
    return {**entry, "fullUrl": f"http://node{next(_FRESH)}.example/fhir/{one['resourceType']}/{one['id']}"}


def address(entry: Json) -> Json:
    return {"fullUrl": f"https://ehr.example/fhir/{entry['resource']['resourceType']}/{entry['resource']['id']}"}


LOST_MODES = (
    Mode("entries: addresses", "leaves only the addresses of what it may not show", lost(address)),
    Mode("entries: refusals", "says 403 in each entry", lost(lambda _: {"response": {"status": "403 Forbidden"}})),
    Mode("entries: search modes", "leaves only the search mode", lost(lambda _: {"search": {"mode": "match"}})),
    Mode("entries: null", "writes null for each resource", lost(lambda _: {"resource": None})),
    Mode("entries: no type", "leaves the types of its resources out", lost(without_type)),
    Mode("entries: last one", "loses the last resource of each answer", lost(address, last_only=True)),
)
AGAIN_MODES = (
    Mode(
        "again: versions", "sends the first page again in new versions", first_again(of_another_version, counted=True)
    ),
    Mode("again: hosts", "sends the first page again from another host", first_again(of_another_host, counted=True)),
    Mode("again: versions, uncounted", "the same without a count", first_again(of_another_version, counted=False)),
    Mode("again: hosts, uncounted", "the same without a count", first_again(of_another_host, counted=False)),
)
MODES = (*LOST_MODES, *AGAIN_MODES)
