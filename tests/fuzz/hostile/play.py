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
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cds_service.api.services import SERVICES
from tests.contract.records import Json
from tests.fuzz.bodies import TOKEN
from tests.fuzz.hostile.chart import PATIENT_ID, STRANGE
from tests.fuzz.hostile.mode import Mode
from tests.fuzz.hostile.server import SOME, HostileFhir
from tests.fuzz.promises import Reply, check_kept

DEADLINE_SECONDS = 1.5
"""The usual CDS_FHIR_DEADLINE_SECONDS."""
WITHIN_SECONDS = 2 * DEADLINE_SECONDS
"""What is promised for a call whatever its FHIR server does: the deadline, and as much again for all the rest."""
LOOKS_AGAIN = 3
REST_SECONDS = 0.3
"""After this time without use a kept connection is used again even to a server that has proven nothing."""
PATH = next(f"/cds-services/{service.ID}" for service in SERVICES if service.HOOK == "patient-view")
LATE = "did not answer in time"
UNREAD = ("could not be read", "incomplete", "cut short")
_UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u200b-\u200f\u2028-\u202e\u2060-\u2069\u3164\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""Controls but the line break of our own Markdown, what turns the direction of text, and letters that nobody sees."""
LINKS = ("](http://evil", "http://evil.example", "//evil.example", "www.evil.example", "<script", "<img")
Topics = list[tuple[str, str]]


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


def body_for(base: str, token: str = TOKEN) -> bytes:
    """A call at patient-view that leaves all reading to us."""
    authorization = {"access_token": token, "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.rs",
                     "subject": "cds-client", "patient": PATIENT_ID}  # fmt: skip
    context = {"userId": "Practitioner/nephrologist-3", "patientId": PATIENT_ID}
    body = {"hook": "patient-view", "hookInstance": str(uuid.uuid4()), "context": context}
    return json.dumps({**body, "fhirServer": base, "fhirAuthorization": authorization}).encode()


def ask(port: int, base: str, token: str = TOKEN, client: str = "") -> Answer:
    """Open the chart of the patient whose record lies at that base; `client` is what our caller says of itself."""
    headers = {"Content-Type": "application/json", **({"Authorization": client} if client else {})}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    began = time.perf_counter()
    try:
        connection.request("POST", PATH, body_for(base, token), headers)
        response = connection.getresponse()
        text = response.read().decode()
    finally:
        connection.close()
    answer = Answer(response.status, text, time.perf_counter() - began)
    kind = response.headers.get_content_type()
    # What is in time depends on what is asked; it is judged where that is known.
    check_kept(Reply(answer.status, kind, text.encode(), dict(response.headers)), PATH, 0.0, PATIENT_ID)
    return answer


def shown(value: Any) -> Iterator[str]:
    """Every text of an answer but those of the orders that it hands back as they were received."""
    if isinstance(value, str):
        yield value
    for member in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if member[0] != "resource":
            yield from shown(member[1])


def complaint(answer: Answer, mode: Mode, right: Topics) -> str:
    """What is wrong with the answer in this mode, or ""."""
    strange = [word for word in STRANGE if word in answer.text]
    if strange:
        return f"shows what belongs to nobody here: {strange}"
    told = "".join(shown(answer.cards))
    unseen = sorted({ascii(letter) for letter in _UNSEEN.findall(told)})
    unseen += [link for link in LINKS if link in told]
    if unseen:
        return f"shows what is not to be seen, or leads elsewhere: {unseen}"
    if answer.status == 200 and answer.topics == right:
        return ""
    told = f"{answer.status} {answer.topics or answer.text[:300]}"
    if mode.right:
        return f"HTTP allows this, and yet: {told}"
    is_said = answer.status == 412 or any(word in answer.text for word in UNREAD)
    return "" if is_said and (answer.status == 412 or answer.cards) else f"something is missing in silence: {told}"


def played(server: HostileFhir, mode: Mode, port: int) -> Iterator[tuple[str, Answer]]:
    """The ways in which a mode is met, and the answer to each."""
    yield "at the first call", ask(port, server.base(mode))
    if not mode.accepts:
        return
    yield "for conditions only", ask(port, server.base(mode, SOME))
    warm = server.base(mode, "warm")
    server.calm.add(warm)
    for _ in range(2):
        ask(port, warm)
        time.sleep(REST_SECONDS)
    server.calm.discard(warm)
    yield "on kept connections", ask(port, warm)
    yield "once more", ask(port, warm)


def complaints(server: HostileFhir, mode: Mode, port: int, right: Topics) -> list[str]:
    """Everything that is wrong in this mode. What a busy machine may have done is looked at again, by itself."""
    found = []
    for way, answer in played(server, mode, port):
        wrong = complaint(answer, mode, right)
        if answer.seconds > WITHIN_SECONDS or (wrong and LATE in answer.text):
            wrong = by_itself(server, mode, port, right)
        found += [f"{mode.name} ({mode.does}), {way}: {wrong}"] if wrong else []
    found += [f"{mode.name}: asked beside its base: {stray[:200]}" for stray in server.strays]
    odd = [head for head in server.heads if f"\r\nAuthorization: Bearer {TOKEN}" not in head or "\nX-Injected" in head]
    return found + [f"{mode.name}: an odd request: {head[:200]}" for head in odd]


def by_itself(server: HostileFhir, mode: Mode, port: int, right: Topics) -> str:
    """What is wrong each time, at another base each time: a busy machine is late now and then, a held caller always."""
    for number in range(LOOKS_AGAIN):
        answer = ask(port, server.base(mode, f"again-{number}"))
        late = f"answered after {answer.seconds:.1f} s" if answer.seconds > WITHIN_SECONDS else ""
        if not (wrong := complaint(answer, mode, right) or late):
            return ""
    return wrong
