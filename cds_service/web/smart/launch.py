"""Signing in: from the EHR's launch to a session.

What may live here: what is remembered of a sign-in, the address to send the user to, and what comes back from there.
PKCE with S256 always; `state` is random, valid once, for ten minutes, and only in the browser that holds the key to it.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from cds_service.addresses import is_secure
from cds_service.bounded_get import Web
from cds_service.web.smart.discovery import DiscoveryProblem, Endpoints
from cds_service.web.smart.memory import Discovery
from cds_service.web.smart.refusals import VISIBLE, LaunchProblem, refuse_what_is_no_code
from cds_service.web.smart.scopes import requested
from cds_service.web.smart.sites import Site, Sites
from cds_service.web.smart.token_endpoint import LONGEST_SECONDS, Code, ExchangeProblem, Token, exchange
from cds_service.web.smart.vault import Vault

LAUNCH_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in under way: where to send the browser, and what it must hold when it comes back."""

    address: str = field(repr=False)
    name: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """A session: its name, the key for the browser, its length."""

    name: str
    key: str = field(repr=False)
    seconds: int


class Launches:
    """Sign-ins of all EHRs, for one worker."""

    def __init__(self, sites: Sites, vault: Vault, web: Web, clock: Callable[[], datetime]) -> None:
        self._sites, self._vault, self._web, self._clock = sites, vault, web, clock
        self._discovery = Discovery(web)

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

    def begin(self, site: Site, iss: str, endpoints: Endpoints, launch: str | None, redirect_uri: str) -> Begun:
        """Start signing in; `launch` is what the EHR sent along, None where the app was not opened from there."""
        if launch is not None and not VISIBLE.fullmatch(launch):
            raise LaunchProblem(400, "The launch cannot be used", "The EHR sent no usable launch parameter.", site=site)
        state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
        scope = requested(site.scopes, standalone=launch is None, speaks_v2=endpoints.speaks_v2)
        now = self._clock()
        content = {
            "iss": iss,
            "verifier": verifier,
            "token_endpoint": endpoints.token,
            "issuer": endpoints.issuer,
            "redirect_uri": redirect_uri,
            "scope": scope,
        }
        key = self._vault.put("launch", state, content, int(now.timestamp()) + LAUNCH_SECONDS, now)
        asked = {
            "response_type": "code",
            "client_id": site.client_id or "",
            "redirect_uri": redirect_uri,
            "scope": scope,
            "state": state,
            # As it came: some servers compare it letter by letter, a slash at the end included.
            "aud": iss,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
            **({} if launch is None else {"launch": launch}),
        }
        mark = "&" if "?" in endpoints.authorize else "?"
        return Begun(f"{endpoints.authorize}{mark}{urlencode(asked)}", cookie_name(state), key)

    def finish(self, answer: Mapping[str, str], key: str) -> tuple[Site, Opened]:
        """What came back from the EHR, with the key that this browser holds. Raises LaunchProblem."""
        state = answer.get("state", "")
        begun = self._vault.read("launch", state, key, self._clock()) if state and key else None
        # It is read before it is used up: nobody can spoil another's sign-in by knowing its state.
        if begun is None or not self._vault.remove("launch", state):
            raise LaunchProblem(
                400,
                "This sign-in is over",
                "It was used before, took more than ten minutes, or was begun in another browser. Open the app again "
                "from the EHR.",
            )
        site, base = self.find(begun["iss"])
        refuse_what_is_no_code(answer, begun["issuer"], site)
        code = Code(answer["code"], begun["verifier"], begun["token_endpoint"], begun["redirect_uri"], begun["scope"])
        try:
            token = exchange(code, site, self._web, self._clock())
        except ExchangeProblem as problem:
            raise LaunchProblem(502, "Signing in did not succeed", f"{_sentence(problem)}.", site=site) from None
        return site, self.open(base, token)

    def open(self, base: str, token: Token | None, patient: str = "") -> Opened:
        """A session for this token, or for this patient of a server that asks for no authorization."""
        seconds = token.seconds if token else LONGEST_SECONDS
        now = self._clock()
        content = {
            "base": base,
            "token": token.access_token if token else None,
            "patient": token.patient if token else patient,
            "scope": token.scope if token else None,
        }
        name = secrets.token_urlsafe(16)
        return Opened(name, self._vault.put("session", name, content, int(now.timestamp()) + seconds, now), seconds)


def cookie_name(state: str) -> str:
    """What a cookie calls this sign-in: the state itself need not be in two places."""
    return hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _sentence(problem: Exception) -> str:
    text = str(problem)
    return text[:1].upper() + text[1:]
