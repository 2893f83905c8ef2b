"""The redirect addresses: one for each FHIR server, which its EHR alone knows us by.

What may live here: how such an address is named. It must stay as it is, over restarts and versions: it is registered at
the EHR. It comes from the FHIR base URL alone, so that no two servers ever share one, whoever named them.
"""

from __future__ import annotations

import hashlib
import re
from urllib.parse import urlsplit

_DIGITS = 20
"""Of the digest: 80 bits, so that nobody can look for a second address of the same name."""


def redirect_name(base: str) -> str:
    """The last part of the redirect address of the FHIR server with this normal base URL (without "/" at its end)."""
    host = re.sub(r"[^a-z0-9.]+", "-", urlsplit(base).netloc).strip("-")
    return f"{host}-{hashlib.sha256(base.encode()).hexdigest()[:_DIGITS]}"


def redirect_address(public: str, base: str) -> str:
    """Where the EHR with this FHIR base URL sends users back; `public` is our own address for browsers."""
    return f"{public}/smart/callback/{redirect_name(base)}"
