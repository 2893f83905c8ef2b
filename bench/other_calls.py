"""Calls that leave other events than shown cards: cards held back in shadow mode, a silence for a gap, a refusal.

What may live here: these calls, what each of them has to leave, and the site policy that one of them needs.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cds_service.storage import Kind
from hooks import order_sign, patient_view
from tests.contract.records import failure
from tests.fuzz.bodies import HOOKS, PATIENT

NO_SERVER = {"fhirServer": None, "fhirAuthorization": None}
SHADOW = f"""
tenant = "default"
owner = "Dr Ana Silva, nephrology"
approver = "Dr Ben Okoro, pharmacy"
approved = 2026-01-01
effective = 2026-01-01
review_by = 2035-12-31

[[shadow]]
since = 2026-01-01
reason = "cards that are held back leave events, too"
hook = "{order_sign.HOOK}"

[critical_off]
people = ["Dr Ana Silva", "Dr Ben Okoro"]
covers = ["{order_sign.HOOK}"]
reason = "nobody looks at these cards"
"""


@dataclass(frozen=True)
class Call:
    """One call, without a card in its answer: the `status` of that, and the kinds of events that it leaves."""

    path: str
    body: Mapping[str, Any]
    status: int
    kinds: tuple[Kind, ...]


def anew(body: Mapping[str, Any]) -> tuple[str, bytes]:
    """The same call as another one, with the name that its events have."""
    instance = str(uuid.uuid4())
    return instance, json.dumps({**body, "hookInstance": instance}).encode()


def shadow_in(folder: Path) -> Path:
    """A folder for CDS_SITE_POLICIES, in which the cards at order-sign are in shadow mode."""
    policies = folder / "policies"
    policies.mkdir()
    (policies / "default.toml").write_text(SHADOW, "utf-8")
    return policies


def _patient_view(**unread: Any) -> Mapping[str, Any]:
    """A chart with nothing in it, of which something could not be read."""
    body = HOOKS[patient_view.HOOK]
    return {**body, **NO_SERVER, "prefetch": {**dict.fromkeys(body["prefetch"]), "patient": PATIENT, **unread}}


def _path(service: str) -> str:
    return f"/cds-services/{service}"


HELD = Call(_path(order_sign.ID), {**HOOKS[order_sign.HOOK], **NO_SERVER}, 200, (Kind.ANSWERED, Kind.SUPPRESSED))
SILENT = Call(_path(patient_view.ID), _patient_view(medication_statements=failure()), 200, (Kind.ANSWERED, Kind.GAP))
REFUSED = Call(_path(patient_view.ID), _patient_view(conditions=failure()), 412, (Kind.REFUSED,))
ALL = (HELD, SILENT, REFUSED)
"""For a service with the site policy of `shadow_in`."""
