"""References and ids in the spellings that libraries and servers write: what is meant by one?

What may live here: spelling. What a resource means is read elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from fhir_mappings.bases import ANYWHERE, Bases, base_of
from fhir_mappings.fhir_json import LONG_ID, Json, as_object, as_objects, as_text, id_of, is_uuid

_OLDER_NAMES = {
    "medicationorder": "medicationrequest",
    "medicationprescription": "medicationrequest",
    "requestorchestration": "requestgroup",
}
"""What other FHIR releases call a type, in lower case."""


class Name(NamedTuple):
    """What a reference names: a type in lower case ("" when it does not say) and an id as it was written."""

    kind: str
    identifier: str

    @property
    def lower(self) -> Name:
        """The same with the id in lower case."""
        return Name(self.kind, self.identifier.lower())


def name_of(reference: str) -> Name:
    """The name in "Type/id", "https://…/Type/id/_history/2", "#id", "id" or "urn:uuid:id"."""
    text = reference.strip()
    if "#" in text:
        return Name("", text.rpartition("#")[2])
    if text.lower().startswith("urn:"):
        return Name("", text.rpartition(":")[2])
    parts = text.partition("/_history/")[0].rstrip("/").split("/")
    kind = parts[-2].lower() if len(parts) > 1 and parts[-2].isalpha() else ""
    return Name(_OLDER_NAMES.get(kind, kind), parts[-1])


def names_of(resource: Json, full_url: object = "") -> Iterator[Name]:
    """The names of a resource: by its type and id, and by the address of its entry in a Bundle."""
    identifier = id_of(resource).removeprefix("#")
    if identifier:
        kind = as_text(resource.get("resourceType")).lower()
        yield Name(_OLDER_NAMES.get(kind, kind), identifier)
    if as_text(full_url):
        yield name_of(as_text(full_url))


class Shelf:
    """Resources that orders may refer to, found by every name that they have."""

    def __init__(self, kinds: Iterable[str], bases: Bases = ANYWHERE) -> None:
        """For resources of these types; others are not kept. `bases` are those of the server that is asked."""
        self.bases = bases
        self._kinds = frozenset(kinds)
        self._by_name: dict[Name, Json] = {}
        self._by_address: dict[str, Json] = {}
        self._of_no_server: dict[Name, Json] = {}

    def put(self, resource: object, address: object = "") -> None:
        """Keep a resource, with the address by which it came; the first of two with one name stays.

        What came along from another server is found by its whole address alone. What came along without the address of
        a server may be of any.
        """
        found, full = as_object(resource), as_text(address)
        if as_text(found.get("resourceType")) not in self._kinds:
            return
        self._by_address.setdefault(full, found)
        if full and not base_of(full):
            for name in names_of(found, full):
                self._of_no_server.setdefault(_shelved(name), found)
        for name in names_of(found, full) if self.bases.hold(full) else ():
            self._by_name.setdefault(_shelved(name), found)
            self._by_name.setdefault(Name("", name.identifier.lower()), found)

    def get(self, reference: str) -> Json:
        """The resource that a reference names, or an empty object. Without a type any with this id is meant."""
        found = self._by_address.get(reference.strip()) if reference else None
        if found is not None:
            return found
        name = name_of(reference)
        if not self.bases.hold(reference):
            return self._of_no_server.get(_shelved(name), {})
        return self._by_name.get(_shelved(name) if name.kind else name.lower, {})


def _shelved(name: Name) -> Name:
    """The name under which a resource is kept: a UUID means the same in either letter case, another id does not."""
    return name.lower if is_uuid(name.identifier) else name


class Contained(list[Json]):
    """What a resource contains, with an index: the many orders of an order set all look in the same long list."""

    def __init__(self, value: object) -> None:
        """From the member `contained` as it came; what is no object is left out."""
        super().__init__(as_objects(value))
        self._by_id: dict[str, Json] = {}
        for resource in self:
            self._by_id.setdefault(_own_id(resource), resource)

    def named(self, identifier: str) -> Json | None:
        """The first one with this id."""
        return self._by_id.get(identifier)


def contained_in(holders: Iterable[Json], reference: str) -> Json:
    """The contained resource that "#id" (or "id") names, or an empty object; its own id may carry the "#" too."""
    wanted = reference.strip().removeprefix("#")
    found = (_named(wanted, holder.get("contained")) for holder in holders) if wanted else ()
    return next((resource for resource in found if resource is not None), {})


def _named(identifier: str, contained: object) -> Json | None:
    if isinstance(contained, Contained):
        return contained.named(identifier)
    return next((resource for resource in as_objects(contained) if _own_id(resource) == identifier), None)


def _own_id(resource: Json) -> str:
    return id_of(resource).removeprefix("#")


def path_of(reference: str, kinds: Mapping[str, str]) -> str:
    """ "Type/id" to be read from the server, or "" for anything else; `kinds` are the types, by lower case."""
    name = name_of(reference)
    kind = kinds.get(name.kind, "")
    return f"{kind}/{name.identifier}" if kind and "#" not in reference and LONG_ID.fullmatch(name.identifier) else ""
