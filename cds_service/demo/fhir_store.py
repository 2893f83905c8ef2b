"""The sandbox's memory: resources by type and id, and the transactions that change several at once.

What may live here: keeping, versioning and forgetting resources. No HTTP, no search, no clock.
"""

from __future__ import annotations

import copy
import json
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from threading import RLock
from typing import Any

from cds_service.demo.patients import Resource

_TYPE = re.compile(r"[A-Z][A-Za-z]{1,40}\Z")
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}\Z")


class SandboxError(Exception):
    """A request that the sandbox refuses: the HTTP status, the OperationOutcome issue code and a sentence."""

    def __init__(self, status: int, code: str, diagnostics: str) -> None:
        super().__init__(diagnostics)
        self.status, self.code, self.diagnostics = status, code, diagnostics


@dataclass(frozen=True, slots=True)
class Saved:
    """A stored resource, and whether it was not there before."""

    resource: Resource
    created: bool


class SandboxStore:
    """Resources in memory, safe to use from several threads. What it returns must not be changed by the caller."""

    def __init__(self, resources: Iterable[Resource] = ()) -> None:
        self._lock = RLock()
        self._resources: dict[tuple[str, str], Resource] = {}
        self._gone: set[tuple[str, str]] = set()
        for resource in resources:
            self.put(resource["resourceType"], resource["id"], resource)

    def all(self, kind: str) -> list[Resource]:
        """Every resource of a type, in the order of arrival."""
        with self._lock:
            return [resource for (its_kind, _), resource in self._resources.items() if its_kind == kind]

    def get(self, kind: str, id_: str) -> Resource | None:
        """The resource, or None."""
        with self._lock:
            return self._resources.get((kind, id_))

    def read(self, kind: str, id_: str) -> Resource:
        """The resource; SandboxError 404 when it was never there, 410 when it was deleted."""
        with self._lock:
            if (kind, id_) in self._gone:
                raise SandboxError(410, "deleted", f"{kind}/{id_} was deleted")
            if (kind, id_) not in self._resources:
                raise SandboxError(404, "not-found", f"{kind}/{id_} is not known")
            return self._resources[kind, id_]

    def put(self, kind: str, id_: str, resource: Any) -> Saved:
        """Create or replace `kind`/`id_`; SandboxError 400 when the resource is not of that type and id."""
        _check(kind, resource)
        if not _ID.match(id_):
            raise SandboxError(400, "value", "an id has 1 to 64 of the characters A-Z a-z 0-9 - .")
        if resource.get("id") != id_:
            raise SandboxError(400, "invariant", "the id of the resource differs from the id in the address")
        with self._lock:
            old = self._resources.get((kind, id_))
            version = int(old["meta"]["versionId"]) + 1 if old else 1
            meta = {**resource.get("meta", {}), "versionId": str(version)}
            self._resources[kind, id_] = saved = {**resource, "meta": meta}
            self._gone.discard((kind, id_))
        return Saved(saved, created=old is None)

    def create(self, kind: str, resource: Any) -> Saved:
        """Keep a resource under a new id of our choice."""
        _check(kind, resource)
        id_ = str(uuid.uuid4())
        return self.put(kind, id_, {**resource, "id": id_})

    def delete(self, kind: str, id_: str) -> None:
        """Forget a resource; deleting what is not there is no error (as FHIR advises)."""
        with self._lock:
            if self._resources.pop((kind, id_), None) is not None:
                self._gone.add((kind, id_))

    def transaction(self, bundle: Any) -> Resource:
        """Do all entries (PUT, POST, DELETE) of a transaction Bundle or, when one is refused, none of them."""
        entries = _transaction_entries(bundle)
        with self._lock:
            before = dict(self._resources), set(self._gone)
            try:
                answers = [self._do(entry) for entry in entries]
            except Exception:
                self._resources, self._gone = before
                raise
        return {"resourceType": "Bundle", "type": "transaction-response", "entry": answers}

    def _do(self, entry: dict[str, Any]) -> dict[str, Any]:
        method, (kind, _, id_) = entry["request"]["method"], entry["request"]["url"].partition("/")
        if not _TYPE.match(kind) or not _ID.match(id_):
            raise SandboxError(400, "not-supported", "a transaction entry must name one resource, as in Patient/1")
        if method == "DELETE":
            self.delete(kind, id_)
            return {"response": {"status": "204 No Content"}}
        if method != "PUT":
            raise SandboxError(400, "not-supported", "a transaction entry may PUT, POST or DELETE")
        saved = self.put(kind, id_, entry.get("resource"))
        status = "201 Created" if saved.created else "200 OK"
        location = f"{kind}/{id_}/_history/{saved.resource['meta']['versionId']}"
        return {"response": {"status": status, "location": location}}


def _check(kind: str, resource: Any) -> None:
    if not _TYPE.match(kind) or not isinstance(resource, dict) or resource.get("resourceType") != kind:
        raise SandboxError(400, "structure", "the body is not a resource of the type in the address")
    if not isinstance(resource.get("meta", {}), dict):
        raise SandboxError(400, "structure", "meta is not an object")


def _transaction_entries(bundle: Any) -> list[dict[str, Any]]:
    """The entries, every POST made a PUT under a new id, and references to its `fullUrl` made to point there."""
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle" or bundle.get("type") != "transaction":
        raise SandboxError(400, "structure", "the body is not a transaction Bundle")
    entries: list[dict[str, Any]] = copy.deepcopy(bundle.get("entry", []))
    addresses: dict[str, str] = {}
    try:
        for entry in entries:
            request = entry["request"]
            if request["method"] == "POST":
                entry["resource"]["id"] = new = str(uuid.uuid4())
                request.update(method="PUT", url=f"{request['url']}/{new}")
                if "fullUrl" in entry:
                    addresses[entry["fullUrl"]] = request["url"]
            request["url"].partition("/")
    except (AttributeError, KeyError, TypeError) as error:
        raise SandboxError(400, "structure", "a transaction entry lacks its resource or its method and url") from error
    text = json.dumps(entries)
    for name, address in addresses.items():
        text = text.replace(json.dumps(name), json.dumps(address))
    moved: list[dict[str, Any]] = json.loads(text)
    return moved
