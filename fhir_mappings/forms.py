"""The forms in which one query may be asked: as it is advertised, more plainly, with code systems.

What may live here: their order, their names, and what counts as found by one. What each form leaves out is decided by
the query. Opens no socket.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from fhir_mappings.fhir_json import Json, as_objects, as_text, read_concept
from fhir_mappings.queries import Query

USUAL, PLAINER, WITH_SYSTEMS = "usual", "plainer", "with systems"


class Form(NamedTuple):
    """One way to ask: its name for people, and the address relative to the base."""

    name: str
    path: str


def forms_of(query: Query, patient_id: str, on: date) -> tuple[Form, ...]:
    """Every different form of a query, the usual one first; a query that knows no other form has this one alone.

    The service goes on to a plainer form where one is refused, and to that with systems where nothing is found. Plainer
    forms may bring more than the query asks for: see `meets`.
    """
    plainer = enumerate(query.plainer(patient_id, on), start=1)
    forms = [
        Form(USUAL, query.fetch_path(patient_id, on)),
        *(Form(f"{PLAINER} {number}", path) for number, path in plainer),
        Form(WITH_SYSTEMS, query.with_systems().fetch_path(patient_id, on)),
    ]
    first = {form.path: form for form in reversed(forms)}
    return tuple(form for form in forms if first[form.path] is form)


def meets(query: Query, resource: Json) -> bool:
    """Is this what the query asks for, by type, code and status, whichever form has brought it?"""
    if resource.get("resourceType") != query.resource_type:
        return False
    asked = dict(query.params)
    status = as_text(resource.get("status")).lower()
    if "status" in asked and status and status != asked["status"]:
        return False
    if "code" not in asked:
        return True
    codes = {token.rpartition("|")[2] for token in asked["code"].split(",")}
    holders = [resource, *as_objects(resource.get("component"))]
    return any(coding.code in codes for holder in holders for coding in read_concept(holder.get("code")).codings)
