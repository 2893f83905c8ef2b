"""The server that an absolute reference names: is it the one whose records we read?

What may live here: base addresses as they stand in references, fullUrls and links. An id means something only together
with its type and its server: `Medication/1` of a drug formulary is not our `Medication/1`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from fhir_mappings.fhir_json import as_object, as_objects, as_text, id_of

_ABSOLUTE = re.compile(r"https?://", re.IGNORECASE)
_PORT = re.compile(r"\A(//[^/]*?):(?:80|443)(?=/|\Z)")


def base_of(reference: str) -> str:
    """The base of "https://…/Type/id" in a form to compare, or "" where the reference names no server.

    The scheme is left out: a proxy may end a secure connection, and the server behind it know nothing of that.
    """
    start = _ABSOLUTE.match(reference)
    if start is None:
        return ""
    place = reference[start.end() - 2 :].partition("#")[0].partition("?")[0].partition("/_history/")[0]
    return _plain(place.rstrip("/").rsplit("/", 2)[0])


def _plain(place: str) -> str:
    host, slash, path = place[2:].partition("/")
    return _PORT.sub(r"\1", f"//{host.lower()}{slash}{path}".rstrip("/"))


class Bases:
    """The base addresses of one server: the one asked, and those that its own answers name it by.

    Behind a proxy a server often writes an inner name. Where nothing is known, every base may be its own.
    """

    def __init__(self, asked: str = "", named: Iterable[str] = ()) -> None:
        """`asked` is the base that the client gave ("" where there is none), `named` are further ones: `base_of`."""
        own = {base for base in named if base}
        if start := _ABSOLUTE.match(asked):
            own.add(_plain(asked[start.end() - 2 :]))
        self._own = frozenset(own)

    def hold(self, reference: str) -> bool:
        """May what is referred to be a resource of this server? A reference without a server is."""
        base = base_of(reference)
        return not base or not self._own or base in self._own


ANYWHERE = Bases()
"""Nothing is known of the server."""


def bases_named(bundle: object, resource_type: str) -> Iterator[str]:
    """The bases that the server gives itself in an answer: in its self link, and in the fullUrl of the first match.

    What is included, or of another type, may come from elsewhere.
    """
    page = as_object(bundle)
    for link in as_objects(page.get("link")):
        if link.get("relation") == "self":
            yield _searched(as_text(link.get("url")), resource_type)
    for entry in as_objects(page.get("entry")):
        resource, full_url = as_object(entry.get("resource")), as_text(entry.get("fullUrl"))
        if resource.get("resourceType") == resource_type:
            if full_url.endswith(f"{resource_type}/{id_of(resource)}"):
                yield base_of(full_url)
            return


def _searched(link: str, resource_type: str) -> str:
    """The base of "https://…/Type?…"."""
    place = link.partition("?")[0].rstrip("/")
    return base_of(f"{place}/-") if place.endswith(f"/{resource_type}") else ""
