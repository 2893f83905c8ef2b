"""Where the public keys of clients come from: their own JWK set, fetched, remembered and renewed.

What may live here: when to fetch, who waits for that, and what serves meanwhile. Only addresses from the file of
trusted clients are contacted, never an address that a token names. A worker has all of them fetched when it begins, and
again as tokens come; nothing is fetched before the fork.

Anybody can name a client in a token that he has made up, and so have its keys fetched. A fetch therefore has a thread
of its own, one for each client: a key server that is silent, or a name server that hangs (no limit of ours holds for
it), keeps no thread that serves callers for longer than a moment, and few of them at a time.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from cds_service.access.public_keys import KeyProblem, KeySet, PublicKey, read_key_set
from cds_service.access.trusted_clients import TrustedClient
from cds_service.bounded_get import NoAnswer, Web

log = logging.getLogger("cds_service")

Fetch = Callable[[str], bytes]
_SECONDS = 2.0
_MAX_BYTES = 200_000
_FIRST_WAIT_SECONDS = 1.0
"""How old a fetch may be that others than its beginner wait for, while without it nobody of that client is let in."""
_WAIT_SECONDS = 0.25
"""The same where there are keys already, and the token names another one."""
MOST_WAITING = 8
"""Callers of one worker that wait for keys at a time, of whatever client: half the usual number of threads."""


class KeySetUnavailable(Exception):
    """The key set is not available. The text says why, without the address."""


def fetch_key_set(url: str, seconds: float = _SECONDS, max_bytes: int = _MAX_BYTES) -> bytes:
    """The body that this address answers, in at most so many seconds and bytes, without proxies of the environment.

    Raises:
        KeySetUnavailable: any other answer than 200 with such a body.
    """
    try:
        answer = Web(seconds).get(url, "application/jwk-set+json, application/json", max_bytes)
    except NoAnswer as problem:
        raise KeySetUnavailable(str(problem)) from None
    if answer.status != 200:
        raise KeySetUnavailable(f"the key server answered {answer.status}")
    return answer.body


@dataclass(frozen=True, slots=True)
class KeySetTimes:
    """How long keys may be used, in seconds.

    `renew`: a set older than this is fetched again. `pause`: how long we wait after any attempt before the next one,
    however many tokens name a key that we do not know; `first_pause` is the same while we have no keys at all.
    `serve`: a set that could not be renewed goes on serving until it is this old, so an outage of the key server does
    not silence us. After that its tokens are refused, because a key withdrawn meanwhile would still be trusted. A set
    without any key that the client may use is such an outage: it withdraws nothing.
    """

    renew: float = 600.0
    pause: float = 30.0
    first_pause: float = 5.0
    serve: float = 86_400.0


class KeySets:
    """The key sets of all clients, for one worker. Safe to share between threads."""

    def __init__(
        self,
        fetch: Fetch = fetch_key_set,
        monotonic: Callable[[], float] = time.monotonic,
        times: KeySetTimes = KeySetTimes(),
        most_waiting: int = MOST_WAITING,
    ) -> None:
        """At most so many callers wait for keys at a time; the others are told at once that there are none."""
        self._fetch, self._monotonic, self._times = fetch, monotonic, times
        self._places = threading.BoundedSemaphore(most_waiting)
        self._lock = threading.Lock()
        self._remote: dict[str, _RemoteKeys] = {}

    def find(self, client: TrustedClient, kid: str, algorithm: str) -> tuple[PublicKey, ...]:
        """The client's keys with this id for this algorithm; none where it has no such key.

        Raises:
            KeySetUnavailable: there is no key set to look in.
        """
        if client.keys is not None:
            return client.keys.fitting(kid, algorithm)
        return self._of(client).find(kid, algorithm)

    def all_of(self, client: TrustedClient) -> KeySet:
        """All keys of this client as we have them. Raises KeySetUnavailable."""
        return client.keys if client.keys is not None else self._of(client).current()

    def begin(self, clients: Iterable[TrustedClient]) -> None:
        """Have the keys of these clients fetched, all at once, and wait for that as long as a fetch should take."""
        under_way = [self._of(client).begin() for client in clients if client.jwks_url is not None]
        end = time.monotonic() + _SECONDS
        for renewal in filter(None, under_way):
            renewal.done.wait(max(0.0, end - time.monotonic()))

    def _of(self, client: TrustedClient) -> _RemoteKeys:
        if client.jwks_url is None:
            raise KeySetUnavailable("neither keys nor an address to fetch them from")
        with self._lock:
            if client.issuer not in self._remote:
                about = client, client.jwks_url, self._fetch
                self._remote[client.issuer] = _RemoteKeys(*about, self._monotonic, self._times, self._places)
            return self._remote[client.issuer]


@dataclass(frozen=True, slots=True)
class _Fetched:
    keys: KeySet
    at: float


@dataclass(eq=False)
class _Renewal:
    """A fetch under way."""

    began: float
    done: threading.Event = field(default_factory=threading.Event)


class _RemoteKeys:
    """One key set. One thread at a time fetches; callers wait for it briefly, and not at all while old keys serve."""

    def __init__(
        self,
        client: TrustedClient,
        url: str,
        fetch: Fetch,
        monotonic: Callable[[], float],
        times: KeySetTimes,
        places: threading.BoundedSemaphore,
    ) -> None:
        self._tenant, self._algorithms, self._url = client.tenant, client.algorithms, url
        self._fetch, self._monotonic, self._times, self._places = fetch, monotonic, times, places
        self._lock = threading.Lock()
        self._under_way: _Renewal | None = None
        self._fetched: _Fetched | None = None
        self._tried_at: float | None = None
        self._told = ""

    def find(self, kid: str, algorithm: str) -> tuple[PublicKey, ...]:
        found = self.current().fitting(kid, algorithm)
        if found:
            return found
        # An id that we do not know: the client may have changed its keys since we looked.
        self._renew(_WAIT_SECONDS)
        return self._known(kid, algorithm)

    def current(self) -> KeySet:
        if self._is_old():
            self._renew(_FIRST_WAIT_SECONDS if self._serving() is None else 0.0)
        serving = self._serving()
        if serving is None:
            raise KeySetUnavailable("the key set could not be fetched")
        return serving

    def begin(self) -> _Renewal | None:
        """Have the keys fetched where that may be tried and nobody does already; the fetch that this begins."""
        with self._lock:
            begins = self._under_way is None and self._may_try() and self._has_begun()
            return self._under_way if begins else None

    def _renew(self, wait_seconds: float) -> None:
        """Have the keys fetched where that may be tried, and wait for it, as far as there is a place for that.

        Whoever begins it waits as long as a fetch should take at most, the others until it has taken so many seconds.
        """
        begun = self.begin()
        renewal = begun or self._under_way
        if renewal is None:
            return
        patience = _SECONDS if begun else wait_seconds - self._since(renewal.began)
        if patience > 0 and self._places.acquire(blocking=False):
            try:
                renewal.done.wait(patience)
            finally:
                self._places.release()

    def _has_begun(self) -> bool:
        """Called with the lock held, which the new thread needs for its end."""
        renewal = _Renewal(self._monotonic())
        try:
            threading.Thread(target=self._run, args=(renewal,), name="key set", daemon=True).start()
        except RuntimeError as error:
            self._tell(f"the key set of client {self._tenant} could not be renewed: {type(error).__name__}")
            return False
        self._under_way = renewal
        return True

    def _run(self, renewal: _Renewal) -> None:
        try:
            self._fetch_and_keep()
        except (KeySetUnavailable, KeyProblem) as problem:
            self._tell(f"the key set of client {self._tenant} could not be renewed: {problem}")
        except Exception as error:
            # Whatever it is: this thread has nobody else to tell it to, and the text may hold the address.
            self._tell(f"the key set of client {self._tenant} could not be renewed: {type(error).__name__}")
        finally:
            with self._lock:
                # The pause begins only now: a fetch may have taken longer than that.
                self._tried_at, self._under_way = self._monotonic(), None
            renewal.done.set()

    def _fetch_and_keep(self) -> None:
        keys = read_key_set(self._fetch(self._url))
        if self._serving() is not None and not keys.usable_with(self._algorithms):
            raise KeyProblem("it holds no key that can be used, so the earlier keys stay")
        self._fetched = _Fetched(keys, self._monotonic())
        self._told = ""

    def _tell(self, what: str) -> None:
        """Say it once, as long as it stays the same: any caller can make us try again."""
        if what != self._told:
            log.warning("%s", what)
            self._told = what

    def _known(self, kid: str, algorithm: str) -> tuple[PublicKey, ...]:
        serving = self._serving()
        return () if serving is None else serving.fitting(kid, algorithm)

    def _serving(self) -> KeySet | None:
        fetched = self._fetched
        return None if fetched is None or self._since(fetched.at) >= self._times.serve else fetched.keys

    def _is_old(self) -> bool:
        fetched = self._fetched
        return fetched is None or self._since(fetched.at) >= self._times.renew

    def _may_try(self) -> bool:
        pause = self._times.first_pause if self._fetched is None else self._times.pause
        return self._tried_at is None or self._since(self._tried_at) >= pause

    def _since(self, moment: float) -> float:
        return self._monotonic() - moment
