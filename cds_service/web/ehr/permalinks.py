"""Addresses that open the EHR page on a patient with drafts of drugs, and ask a hook about them.

What may live here: reading such an address, and writing the one of the page as it stands. Opening one writes nothing to
the FHIR server: drafts are sent to the service and to nobody else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from werkzeug.datastructures import MultiDict

from cds_service.drug_orders import ROUTES, Catalogue, DrugName
from cds_service.ehr_client import Resource
from cds_service.web.ehr.orders import title_of
from cds_service.web.ehr.state import ORDER, State
from fhir_mappings.fhir_json import as_object, as_objects, as_text

HOOKS = ("patient-view", "order-select", "order-sign")
MOST_NAME = 200
_MOST_DRUGS, _MOST_LINK = 20, 2_000
_LETTER = re.compile(r"\w")


class BadLink(ValueError):
    """The address cannot be followed as it stands; the text says why."""


@dataclass(frozen=True, slots=True)
class WantedOrder:
    """A drug to be drafted, the page's key of its route ("" for none) and its dose in words."""

    drug: DrugName
    route: str = ""
    dose: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an address asks for."""

    hook: str = "patient-view"
    orders: tuple[WantedOrder, ...] = ()


@dataclass(frozen=True, slots=True)
class Permalink:
    """The query of the address, "" where it would be too long, and the drafts that it cannot carry."""

    query: str
    without: tuple[str, ...]


def read_link(query: MultiDict[str, str], catalogue: Catalogue) -> Wanted:
    """What the address asks for; BadLink where that is not plain.

    The first `route` and `dose` go with the first drug, and so on.
    """
    hook, names = query.get("hook", HOOKS[0]), query.getlist("drug")
    if hook not in HOOKS:
        raise BadLink(f"“{hook[:40]}” is no hook of this page. It asks {', '.join(HOOKS)}.")
    if hook != HOOKS[0] and not names:
        raise BadLink(f"{hook} is asked about drugs: add drug=NAME to the address.")
    if len(names) > _MOST_DRUGS:
        raise BadLink(f"The address names {len(names)} drugs; this page takes {_MOST_DRUGS} at most.")
    routes, doses = query.getlist("route"), query.getlist("dose")
    orders = [
        WantedOrder(_drug(name, catalogue), _route(_at(routes, place)), _at(doses, place)[:MOST_NAME])
        for place, name in enumerate(names)
    ]
    return Wanted(hook, tuple(orders))


def permalink(patient_id: str, state: State, catalogue: Catalogue) -> Permalink:
    """The address of the page as it stands: the patient, the drafts of drugs, and the hook that was asked last."""
    carried = [draft for draft in state.drafts if _is_carried(draft, catalogue)]
    asked = [answer.hook for answer in state.at(ORDER) if answer.hook in HOOKS]
    pairs = [("patient", patient_id)]
    if carried:
        pairs.append(("hook", asked[0] if asked else HOOKS[0]))
    dosages = [_dosage(draft) for draft in carried]
    for draft, (route, dose) in zip(carried, dosages, strict=True):
        pairs.append(("drug", title_of(draft)))
        pairs += [("route", route), ("dose", dose)] if any(map(any, dosages)) else []
    query = urlencode(pairs, quote_via=quote)
    without = tuple(title_of(draft) for draft in state.drafts if draft not in carried)
    return Permalink(query if len(query) <= _MOST_LINK else "", without)


def _drug(name: str, catalogue: Catalogue) -> DrugName:
    wanted = name.strip()
    if not _LETTER.search(wanted) or len(wanted) > MOST_NAME:
        raise BadLink(f"drug={wanted[:40]} in the address names no drug.")
    found = catalogue.matching(wanted)
    if len(found) > 1:
        raise BadLink(f"“{wanted}” may mean several drugs: {', '.join(drug.name for drug in found)}. Name one of them.")
    return found[0] if found else DrugName(wanted)


def _route(key: str) -> str:
    if key and key not in ROUTES:
        raise BadLink(f"“{key[:40]}” is no route of this page. It knows {', '.join(ROUTES)}.")
    return key


def _at(values: list[str], place: int) -> str:
    return values[place].strip() if place < len(values) else ""


def _is_carried(draft: Resource, catalogue: Catalogue) -> bool:
    """Is it the order of a drug whose name leads to one drug?"""
    name = title_of(draft)
    named = bool(_LETTER.search(name)) and len(name) <= MOST_NAME and len(catalogue.matching(name)) < 2
    return named and draft["resourceType"] == "MedicationRequest" and name != "MedicationRequest"


def _dosage(draft: Mapping[str, Any]) -> tuple[str, str]:
    """The page's key of the route, and the dose in words."""
    dosage = next(iter(as_objects(draft.get("dosageInstruction"))), {})
    codes = {as_text(one.get("code")) for one in as_objects(as_object(dosage.get("route")).get("coding"))}
    route = next((key for key, (code, _) in ROUTES.items() if code in codes), "")
    return route, as_text(dosage.get("text"))[:MOST_NAME]
