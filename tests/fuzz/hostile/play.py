"""Playing a mode upon a running service, as an EHR with that FHIR server would, and judging the answer.

What may live here: the call, the promises for its answer, and what a mode may do to it. The promises: a documented
status and never 500; all cards, or the word that something could not be read; nothing of a stranger; an answer in time.
"""

from __future__ import annotations

import http.client
import json
import re
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cds_service.api.services import SERVICES
from tests.contract.records import CALCIUM_DRAFT, Json, bundle
from tests.fuzz.bodies import TOKEN
from tests.fuzz.hostile.chart import PAGE, PATIENT_ID, STRANGE, Question, sound
from tests.fuzz.hostile.mode import Mode
from tests.fuzz.hostile.server import SOME, SPOILT, HostileFhir
from tests.fuzz.promises import Reply, check_kept

DEADLINE_SECONDS = 1.5
"""The usual CDS_FHIR_DEADLINE_SECONDS."""
WITHIN_SECONDS = 2 * DEADLINE_SECONDS
"""What is promised for a call whatever its FHIR server does: the deadline, and as much again for all the rest."""
LOOKS_AGAIN = 3
REST_SECONDS = 0.3
"""After this time without use a kept connection is used again even to a server that has proven nothing."""
PATHS = {service.HOOK: f"/cds-services/{service.ID}" for service in SERVICES}
PATH = PATHS["patient-view"]
LATE = "did not answer in time"
UNREAD = ("could not be read", "incomplete", "cut short")
NAMES = {
    "Patient": ("patient",),
    "Condition": ("conditions", "problem list"),
    "MedicationRequest": ("active medications",),
    "Observation": ("calcium results",),
    "Procedure": ("procedures",),
}
"""How a look-up is called where it could not be read."""
# Without its albumin the calcium is not called measured; which of many large answers are read is a matter of chance.
MARKS = {
    "patient-view": {
        "Condition": "skin necrosis",
        "MedicationRequest": "active: warfarin",
        "Observation": "11.9",
    },
    # No card about a calcium draft tells that warfarin is active.
    "order-sign": {"Condition": "skin necrosis", "Observation": "11.9"},
}
"""What the cards say only where the look-up was read: cards may come without it, and with less than they should say."""
_UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u200b-\u200f\u2028-\u202e\u2060-\u2069\u3164\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""Controls but the line break of our own Markdown, what turns the direction of text, and letters that nobody sees."""
LINKS = ("](http://evil", "http://evil.example", "//evil.example", "www.evil.example", "<script", "<img")
Topics = list[tuple[str, str]]
Right = Mapping[str, Topics]
"""For each hook what all cards are about."""


@dataclass(frozen=True)
class Answer:
    """What came back, and after how many seconds."""

    status: int
    text: str
    seconds: float

    @property
    def cards(self) -> list[Json]:
        found: list[Json] = json.loads(self.text)["cards"] if self.status == 200 else []
        return found

    @property
    def topics(self) -> Topics:
        """Topic and indicator of each card."""
        return [(card["source"]["topic"]["code"], card["indicator"]) for card in self.cards]


@dataclass(frozen=True)
class Way:
    """One way in which a mode is met: at which hook, in which part of the server.

    `sends_along`: the first page of the conditions comes as prefetch, the second has to be fetched.
    """

    name: str
    part: str = "all"
    hook: str = "patient-view"
    sends_along: bool = False

    @property
    def spoilt(self) -> tuple[str, ...]:
        """The look-ups that the mode may have spoilt."""
        only = SPOILT.get(self.part.partition("_")[0])
        return tuple(NAMES) if only is None else (only,)


def body_for(base: str, token: str = TOKEN, way: Way = Way("")) -> bytes:
    """A call that leaves all reading to us, or all but a first page."""
    authorization = {"access_token": token, "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.rs",
                     "subject": "cds-client", "patient": PATIENT_ID}  # fmt: skip
    context: Json = {"userId": "Practitioner/nephrologist-3", "patientId": PATIENT_ID}
    if way.hook == "order-sign":
        context["draftOrders"] = bundle(CALCIUM_DRAFT)
    body = {"hook": way.hook, "hookInstance": str(uuid.uuid4()), "context": context}
    if way.sends_along:
        first = sound(Question(base, "Condition", query=f"patient={PATIENT_ID}"), page=PAGE, next_link="{next}")
        body["prefetch"] = {"conditions": first}
    return json.dumps({**body, "fhirServer": base, "fhirAuthorization": authorization}).encode()


def ask(port: int, base: str, token: str = TOKEN, client: str = "", way: Way = Way("")) -> Answer:
    """Call for the patient whose record lies at that base; `client` is what our caller says of itself."""
    headers = {"Content-Type": "application/json", **({"Authorization": client} if client else {})}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    path = PATHS[way.hook]
    began = time.perf_counter()
    try:
        connection.request("POST", path, body_for(base, token, way), headers)
        response = connection.getresponse()
        text = response.read().decode()
    finally:
        connection.close()
    answer = Answer(response.status, text, time.perf_counter() - began)
    kind = response.headers.get_content_type()
    # What is in time depends on what is asked; it is judged where that is known.
    check_kept(Reply(answer.status, kind, text.encode(), dict(response.headers)), path, 0.0, PATIENT_ID)
    return answer


def shown(value: Any) -> Iterator[str]:
    """Every text of an answer but those of the orders that it hands back as they were received."""
    if isinstance(value, str):
        yield value
    for member in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if member[0] != "resource":
            yield from shown(member[1])


def complaint(answer: Answer, mode: Mode, way: Way, right: Right) -> str:
    """What is wrong with the answer in this mode, or ""."""
    strange = [word for word in STRANGE if word in answer.text]
    if strange:
        return f"shows what belongs to nobody here: {strange}"
    told = "\n".join(shown(answer.cards))
    unseen = sorted({ascii(letter) for letter in _UNSEEN.findall(told)})
    unseen += [link for link in LINKS if link in told]
    if unseen:
        return f"shows what is not to be seen, or leads elsewhere: {unseen}"
    unread = [kind for kind in way.spoilt if kind in MARKS[way.hook] and MARKS[way.hook][kind] not in told.lower()]
    if answer.status == 200 and answer.topics == right[way.hook] and not unread:
        return ""
    found = f"{answer.status} {answer.topics or answer.text[:300]}, unread {unread}"
    if mode.right:
        return f"HTTP allows this, and yet: {found}"
    return "" if _is_said(answer, told, unread, way) else f"something is missing in silence: {found}"


def _is_said(answer: Answer, told: str, unread: Sequence[str], way: Way) -> bool:
    """Is every look-up named that left nothing on the cards? A refusal names one, and so do cards that only differ."""
    if answer.status == 412:
        return any(_is_named(kind, answer.text) for kind in way.spoilt)
    wanted = unread or way.spoilt
    return bool(answer.cards) and (all if unread else any)(_is_named(kind, told) for kind in wanted)


def _is_named(kind: str, told: str) -> bool:
    """Does one line say that this look-up could not be read?"""
    lines = told.lower().splitlines()
    return any(word in line and name in line for line in lines for word in UNREAD for name in NAMES[kind])


FIRST = Way("at the first call")
MORE = (
    Way("for medications only", "medications"),
    Way("behind a first page that was sent along", f"{SOME}_2", sends_along=True),
    Way("at signing", "signing", "order-sign"),
    Way("at signing, for conditions only", f"{SOME}_3", "order-sign"),
    Way("at signing, for results only", "results", "order-sign"),
)


def played(server: HostileFhir, mode: Mode, port: int, more: Sequence[Way] = ()) -> Iterator[tuple[Way, Answer]]:
    """The ways in which a mode is met, and the answer to each."""
    yield FIRST, ask(port, server.base(mode))
    if not mode.accepts:
        return
    for way in (Way("for conditions only", SOME), *more):
        yield way, ask(port, server.base(mode, way.part), way=way)
    warm = server.base(mode, "warm")
    server.calm.add(warm)
    for _ in range(2):
        ask(port, warm)
        time.sleep(REST_SECONDS)
    server.calm.discard(warm)
    yield Way("on kept connections"), ask(port, warm)
    yield Way("once more"), ask(port, warm)


def complaints(server: HostileFhir, mode: Mode, port: int, right: Right, more: Sequence[Way] = ()) -> list[str]:
    """Everything that is wrong in this mode. What a busy machine may have done is looked at again, by itself."""
    found = []
    for way, answer in played(server, mode, port, more):
        wrong = complaint(answer, mode, way, right)
        if answer.seconds > WITHIN_SECONDS or (wrong and LATE in answer.text):
            wrong = by_itself(server, mode, port, right, way)
        found += [f"{mode.name} ({mode.does}), {way.name}: {wrong}"] if wrong else []
    found += [f"{mode.name}: asked beside its base: {stray[:200]}" for stray in server.strays]
    odd = [head for head in server.heads if f"\r\nAuthorization: Bearer {TOKEN}" not in head or "\nX-Injected" in head]
    return found + [f"{mode.name}: an odd request: {head[:200]}" for head in odd]


def by_itself(server: HostileFhir, mode: Mode, port: int, right: Right, way: Way) -> str:
    """What is wrong each time, at another base each time: a busy machine is late now and then, a held caller always."""
    for number in range(LOOKS_AGAIN):
        answer = ask(port, server.base(mode, f"{way.part}_again-{number}"), way=way)
        late = f"answered after {answer.seconds:.1f} s" if answer.seconds > WITHIN_SECONDS else ""
        if not (wrong := complaint(answer, mode, way, right) or late):
            return ""
    return wrong
