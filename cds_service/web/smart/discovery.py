"""Where an EHR's users sign in: its SMART configuration, or the older place of the same in its CapabilityStatement.

What may live here: reading and judging these two documents. Both come from a server that the operator named, and yet
only https addresses in them are used: a code and a client secret are sent there. SMART App Launch 2.2, "Conformance".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cds_service.addresses import is_secure, normal_url
from cds_service.bounded_get import MAX_BYTES, NoAnswer, Web, WebAnswer

OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
"""The extension of a CapabilityStatement that named the endpoints before there was a SMART configuration."""

_STATEMENT_BYTES = 10_000_000
"""A CapabilityStatement names every search parameter of every type: HAPI FHIR's is larger than half a megabyte."""
_ANSWERS_NAME_ISSUER = "authorization_response_iss_parameter_supported"
_NOT_THERE = {400, 404, 405, 410, 501}
_QUERY = re.compile(r"[\w.~!$&'()*+,;=:@/?%-]{0,500}", re.ASCII)


class DiscoveryProblem(Exception):
    """How to sign in could not be learned, or is not safe to do. The text is for people and holds no address."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where to send users and codes; `issuer` is "" where not named, `speaks_v2` is about the form of scopes.

    `answers_name_issuer`: each answer to a sign-in says from which issuer it came (RFC 9207).
    """

    authorize: str
    token: str
    issuer: str = ""
    speaks_v2: bool = False
    answers_name_issuer: bool = False


def discover(base: str, web: Web) -> Endpoints | None:
    """The endpoints of the FHIR server with this normal base URL; None: it asks for no authorization at all.

    Raises DiscoveryProblem.
    """
    answer = _get(web, f"{base}/.well-known/smart-configuration", "application/json")
    document = answer.json() if answer.status == 200 else None
    if document is not None and "token_endpoint" in document:
        return _from_configuration(document, base)
    # An answer that is no SMART configuration (HTML, another JSON) counts as none; a failure does not.
    if answer.status != 200 and answer.status not in _NOT_THERE:
        raise DiscoveryProblem(f"asked for its SMART configuration, the FHIR server answered {answer.status}")
    answer = _get(web, f"{base}/metadata", "application/fhir+json, application/json", _STATEMENT_BYTES)
    statement = answer.json() if answer.status == 200 else None
    if statement is None or statement.get("resourceType") != "CapabilityStatement":
        raise DiscoveryProblem("the FHIR server has neither a SMART configuration nor a readable CapabilityStatement")
    return _from_statement(statement, base)


def _get(web: Web, url: str, accept: str, max_bytes: int = MAX_BYTES) -> WebAnswer:
    try:
        return web.get(url, accept, max_bytes)
    except NoAnswer as problem:
        raise DiscoveryProblem(f"the FHIR server could not be asked how to sign in: {problem}") from None


def _from_configuration(document: dict[str, Any], base: str) -> Endpoints:
    capabilities, issuer = document.get("capabilities"), document.get("issuer")
    named, answers_name_it = isinstance(issuer, str) and issuer != "", document.get(_ANSWERS_NAME_ISSUER) is True
    if answers_name_it and not named:
        raise DiscoveryProblem("the FHIR server says that answers name their issuer, but not which that is")
    return Endpoints(
        _endpoint(document.get("authorization_endpoint"), base),
        _endpoint(document.get("token_endpoint"), base),
        issuer if isinstance(issuer, str) else "",
        isinstance(capabilities, list) and "permission-v2" in capabilities,
        answers_name_it,
    )


def _from_statement(statement: dict[str, Any], base: str) -> Endpoints | None:
    securities = [rest["security"] for rest in _objects(statement.get("rest")) if rest.get("security")]
    if not securities:
        return None
    named = {
        part.get("url"): part.get("valueUri")
        for security in securities
        if isinstance(security, dict)
        for extension in _objects(security.get("extension"))
        if extension.get("url") == OAUTH_URIS
        for part in _objects(extension.get("extension"))
    }
    if not named and not any(_asks_for_sign_in(security) for security in securities):
        return None
    return Endpoints(_endpoint(named.get("authorize"), base), _endpoint(named.get("token"), base))


def _asks_for_sign_in(security: Any) -> bool:
    """A security element that names anything except CORS (HAPI and others write only that)."""
    return not isinstance(security, dict) or bool(set(security) - {"cors", "description"})


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def _endpoint(value: Any, base: str) -> str:
    place, mark, query = value.partition("?") if isinstance(value, str) else ("", "", "")
    normal = normal_url(place)
    if normal is None or not _QUERY.fullmatch(query):
        raise DiscoveryProblem("the FHIR server names no usable addresses for signing in")
    if not is_secure(normal, base):
        raise DiscoveryProblem("the FHIR server names an address for signing in that is not https")
    return f"{normal}{mark}{query}"
