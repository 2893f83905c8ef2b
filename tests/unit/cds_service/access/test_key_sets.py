"""A client's published keys are fetched when needed, but seldom, and serve on through an outage."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import responses

from cds_service.access.key_sets import KeySets, KeySetTimes, KeySetUnavailable, fetch_key_set
from cds_service.access.public_keys import read_key_set
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


def renewed_slowly(world: World) -> tuple[KeySets, threading.Event, threading.Event]:
    """Key sets that have been fetched once; the next fetch says that it has begun, and waits until it may go on."""
    renewing, go = threading.Event(), threading.Event()

    def fetch(url: str) -> bytes:
        if world.fetches:
            renewing.set()
            assert go.wait(10)
        return world.fetch(url)

    key_sets = KeySets(fetch, lambda: world.now)
    kids(key_sets, "2026-03")
    return key_sets, renewing, go


def test_who_has_keys_does_not_wait_for_the_one_who_renews_them(world: World) -> None:
    key_sets, renewing, go = renewed_slowly(world)
    world.now += TIMES.renew
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(kids, key_sets, "2026-03")
        assert renewing.wait(10)
        # Were this to wait, `go` would never be set and the fetch above would fail.
        assert kids(key_sets, "2026-03") == ["2026-03"]
        go.set()
        assert slow.result() == ["2026-03"]


def test_who_names_a_key_that_we_do_not_have_waits_only_briefly_for_the_one_who_renews_them(world: World) -> None:
    key_sets, renewing, go = renewed_slowly(world)
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


SOUTH = TrustedClient("south", "urn:south", jwks_url="https://south.example/jwks.json")
ENOUGH = 8.0
"""Seconds after which a fetch that hangs comes back all the same, so that a failing test ends."""


@dataclass
class Hanging:
    """Fetching from name servers and key servers that give no sign of life until `go`."""

    go: threading.Event = field(default_factory=threading.Event)
    fetches: list[str] = field(default_factory=list)

    def fetch(self, url: str) -> bytes:
        self.fetches.append(url)
        if self.go.wait(ENOUGH):
            return published(OLD)
        raise KeySetUnavailable("no answer")


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    one = Hanging()
    yield one
    one.go.set()


def seconds_held(key_sets: KeySets, callers: list[TrustedClient]) -> list[tuple[float, bool]]:
    """For how long each of these callers, who come at once, was held, and whether the keys were there then."""
    ready = threading.Barrier(len(callers))

    def call(client: TrustedClient) -> tuple[float, bool]:
        ready.wait(10)
        began, served = time.monotonic(), False
        with contextlib.suppress(KeySetUnavailable):
            served = bool(key_sets.find(client, "2026-03", "ES384"))
        return time.monotonic() - began, served

    with ThreadPoolExecutor(len(callers)) as threads:
        return list(threads.map(call, callers))


def test_a_worker_that_begins_waits_for_the_keys_of_its_clients_and_its_first_callers_do_not() -> None:
    fetches: list[str] = []

    def fetch(url: str) -> bytes:
        time.sleep(0.2)
        fetches.append(url)
        return published(OLD)

    key_sets = KeySets(fetch, most_waiting=1)
    key_sets.begin([CLIENT, SOUTH])
    assert sorted(fetches) == sorted([JWKS_URL, str(SOUTH.jwks_url)])
    assert all(served for _, served in seconds_held(key_sets, [CLIENT, SOUTH] * 4))
    assert len(fetches) == 2


def test_it_waits_for_silent_key_servers_for_the_time_of_one(hanging: Hanging) -> None:
    began = time.monotonic()
    KeySets(hanging.fetch).begin([CLIENT, SOUTH])
    assert time.monotonic() - began < 3.5
    assert len(hanging.fetches) == 2


def test_keys_that_stand_in_the_file_are_not_fetched(hanging: Hanging) -> None:
    KeySets(hanging.fetch).begin([replace(CLIENT, keys=read_key_set(published(OLD)), jwks_url=None)])
    assert hanging.fetches == []


class TestAFetchThatHangs:
    def test_of_callers_who_come_at_once_one_is_held_for_two_seconds_and_the_others_for_one(
        self, hanging: Hanging
    ) -> None:
        held = sorted(seconds for seconds, _ in seconds_held(KeySets(hanging.fetch), [CLIENT] * 6))
        assert held[-1] < 3.5
        assert held[-2] < 2
        assert hanging.fetches == [JWKS_URL]
        # The same with a server that answers: nobody was held for another reason, and all are served.
        quick = seconds_held(KeySets(lambda url: published(OLD)), [CLIENT] * 6)
        assert all(served and seconds < 1 for seconds, served in quick)

    def test_as_long_as_it_lasts_further_callers_are_told_at_once(self, hanging: Hanging) -> None:
        key_sets = KeySets(hanging.fetch)
        seconds_held(key_sets, [CLIENT])
        began = time.monotonic()
        assert not any(served for _ in range(20) for _, served in seconds_held(key_sets, [CLIENT]))
        assert time.monotonic() - began < 1
        assert hanging.fetches == [JWKS_URL]

    def test_few_callers_wait_at_a_time_whosever_keys_they_wait_for(self, hanging: Hanging) -> None:
        held = seconds_held(KeySets(hanging.fetch, most_waiting=2), [CLIENT, SOUTH] * 4)
        assert 1 <= sum(seconds > 0.8 for seconds, _ in held) <= 2
        assert sorted(hanging.fetches) == sorted([JWKS_URL, str(SOUTH.jwks_url)])

    def test_the_keys_of_other_clients_are_fetched_meanwhile(self, hanging: Hanging) -> None:
        key_sets = KeySets(lambda url: hanging.fetch(url) if url == JWKS_URL else published(OLD))
        with ThreadPoolExecutor(1) as threads:
            slow = threads.submit(seconds_held, key_sets, [CLIENT] * 4)
            assert [served for _, served in seconds_held(key_sets, [SOUTH] * 3)] == [True] * 3
            assert not any(served for _, served in slow.result())

    def test_a_place_is_free_again_when_its_caller_waits_no_more(self, hanging: Hanging) -> None:
        def fetch(url: str) -> bytes:
            if url == JWKS_URL:
                return hanging.fetch(url)
            time.sleep(0.2)  # Who does not wait for it is told before it comes.
            return published(OLD)

        key_sets = KeySets(fetch, most_waiting=1)
        seconds_held(key_sets, [CLIENT])
        assert [served for _, served in seconds_held(key_sets, [SOUTH])] == [True]

    def test_what_it_brings_in_the_end_serves_without_a_second_fetch(self, hanging: Hanging) -> None:
        key_sets = KeySets(hanging.fetch)
        assert [served for _, served in seconds_held(key_sets, [CLIENT])] == [False]
        hanging.go.set()
        for thread in threading.enumerate():
            if thread.name == "key set":
                thread.join(ENOUGH)
        assert kids(key_sets, "2026-03") == ["2026-03"]
        assert hanging.fetches == [JWKS_URL]

    def test_old_keys_serve_on_without_waiting(self, hanging: Hanging, world: World) -> None:
        key_sets = KeySets(lambda url: hanging.fetch(url) if world.fetches else world.fetch(url), lambda: world.now)
        kids(key_sets, "2026-03")
        world.now += TIMES.renew
        held = sorted(seconds_held(key_sets, [CLIENT] * 6))
        assert all(served for _, served in held)
        assert held[-1][0] < 3.5
        assert held[-2][0] < 1

    def test_the_pause_begins_when_it_has_come_back(self, world: World) -> None:
        def fetch(url: str) -> bytes:
            world.now += TIMES.first_pause + 1
            return world.fetch(url)

        world.down = True
        key_sets = KeySets(fetch, lambda: world.now)
        for _ in range(3):
            with pytest.raises(KeySetUnavailable):
                kids(key_sets, "2026-03")
        assert world.fetches == 1
        world.down, world.now = False, world.now + TIMES.first_pause
        assert kids(key_sets, "2026-03") == ["2026-03"]


def test_a_fetch_that_fails_in_an_unknown_way_is_an_outage_that_names_no_address(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    def fetch(url: str) -> bytes:
        if world.down:
            raise ZeroDivisionError(url)
        return world.fetch(url)

    world.down = True
    key_sets = KeySets(fetch, lambda: world.now)
    with pytest.raises(KeySetUnavailable):
        kids(key_sets, "2026-03")
    assert caplog.messages == ["the key set of client north could not be renewed: ZeroDivisionError"]
    world.down, world.now = False, world.now + TIMES.first_pause
    assert kids(key_sets, "2026-03") == ["2026-03"]


def test_without_a_thread_to_fetch_them_old_keys_serve_on_and_new_ones_are_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no_thread(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    key_sets = world.key_sets()
    with monkeypatch.context() as without_threads:
        without_threads.setattr(threading.Thread, "start", no_thread)
        with pytest.raises(KeySetUnavailable):
            kids(key_sets, "2026-03")
    assert caplog.messages == ["the key set of client north could not be renewed: RuntimeError"]
    assert kids(key_sets, "2026-03") == ["2026-03"]
    world.now += TIMES.renew
    with monkeypatch.context() as without_threads:
        without_threads.setattr(threading.Thread, "start", no_thread)
        assert kids(key_sets, "2026-03") == ["2026-03"]
    assert world.fetches == 1
    kids(key_sets, "2026-03")
    assert world.fetches == 2


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
