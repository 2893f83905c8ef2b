"""Where the public keys of clients come from: their own JWK set, fetched, remembered and renewed.

What may live here: when to fetch, and what serves meanwhile. Only addresses from the file of trusted clients are
contacted, never an address that a token names. Nothing is fetched before the first token comes, so after the fork.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from cds_service.access.public_keys import KeyProblem, KeySet, PublicKey, read_key_set
from cds_service.access.trusted_clients import TrustedClient
from cds_service.bounded_get import NoAnswer, Web

log = logging.getLogger("cds_service")

Fetch = Callable[[str], bytes]
_SECONDS = 2.0
_MAX_BYTES = 200_000
_WAIT_SECONDS = 0.25
"""How long a token with a key that we do not know waits for somebody else who is fetching the keys."""


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
    ) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._times = times
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

    def _of(self, client: TrustedClient) -> _RemoteKeys:
        if client.jwks_url is None:
            raise KeySetUnavailable("neither keys nor an address to fetch them from")
        with self._lock:
            if client.issuer not in self._remote:
                remote = _RemoteKeys(client, client.jwks_url, self._fetch, self._monotonic, self._times)
                self._remote[client.issuer] = remote
            return self._remote[client.issuer]


@dataclass(frozen=True, slots=True)
class _Fetched:
    keys: KeySet
    at: float


class _RemoteKeys:
    """One key set. One thread at a time fetches; the others do not wait for it while old keys still serve.

    A thread that had to wait sees that another has just tried, and does not try again.
    """

    def __init__(
        self, client: TrustedClient, url: str, fetch: Fetch, monotonic: Callable[[], float], times: KeySetTimes
    ) -> None:
        self._tenant, self._algorithms, self._url = client.tenant, client.algorithms, url
        self._fetch, self._monotonic, self._times = fetch, monotonic, times
        self._fetching = threading.Lock()
        self._fetched: _Fetched | None = None
        self._tried_at: float | None = None
        self._told = ""

    def find(self, kid: str, algorithm: str) -> tuple[PublicKey, ...]:
        found = self.current().fitting(kid, algorithm)
        if found:
            return found
        # An id that we do not know: the client may have changed its keys since we looked. Anybody can name one, so few
        # threads may be held by a key server that is slow.
        if self._fetching.acquire(timeout=_WAIT_SECONDS):
            try:
                if self._may_try():
                    self._renew()
            finally:
                self._fetching.release()
        return self._known(kid, algorithm)

    def current(self) -> KeySet:
        if self._is_old() and self._fetching.acquire(blocking=self._serving() is None):
            try:
                if self._may_try():
                    self._renew()
            finally:
                self._fetching.release()
        serving = self._serving()
        if serving is None:
            raise KeySetUnavailable("the key set could not be fetched")
        return serving

    def _renew(self) -> None:
        self._tried_at = self._monotonic()
        try:
            keys = read_key_set(self._fetch(self._url))
            if self._serving() is not None and not keys.usable_with(self._algorithms):
                raise KeyProblem("it holds no key that can be used, so the earlier keys stay")
        except (KeySetUnavailable, KeyProblem) as problem:
            self._tell(f"the key set of client {self._tenant} could not be renewed: {problem}")
            return
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
