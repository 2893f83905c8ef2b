"""What a FHIR server says about itself, and which patients could be tried.

What may live here: reading its CapabilityStatement, and a search for a few patients, of whom only ids are told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cds_service.fhir_doctor.asking import Asker
from cds_service.fhir_doctor.findings import ServerReport, TypeFinding
from fhir_mappings.fhir_json import LONG_ID, Json, as_object, as_objects, as_text, id_of
from fhir_mappings.forms import USUAL, Form
from fhir_mappings.queries import Query

_BESIDE = {"Medication": frozenset[str]()}
"""What is read by its id only."""
_VERSION = 20


def look_at_server(asker: Asker, queries: Sequence[Query]) -> ServerReport:
    """Its FHIR version, whether it declares the types and search parameters of the queries, and patients to try."""
    statement = asker.measure(Form(USUAL, "metadata"), one=True)
    declared = as_object(next(iter(statement.resources), None))
    search = asker.measure(Form(USUAL, "Patient?_count=5"), lambda page: True)
    found = [id_of(patient) for patient in search.resources if patient.get("resourceType") == "Patient"]
    return ServerReport(
        server=asker.server.base,
        metadata=statement.tried,
        fhir_version=as_text(declared.get("fhirVersion"))[:_VERSION],
        types=tuple(_types(declared, needed(queries))) if declared else (),
        search=search.tried,
        patients=tuple(one for one in found if LONG_ID.fullmatch(one))[:5],
    )


def needed(queries: Iterable[Query]) -> Mapping[str, frozenset[str]]:
    """The search parameters that we use of each type. Parameters of all types ("_count") need not be declared."""
    found: dict[str, frozenset[str]] = dict(_BESIDE)
    for query in queries:
        names = {name for name, _ in query.params} | ({query.date_param} if query.date_param else set())
        names |= {"patient"} if query.params else set()
        used = frozenset(name for name in names if name and not name.startswith("_"))
        found[query.resource_type] = found.get(query.resource_type, frozenset()) | used
    return found


def _types(statement: Json, wanted: Mapping[str, frozenset[str]]) -> list[TypeFinding]:
    declared: dict[str, set[str]] = {}
    for rest in as_objects(statement.get("rest")):
        for resource in as_objects(rest.get("resource")):
            names = {as_text(parameter.get("name")) for parameter in as_objects(resource.get("searchParam"))}
            declared.setdefault(as_text(resource.get("type")), set()).update(names)
    return [
        TypeFinding(
            kind,
            kind in declared,
            tuple(sorted(names & declared.get(kind, set()))),
            tuple(sorted(names - declared.get(kind, set()))),
        )
        for kind, names in sorted(wanted.items())
    ]
