"""From the authorization code to the access token.

What may live here: asking the token endpoint and judging what it answers. RFC 6749 section 4.1.3, RFC 7636, RFC 7523,
SMART App Launch 2.2. Nothing of the answer goes into a text but the names of known errors.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus

from cds_service.access import ASSERTION_TYPE
from cds_service.bounded_get import NoAnswer, Web, WebAnswer
from cds_service.web.smart.sites import Site
from fhir_mappings.fhir_json import FHIR_ID

LONGEST_SECONDS = 3600
_TOKEN = re.compile("[!-~]{1,16000}")
_ERRORS = {
    "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type",
    "invalid_scope",
}  # fmt: skip
"""RFC 6749 section 5.2; other words could hold anything."""


class ExchangeProblem(Exception):
    """There is no usable token. The text is for people and for the log: no code, no token, no address."""


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code and what it was asked for with."""

    code: str = field(repr=False)
    verifier: str = field(repr=False)
    token_endpoint: str
    redirect_uri: str
    scope: str


@dataclass(frozen=True, slots=True)
class Token:
    """An access token for one patient; it is valid for `seconds` from now."""

    access_token: str = field(repr=False)
    patient: str = field(repr=False)
    scope: str
    seconds: int


def exchange(code: Code, site: Site, web: Web, now: datetime) -> Token:
    """Trade the code for a token. Raises ExchangeProblem."""
    form = {
        "grant_type": "authorization_code",
        "code": code.code,
        "redirect_uri": code.redirect_uri,
        "code_verifier": code.verifier,
    }
    proof, headers = _proof(site, code.token_endpoint, now)
    try:
        answer = web.post(code.token_endpoint, form | proof, headers)
    except NoAnswer as problem:
        raise ExchangeProblem(f"the EHR's token endpoint gave {problem}") from None
    return _read(answer, code.scope)


def _proof(site: Site, token_endpoint: str, now: datetime) -> tuple[dict[str, str], dict[str, str]]:
    """Who we are, as form fields and headers: by signature, by secret, or by name only (then PKCE alone protects)."""
    client_id = site.client_id or ""
    if site.key is not None:
        assertion = site.key.assertion(client_id, token_endpoint, now)
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}, {}
    if site.secret is not None:
        pair = f"{quote_plus(client_id)}:{quote_plus(site.secret)}"
        return {}, {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    return {"client_id": client_id}, {}


def _read(answer: WebAnswer, asked: str) -> Token:
    document = answer.json()
    if answer.status != 200:
        error = (document or {}).get("error")
        words = f" ({error})" if isinstance(error, str) and error in _ERRORS else ""
        raise ExchangeProblem(f"the EHR's token endpoint answered {answer.status}{words}")
    if document is None:
        raise ExchangeProblem("the EHR's token endpoint answered something that is not JSON")
    access_token, scope = document.get("access_token"), document.get("scope", asked)
    if not isinstance(access_token, str) or not _TOKEN.fullmatch(access_token):
        raise ExchangeProblem("the EHR's token endpoint sent no usable access token")
    if str(document.get("token_type", "")).lower() != "bearer":
        raise ExchangeProblem("the EHR's token endpoint sent a token that is not of the type Bearer")
    patient = document.get("patient")
    if not isinstance(patient, str) or not FHIR_ID.fullmatch(patient):
        raise ExchangeProblem("the EHR named no patient: open the app from a patient's chart, or choose a patient")
    return Token(access_token, patient, scope if isinstance(scope, str) else "", _seconds(document.get("expires_in")))


def _seconds(expires_in: Any) -> int:
    """How long the token may be used: as long as the EHR says (some say it as text), an hour at most."""
    if expires_in is None:
        return LONGEST_SECONDS
    if isinstance(expires_in, bool) or not re.fullmatch("[0-9]{1,12}", str(expires_in)) or int(expires_in) == 0:
        raise ExchangeProblem("the EHR's token endpoint sent a token that is no longer good")
    return min(int(expires_in), LONGEST_SECONDS)
