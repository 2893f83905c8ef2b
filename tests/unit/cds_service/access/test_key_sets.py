"""A client's published keys are fetched when needed, but seldom, and serve on through an outage."""

import contextlib
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
import responses

from cds_service.access.key_sets import KeySets, KeySetTimes, KeySetUnavailable, fetch_key_set
from cds_service.access.trusted_clients import TrustedClient
from tests.unit.cds_service.cds_client import ISSUER, JWKS_URL, SigningKey, signing_key

CLIENT = TrustedClient("north", ISSUER, jwks_url=JWKS_URL)
OLD, NEW = signing_key("2026-03"), signing_key("2026-04")
TIMES = KeySetTimes()


def published(*keys: SigningKey, **others: Any) -> bytes:
    return json.dumps({"keys": [key.jwk for key in keys], **others}).encode()


@dataclass
class World:
    """The client's key server, which counts, and the clock (seconds)."""

    body: bytes = field(default_factory=lambda: published(OLD))
    down: bool = False
    fetches: int = 0
    now: float = 1_000.0

    def fetch(self, url: str) -> bytes:
        assert url == JWKS_URL
        self.fetches += 1
        if self.down:
            raise KeySetUnavailable("down")
        return self.body

    def key_sets(self) -> KeySets:
        return KeySets(self.fetch, lambda: self.now)


@pytest.fixture
def world() -> World:
    return World()


def kids(key_sets: KeySets, kid: str) -> list[str]:
    return [key.kid for key in key_sets.find(CLIENT, kid, "ES384")]


def test_nothing_is_fetched_before_a_token_comes(world: World) -> None:
    world.key_sets()
    assert world.fetches == 0


def test_a_known_key_is_fetched_once_and_remembered(world: World) -> None:
    key_sets = world.key_sets()
    assert [kids(key_sets, "2026-03") for _ in range(3)] == [["2026-03"]] * 3
    assert world.fetches == 1


def test_the_set_is_fetched_again_after_ten_minutes(world: World) -> None:
    key_sets = world.key_sets()
    kids(key_sets, "2026-03")
    world.now += 599
    kids(key_sets, "2026-03")
    assert world.fetches == 1
    world.now += 1
    kids(key_sets, "2026-03")
    assert world.fetches == 2


def test_a_withdrawn_key_is_gone_after_ten_minutes(world: World) -> None:
    key_sets = world.key_sets()
    assert kids(key_sets, "2026-03") == ["2026-03"]
    world.body = published(NEW)
    world.now += TIMES.renew
    assert kids(key_sets, "2026-03") == []


def test_a_new_key_is_found_at_once_when_the_pause_is_over(world: World) -> None:
    key_sets = world.key_sets()
    assert kids(key_sets, "2026-03") == ["2026-03"]
    world.body = published(OLD, NEW)
    world.now += 30
    assert kids(key_sets, "2026-04") == ["2026-04"]
    assert kids(key_sets, "2026-03") == ["2026-03"]
    assert world.fetches == 2


def test_unknown_key_ids_cause_one_fetch_per_pause(world: World) -> None:
    key_sets = world.key_sets()
    kids(key_sets, "2026-03")
    world.now += 29
    assert [kids(key_sets, f"unknown-{number}") for number in range(20)] == [[]] * 20
    assert world.fetches == 1
    world.now += 1
    assert [kids(key_sets, f"unknown-{number}") for number in range(20)] == [[]] * 20
    assert world.fetches == 2


def test_keys_serve_on_through_an_outage_of_less_than_a_day(world: World) -> None:
    key_sets = world.key_sets()
    kids(key_sets, "2026-03")
    world.down = True
    world.now += TIMES.serve - 1
    assert kids(key_sets, "2026-03") == ["2026-03"]
    world.now += 1
    with pytest.raises(KeySetUnavailable):
        kids(key_sets, "2026-03")
    world.down, world.now = False, world.now + 30
    assert kids(key_sets, "2026-03") == ["2026-03"]


def test_an_outage_is_tried_again_once_per_pause(world: World) -> None:
    key_sets = world.key_sets()
    kids(key_sets, "2026-03")
    world.down, world.now = True, world.now + TIMES.renew
    for _ in range(20):
        kids(key_sets, "2026-03")
    assert world.fetches == 2
    world.now += 30
    kids(key_sets, "2026-03")
    assert world.fetches == 3


def test_a_server_that_is_down_at_the_start_is_tried_every_five_seconds(world: World) -> None:
    key_sets = world.key_sets()
    world.down = True
    for _ in range(5):
        with pytest.raises(KeySetUnavailable):
            kids(key_sets, "2026-03")
    assert world.fetches == 1
    world.down, world.now = False, world.now + 5
    assert kids(key_sets, "2026-03") == ["2026-03"]


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"keys": {}}', b'{"keys": null}', b"\xff", b"[" * 9999]
)
def test_an_answer_that_is_no_key_set_replaces_nothing(world: World, body: bytes) -> None:
    key_sets = world.key_sets()
    kids(key_sets, "2026-03")
    world.body, world.now = body, world.now + TIMES.renew
    assert kids(key_sets, "2026-03") == ["2026-03"]


USELESS = {
    "empty": [],
    "for encryption": [OLD.jwk | {"use": "enc"}],
    "private": [OLD.jwk | {"d": "AAAA"}],
    "without ids": [{name: value for name, value in OLD.jwk.items() if name != "kid"}],
    "for an algorithm that the client may not use": [signing_key("2026-05", "ES512").jwk],
    "no keys at all": [1, None, "key"],
}


@pytest.mark.parametrize("entries", USELESS.values(), ids=USELESS)
def test_a_set_without_any_usable_key_withdraws_nothing_until_the_old_one_is_a_day_old(
    world: World, entries: list[Any]
) -> None:
    key_sets = world.key_sets()
    kids(key_sets, "2026-03")
    world.body, world.now = json.dumps({"keys": entries}).encode(), world.now + TIMES.renew
    assert kids(key_sets, "2026-03") == ["2026-03"]
    world.now += TIMES.serve - TIMES.renew - 1
    assert kids(key_sets, "2026-03") == ["2026-03"]
    world.now += 1
    with contextlib.suppress(KeySetUnavailable):
        assert kids(key_sets, "2026-03") == []


def test_a_forged_key_id_cannot_make_us_take_a_useless_set_for_the_good_one(world: World) -> None:
    key_sets = world.key_sets()
    kids(key_sets, "2026-03")
    world.body, world.now = published(), world.now + TIMES.pause
    assert [kids(key_sets, f"forged-{number}") for number in range(20)] == [[]] * 20
    assert world.fetches == 2
    assert kids(key_sets, "2026-03") == ["2026-03"]


def test_one_usable_key_is_enough_to_withdraw_all_others(world: World) -> None:
    key_sets = world.key_sets()
    kids(key_sets, "2026-03")
    world.body, world.now = json.dumps({"keys": [1, NEW.jwk]}).encode(), world.now + TIMES.renew
    assert kids(key_sets, "2026-03") == []
    assert kids(key_sets, "2026-04") == ["2026-04"]


def test_a_set_that_cannot_be_renewed_is_said_once_for_each_reason(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    key_sets = world.key_sets()
    good = world.body
    kids(key_sets, "2026-03")
    world.now += TIMES.renew
    for body, down in [(published(), False)] * 3 + [(good, True)] * 3 + [(good, False), (published(), False)]:
        world.body, world.down = body, down
        kids(key_sets, "forged")
        world.now += TIMES.pause
    said = [record.getMessage().partition("could not be renewed: ")[2] for record in caplog.records]
    useless = "it holds no key that can be used, so the earlier keys stay"
    assert said == [useless, "down", useless]


def test_a_client_whose_first_set_is_useless_is_explained_by_it(world: World) -> None:
    world.body = json.dumps({"keys": [{"kty": "EC", "kid": "half"}]}).encode()
    assert len(world.key_sets().all_of(CLIENT).unusable) == 1


def test_an_overlong_key_set_is_no_key_set(world: World) -> None:
    world.body = published(*[OLD] * 100)
    assert len(kids(world.key_sets(), "2026-03")) == 100
    world.body = published(*[OLD] * 101)
    with pytest.raises(KeySetUnavailable):
        kids(world.key_sets(), "2026-03")


def test_keys_that_we_cannot_use_do_not_spoil_the_others(world: World) -> None:
    secret = {"kty": "oct", "kid": "2026-03", "k": "AAAA"}
    private = OLD.jwk | {"d": "AAAA", "kid": "leaked"}
    world.body = json.dumps({"keys": [secret, private, 1, {"kty": "EC"}, OLD.jwk]}).encode()
    key_sets = world.key_sets()
    assert kids(key_sets, "2026-03") == ["2026-03"]
    assert kids(key_sets, "leaked") == []
    assert len(key_sets.all_of(CLIENT).unusable) == 4


def test_each_client_has_its_own_keys() -> None:
    south = TrustedClient("south", "urn:south", jwks_url="https://south.example/jwks.json")
    bodies = {JWKS_URL: published(OLD), south.jwks_url: published(NEW)}
    key_sets = KeySets(bodies.__getitem__)
    assert kids(key_sets, "2026-03") == ["2026-03"]
    assert not key_sets.find(south, "2026-03", "ES384")
    assert [key.kid for key in key_sets.find(south, "2026-04", "ES384")] == ["2026-04"]


def test_a_client_with_neither_keys_nor_address_has_no_keys() -> None:
    with pytest.raises(KeySetUnavailable, match="neither keys nor an address"):
        KeySets().find(TrustedClient("north", ISSUER), "2026-03", "ES384")


def test_many_first_calls_at_once_fetch_once() -> None:
    started, go = threading.Barrier(8), threading.Event()
    fetches: list[str] = []

    def fetch(url: str) -> bytes:
        fetches.append(url)
        assert go.wait(10)
        return published(OLD)

    key_sets = KeySets(fetch)

    def call(_: int) -> list[str]:
        started.wait(10)
        return kids(key_sets, "2026-03")

    with ThreadPoolExecutor(8) as threads:
        answers = threads.map(call, range(8))
        go.set()
        assert list(answers) == [["2026-03"]] * 8
    assert fetches == [JWKS_URL]


def test_who_has_keys_does_not_wait_for_the_one_who_renews_them(world: World) -> None:
    renewing, go = threading.Event(), threading.Event()

    def fetch(url: str) -> bytes:
        if world.fetches:
            renewing.set()
            assert go.wait(10)
        return world.fetch(url)

    key_sets = KeySets(fetch, lambda: world.now)
    kids(key_sets, "2026-03")
    world.now += TIMES.renew
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(kids, key_sets, "2026-03")
        assert renewing.wait(10)
        # Were this to wait, `go` would never be set and the fetch above would fail.
        assert kids(key_sets, "2026-03") == ["2026-03"]
        go.set()
        assert slow.result() == ["2026-03"]


def test_who_names_a_key_that_we_do_not_have_waits_only_briefly_for_the_one_who_renews_them(world: World) -> None:
    renewing, go = threading.Event(), threading.Event()

    def fetch(url: str) -> bytes:
        if world.fetches:
            renewing.set()
            assert go.wait(10)
        return world.fetch(url)

    key_sets = KeySets(fetch, lambda: world.now)
    kids(key_sets, "2026-03")
    world.body, world.now = published(OLD, NEW), world.now + TIMES.pause
    with ThreadPoolExecutor(8) as threads:
        slow = threads.submit(kids, key_sets, "forged")
        assert renewing.wait(10)
        # Were these to wait to the end, `go` would never be set and the fetch above would fail.
        forged = [threads.submit(kids, key_sets, f"forged-{number}") for number in range(7)]
        assert [one.result() for one in forged] == [[]] * 7
        go.set()
        assert slow.result() == []
    assert world.fetches == 2
    assert kids(key_sets, "2026-04") == ["2026-04"]


class TestFetching:
    def test_the_body_is_handed_over(self) -> None:
        with responses.RequestsMock() as mock:
            mock.get(JWKS_URL, body=published(OLD))
            assert fetch_key_set(JWKS_URL) == published(OLD)
            assert "Authorization" not in mock.calls[0].request.headers

    @pytest.mark.parametrize("status", [204, 301, 302, 307, 404, 500, 503])
    def test_any_answer_but_200_is_no_key_set_and_no_redirect_is_followed(self, status: int) -> None:
        with responses.RequestsMock() as mock:
            mock.get(JWKS_URL, status=status, headers={"Location": "https://attacker.example/jwks.json"})
            with pytest.raises(KeySetUnavailable, match=f"answered {status}"):
                fetch_key_set(JWKS_URL)
            assert len(mock.calls) == 1

    def test_the_size_is_limited(self) -> None:
        with responses.RequestsMock() as mock:
            mock.get(JWKS_URL, body=b"x" * 200_000)
            assert len(fetch_key_set(JWKS_URL)) == 200_000
            mock.replace(responses.GET, JWKS_URL, body=b"x" * 200_001)
            with pytest.raises(KeySetUnavailable, match="larger than the limit"):
                fetch_key_set(JWKS_URL)

    def test_a_server_that_does_not_answer_is_an_outage_that_names_no_address(self) -> None:
        with responses.RequestsMock(), pytest.raises(KeySetUnavailable, match="no answer") as failure:
            fetch_key_set(JWKS_URL)
        assert "ehr.example" not in str(failure.value)

    def test_a_server_that_drips_bytes_is_cut_off(self, serve: Callable[..., Any]) -> None:
        def drip(connection: Any) -> None:
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            connection.drip()

        server = serve(drip)
        with pytest.raises(KeySetUnavailable, match="no answer"):
            fetch_key_set(server.base, seconds=0.2)
        assert server.hung_up.wait(10)
