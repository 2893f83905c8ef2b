"""A request as it goes out: its address and its headers.

What may live here: how what a look-up wants is written for HTTP.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from cds_service.fhir_client.look_up import LookUp
from cds_service.fhir_client.terms import FhirServer
from cds_service.fhir_client.transfer import Request

# What stays as it is in an address, beside letters, digits and "_.-"; anything else is written in percent.
_SAFE = "!#$%&'()*+,/:;=?@[]~"
_IS_SAFE = re.compile(rf"[\w.{re.escape(_SAFE)}-]*", re.ASCII)
_FHIR = "application/fhir+json"


def headers_for(server: FhirServer) -> list[str]:
    """The headers of every request to this server, the token among them."""
    headers = [f"Accept: {_FHIR}", "Accept-Encoding: gzip", "User-Agent: calciphylaxis-cds"]
    return headers if server.token is None else [*headers, f"Authorization: Bearer {server.token}"]


def request_for(look_up: LookUp[Any], headers: list[str], *, on_new_connection: bool) -> Request:
    """What this look-up wants next, as a request."""
    lines = headers if look_up.body is None else [*headers, f"Content-Type: {_FHIR}"]
    url = look_up.url if _IS_SAFE.fullmatch(look_up.url) else quote(look_up.url, safe=_SAFE)
    return Request(url, lines, look_up.body, on_new_connection=on_new_connection or look_up.on_new_connection)
