"""What an address is: its one normal form, what lies below what, and which address is this machine or secure,
and under which name a caller's address is counted.

What may live here: questions about http(s) addresses that every room must answer alike. Nothing is looked up or asked.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from urllib.parse import urljoin

_DEFAULT_PORTS = {"http": 80, "https": 443}
_IPV6_NETWORK = 64
"""Bits: whoever has one IPv6 address usually has all that begin with these."""
# Plain on purpose: no userinfo, query, fragment, percent sign, backslash, blank or empty segment, and no segment that
# begins with ";", ".;" or "..;". An address that two readers could understand differently is no address for us.
_PLAIN_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>(?:/(?!\.{0,2}(?:;|/|$))[\w.~!$&'()*+,;=:@-]+)*/?)",
    re.IGNORECASE | re.ASCII,
)


def normal_url(url: str) -> str | None:
    """The one way to write this http(s) address, or None where it is not plain.

    Scheme and host in lower case, no default port, IPv6 shortened; a trailing "/" stays. Refused: userinfo, query,
    fragment, percent signs, backslashes, blanks, empty segments, names that are not ASCII; and segments that are empty
    or dots before their first ";", where some servers cut them off ("..;" is ".." to Tomcat).
    """
    match = _PLAIN_URL.fullmatch(url)
    if match is None:
        return None
    scheme, host = match["scheme"].lower(), match["host"].lower()
    port = int(match["port"] or _DEFAULT_PORTS[scheme])
    if not 0 < port < 65536:
        return None
    if host.startswith("["):
        try:
            host = f"[{ipaddress.IPv6Address(host[1:-1])}]"
        except ValueError:
            return None
    return f"{scheme}://{host}" + (f":{port}" if port != _DEFAULT_PORTS[scheme] else "") + match["path"]


def covers(entry: str, base: str) -> bool:
    """Does this entry of a list of servers stand for this base URL? Both are normal; `base` has no "/" at its end."""
    return f"{base}/".startswith(entry) if entry.endswith("/") else base == entry


def below(base: str, url: str) -> str | None:
    """This address in its normal form when it is the base or lies below it, else None. A query is kept as it is.

    `base` is normal, without "/" at its end.
    """
    place, mark, query = url.partition("?")
    normal = normal_url(place)
    if normal is None or "#" in query or not f"{normal}/".startswith(f"{base}/"):
        return None
    return f"{normal}{mark}{query}"


def joined(start: str, link: str) -> str | None:
    """Where a link on the page `start` leads; None when that is not clear."""
    try:
        return urljoin(start, link)
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """Is this name or IP address (with or without brackets) this machine itself, and nothing but this machine?"""
    name = host.strip("[]").lower()
    if name == "localhost":
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    # An IPv4 address in IPv6 form is read in two ways, by Python's own versions too: no plain address of this machine.
    return address.is_loopback and getattr(address, "ipv4_mapped", None) is None


def is_loopback_url(url: str) -> bool:
    """Does this plain address, in any spelling of the host, lead to this machine itself?"""
    match = _PLAIN_URL.fullmatch(url)
    return match is not None and is_loopback(match["host"])


def is_secure(url: str, beside: str = "") -> bool:
    """May secrets be sent there? https; or http on loopback, where `beside` (if given) is on loopback, too.

    An http address that is not plain (see `normal_url`) is never taken for loopback.
    """
    if url.lower().startswith("https://"):
        return True
    return is_loopback_url(url) and (not beside or is_loopback_url(beside))


def counted_as(caller: str) -> str:
    """The name under which calls from this IP address are counted: itself, or its network, of IPv6.

    What is no IP address stays as it is, up to a hundred characters.
    """
    try:
        address = ipaddress.ip_address(_without_port(caller))
    except ValueError:
        return caller[:100]
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address.packed, _IPV6_NETWORK), strict=False))


def _without_port(caller: str) -> str:
    """Some proxies add the port of the caller, which is another one for each connection."""
    if caller.startswith("["):
        return caller[1:].partition("]")[0]
    return caller.partition(":")[0] if caller.count(":") == 1 else caller


LOOPBACK = ("127.0.0.0/8", "::1/128")
"""This machine, as networks."""


def network(text: str) -> str:
    """An address or a network (10.0.0.0/8) in its normal form. ValueError for anything else."""
    return str(ipaddress.ip_network(text, strict=False))


def is_within(address: str, networks: Collection[str]) -> bool:
    """Does this address belong to one of these networks? One that is none belongs to none."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    return any(found in ipaddress.ip_network(one) for one in networks)
