"""Is what was put on a server found there by the searches of the service?

What may live here: comparing what our queries bring with what was written. What each query should bring is worked out
by the sandbox's own search over the same resources.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import parse_qsl

from cds_service.demo.fhir_search import LARGEST_PAGE, search
from cds_service.demo.fhir_site import FhirSite, LoaderError
from cds_service.demo.fhir_store import SandboxStore
from cds_service.demo.loader import PAUSES, Progress
from cds_service.demo.patients import Resource, SyntheticPatient
from fhir_mappings.fhir_json import id_of
from fhir_mappings.forms import WITH_SYSTEMS, forms_of
from fhir_mappings.packaged import default_knowledge
from fhir_mappings.queries import Query, build_queries


@dataclass
class Check:
    """One query for one patient: the ids that it should bring, and those that came so far."""

    patient: SyntheticPatient
    query: Query
    expected: frozenset[str]
    found: set[str] = field(default_factory=set)
    refusal: LoaderError | None = None

    @property
    def passed(self) -> bool:
        """Did everything come?"""
        return self.expected <= self.found

    @property
    def complaint(self) -> str:
        """What is missing, in a line."""
        missing = f"expected {len(self.expected)}, found {len(self.expected & self.found)}"
        why = f" ({self.refusal})" if self.refusal else ""
        return f"{self.patient.key}, query {self.query.key}: {missing}{why}"


def read_back(
    base_url: str,
    patients: Iterable[SyntheticPatient],
    queries: Sequence[Query],
    on: date,
    *,
    token: str | None = None,
    progress: Progress,
    pauses: Sequence[float] = PAUSES,
) -> None:
    """Ask the server for these patients by every query, as of the day `on`.

    `pauses` are the seconds before asking again for what is not there yet: some servers index late.

    Raises:
        LoaderError: naming patients, queries, and how many resources were expected and found.
    """
    checks = [check for patient in patients for check in checks_of(patient, queries, on)]
    with FhirSite(base_url, token) as site:
        for number, check in enumerate(checks, start=1):
            _ask(site, check, on)
            progress(number, len(checks), f"{check.patient.key}, {check.query.what}")
        for pause in pauses:
            waiting = [check for check in checks if not check.passed]
            if not waiting:
                return
            time.sleep(pause)
            for check in waiting:
                _ask(site, check, on)
    complaints = [check.complaint for check in checks if not check.passed]
    if complaints:
        raise LoaderError("the server took everything, and its searches do not bring it:\n" + "\n".join(complaints))


def queries_of_the_service() -> tuple[Query, ...]:
    """The queries of the packaged files, which are those of a service."""
    policy, vocabulary = default_knowledge()
    return build_queries(vocabulary, policy)


def checks_of(patient: SyntheticPatient, queries: Iterable[Query], on: date) -> Iterator[Check]:
    """The queries that should bring something for this patient."""
    store = SandboxStore(patient.resources)
    for query in queries:
        expected = _expected(store, query.fetch_path(patient.patient_id, on), query.resource_type)
        if expected:
            yield Check(patient, query, expected)


def _expected(store: SandboxStore, path: str, kind: str) -> frozenset[str]:
    place, mark, text = path.partition("?")
    if not mark:
        return frozenset({place.rpartition("/")[2]})
    # Whole: how a server cuts its pages is not what is checked. Of two sizes of a page the last one counts.
    bundle = search(store, "", kind, [*parse_qsl(text), ("_count", str(LARGEST_PAGE))])
    return _ids((entry["resource"] for entry in bundle.get("entry", ())), kind)


def _ids(resources: Iterable[Resource], kind: str) -> frozenset[str]:
    return frozenset(id_of(resource) for resource in resources if resource.get("resourceType") == kind)


def _ask(site: FhirSite, check: Check, on: date) -> None:
    """As the service asks: a plainer form where one is refused, and that with systems where nothing is found."""
    kind, answered = check.query.resource_type, False
    for form in forms_of(check.query, check.patient.patient_id, on):
        if check.passed or (answered and (check.found or form.name != WITH_SYSTEMS)):
            continue
        try:
            check.found |= _ids(_brought(site, form.path), kind)
        except LoaderError as refusal:
            if refusal.status is None:
                raise
            check.refusal = check.refusal or refusal
        else:
            answered = True


def _brought(site: FhirSite, path: str) -> Iterable[Resource]:
    if "?" in path:
        return site.search(path).resources
    return (site.call("GET", f"{site.base}/{path}", "reading the patient"),)
