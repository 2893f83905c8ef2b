"""Putting the synthetic patients on any FHIR R4 server, and taking them away again.

What may live here: the two commands `load` and `clean` as functions. Both are safe to repeat. `clean` deletes only
what carries our tag *and* an id with our prefix, checked on every resource that the server returns, because a server
may ignore the search parameter.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from cds_service.demo.fhir_site import FHIR_BODY, FhirSite, LoaderError, objects
from cds_service.demo.patients import ID_PREFIX, TAG_TOKEN, Resource, SyntheticPatient, our_tags

Progress = Callable[[int, int, str], None]
"""Called after each step with the steps done, the steps in all, and what was just done."""

DEPENDENTS_FIRST = (
    "Observation",
    "Condition",
    "Task",
    "CommunicationRequest",
    "ServiceRequest",
    "MedicationRequest",
    "Procedure",
    "Medication",
    "Patient",
)
"""The order of deletion: what points at others goes before them, or servers refuse."""

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds for a server that finds, or forgets, with a delay."""

_PAGE_SIZE = 100
MOST_ROUNDS = 500
_CONFLICT = 409
_OUR_ID = re.compile(re.escape(ID_PREFIX) + r"[A-Za-z0-9\-.]+")


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What was put on the server: patients, and resources that were new there or replaced an older version."""

    patients: int
    created: int
    updated: int

    @property
    def resources(self) -> int:
        """All resources written."""
        return self.created + self.updated


def _silent(done: int, total: int, what: str) -> None:
    """Show no progress."""


def load(
    base_url: str, patients: Iterable[SyntheticPatient], *, token: str | None = None, progress: Progress = _silent
) -> LoadReport:
    """Put each patient's resources under their own ids, one transaction per patient; LoaderError at the first refusal.

    Repeating it brings the dates up to those of `patients` and makes nothing twice.
    """
    everyone = tuple(patients)
    created = updated = 0
    with FhirSite(base_url, token) as site:
        for done, patient in enumerate(everyone, start=1):
            bundle = transaction(site.base, patient.resources)
            answer = site.call("POST", site.base, f"loading {patient.key}", json=bundle, headers=FHIR_BODY)
            new, old = _written(answer, len(patient.resources), patient.key)
            created, updated = created + new, updated + old
            progress(done, len(everyone), patient.title)
    return LoadReport(patients=len(everyone), created=created, updated=updated)


def transaction(base: str, resources: Iterable[Resource]) -> Resource:
    """A transaction Bundle that puts each resource under its own id on the server at `base`."""
    addresses = ((f"{resource['resourceType']}/{resource['id']}", resource) for resource in resources)
    entries = [
        {"fullUrl": f"{base}/{url}", "resource": resource, "request": {"method": "PUT", "url": url}}
        for url, resource in addresses
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def clean(
    base_url: str,
    *,
    token: str | None = None,
    progress: Progress = _silent,
    pauses: Sequence[float] = PAUSES,
    rounds: int = MOST_ROUNDS,
) -> int:
    """Delete our resources until a search finds none, and return how many there were to delete.

    What another caller deleted meanwhile is not counted. `pauses` are the seconds between searches that find again what
    was deleted: some servers forget it late. `rounds` bounds how often a server may find more.

    Raises:
        LoaderError: when a search or a delete is refused, or something is left, or nobody can tell.
    """
    waits = iter(pauses)
    with FhirSite(base_url, token) as site:
        cleaning = _Cleaning(site, progress)
        # The last round only looks.
        for left in range(rounds, -1, -1):
            found, doubt = _ours(site)
            if not found and not doubt:
                return len(cleaning.deleted)
            if left and cleaning.delete(found):
                continue
            pause = next(waits, None) if left and not cleaning.refusal else None
            if pause is None:
                break
            time.sleep(pause)
        raise cleaning.refusal or LoaderError(_left(found, doubt, len(cleaning.deleted)))


class _Cleaning:
    """What was deleted so far."""

    def __init__(self, site: FhirSite, progress: Progress) -> None:
        self.site, self.progress = site, progress
        self.deleted: set[str] = set()
        self.refusal: LoaderError | None = None
        self._done: set[str] = set()

    def delete(self, found: Iterable[str]) -> bool:
        """Delete what was not yet; False when nothing of it went. A conflict may be over in the next round."""
        new = [address for address in found if address not in self._done]
        self.refusal = None
        before = len(self._done)
        for address in new:
            try:
                self.deleted |= {address} if self.site.delete(address) else set()
            except LoaderError as refusal:
                if refusal.status != _CONFLICT:
                    raise
                self.refusal = self.refusal or refusal
                continue
            self._done.add(address)
            self.progress(len(self._done), before + len(new), address)
        return len(self._done) > before


def _left(found: Sequence[str], doubt: str, deleted: int) -> str:
    what = f"{len(found)} of our resources are still found" if found else doubt
    return f"{deleted} resources were removed, and not all can be gone: {what}"


def _ours(site: FhirSite) -> tuple[list[str], str]:
    """The addresses ("Observation/cds-demo-…") of our resources, and why there may be more.

    Where a search did not bring all that the server counted, the types after it wait for the next round: what points at
    others goes before them.
    """
    addresses: dict[str, None] = {}
    search = urlencode({"_tag": TAG_TOKEN, "_count": str(_PAGE_SIZE)})
    for kind in DEPENDENTS_FIRST:
        found = site.search(f"{kind}?{search}")
        for resource in found.resources:
            if resource.get("resourceType") == kind and _is_ours(resource):
                addresses[f"{kind}/{resource['id']}"] = None
        if found.unseen:
            return list(addresses), f"the server counts {found.unseen} more {kind} resources than it sends"
    return list(addresses), ""


def _is_ours(resource: Resource) -> bool:
    return bool(our_tags(resource)) and _OUR_ID.fullmatch(str(resource.get("id", ""))) is not None


def _written(answer: Resource, expected: int, key: str) -> tuple[int, int]:
    """How many entries of a transaction's answer were created and how many updated."""
    responses = [entry.get("response") for entry in objects(answer, "entry")]
    statuses = [str(response.get("status")) for response in responses if isinstance(response, dict)]
    if len(statuses) != expected or not all(status.startswith("2") for status in statuses):
        raise LoaderError(f"loading {key}: the server did not confirm every resource")
    created = sum(status.startswith("201") for status in statuses)
    return created, expected - created
