"""Signing in: from the EHR's launch to a session.

What may live here: what is remembered of a sign-in, the address to send the user to, and what comes back from there.
PKCE with S256 always; `state` is random, valid once, for ten minutes, and only in the browser that began: its cookie
holds the sign-in, sealed. Each FHIR server has a redirect address of its own, so that an answer of one EHR's
authorization server is never taken for that of another's (RFC 9700, "Mix-Up Attacks").
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from cds_service.addresses import is_secure
from cds_service.bounded_get import Web
from cds_service.web.smart.cookies import LAUNCH, LONGEST, SESSION
from cds_service.web.smart.discovery import DiscoveryProblem, Endpoints
from cds_service.web.smart.memory import Discovery
from cds_service.web.smart.redirects import redirect_address, redirect_name
from cds_service.web.smart.refusals import VISIBLE, LaunchProblem, refuse_what_is_no_code
from cds_service.web.smart.scopes import requested
from cds_service.web.smart.seals import Seals, is_sealed
from cds_service.web.smart.sites import Site, Sites
from cds_service.web.smart.token_endpoint import LONGEST_SECONDS, Code, ExchangeProblem, Token, exchange
from cds_service.web.smart.vault import Vault

LAUNCH_SECONDS = 600
_MOST_EXCHANGES = 3
"""Codes that one worker trades for tokens at a time; an EHR that works takes a fraction of a second for each."""
_WAIT_SECONDS = 0.5
_MARK = 8


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in under way: where to send the browser, and what it must hold when it comes back."""

    address: str = field(repr=False)
    name: str
    sealed: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """A session: its name, what the browser must hold (a key, or all of it, sealed), its length."""

    name: str
    key: str = field(repr=False)
    seconds: int


class Launches:
    """Sign-ins of all EHRs, for one worker."""

    def __init__(self, sites: Sites, vault: Vault, web: Web, clock: Callable[[], datetime]) -> None:
        self._sites, self._vault, self._web, self._clock = sites, vault, web, clock
        self._discovery, self._seals = Discovery(web), Seals(vault.secret)
        self._exchanging = threading.BoundedSemaphore(_MOST_EXCHANGES)

    def find(self, iss: str) -> tuple[Site, str]:
        """The EHR and the base URL that this `iss` stands for. Raises LaunchProblem for a stranger."""
        found = self._sites.of(iss)
        if found is None:
            raise LaunchProblem(
                403, "This EHR is not known here", "The app may be opened only from the EHRs that were set up for it."
            )
        return found

    def endpoints(self, site: Site, base: str) -> Endpoints | None:
        """Where the users of this EHR sign in; None where they need not. Raises LaunchProblem."""
        try:
            # Refused before it is asked. An open server may be read over plain http, but nobody signs in that way.
            may_sign_in = is_secure(base, base)
            if not may_sign_in and not site.may_be_open:
                raise DiscoveryProblem("the FHIR server's address is not https")
            endpoints = self._discovery.endpoints_of(base)
            if endpoints is not None and not may_sign_in:
                raise DiscoveryProblem("the FHIR server's address is not https")
            if endpoints is None and not site.may_be_open:
                raise DiscoveryProblem("the FHIR server offers no SMART sign-in, and may not be read without one")
            if endpoints is not None and site.client_id is None:
                raise DiscoveryProblem("the app was given no client id at this EHR")
        except DiscoveryProblem as problem:
            raise LaunchProblem(502, "Signing in is not possible", f"{_sentence(problem)}.", site=site) from None
        return endpoints

    def begin(self, site: Site, iss: str, base: str, endpoints: Endpoints, launch: str | None, public: str) -> Begun:
        """Start signing in; `launch` is what the EHR sent along, None where the app was not opened from there.

        `public` is our own address for browsers. Nothing is stored: all of it goes into the browser's cookie.
        """
        if launch is not None and not VISIBLE.fullmatch(launch):
            raise LaunchProblem(400, "The launch cannot be used", "The EHR sent no usable launch parameter.", site=site)
        state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
        scope = requested(site.scopes, standalone=launch is None, speaks_v2=endpoints.speaks_v2)
        content = {
            "iss": iss,
            "verifier": verifier,
            "token_endpoint": endpoints.token,
            "issuer": endpoints.issuer,
            "is_named": endpoints.answers_name_issuer,
            "scope": scope,
        }
        sealed = self._seals.seal(LAUNCH, state, content, int(self._clock().timestamp()) + LAUNCH_SECONDS)
        if len(sealed) > LONGEST:
            raise LaunchProblem(400, "Signing in is not possible", "The EHR's addresses are too long.", site=site)
        asked = {
            "response_type": "code",
            "client_id": site.client_id or "",
            "redirect_uri": redirect_address(public, base),
            "scope": scope,
            "state": state,
            # As it came: some servers compare it letter by letter, a slash at the end included.
            "aud": iss,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
            **({} if launch is None else {"launch": launch}),
        }
        mark = "&" if "?" in endpoints.authorize else "?"
        return Begun(f"{endpoints.authorize}{mark}{urlencode(asked)}", cookie_name(state), sealed)

    def finish(self, name: str, answer: Mapping[str, str], sealed: str, public: str) -> tuple[Site, Opened]:
        """What came back from an EHR to the redirect address of this name, with what this browser holds.

        Raises LaunchProblem.
        """
        state = answer.get("state", "")
        begun = self._seals.opened(LAUNCH, state, sealed, self._clock()) if state and sealed else None
        if begun is None:
            raise _over()
        site, base = self.find(begun["iss"])
        if name != redirect_name(base):
            raise LaunchProblem(400, "This sign-in is over", "The answer came to another EHR's address.", site=site)
        refuse_what_is_no_code(answer, begun["issuer"], site, is_named=begun["is_named"])
        code = Code(
            answer["code"], begun["verifier"], begun["token_endpoint"], redirect_address(public, base), begun["scope"]
        )
        return site, self.open(site, base, self._exchanged(state, code, site, begun["until"]))

    def _exchanged(self, state: str, code: Code, site: Site, until: int) -> Token:
        """The token for this code. That the sign-in was used is stored only where it led to a token.

        Otherwise whoever can call could fill the database: anybody can begin a sign-in and make up a code.
        """
        with self._place(site):
            if not self._vault.use(state, until, self._clock()):
                raise _over()
            try:
                return exchange(code, site, self._web, self._clock())
            except ExchangeProblem as problem:
                self._vault.unuse(state)
                raise LaunchProblem(502, "Signing in did not succeed", f"{_sentence(problem)}.", site=site) from None

    @contextmanager
    def _place(self, site: Site) -> Iterator[None]:
        """Few at a time: a token endpoint that is slow holds a thread for each made-up code."""
        if not self._exchanging.acquire(timeout=_WAIT_SECONDS):
            what = "Too many people are signing in at this moment. Open the app again from the EHR in a few seconds."
            raise LaunchProblem(503, "Try again in a moment", what, site=site)
        try:
            yield
        finally:
            self._exchanging.release()

    def open(self, site: Site, base: str, token: Token | None, patient: str = "") -> Opened:
        """A session for this token, or for this patient of a server that asks for no authorization.

        Only a session with a token is stored. One without has nothing to hide, and anybody may open it.
        """
        seconds = token.seconds if token else LONGEST_SECONDS
        now = self._clock()
        until = int(now.timestamp()) + seconds
        content = {
            "base": base,
            "token": token.access_token if token else None,
            "patient": token.patient if token else patient,
            "scope": token.scope if token else None,
        }
        name = f"{secrets.token_urlsafe(16)}{_mark(site)}"
        if token is None:
            return Opened(name, self._seals.seal(SESSION, name, content, until), seconds)
        return Opened(name, self._vault.put(_purpose(name), name, content, until, now), seconds)

    def session(self, name: str, held: str) -> dict[str, Any] | None:
        """What a session is about, by what the browser holds for it; None where there is no such session."""
        if is_sealed(held):
            return self._seals.opened(SESSION, name, held, self._clock())
        return self._vault.read(_purpose(name), name, held, self._clock()) if held else None

    def end(self, name: str) -> None:
        """Delete what is stored of a session."""
        self._vault.remove(_purpose(name), name)


def _mark(site: Site) -> str:
    """What the names of all sessions of this EHR end in."""
    return hashlib.sha256(site.name.encode()).hexdigest()[:_MARK]


def _purpose(name: str) -> str:
    """Under which purpose a session is stored. Each EHR has one, so that none can take the room of the others."""
    return f"{SESSION}-{name[-_MARK:]}"


def cookie_name(state: str) -> str:
    """What a cookie calls this sign-in: the state itself need not be in two places."""
    return hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _over() -> LaunchProblem:
    what = "It was used before, took more than ten minutes, or was begun in another browser."
    return LaunchProblem(400, "This sign-in is over", f"{what} Open the app again from the EHR.")


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _sentence(problem: Exception) -> str:
    text = str(problem)
    return text[:1].upper() + text[1:]
