"""The state of the EHR page as JSON, which the browser keeps between two clicks.

What may live here: that form. It comes back from a browser, so nothing in it is trusted to have the right shape; what
has not is refused as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import astuple
from typing import Any

from cds_service.ehr_client import Exchange, Resource
from cds_service.web.ehr.explaining import packed, unpacked
from cds_service.web.ehr.state import BadState, Ended, Question, ServiceAnswer, State

_MOST_ENDED = 12


def dump(state: State) -> str:
    """The state as compact JSON; prefetched data are left out, as they can be large and are shown only once."""
    data = {
        "drafts": state.drafts,
        "judged": state.judged,
        "answers": [_dumped(answer) for answer in state.answers],
        "events": state.events,
        "wire": state.wire,
        "ended": [[one.before, one.left] for one in state.ended[-_MOST_ENDED:]],
        "question": None if state.question is None else astuple(state.question),
        "prefetch": state.send_prefetch,
        "server": state.offer_server,
    }
    # In ASCII: a page shows text without what nobody sees, but what is written back must be what was read.
    return json.dumps(data, separators=(",", ":"))


def load(text: str) -> State:
    """The state of such JSON; BadState when it is something else."""
    if not text:
        return State()
    try:
        data = json.loads(text)
        state = State(
            drafts=[_draft(draft) for draft in data["drafts"]],
            judged=None if data["judged"] is None else [_text(id_) for id_ in data["judged"]],
            answers=[_loaded(answer) for answer in data["answers"]],
            events=[(_text(words), bool(well)) for words, well in data["events"]],
            wire=[_text(line) for line in data["wire"]],
            ended=[Ended(_draft(before), _draft(left)) for before, left in data["ended"]],
            question=None if data["question"] is None else Question(*map(_text, data["question"])),
            send_prefetch=bool(data["prefetch"]),
            offer_server=bool(data["server"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        raise BadState("the state of the page cannot be read") from None
    return state


def _dumped(answer: ServiceAnswer) -> dict[str, Any]:
    sent = answer.exchange
    return {
        "place": answer.place,
        "hook": answer.hook,
        "service": answer.service,
        "method": sent.method,
        "url": sent.url,
        "request": dict(_without_prefetch(sent.request)),
        "status": sent.status,
        "body": sent.body,
        "ms": round(sent.milliseconds, 1),
        "failure": sent.failure,
        "outcomes": answer.outcomes,
        "stale": answer.stale,
        "why": packed(answer.why),
    }


def _loaded(data: Mapping[str, Any]) -> ServiceAnswer:
    sent = Exchange(
        method=_text(data["method"]),
        url=_text(data["url"]),
        request=_object(data["request"]),
        status=int(data["status"]),
        body=data["body"],
        milliseconds=float(data["ms"]),
        failure=_text(data["failure"]),
    )
    outcomes = {_text(uuid): _object(outcome) for uuid, outcome in data["outcomes"].items()}
    place, hook, service = (_text(data[name]) for name in ("place", "hook", "service"))
    return ServiceAnswer(place, hook, service, sent, outcomes, bool(data["stale"]), unpacked(data["why"]))


def _without_prefetch(request: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in request.items():
        if name == "prefetch" and isinstance(value, Mapping):
            size = len(json.dumps(value, ensure_ascii=False))
            yield name, f"({size} characters, shown when the call was made)"
        else:
            yield name, value


def _draft(data: Any) -> Resource:
    draft = _object(data)
    _text(draft["resourceType"]), _text(draft["id"])
    return draft


def _object(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise TypeError
    return data


def _text(data: Any) -> str:
    if not isinstance(data, str):
        raise TypeError
    return data
