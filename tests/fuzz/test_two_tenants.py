"""Two tenants behind one gateway that mixes up whatever it can: neither ever meets the other's data or token.

What may live here: a thousand calls of two trusted clients at once, and what each of them must never see. The same on
single connections: tests/unit/cds_service/fhir_client/test_late_answers.py.
"""

from __future__ import annotations

import json
import random
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

import pytest

from bench.tokens import PUBLIC_URL, Signer, signers
from tests.contract.records import Json
from tests.fuzz.hostile import Mode
from tests.fuzz.hostile.chart import sound
from tests.fuzz.hostile.exchange import CHUNKED, Exchange, chunked, head, whole
from tests.fuzz.hostile.play import PATH, Answer, ask
from tests.fuzz.hostile.server import HostileFhir, hostile_fhir
from tests.fuzz.hostile.time_modes import with_text
from tests.fuzz.service_process import running_service

pytestmark = pytest.mark.fuzz

CALLS, AT_ONCE, SEED = 1_000, 10, 20261129
SHARED, OWN = "shared", "own"
TOKENS = {"Zaunammer": "zaunammer-token-", "Bergfink": "bergfink-token-"}
"""Two tenants, each named on every record that is its own, and how the tokens of its FHIR server begin."""


@dataclass(frozen=True)
class Played:
    """One call: whose it was, at which part of the gateway, and its answer."""

    tenant: str
    part: str
    answer: Answer


@dataclass
class Gateway:
    """Answers with the records of the tenant whose token came first on the connection, as what signs in connections in
    place of requests does; and now and then in a way that leads to mixing.
    """

    chance: random.Random
    lock: threading.Lock
    wrong: list[str]
    signed_in: WeakKeyDictionary[socket.socket, str]

    def act(self, exchange: Exchange) -> None:
        tenant = next((name for name, token in TOKENS.items() if exchange.token.startswith(token)), "nobody")
        part = exchange.question.base.split("/")[-2]
        if tenant == "nobody" or part not in (SHARED, f"{OWN}-{tenant}"):
            self.wrong.append(f"a token of {tenant} at {part}")
        with self.lock:
            first = self.signed_in.setdefault(exchange.sock, tenant)
            dice = self.chance.random()
        body = json.dumps(marked(sound(exchange.question), first)).encode()
        self.spoil(exchange, body, dice)

    def spoil(self, exchange: Exchange, body: bytes, dice: float) -> None:
        if dice < 0.6:
            exchange.answer(body)
        elif dice < 0.7:
            exchange.pause(dice - 0.6)
            exchange.answer(body)
        elif dice < 0.8:
            exchange.answer(body)
            exchange.pause((dice - 0.7) / 2)
            exchange.send(whole(body))
        elif dice < 0.85:
            exchange.send(whole(body) + whole(body))
        elif dice < 0.9:
            exchange.send(b"HTTP/1.1 103 Early Hints\r\n\r\n" + head(CHUNKED) + chunked(body))
        elif dice < 0.95:
            exchange.answer(body)
            exchange.close()
        else:
            exchange.send(whole(body)[: len(body) // 2])
            exchange.reset()


def marked(resource: Json, tenant: str) -> Json:
    """The same with the tenant's name in each text that a card may show."""
    entries = [{**entry, "resource": with_text(entry["resource"], tenant)} for entry in resource.get("entry", ())]
    return {**resource, "entry": entries} if entries else resource


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[list[Played], list[str], str]]:
    """All calls, what was wrong at the gateway, and the log."""
    folder: Path = tmp_path_factory.mktemp("tenants")
    gateway = Gateway(random.Random(SEED), threading.Lock(), [], WeakKeyDictionary())
    mode = Mode("gateway", "mixes up what it can", gateway.act)
    with hostile_fhir(mode, elsewhere="http://127.0.0.1:9") as server:
        clients = dict(zip(TOKENS, signers(), strict=True))
        file = folder / "clients.toml"
        file.write_text("\n".join(client_of(signer, server, mode, name) for name, signer in clients.items()))
        settings = {"CDS_TRUSTED_CLIENTS": str(file), "CDS_PUBLIC_URL": PUBLIC_URL, "CDS_LOG_LEVEL": "DEBUG"}
        with running_service(folder, 2, False, **settings) as service:
            some = list(calls(clients, server, mode))
            with ThreadPoolExecutor(AT_ONCE) as threads:
                found = list(threads.map(lambda one: Played(one[0], one[1], ask(service.port, *one[2:])), some))
            log = service.log.read_text(errors="replace")
        yield found, gateway.wrong + server.strays, log


def client_of(signer: Signer, server: HostileFhir, mode: Mode, tenant: str) -> str:
    """Its table in the file of trusted clients: both may ask at the shared base, each at its own."""
    servers = json.dumps([server.base(mode, SHARED), server.base(mode, f"{OWN}-{tenant}")])
    return signer.client().replace("[[client.keys]]", f"fhir_servers = {servers}\n[[client.keys]]")


def calls(clients: dict[str, Signer], server: HostileFhir, mode: Mode) -> Iterator[tuple[str, str, str, str, str]]:
    """Tenant, part of the gateway, base, access token and the client's JWT."""
    tokens = {name: signer.sign(CALLS, f"{PUBLIC_URL}{PATH}") for name, signer in clients.items()}
    chance = random.Random(SEED)
    for number in range(CALLS):
        tenant = chance.choice(list(clients))
        part = chance.choice((SHARED, f"{OWN}-{tenant}"))
        yield tenant, part, server.base(mode, part), f"{TOKENS[tenant]}{number}", f"Bearer {next(tokens[tenant])}"


Seen = tuple[list[Played], list[str], str]


def test_no_card_names_what_belongs_to_the_other_tenant(played: Seen) -> None:
    others = dict(zip(TOKENS, reversed(TOKENS), strict=True))
    assert [one for one in played[0] if others[one.tenant] in one.answer.text] == []


def test_most_cards_name_their_own_tenant(played: Seen) -> None:
    """The control: where nothing is named, nothing can be mixed up."""
    named = sum(one.tenant in one.answer.text for one in played[0])
    assert named > CALLS / 4, Counter(one.answer.status for one in played[0])
    assert {one.answer.status for one in played[0]} <= {200, 412}


def test_no_token_reaches_the_other_tenants_server(played: Seen) -> None:
    assert played[1] == []


def test_no_token_is_in_the_log(played: Seen) -> None:
    assert not [token for token in TOKENS.values() if token in played[2]]
    assert not [name for name in TOKENS if name in played[2]]
